"""The pages that visitors read. All of them start from live editions."""

from collections.abc import Iterable
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language, override
from django.views.generic import DetailView, TemplateView

from articles import glossary, handing_on, structured_data
from articles.alphabet import LETTERS
from articles.models import (
    Article,
    Edition,
    EditionQuerySet,
    Entry,
    Headword,
    HeadwordQuerySet,
    Statement,
    Topic,
    TopicAddress,
)
from articles.paging import page_of, page_of_headwords
from articles.related import related
from clinic import generation, qr
from clinic.addresses import absolute
from clinic.counting import CappedCount
from clinic.edge.edge import ENDS
from clinic.models import Practice
from clinic.views import PublicPage, moved, no_translations

Row = TypeVar("Row", bound=Model)

# So many words fit on one page of the A to Z.
WHOLE_ALPHABET = 100


def language_of_page() -> str:
    return get_language() or settings.LANGUAGE_CODE


def live_editions() -> EditionQuerySet:
    """What visitors may read now, in the language of the page."""
    return Edition.objects.live().in_language(language_of_page())


def topics() -> list[Topic]:
    return generation.keep("topics", lambda: list(Topic.objects.all()))


def by_key(rows: Iterable[Row], key: int | None) -> Row | None:
    return next((row for row in rows if row.pk == key), None)


def topics_with_articles() -> list[Topic]:
    """Topics that have something to read in this language, with ``article_count``.

    They are kept as long as nothing changes: every list shows them.
    """
    language = language_of_page()
    return generation.keep(("topics", language), partial(counted_topics, language))


def counted_topics(language: str) -> list[Topic]:
    live = Edition.objects.live().in_language(language).filter(topic=OuterRef("pk"))
    return list(
        Topic.objects.annotate(
            article_count=CappedCount(live.order_by().values("pk"))
        ).filter(article_count__gt=0)
    )


def empty_in(name: str, rows: QuerySet[Any], key: Any = None) -> Any:
    """Return the languages in which a list has nothing to read.

    Readers can switch to such a list, and go on from there; search engines are not sent
    to it. Asked for where a page names its other languages only, and kept under
    ``name`` and ``key``.
    """

    def missing() -> list[str]:
        codes = [code for code, _name in settings.LANGUAGES]
        found = rows.model._default_manager.order_by().values_list(
            *(Exists(rows.filter(language=code)) for code in codes)
        )
        there = found.first() or [False] * len(codes)
        return [
            code for code, is_there in zip(codes, there, strict=True) if not is_there
        ]

    return SimpleLazyObject(lambda: generation.keep(("empty", name, key), missing))


def live_headwords() -> HeadwordQuerySet:
    """What stands in the A to Z now, in the language of the page."""
    return Headword.objects.live().in_language(language_of_page())


def letters() -> dict[str, bool]:
    """Return every letter of the A to Z, and whether something stands under it."""
    return generation.keep(("letters", language_of_page()), letters_with_words)


def letters_with_words() -> dict[str, bool]:
    """Ask once for every letter, which the index answers with its first word."""
    live = live_headwords()
    found = Headword.objects.order_by().values_list(
        *(Exists(live.filter(letter=letter)) for letter in LETTERS)
    )
    # One row is asked for all of them; there is none where nothing was ever published.
    return dict(zip(LETTERS, found.first() or [False] * len(LETTERS), strict=True))


class Home(PublicPage, TemplateView):
    template_name = "articles/home.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            searching=True,
            topics=topics_with_articles(),
            letters=letters(),
            recent=live_editions().with_notes().for_lists()[:6],
            **kwargs,
        )


class ArticleList(PublicPage, TemplateView):
    template_name = "articles/list.html"

    def editions(self) -> EditionQuerySet:
        return live_editions().with_notes()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            page=page_of(self.editions(), self.request.GET),
            topics=SimpleLazyObject(topics_with_articles),  # not every list shows them
            **{"empty_in": empty_in("articles", Edition.objects.live())} | kwargs,
        )


