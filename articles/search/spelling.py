"""The word that somebody probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter

from rapidfuzz import process
from rapidfuzz.distance import OSA

from articles.models import Spelling
from articles.search import engine, index
from articles.search.named import words_of_names
from articles.search.query import Part, Query
from articles.search.words import CODE, stem
from clinic import generation

SHORTEST = 4  # letters; of shorter words, and of codes, everything is near
# So many of the nearest words are looked at: not all stand where readers may see them.
CANDIDATES = 20
# So many letters let a word that begins in another way still be the one that was meant.
SURE = 5


def corrected(query: Query) -> str | None:
    """Return the text with the nearest known words in the place of unknown ones.

    None if every word is known, or if nothing is near an unknown one.
    """
    text = query.text
    wrong = [part for part in query.parts if not is_known(part, query.language)]
    for part in reversed(wrong):  # from the end: places before it stay
        word = nearest(" ".join(part.words), query.language)
        if word is None:
            return None
        text = text[: part.start] + word + text[part.end :]
    return text if wrong else None


def is_known(part: Part, language: str) -> bool:
    """Say whether a page that readers may see, or a name, has each of the words."""
    names = names_by_stem(language).keys()
    return any(
        all(any(frequency(found, language, 1)) for found in phrase)
        or names >= set(phrase)
        for phrase in part.phrases
    )


def nearest(word: str, language: str) -> str | None:
    """Return the known word that fewest slips part from this one, if few do.

    Where there is none, the stems are compared: the slip may be in another form. Of
    equally near words those win that begin alike, for that is what people get right,
    then the one in the titles and names of most articles, then that in most texts.
    """
    if len(word) < SHORTEST or CODE.fullmatch(word):
        return None
    words_by_stem = vocabulary(language)
    words = [form for forms in words_by_stem.values() for form in forms]
    # What sounds like f is written ph in what comes from Greek: morfine, morphine.
    near = within_slips(word, words) or within_slips(word.replace("f", "ph"), words)
    if not near and len(stemmed := stem(word, language)) >= SHORTEST:
        stems = [found for found in words_by_stem if len(found) >= SHORTEST]
        near = {
            words_by_stem[found][0]: rank
            for found, rank in within_slips(stemmed, stems).items()
        }
    names = names_by_stem(language)
    # How often a word stands on pages is asked of the nearest ones only.
    slips_of = itemgetter(1)
    for _slips, alike in groupby(sorted(near.items(), key=slips_of), key=slips_of):
        ranks: list[tuple[tuple[int, int], str]] = []
        for found, _rank in alike:
            token = stem(found, language)
            often = frequency(token, language)
            if any(often) or token in names:
                ranks.append((often, found))
        if ranks:
            return max(ranks)[1]
    return None


def within_slips(word: str, known: list[str]) -> dict[str, tuple[int, bool]]:
    """Return words few slips away: how many, and whether they begin in another way.

    A slip is a letter too many, missing or wrong, or two that have changed places
    (optimal string alignment). In short words one slip makes another word that is
    right: whoever asks for ricetta must not be told that it is ripeta.
    """
    slips = 1 if len(word) < 8 else 2 if len(word) < 12 else 3
    found = process.extract(
        word, known, scorer=OSA.distance, score_cutoff=slips, limit=CANDIDATES
    )
    return {
        near: (int(score), near[:1] != word[:1])
        for near, score, _ in found
        if near[:1] == word[:1] or len(word) > SURE
    }


def frequency(token: str, language: str, limit: int = 100) -> tuple[int, int]:
    """Return how many editions have a stem in their names, and how many anywhere."""
    names, anywhere = (
        len(
            engine.matching(
                [[[index.prefix(language, place) + token]]],
                all_of_them=True,
                limit=limit,
            )
        )
        for place in (index.NAMES, index.ANYWHERE)
    )
    return names, anywhere


def vocabulary(language: str) -> dict[str, list[str]]:
    """Return the folded words of all articles and names by their stems.

    They are kept while nothing changes. Numbers and codes are left out. Some of them
    stand on no page that readers may see now.
    """

    def load() -> dict[str, list[str]]:
        rows = Spelling.objects.filter(language=language)
        words = set(rows.values_list("word", flat=True)) | words_of_names(language)
        return by_stem(words, language)

    return generation.keep(("vocabulary", language), load)


def names_by_stem(language: str) -> dict[str, list[str]]:
    """Return the folded words of names alone by their stems, kept in the same way."""
    return generation.keep(
        ("vocabulary of names", language),
        lambda: by_stem(words_of_names(language), language),
    )


def by_stem(words: Iterable[str], language: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for word in sorted(filter(str.isalpha, words), key=len):
        found.setdefault(stem(word, language), []).append(word)
    return found
