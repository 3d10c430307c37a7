"""The history of an article at the desk: compare, restore, recover."""

from typing import Any

from django.contrib import messages
from django.contrib.admin.models import LogEntry
from django.contrib.admin.options import get_content_type_for_model
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext

from articles import history
from articles.admin.asking import AsksFirst
from articles.models import Article, Step
from clinic import audit

PER_PAGE = 50


class HistoryOfArticles(AsksFirst):
    """Every save, every edition and every step of an article, and the way back."""

    def get_urls(self) -> list[Any]:
        wrap, name = self.admin_site.admin_view, "articles_article"
        return [
            path("deleted/", wrap(self.deleted), name=f"{name}_deleted"),
            path("deleted/<int:pk>/", wrap(self.recover), name=f"{name}_recover"),
            path("<int:pk>/compare/", wrap(self.compare), name=f"{name}_compare"),
            path(
                "<int:pk>/restore/<slug:key>/",
                wrap(self.restore),
                name=f"{name}_restore",
            ),
            *super().get_urls(),
        ]

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        article: Any = self.get_object(request, object_id)
        if article is None:
            raise Http404
        if not self.has_view_or_change_permission(request, article):
            raise PermissionDenied
        saves = Paginator(history.saves_of(article), PER_PAGE).get_page(
            request.GET.get("p")
        )
        steps = LogEntry.objects.filter(
            object_id=str(article.pk),
            content_type=get_content_type_for_model(Article),
        ).select_related("user")
        return self.confirm(
            request,
            article,
            "history.html",
            draft=history.working_copy(article),
            may_restore=self.has_change_permission(request, article),
            editions=article.editions.select_related("published_by", "signed_by")
            .defer("body")
            .order_by("-number"),
            reviews=article.reviews.select_related("reviewer", "edition"),
            saves=saves,
            steps=steps.order_by("-action_time")[:100],
        )

    def compare(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show two texts of the article side by side, their differences marked."""
        article = get_object_or_404(Article, pk=pk)
        if not self.has_view_or_change_permission(request, article):
            raise PermissionDenied
        keys = (request.GET.get("before", ""), request.GET.get("after", ""))
        before, after = (history.find(article, key) for key in keys)
        if before is None or after is None:
            raise Http404
        return self.confirm(
            request,
            article,
            "compare.html",
            before=before,
            after=after,
            changes=history.differences(before, after),
            may_restore=self.has_change_permission(request, article),
        )

    @transaction.atomic
    def restore(self, request: HttpRequest, pk: int, key: str) -> HttpResponse:
        """Ask, then put an earlier text into the working copy."""
        article = get_object_or_404(Article.objects.select_for_update(), pk=pk)
        if not self.has_change_permission(request, article):
            raise PermissionDenied
        text = history.find(article, key)
        if text is None or text.key == "draft":
            raise Http404
        content = history.restorable(text, article)
        if request.method == "POST":
            if not self.is_about_what_is_there(request, article):
                self.warn_of_change(request)
                return redirect("admin:articles_article_restore", pk, key)
            article.restore(content, text.sources, by=request.user)  # type: ignore[arg-type]
            done = gettext("Restored: %(text)s") % {"text": text.name}
            with audit.meaning(Step.RESTORE.name):
                self.log_change(request, article, done)
            messages.success(
                request,
                gettext(
                    "Restored into the working copy. Readers see nothing of it until "
                    "it is signed and published."
                ),
            )
            return redirect("admin:articles_article_change", pk)
        return self.confirm(
            request,
            article,
            "restore.html",
            text=text,
            kept=[
                history.label_of(name)
                for name, value in content.items()
                if value != text.content[name]
            ],
            changes=history.differences(history.working_copy(article), text),
        )

    def deleted(self, request: HttpRequest) -> HttpResponse:
        """List the articles that were deleted and can come back."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        versions = Paginator(history.deleted(), PER_PAGE).get_page(request.GET.get("p"))
        return render(
            request,
            "admin/articles/article/deleted.html",
            self.admin_site.each_context(request)
            | {"opts": self.opts, "versions": versions},
        )

    @transaction.atomic
    def recover(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask, then bring a deleted article back as a draft."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        version = get_object_or_404(history.deleted(), pk=pk)
        text = history.of_save(version)
        if request.method == "POST":
            article = history.recover(version, text, by=request.user)
            self.log_addition(request, article, gettext("Recovered"))
            messages.success(
                request,
                gettext("“%(title)s” is back, as a draft.") % {"title": article.title},
            )
            return redirect("admin:articles_article_change", article.pk)
        return render(
            request,
            "admin/articles/article/recover.html",
            self.admin_site.each_context(request)
            | {
                "opts": self.opts,
                "version": version,
                "text": text,
                "fields": history.in_words(text),
            },
        )
