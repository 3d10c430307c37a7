"""Translations at the desk: begun by one click, kept up to date by another."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
)
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils.translation import gettext

from articles import history
from articles.admin.asking import AsksFirst
from articles.models import Article, Step
from clinic import audit


class TranslationsOfArticles(AsksFirst):
    """Adds the two clicks, and what the page of an article shows of its languages."""

    def get_urls(self) -> list[Any]:
        wrap, name = self.admin_site.admin_view, "articles_article"
        return [
            path(
                "<int:pk>/translate/<str:language>/",
                wrap(self.translate),
                name=f"{name}_translate",
            ),
            path("<int:pk>/align/", wrap(self.align), name=f"{name}_align"),
            *super().get_urls(),
        ]

    def may_translate(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request) and self.has_change_permission(request)

    def translate(self, request: HttpRequest, pk: int, language: str) -> HttpResponse:
        """Begin the article in that language, or lead to what was begun already."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        article = get_object_or_404(Article, pk=pk)
        if language not in dict(settings.LANGUAGES):
            raise Http404
        if not self.may_translate(request):
            raise PermissionDenied
        with transaction.atomic():
            translation, is_new = article.translate(language, by=request.user)  # type: ignore[arg-type]
            if is_new:
                self.log_addition(request, translation, gettext("Translation begun"))
        if is_new:
            messages.success(
                request,
                gettext(
                    "Translation begun, as a draft. What needs no translating is there "
                    "already; readers see nothing of it yet."
                ),
            )
        return redirect("admin:articles_article_change", translation.pk)

    @transaction.atomic
    def align(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Record that the translation needs no other words, readers' text included."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        # Locked: nobody can save between the look and the answer.
        article = get_object_or_404(Article.objects.select_for_update(), pk=pk)
        if not self.has_change_permission(request, article):
            raise PermissionDenied
        if self.is_about_what_is_there(request, article):
            self.record_alignment(request, article, as_read=True)
        else:
            self.warn_of_change(request)
        return redirect("admin:articles_article_change", pk)

    def record_alignment(
        self, request: HttpRequest, article: Article, *, as_read: bool
    ) -> None:
        """Do what was pressed, if it was about what its original says now."""
        ahead = article.edition_ahead()
        if ahead is None or request.POST.get("original_number") != str(ahead.number):
            self.warn_of_change(request)
            return
        article.align(ahead, by=request.user, as_read=as_read)  # type: ignore[arg-type]
        done = gettext("Up to date with edition %(number)s of the original.") % {
            "number": ahead.number
        }
        with audit.meaning(Step.ALIGN.name):
            self.log_change(request, article, done)
        messages.success(request, done)

    def translation_context(
        self, request: HttpRequest, article: Article
    ) -> dict[str, Any]:
        """What its page shows of other languages, and of the original it translates."""
        context: dict[str, Any] = {
            "versions": article.versions(),
            "may_translate": self.may_translate(request),
        }
        source = article.translation_of
        if source is None:
            return context
        ahead, live = article.edition_ahead(), article.current_edition()
        made_from = article.original_edition
        return context | {
            "source": source,
            "source_text": source.newest_edition() or source,
            "ahead": ahead,
            "changed": ahead
            and made_from
            and history.differences(
                history.of_edition(made_from), history.of_edition(ahead)
            ),
            "told": live and live.newer_original(),
            "aligned": article.alignments.select_related(
                "aligned_by", "original_edition"
            ).first(),
        }
