"""The pages that visitors read. All of them start from live editions."""

from typing import Any

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.translation import get_language
from django.views.generic import DetailView, ListView, TemplateView

from articles import structured_data
from articles.models import Article, Edition, EditionQuerySet, Statement, Topic
from clinic.addresses import absolute
from clinic.models import Practice
from clinic.views import PublicPage, no_translations

PER_PAGE = 12


def live_editions() -> EditionQuerySet:
    """What visitors may read now, in the language of the page."""
    return Edition.objects.live().in_language(get_language() or settings.LANGUAGE_CODE)


def topics_with_articles() -> QuerySet[Topic]:
    """Topics that have something to read in this language, with ``article_count``."""
    now = timezone.now()
    live = Q(
        Q(editions__live_until=None) | Q(editions__live_until__gt=now),
        editions__live_from__lte=now,
        editions__language=get_language() or settings.LANGUAGE_CODE,
    )
    return (
        Topic.objects.annotate(article_count=Count("editions", filter=live))
        .filter(article_count__gt=0)
        .order_by("position", "pk")  # grouping drops the model's order
    )


class Home(PublicPage, TemplateView):
    template_name = "articles/home.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            topics=topics_with_articles(),
            recent=live_editions().for_lists()[:6],
            **kwargs,
        )


class ArticleList(PublicPage, ListView):
    template_name = "articles/list.html"
    paginate_by = PER_PAGE

    def get_queryset(self) -> QuerySet[Edition]:
        return live_editions().for_lists()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(topics=topics_with_articles(), **kwargs)
        page = context["page_obj"]
        return context | {
            "page_range": page.paginator.get_elided_page_range(page.number)
        }


class TopicDetail(ArticleList):
    template_name = "articles/topic.html"

    def get_queryset(self) -> QuerySet[Edition]:
        self.topic = get_object_or_404(Topic, slug=self.kwargs["slug"])
        return super().get_queryset().filter(topic=self.topic)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(topic=self.topic, section="articles", **kwargs)


def article_context(edition: Edition) -> dict[str, Any]:
    """What the article page shows beside the edition itself.

    ``overdue``: readers are told that a review is missing.
    """
    related = Edition.objects.live().in_language(edition.language).for_lists()
    return {
        "edition": edition,
        "section": "articles",
        "related": related.filter(topic=edition.topic_id).exclude(
            article=edition.article_id
        )[:4],
        "translations": edition.translations(),
        "overdue": edition.is_overdue(Practice.objects.row()),
        "history": edition.article.editions.public().defer("body"),
    }


class ArticleDetail(PublicPage, DetailView):
    template_name = "articles/article.html"
    context_object_name = "edition"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the live edition; else lead to its new address, or say it is gone."""
        editions = self.editions_at(kwargs["slug"])
        edition = editions.live().first()
        if edition:
            return self.show(edition)
        past = editions.public().first()
        if past is None:
            raise Http404
        live = past.article.current_edition()
        if live is None:
            return self.gone(request, past.article)
        if live.get_absolute_url() == past.get_absolute_url():
            return self.show(live)  # published since the first of these queries
        return redirect(live, permanent=True)

    def editions_at(self, slug: str) -> EditionQuerySet:
        """Return whatever has ever been published under that address."""
        return (
            Edition.objects.in_language(self.request.LANGUAGE_CODE)
            .filter(slug=slug)
            .select_related("article", "author__portrait", "picture", "topic")
        )

    def show(self, edition: Edition) -> HttpResponse:
        self.object = edition
        return self.render_to_response(self.get_context_data(object=edition))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return (
            super().get_context_data(**kwargs)
            | article_context(self.object)
            | self.beside()
        )

    def beside(self) -> dict[str, Any]:
        """What this address shows of the edition beside its page."""
        return {"facts": structured_data.article(self.object, absolute)}

    def gone(self, request: HttpRequest, article: Article) -> HttpResponse:
        """Say that the article was withdrawn, when, and why if staff said so."""
        # Only what has ended: it may be published again at this very moment.
        ended = article.editions.public().filter(live_until__lte=timezone.now())
        response = render(
            request,
            "articles/withdrawn.html",
            no_translations() | {"edition": ended.first()},
            status=410,
        )
        patch_cache_control(response, public=True, no_cache=True)
        return response


class EditionDetail(ArticleDetail):
    """One edition under an address that never changes, for whoever cites it.

    What is withdrawn is withdrawn in all its editions.
    """

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        edition = (
            self.editions_at(kwargs["slug"])
            .public()
            .filter(number=kwargs["number"])
            .first()
        )
        if edition is None:
            raise Http404
        self.current = edition.article.current_edition()
        if self.current is None:
            return self.gone(request, edition.article)
        response = self.show(edition)
        # Search engines shall lead to what is current.
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    def beside(self) -> dict[str, Any]:
        current: Any = self.current  # of what is withdrawn nothing is shown
        return {
            "cited": True,
            "current": current,
            "is_past": self.object.number != current.number,
        }


class StatementDetail(PublicPage, TemplateView):
    template_name = "articles/statement.html"
    kind = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        language = get_language() or settings.LANGUAGE_CODE
        statement = Statement.objects.current(self.kind, language)
        practice = Practice.objects.current()
        return super().get_context_data(
            practice=practice,
            statement=statement,
            rendered=statement.rendered(practice),
            **kwargs,
        )
