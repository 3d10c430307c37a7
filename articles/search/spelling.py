"""The word that somebody probably meant."""

from __future__ import annotations

from rapidfuzz import process
from rapidfuzz.distance import OSA

from articles.models import Spelling
from articles.search import engine, index
from articles.search.named import words_of_names
from articles.search.query import Query
from articles.search.words import stem
from clinic import generation

SHORTEST = 4  # letters; of shorter words everything is near


def corrected(query: Query) -> str | None:
    """Return the text with the nearest known words in the place of unknown ones.

    None if every word is known, or if nothing is near an unknown one.
    """
    text = query.text
    known = vocabulary(query.language)
    wrong = [
        part for part in query.parts if not all(s in known for s in part.phrases[0])
    ]
    for part in reversed(wrong):  # from the end: places before it stay
        word = nearest(" ".join(part.words), query.language)
        if word is None:
            return None
        text = text[: part.start] + word + text[part.end :]
    return text if wrong else None


def nearest(word: str, language: str) -> str | None:
    """Return the known word that fewest slips part from this one, if few do.

    Where there is none, the stems are compared: the slip may be in another form. Of
    equally near words those win that begin alike, for that is what people get right,
    then the one in the titles and names of most articles, then that in most texts.
    """
    if len(word) < SHORTEST:
        return None
    words_by_stem = vocabulary(language)
    words = [form for forms in words_by_stem.values() for form in forms]
    near = within_slips(word, words) or [
        words_by_stem[found][0]
        for found in within_slips(stem(word, language), list(words_by_stem))
    ]
    return max(near, key=lambda found: frequency(found, language), default=None)


def within_slips(word: str, known: list[str]) -> list[str]:
    """Return the words that are fewest slips away, if that is few for the length.

    A slip is a letter too many, missing or wrong, or two that have changed places
    (optimal string alignment).
    """
    slips = 1 if len(word) < 6 else 2 if len(word) < 12 else 3
    found = process.extract(
        word, known, scorer=OSA.distance, score_cutoff=slips, limit=20
    )
    ranks = {near: (score, near[:1] != word[:1]) for near, score, _ in found}
    return [near for near, rank in ranks.items() if rank == min(ranks.values())]


def frequency(word: str, language: str) -> tuple[int, ...]:
    """Return how many editions have a word in their names, and how many anywhere."""
    token = stem(word, language)
    return tuple(
        len(
            engine.matching(
                [[[index.prefix(language, place) + token]]], all_of_them=True, limit=100
            )
        )
        for place in (index.NAMES, index.ANYWHERE)
    )


def vocabulary(language: str) -> dict[str, list[str]]:
    """Return the folded words of all articles and names by their stems.

    They are kept while nothing changes. Numbers and codes are left out.
    """

    def load() -> dict[str, list[str]]:
        rows = Spelling.objects.filter(language=language)
        words = set(rows.values_list("word", flat=True)) | words_of_names(language)
        found: dict[str, list[str]] = {}
        for word in sorted(filter(str.isalpha, words), key=len):
            found.setdefault(stem(word, language), []).append(word)
        return found

    return generation.keep(("vocabulary", language), load)
