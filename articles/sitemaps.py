"""Which pages there are, for search engines (sitemaps.org/protocol.html).

Only what may be indexed: the first page of each list, live articles, the pages about
the practice. Each address is listed with its counterparts in other languages, and with
when it was last changed only where that is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr

from django.conf import settings
from django.db.models import OuterRef, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import override

from articles.models import Edition, Entry, Statement, Topic
from articles.models.term import fits_on_one_page
from articles.views import letters
from clinic.addresses import absolute
from clinic.models import Practice
from clinic.views import PublicPage

# How many keys of articles a part spans, and so how many addresses it has at most. The
# protocol allows 50,000; a part of this size is small enough for the edge to keep.
SPAN = 1000
NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
XHTML = "http://www.w3.org/1999/xhtml"


@dataclass(frozen=True)
class Page:
    """A page in one language; ``changed`` is None where nobody knows."""

    language: str
    path: str
    changed: datetime | None = None


# The same page in every language in which it is there.
Group = list[Page]


# Pages beside the articles ###################################################


def codes() -> list[str]:
    return [code for code, _name in settings.LANGUAGES]


def in_every_language(name: str, *args: str) -> Group:
    return [Page(code, path_in(code, name, *args)) for code in codes()]


def path_in(language: str, name: str, *args: str) -> str:
    with override(language):
        return reverse(name, args=args)


def lists() -> Iterator[Group]:
    """The first page and the list of articles change with their newest article."""
    newest = {code: newest_in(code) for code in codes()}
    home, articles = "articles:home", "articles:list"
    yield [Page(code, path_in(code, home), at) for code, at in newest.items()]
    yield [Page(code, path_in(code, articles), at) for code, at in newest.items() if at]


def newest_in(language: str) -> datetime | None:
    live = Edition.objects.live().in_language(language).for_lists()
    return live.values_list("content_since", flat=True).first()


def topics() -> Iterator[Group]:
    """Topics, in each language in which there is something to read."""
    groups: dict[int, Group] = {}
    for code in codes():
        live = Edition.objects.live().in_language(code).filter(topic=OuterRef("pk"))
        newest = live.for_lists().values("content_since")[:1]
        rows = Topic.objects.annotate(newest=Subquery(newest))
        for topic in rows.exclude(newest=None):
            page = Page(code, path_in(code, "articles:topic", topic.slug), topic.newest)
            groups.setdefault(topic.pk, []).append(page)
    yield from groups.values()


def practice() -> Iterator[Group]:
    yield in_every_language("clinic:contact")
    yield in_every_language("clinic:legal")
    for doctor in Practice.objects.current().doctors.all():
        yield in_every_language("clinic:doctor", doctor.slug)


def statements() -> Iterator[Group]:
    """In the portal's own words they change with the portal: nobody knows when."""
    written = {
        (row.kind, row.language): row.updated_at
        for row in Statement.objects.exclude(body="")
    }
    for kind in Statement.Kind.values:
        name = f"articles:{kind.lower()}"
        yield [
            Page(code, path_in(code, name), written.get((kind, code)))
            for code in codes()
        ]


def a_to_z() -> Iterator[Group]:
    """The A to Z and its letters; under one, another language has other words."""
    found = {code: letters_with_words_in(code) for code in codes()}
    yield [
        Page(code, path_in(code, "articles:a_to_z")) for code in found if found[code]
    ]
    for code, with_words in found.items():
        for letter in with_words:
            yield [Page(code, path_in(code, "articles:letter", letter))]


def letters_with_words_in(language: str) -> list[str]:
    with override(language):
        return [letter for letter, has_words in letters().items() if has_words]


def glossary() -> Iterator[Group]:
    """The glossary, and its letters where there are too many words for one page."""
    languages = [code for code in codes() if letters_in(code)]
    yield [Page(code, path_in(code, "articles:glossary")) for code in languages]
    for code in languages:
        if not fits_on_one_page(code):
            for letter in letters_in(code):
                # By itself: the same letter holds other words in another language.
                yield [Page(code, path_in(code, "articles:glossary_letter", letter))]


def letters_in(language: str) -> list[str]:
    current = Entry.objects.current().in_language(language)
    found = current.order_by("letter").values_list("letter", flat=True)
    return list(found.distinct())


