"""Finding what readers look for, and putting the best first."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from math import log

from articles.markup.writing import plain_text
from articles.models import Edition
from articles.search import engine, index
from articles.search.named import NamedPage, pages_for
from articles.search.passages import Piece, marked, passage
from articles.search.query import LONGEST, Part, Query, parse
from articles.search.reading import readings_of
from articles.search.spelling import corrected

# No search looks at more editions than this, however many hold the words.
MOST = 100
PER_PAGE = 10
# So many digits are the number of a telephone or of a document, and no illness.
MANY_DIGITS = 5
PLACES = (index.TITLE, index.NAMES, index.ANYWHERE)


@dataclass(frozen=True)
class Hit:
    """An article that was found, with the words marked in its title and text."""

    edition: Edition
    title: list[Piece]
    text: list[Piece]


@dataclass
class Results:
    """What a query has found: pages with that name, and the keys of editions.

    ``keys`` are at most 100, the best first; ``stems`` are what they were found by.
    ``is_partial``: no page holds all of the words, these hold some. ``suggestion`` is
    the text that was probably meant, and ``instead`` what that has found.
    """

    query: Query
    named: list[NamedPage] = field(default_factory=list)
    keys: list[int] = field(default_factory=list)
    stems: frozenset[str] = frozenset()
    is_partial: bool = False
    suggestion: str = ""
    instead: Results | None = None

    @property
    def count(self) -> int:
        return len(self.keys) + len(self.named)

    @property
    def in_vain(self) -> str:
        """The words that no page has, for staff to learn from; empty if one has them.

        What may be somebody's own, an address or a number, is not told.
        """
        shown, text = self.instead or self, self.query.text
        is_personal = "@" in text or sum(map(str.isdigit, text)) >= MANY_DIGITS
        is_found = shown.count and not shown.is_partial
        # Staff can make neither a synonym nor a page of “how to get there”.
        if is_found or is_personal or not self.query.says_something:
            return ""
        words = (word for part in self.query.parts for word in part.words)
        return " ".join(words)[:LONGEST]

    @property
    def is_cut(self) -> bool:
        """Whether there may be more than what is shown."""
        return len(self.keys) == MOST

    @property
    def pages(self) -> int:
        return max(1, -(-len(self.keys) // PER_PAGE))

    @property
    def page_numbers(self) -> range:
        return range(1, self.pages + 1)

    def hits(self, page: int) -> list[Hit]:
        """Return the articles of a page (from 1)."""
        keys = self.keys[(page - 1) * PER_PAGE : page * PER_PAGE]
        rows = Edition.objects.live().in_bulk(keys)
        return [self.hit(rows[key]) for key in keys if key in rows]

    def hit(self, edition: Edition) -> Hit:
        """Mark what was found; the summary stands for a text that tells no more."""
        language = self.query.language
        text = passage(edition.summary, self.stems, language)
        if variety(text) < len(self.query.parts):
            inside = passage(in_one_line(edition.body), self.stems, language)
            if variety(inside) > variety(text):
                text = inside
        text = text or [Piece(edition.summary, False)]
        return Hit(edition, marked(edition.title, self.stems, language), text)


def find(text: str, language: str) -> Results:
    """Return what visitors may read now that answers a text, the best first.

    If nothing does, the nearest words that do are tried in its place.
    """
    results = find_as_typed(text, language)
    if not results.query.parts or (results.count and not results.is_partial):
        return results
    suggestion = corrected(results.query)
    if suggestion:
        instead = find_as_typed(suggestion, language)
        if instead.count and not instead.is_partial:
            results.suggestion, results.instead = suggestion, instead
    return results


def find_as_typed(text: str, language: str) -> Results:
    """Return what answers a text, read in every way that it may be meant."""
    query = parse(text, language)
    if not query.parts:
        return Results(query)
    readings = readings_of(query)
    results = Results(
        query,
        named=pages_for(readings, language),
        stems=frozenset().union(*(reading.stems for reading in readings)),
    )
    scores: dict[int, float] = {}
    for number, reading in enumerate(readings):
        for key, points in rank(reading, all_of_them=True).items():
            # What was typed counts more than what it may mean.
            scores[key] = max(scores.get(key, 0), points * 0.9**number)
    is_nothing = not scores and not results.named
    if is_nothing and len(query.parts) > 1 and query.says_something:
        scores = rank(readings[0], all_of_them=False)
        results.is_partial = bool(scores)
    results.keys = sorted(scores, key=lambda key: (-scores[key], -key))[:MOST]
    return results


def in_one_line(body: str) -> str:
    """Return the text of a body; a dash ends headings and items of lists."""
    lines = re.sub(r"(?<![.!?…:;])\n", " – ", plain_text(body))
    return lines.replace("\n", " ")


def variety(pieces: list[Piece]) -> int:
    return len({piece.text.lower() for piece in pieces if piece.is_marked})


# Ranking #####################################################################


def rank(query: Query, *, all_of_them: bool) -> dict[int, float]:
    """Return the points of live editions that hold the words, at most 100 of them.

    Those with the words in their titles are looked at before others, and the newest
    first: so a word in every article costs no more than a rare one.
    """
    keys: dict[int, None] = {}
    for place in PLACES:
        prefix = index.prefix(query.language, place)
        groups = [tokens_of(part, prefix) for part in query.parts]
        found = engine.matching(groups, all_of_them=all_of_them, limit=MOST)
        keys |= dict.fromkeys(found)
        if len(keys) >= MOST:
            break
    rows = Edition.objects.live().filter(pk__in=list(keys)[:MOST])
    texts = {
        key: f" {words} " for key, words in rows.values_list("pk", "indexed__words")
    }
    weights = [
        1.0 if all_of_them else rarity(part, query.language, texts.values())
        for part in query.parts
    ]
    return {key: points(text, query, weights) for key, text in texts.items()}


def points(text: str, query: Query, weights: list[float]) -> float:
    """Say how well an edition answers.

    A word counts most in the title, then in the names that staff gave the article, and
    more where it stands as it was typed. Titles that say nothing else and words that
    stand together count again.
    """
    title, names, anywhere = (index.prefix(query.language, place) for place in PLACES)
    total, in_title = 0.0, 0
    for part, weight in zip(query.parts, weights, strict=True):
        often = times(part, anywhere, text)
        if often:
            is_titled = bool(times(part, title, text))
            in_title += is_titled
            total += weight * (
                1
                + log(1 + often)
                + 8 * is_titled
                + 5 * bool(times(part, names, text))
                + 2 * bool(times(as_typed(part), anywhere, text))
            )
    total += 6 * in_title / max(text.count(f" {title}"), 1)
    if len(query.parts) > 1:
        together = [stem for part in query.parts for stem in part.phrases[0]]
        for prefix, more in ((names, 6), (anywhere, 3)):
            total += more * (f" {' '.join(prefix + s for s in together)} " in text)
    return total


def as_typed(part: Part) -> Part:
    return replace(part, phrases=part.phrases[:1])


def rarity(part: Part, language: str, texts: Collection[str]) -> float:
    """Return the weight of a word by how few of the texts hold it: those tell more."""
    anywhere = index.prefix(language, index.ANYWHERE)
    holding = sum(times(part, anywhere, text) > 0 for text in texts)
    return log(1 + (len(texts) + 1) / (holding + 1))


def times(part: Part, prefix: str, text: str) -> int:
    """Count how often a text holds what a part stands for."""
    return sum(
        text.count(f" {' '.join(tokens)} ") for tokens in tokens_of(part, prefix)
    )


def tokens_of(part: Part, prefix: str) -> list[list[str]]:
    return [[prefix + stem for stem in phrase] for phrase in part.phrases]
