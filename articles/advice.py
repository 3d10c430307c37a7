"""Advice for whoever writes: how it reads, what is missing. It never blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils.html import escape
from django.utils.translation import gettext

from articles import glossary, markup
from articles.markup import writing
from articles.models import Article, State, Wording
from articles.readability import Readability, measure
from clinic.models import Doctor, Practice

# What a form may send to be looked at; the rest of it says nothing about the text.
TYPED = (
    "language", "title", "summary", "body", "picture_alt", "picture_caption",
    "disclosure",
)  # fmt: skip
# Who has mended these finds the next ones.
MOST_PLACES = 10
SOURCE = re.compile(r"sources-(\d{1,3})-(title|url|doi|pmid)")


@dataclass(frozen=True)
class Hint:
    """Something that could be better, and the places where."""

    sentence: str
    places: list[str]


@dataclass(frozen=True)
class Mark:
    """One of the facts by which readers judge whether to trust a page."""

    name: str
    is_there: bool
    wanted: str


@dataclass(frozen=True)
class Words:
    """Which words of a text its readers find explained, and which not.

    ``waiting`` are those of the glossary that no doctor has checked; ``hard`` the long
    and the medical ones that are not in it, each with the page that adds it.
    """

    explained: list[str]
    waiting: list[str]
    hard: list[tuple[str, str]]


@dataclass(frozen=True)
class Advice:
    """What the desk advises on a text, as it is typed or as it is saved."""

    readability: Readability
    hints: list[Hint]
    marks: list[Mark]
    words: Words

    @classmethod
    def on(cls, article: Article) -> Advice:
        """Advise on the working copy."""
        return cls.of(article, article.sources_as_list())

    @classmethod
    def of_typed(cls, data: Mapping[str, Any]) -> Advice:
        """Advise on what stands in a form; whatever is no text of ours is ignored."""
        key = data.get("article", "")
        stored = Article.objects.filter(pk=key).first() if is_key(key) else None
        article = stored or Article()
        for name in TYPED:
            setattr(article, name, data.get(name, ""))
        if article.language not in dict(settings.LANGUAGES):
            article.language = ""  # a text of no language, not a wrong query
        article.body = markup.sanitise(article.body)
        article.picture_decorative = "picture_decorative" in data
        author, picture = data.get("author", ""), data.get("picture", "")
        doctors = Doctor.objects.filter(pk=int(author)) if is_key(author) else None
        article.author = doctors.first() if doctors else None
        article.picture_id = int(picture) if is_key(picture) else None
        return cls.of(article, sources_typed(data))

    @classmethod
    def of(cls, article: Article, sources: list[dict[str, str]]) -> Advice:
        summary = f"<p>{escape(article.summary)}</p>" if article.summary else ""
        return cls(
            measure(summary + article.body, article.language),
            [
                Hint(hint.sentence, hint.places[:MOST_PLACES])
                for hint in hints_on(article)
                if hint.places
            ],
            list(marks_of(article, sources)),
            words_of(article),
        )

    @property
    def found(self) -> int:
        """How many of the facts of trust are there."""
        return sum(mark.is_there for mark in self.marks)

    @property
    def grade(self) -> str:
        """The score in words; empty where there is too little text."""
        return {
            "EASY": gettext("easy to read"),
            "FAIR": gettext("readable, but shorter sentences would help"),
            "HARD": gettext("hard for many readers"),
            "VERY_HARD": gettext("very hard, even with a degree"),
        }.get(self.readability.grade, "")


def is_key(value: Any) -> bool:
    return bool(re.fullmatch(r"[0-9]{1,18}", str(value)))


def sources_typed(data: Mapping[str, Any]) -> list[dict[str, str]]:
    """Collect the rows of sources that are filled in and not ticked for deletion."""
    rows: dict[str, dict[str, str]] = {}
    for name, value in data.items():
        found = SOURCE.fullmatch(name)
        if found and str(value).strip():
            rows.setdefault(found[1], {})[found[2]] = str(value)
    return [row for n, row in rows.items() if f"sources-{n}-DELETE" not in data]


def words_of(article: Article) -> Words:
    drafts, page = glossary.drafts(article.language), reverse("admin:articles_term_add")
    explained = [note.name for note in glossary.explained(article).notes]
    known = markup.explain(article.rendered.html, drafts).notes
    hard = markup.hard_words(writing.plain_text(article.body), drafts)[:MOST_PLACES]
    return Words(
        explained,
        [note.name for note in known if note.name not in explained],
        [
            (word, f"{page}?{urlencode({'language': article.language, 'name': word})}")
            for word in hard
        ],
    )


def hints_on(article: Article) -> Iterator[Hint]:
    body, language = article.body, article.language
    yield Hint(
        gettext("Long sentences: two short ones are understood better."),
        measure(body, language).longest,
    )
    yield Hint(
        gettext("Subheadings that stand before any heading:"),
        writing.headings_out_of_order(body),
    )
    yield Hint(
        gettext("Links that do not say where they lead:"),
        writing.vague_links(body, language),
    )
    without = article.picture_id and not article.picture_decorative
    yield Hint(
        gettext("The picture has no description for people who cannot see it."),
        [""] if without and not article.picture_alt.strip() else [],
    )
    yield Hint(
        gettext(
            "Phone numbers typed by hand: insert ours from “Contact” in the editor, "
            "then they change by themselves."
        ),
        markup.typed_numbers(body, settings.PHONENUMBER_DEFAULT_REGION),
    )
    yield from wordings_in(article)


def wordings_in(article: Article) -> Iterator[Hint]:
    """Name what the practice does not want to read, each with its reason."""
    reasons = dict(
        Wording.objects.filter(language=article.language).values_list(
            "phrase", "reason"
        )
    )
    texts = [article.title, article.summary, article.picture_caption]
    text = "\n".join([*texts, writing.plain_text(article.body)])
    for phrase, sentence in writing.phrases_in(text, reasons):
        yield Hint(reasons[phrase], [sentence])


def marks_of(article: Article, sources: list[dict[str, str]]) -> Iterator[Mark]:
    """Tell which facts of trust are there.

    Authorship, attribution, disclosure and currency are the benchmarks of Silberg and
    others, JAMA 277 (1997) 1244-1245; a review by a doctor is added here.
    """
    author = article.author
    yield Mark(
        gettext("Author with credentials"),
        bool(author and (author.registration_number or author.degree)),
        gettext("a doctor whose degree or register is filled in"),
    )
    live = article.current_edition() if article.pk else None
    yield Mark(
        gettext("Reviewed by a doctor"),
        article.state == State.SIGNED or bool(live and live.last_review),
        gettext("a signature"),
    )
    yield Mark(
        gettext("Sources"),
        bool(sources)
        and all(s.get("url") or s.get("doi") or s.get("pmid") for s in sources),
        gettext("at least one, each with a link, a DOI or a PMID"),
    )
    yield Mark(
        gettext("Dates"),
        bool(live and live.review_due_date),
        gettext("they come with publishing and with the review"),
    )
    yield Mark(
        gettext("Interests"),
        bool(article.disclosure.strip() or Practice.objects.row().disclosure),
        gettext("who pays for the site, said under “The practice”"),
    )
