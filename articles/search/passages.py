"""The words that were looked for, marked where they stand. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import NamedTuple

from articles.search.words import codes_in, fold, is_empty, spellings, stem
from clinic.accents import composed

# About three lines on a phone.
LENGTH = 280  # characters
BEFORE = 60  # characters ahead of the first that is marked
SENTENCE = re.compile(r"(?:^|[.!?…–]\s+)[«“\"'(]*(?=\w)")
IN_A_WORD = r"[^\W_]"


class Piece(NamedTuple):
    """Some text, and whether it was looked for."""

    text: str
    is_marked: bool


class Span(NamedTuple):
    """Where a word that was looked for stands, and its stem."""

    start: int
    end: int
    stem: str


def marked(text: str, stems: Collection[str], language: str) -> list[Piece]:
    """Return the whole text in pieces, words with one of the stems apart."""
    text = composed(text)
    return pieces(text, 0, len(text), hits_in(text, stems, language))


def passage(text: str, stems: Collection[str], language: str) -> list[Piece]:
    """Return the part of a text that holds most of what was looked for.

    It begins with a sentence if one begins near; an ellipsis says where it was cut.
    Without any of the stems it is empty.
    """
    text = composed(text)
    hits = hits_in(text, stems, language)
    if not hits:
        return []
    start = beginning(text, best(hits).start) if len(text) > LENGTH else 0
    end = ending(text, start)
    cut = pieces(text, start, end, hits)
    if start not in sentences(text, start - 4, start):
        cut.insert(0, Piece("… ", False))
    if end < len(text):
        cut.append(Piece(" …", False))
    return cut


def hits_in(text: str, stems: Collection[str], language: str) -> list[Span]:
    """Return the words of a composed text that have one of the stems, in their order.

    What is one word in parts stands before the parts.
    """
    if not stems:
        return []
    words = beginnings(frozenset(stems), language).finditer(fold(text))
    hits = [
        Span(*found.span(), stem(found[0], language))
        for found in words
        if stem(found[0], language) in stems and not is_empty(found[0], language)
    ]
    codes = [
        Span(code.start, code.end, stem(code.folded, language))
        for code in codes_in(text, language)
        if stem(code.folded, language) in stems
    ]
    return sorted(codes + hits, key=lambda hit: (hit.start, -hit.end))


@lru_cache(128)
def beginnings(stems: frozenset[str], language: str) -> re.Pattern[str]:
    """Match every word that may have one of the stems.

    A word begins like its stem, but for the last letter: Snowball writes
    "sopravvivenza" as "sopravvivent" and a last "y" as "i".
    """
    written = (spellings(s[:-1] if len(s) > 1 else s, language) for s in stems)
    any_of = "|".join(sorted(written, key=len, reverse=True))
    return re.compile(rf"(?<!{IN_A_WORD})(?:{any_of}){IN_A_WORD}*")


def best(hits: list[Span]) -> Span:
    """Return the word from which on most different hits follow."""

    def variety(number: int) -> tuple[int, int]:
        reach = hits[number].start + LENGTH - BEFORE
        near = {hit.stem for hit in hits[number : number + 40] if hit.end <= reach}
        return len(near), -number

    return hits[max(range(len(hits)), key=variety)]


def beginning(text: str, first: int) -> int:
    """Return where to begin: with the sentence if it is near, else with a word."""
    earliest = max(first - BEFORE, 0)
    starts = sentences(text, earliest, first)
    if starts:
        return starts[-1]
    if earliest == 0:
        return 0
    space = text.find(" ", earliest, first)
    return first if space < 0 else space + 1


def sentences(text: str, after: int, until: int) -> list[int]:
    """Return where sentences begin between two places."""
    found = SENTENCE.finditer(text, max(after, 0), until + 1)
    return [sentence.end() for sentence in found]


def ending(text: str, start: int) -> int:
    """Return where to end: with the text, or with a word."""
    if len(text) - start <= LENGTH:
        return len(text)
    space = text.rfind(" ", start, start + LENGTH)
    return start + LENGTH if space <= start else space


def pieces(text: str, start: int, end: int, hits: list[Span]) -> list[Piece]:
    cut = []
    for hit in hits:
        if start <= hit.start and hit.end <= end:
            cut += [Piece(text[start : hit.start], False)]
            cut += [Piece(text[hit.start : hit.end], True)]
            start = hit.end
    cut.append(Piece(text[start:end], False))
    return [piece for piece in cut if piece.text]
