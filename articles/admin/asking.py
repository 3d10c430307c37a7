"""What the pages that ask before they do something have in common."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from articles.models import Article


class AsksFirst(admin.ModelAdmin):
    """Shows pages about one article; their answers carry how it stood on the page."""

    def confirm(
        self, request: HttpRequest, article: Article, template: str, **context: Any
    ) -> HttpResponse:
        return render(
            request,
            f"admin/articles/article/{template}",
            self.admin_site.each_context(request)
            | {
                "article": article,
                "opts": self.opts,
                "back": reverse("admin:articles_article_change", args=[article.pk]),
                "zone": timezone.get_current_timezone_name(),
                **context,
            },
        )

    def is_about_what_is_there(self, request: HttpRequest, article: Article) -> bool:
        """Whether the article, and what readers see of it, are what was confirmed."""
        return request.POST.get("version") == article.standing()

    def warn_of_change(self, request: HttpRequest) -> None:
        """Say that nothing was done: a second click, or a colleague was quicker."""
        messages.warning(
            request,
            gettext(
                "Nothing was done: the article has changed after you opened this page. "
                "Please look at it once more."
            ),
        )
