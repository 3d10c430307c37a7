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
from articles.models import Edition, EditionQuerySet, Statement, Topic
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
    """What the article page shows beside the edition itself."""
    related = Edition.objects.live().in_language(edition.language).for_lists()
    return {
        "edition": edition,
        "section": "articles",
        "related": related.filter(topic=edition.topic_id).exclude(
            article=edition.article_id
        )[:4],
        "translations": edition.translations(),
    }


class ArticleDetail(PublicPage, DetailView):
    template_name = "articles/article.html"
    context_object_name = "edition"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the live edition; else lead to its new address, or say it is gone."""
        editions = Edition.objects.in_language(request.LANGUAGE_CODE).filter(
            slug=kwargs["slug"]
        )
        edition = (
            editions.live()
            .select_related("article", "author__portrait", "picture", "topic")
            .first()
        )
        if edition:
            self.object = edition
            return self.render_to_response(self.get_context_data(object=edition))
        past = editions.filter(live_from__lte=timezone.now()).first()
        if past is None:
            raise Http404
        live = past.article.live_edition()
        if live:
            return redirect(live, permanent=True)
        return self.gone(request)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        facts = structured_data.article(self.object, absolute)
        return super().get_context_data(facts=facts, **kwargs) | article_context(
            self.object
        )

    def gone(self, request: HttpRequest) -> HttpResponse:
        response = render(
            request, "articles/withdrawn.html", no_translations(), status=410
        )
        patch_cache_control(response, public=True, no_cache=True)
        return response


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