class OfTopic(PublicPage):
    """Comes before the view that answers for ``self.topic``.

    ``moved_to`` is the name of its address; empty: that of the topic's page.
    """

    moved_to = ""
    topic: Topic

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer, or lead to it from an address where the topic has stood."""
        found = Topic.objects.filter(slug=kwargs["slug"]).first()
        if found is None:
            return moved(TopicAddress, kwargs["slug"], self.moved_to)
        self.topic = found
        return super().get(request, *args, **kwargs)  # type: ignore[misc]


class TopicDetail(OfTopic, ArticleList):
    template_name = "articles/topic.html"

    def editions(self) -> EditionQuerySet:
        return super().editions().filter(topic=self.topic)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        live = Edition.objects.live().filter(topic=self.topic)
        return super().get_context_data(
            topic=self.topic,
            section="articles",
            empty_in=empty_in("topic", live, self.topic.pk),
            **kwargs,
        )


class AToZ(PublicPage, TemplateView):
    """All words of the A to Z where they are few, else its letters."""

    template_name = "articles/a_to_z.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            letters=letters(),
            groups=self.groups(),
            section="articles",
            # Every article has its word there.
            empty_in=empty_in("articles", Edition.objects.live()),
            **kwargs,
        )

    def groups(self) -> list[tuple[str, list[Headword]]]:
        """Return each letter with its words; nothing if they are too many."""
        found = list(live_headwords().for_lists()[: WHOLE_ALPHABET + 1])
        if len(found) > WHOLE_ALPHABET:
            return []
        by_letter = {
            letter: list(words)
            for letter, words in groupby(found, attrgetter("letter"))
        }
        return [(name, by_letter[name]) for name in LETTERS if name in by_letter]


class LetterDetail(PublicPage, TemplateView):
    template_name = "articles/letter.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        words = live_headwords().filter(letter=self.kwargs["letter"])
        return super().get_context_data(
            page=page_of_headwords(words, self.request.GET),
            letters=letters(),
            section="articles",
            # Other languages have other words under a letter, or none.
            translations=addresses_of("articles:a_to_z"),
            **kwargs,
        )


def article_context(edition: Edition, practice: Practice) -> dict[str, Any]:
    """What the article page shows beside the edition itself.

    ``overdue``: readers are told that a review is missing.
    """
    return {
        "edition": edition,
        "practice": practice,
        "section": "articles",
        "related": SimpleLazyObject(lambda: related(edition)),
        "translations": edition.translations(),
        "newer": edition.newer_original(),
        "explained": glossary.explained(edition),
        "overdue": edition.is_overdue(practice),
        "history": history_of(edition),
        "address": absolute(edition.get_absolute_url()).partition("://")[2],
    }


def history_of(edition: Edition) -> Iterable[Edition]:
    """Every edition that readers have seen of its article, the newest first."""
    if edition.number == 1 and edition.pk and edition.is_live():
        return [edition]  # there is no earlier one, and a later one would be live
    return edition.article.editions.public().for_history()


def ending(response: HttpResponse, edition: Edition) -> HttpResponse:
    """Let an answer end with an edition, even if nobody can be asked then."""
    if edition.live_until:
        response.headers[ENDS] = str(edition.live_until.timestamp())
    return response


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
        live = past.article.current_edition() or past.article.replacement()
        if live is None:
            return gone(request, past.article)
        if live.get_absolute_url() == past.get_absolute_url():
            return self.show(live)  # published since the first of these queries
        return redirect(live, permanent=True)

    def editions_at(self, slug: str) -> EditionQuerySet:
        """Return whatever has ever been published under that address."""
        return (
            Edition.objects.in_language(self.request.LANGUAGE_CODE)
            .filter(slug=slug)
            .select_related("article", "condition", "picture")
            .defer(*(f"article__{name}" for name in Article.TEXTS))
        )

    def show(self, edition: Edition) -> HttpResponse:
        """Answer with its page; author and topic are known from other pages."""
        self.practice = Practice.objects.current()
        edition.author = by_key(self.practice.doctors.all(), edition.author_id)
        edition.topic = by_key(topics(), edition.topic_id)
        self.object = edition
        response = self.render_to_response(self.get_context_data(object=edition))
        return ending(response, self.live_edition())

    def live_edition(self) -> Edition:
        """The edition with which the page ends."""
        return self.object

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return (
            super().get_context_data(**kwargs)
            | article_context(self.object, self.practice)
            | self.beside()
        )

    def beside(self) -> dict[str, Any]:
        """What this address shows of the edition beside its page."""
        return {"facts": structured_data.article(self.object, self.practice, absolute)}


def gone(request: HttpRequest, article: Article) -> HttpResponse:
    """Say that the article was withdrawn, when, and why if staff said so.

    Whoever cites one of its editions means that very text: he is told what replaces it,
    and not led away.
    """
    # Only what has ended: it may be published again at this very moment.
    ended = article.editions.public().filter(live_until__lte=timezone.now())
    response = render(
        request,
        "articles/withdrawn.html",
        no_translations()
        | {"edition": ended.first(), "replacement": article.replacement()},
        status=410,
    )
    patch_cache_control(response, public=True, no_cache=True)
    return response


class ArticleQR(PublicPage):
    """The address of an article as a square, for the sheet of paper."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        edition = live_at_address(slug)
        code = qr.svg(handing_on.page_of(edition))
        return ending(HttpResponse(code, content_type="image/svg+xml"), edition)


