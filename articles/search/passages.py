"""The words that were looked for, marked where they stand. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from articles.search.words import Word, composed, stem, words_in

# About three lines on a phone.
LENGTH = 40  # words
BEFORE = 8  # words ahead of the first that is marked
SENTENCE_ENDS = (".", "!", "?", "…", "–")


class Piece(NamedTuple):
    """Some text, and whether it was looked for."""

    text: str
    is_marked: bool


def marked(text: str, stems: Collection[str], language: str) -> list[Piece]:
    """Return the whole text in pieces, words with one of the stems apart."""
    text = composed(text)
    return pieces(text, 0, len(text), hits_in(list(words_in(text)), stems, language))


def passage(text: str, stems: Collection[str], language: str) -> list[Piece]:
    """Return the part of a text that holds most of what was looked for.

    It begins with a sentence if one begins near; an ellipsis says where it was cut.
    Without any of the stems it is empty.
    """
    text = composed(text)
    words = list(words_in(text))
    hits = hits_in(words, stems, language)
    if not hits:
        return []
    first = best(words, hits, language)
    begin = beginning(text, words, first) if len(words) > LENGTH else 0
    end = min(begin + LENGTH, len(words))
    until = len(text) if end == len(words) else words[end - 1].end
    cut = pieces(text, words[begin].start, until, hits)
    if begin > 0 and not begins_sentence(text, words[begin]):
        cut.insert(0, Piece("… ", False))
    if end < len(words):
        cut.append(Piece(" …", False))
    return cut


def hits_in(words: list[Word], stems: Collection[str], language: str) -> list[Word]:
    return [word for word in words if stem(word.folded, language) in stems]


def best(words: list[Word], hits: list[Word], language: str) -> int:
    """Return the place of the word from which on most different hits follow."""
    places = {word.start: place for place, word in enumerate(words)}
    found = [(places[hit.start], stem(hit.folded, language)) for hit in hits]

    def variety(number: int) -> tuple[int, int]:
        first = found[number][0]
        near = [
            stem
            for place, stem in found[number : number + LENGTH]
            if place < first + LENGTH - BEFORE
        ]
        return len(set(near)), -first

    return found[max(range(len(found)), key=variety)][0]


def beginning(text: str, words: list[Word], first: int) -> int:
    """Return the place of the word to begin with, some words before the first hit."""
    earliest = max(first - BEFORE, 0)
    for place in range(first, earliest - 1, -1):
        if begins_sentence(text, words[place]):
            return place
    return earliest


def begins_sentence(text: str, word: Word) -> bool:
    before = text[max(word.start - 3, 0) : word.start].rstrip(" «“\"'(")
    return word.start == 0 or before.endswith(SENTENCE_ENDS)


def pieces(text: str, start: int, end: int, hits: list[Word]) -> list[Piece]:
    cut = []
    for hit in hits:
        if start <= hit.start and hit.end <= end:
            cut += [Piece(text[start : hit.start], False)]
            cut += [Piece(text[hit.start : hit.end], True)]
            start = hit.end
    cut.append(Piece(text[start:end], False))
    return [piece for piece in cut if piece.text]