# Whoever adds a kind of page that may be indexed adds it here.
SECTIONS: list[Callable[[], Iterable[Group]]] = [
    lists,
    topics,
    a_to_z,
    glossary,
    practice,
    statements,
]


# Articles ####################################################################


def parts() -> Iterator[int]:
    """Return the number of each part that has a live article.

    One small query for each, by the index of the key: nothing is counted, and gaps
    between keys cost nothing.
    """
    live = Edition.objects.live().order_by("article_id")
    key = 0
    while True:
        found = live.filter(article_id__gte=key).values_list("article_id").first()
        if found is None:
            return
        yield found[0] // SPAN
        key = (found[0] // SPAN + 1) * SPAN


def articles(part: int) -> Iterator[tuple[Page, Group]]:
    """Return the live articles of a part, each with its group."""
    live = Edition.objects.live()
    of_part = live.filter(
        article_id__gte=part * SPAN, article_id__lt=(part + 1) * SPAN
    ).order_by("article_id")
    own = list(
        of_part.only("article", "content_since", "language", "slug", "translation_of")
    )
    families = {
        key: [page_of(edition) for edition in family]
        for key, family in live.families_of(own).items()
    }
    for edition in own:
        page, family = page_of(edition), families[edition.original_id]
        yield page, family if page in family else [page]


def page_of(edition: Edition) -> Page:
    return Page(
        edition.language,
        path_in(edition.language, "articles:article", edition.slug),
        edition.content_since,
    )


# Writing #####################################################################


def alternates(group: Group) -> list[tuple[str, str]]:
    """Return the languages of a group with their addresses, and which is for the rest.

    Nothing where there is one only. Readers of other languages are sent to the main
    language of the site if the page is in it.
    """
    if len(group) < 2:
        return []
    order = {code: place for place, code in enumerate(codes())}
    pages = sorted(group, key=lambda page: order[page.language])
    rest = next((p for p in pages if p.language == settings.LANGUAGE_CODE), pages[0])
    return [
        *((page.language, absolute(page.path)) for page in pages),
        ("x-default", absolute(rest.path)),
    ]


def url(page: Page, group: Group) -> str:
    """Write the entry of a page; the moment as W3C asks for (ISO 8601, UTC)."""
    links = "".join(
        f'<xhtml:link rel="alternate" hreflang="{language}" href={quoteattr(address)}/>'
        for language, address in alternates(group)
    )
    changed = ""
    if page.changed:
        moment = page.changed.astimezone(UTC).isoformat(timespec="seconds")
        changed = f"<lastmod>{moment}</lastmod>"
    return f"<url><loc>{escape(absolute(page.path))}</loc>{changed}{links}</url>"


class SitemapPage(PublicPage):
    """One file of the sitemap."""

    def get(self, request: HttpRequest, **kwargs: str) -> HttpResponse:
        content = "\n".join(self.lines(**kwargs))
        return HttpResponse(
            f'<?xml version="1.0" encoding="UTF-8"?>\n{content}\n',
            content_type="application/xml",
        )

    def lines(self, **kwargs: str) -> Iterator[str]:
        raise NotImplementedError


class Sitemap(SitemapPage):
    """The index: which files there are."""

    def lines(self, **kwargs: str) -> Iterator[str]:
        yield f'<sitemapindex xmlns="{NAMESPACE}">'
        paths = [reverse("sitemap_pages")]
        paths += (reverse("sitemap_articles", args=[part]) for part in parts())
        for path in paths:
            yield f"<sitemap><loc>{absolute(path)}</loc></sitemap>"
        yield "</sitemapindex>"


class Urls(SitemapPage):
    def lines(self, **kwargs: str) -> Iterator[str]:
        urls = [url(page, group) for page, group in self.pages(**kwargs)]
        if not urls:
            raise Http404
        yield f'<urlset xmlns="{NAMESPACE}" xmlns:xhtml="{XHTML}">'
        yield from urls
        yield "</urlset>"

    def pages(self, **kwargs: str) -> Iterator[tuple[Page, Group]]:
        raise NotImplementedError


class Pages(Urls):
    def pages(self, **kwargs: str) -> Iterator[tuple[Page, Group]]:
        for section in SECTIONS:
            for group in section():
                yield from ((page, group) for page in group)


class Articles(Urls):
    def pages(self, **kwargs: str) -> Iterator[tuple[Page, Group]]:
        return articles(int(kwargs["part"]))