class HandedOn(PublicPage):
    """Leads to the mail of the reader's own device.

    Nothing of a recipient passes through here, and pages need neither a script nor the
    weight of what is written.
    """

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        address = handing_on.mail(live_at_address(slug), Practice.objects.current())
        response = handing_on.DeviceRedirect(address)
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response


def live_at_address(slug: str) -> Edition:
    """Return what readers see there, only by name; raise Http404."""
    return get_object_or_404(live_editions().for_lists(), slug=slug)


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
            return gone(request, edition.article)
        response = self.show(edition)
        # Search engines shall lead to what is current.
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    def live_edition(self) -> Edition:
        current: Any = self.current  # of what is withdrawn nothing is shown
        return current

    def beside(self) -> dict[str, Any]:
        current = self.live_edition()
        return {
            "cited": True,
            "address": absolute(self.object.get_citation_url()).partition("://")[2],
            "current": current,
            "is_past": self.object.number != current.number,
        }


class StatementDetail(PublicPage, TemplateView):
    template_name = "articles/statement.html"
    kind = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        statement = Statement.objects.current(self.kind, language_of_page())
        practice = Practice.objects.current()
        return super().get_context_data(
            practice=practice,
            statement=statement,
            rendered=statement.rendered(practice),
            **kwargs,
        )


class Glossary(PublicPage, TemplateView):
    """All entries of the language, or the letters under which they stand."""

    template_name = "articles/glossary.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        practice = Practice.objects.current()
        return super().get_context_data(
            glossary=glossary.whole(language_of_page(), practice),
            practice=practice,
            empty_in=empty_in("glossary", Entry.objects.current()),
            **kwargs,
        )


class GlossaryLetter(PublicPage, TemplateView):
    """The entries of one letter, of a glossary that is too long for one page."""

    template_name = "articles/glossary.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if glossary.fits_on_one_page(language_of_page()):
            return redirect("articles:glossary")
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        practice = Practice.objects.current()
        language, after = language_of_page(), self.request.GET.get("after")
        return super().get_context_data(
            glossary=glossary.under(language, self.kwargs["letter"], practice, after),
            practice=practice,
            # Other languages have other words under a letter, or none.
            translations=addresses_of("articles:glossary"),
            **kwargs,
        )


def addresses_of(name: str) -> dict[str, str]:
    """Return the address of a page in each language."""
    found = {}
    for code, _name in settings.LANGUAGES:
        with override(code):
            found[code] = reverse(name)
    return found
