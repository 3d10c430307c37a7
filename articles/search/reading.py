"""How a query may be meant: with longer forms of its words, with synonyms."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from articles.models import Spelling, Synonym
from articles.search import engine
from articles.search.query import Part, Phrase, Query, each_word_of, parse
from articles.search.words import is_empty, stem
from clinic import generation

# Longer words that one word may stand for, and ways to read a query.
MOST_FORMS, MOST_READINGS, MOST_ROWS = 8, 6, 64
# Fewer letters than these begin too many words.
SHORTEST_BEGINNING = 4
# What inflection adds in Italian and English, if five letters stand before it.
ENDING = re.compile(r"(?<=\w{5})(?:[aei]re|ing|ed|es|[aeios])$")


def readings_of(query: Query) -> list[Query]:
    """Return the query as it is, then once more for each of the staff's synonyms."""
    readings = [query, *with_synonyms(query)][:MOST_READINGS]
    return [with_forms(reading) for reading in readings]


def with_forms(query: Query) -> Query:
    """Let each word also stand for others that begin with it: chemo, chemotherapy."""
    return replace(
        query,
        parts=tuple(
            part.also(forms_of(part, query.language))
            if may_be_longer(part, query.language)
            else part
            for part in query.parts
        ),
    )


def may_be_longer(part: Part, language: str) -> bool:
    """Say whether a part is one word that may begin others, and tells something."""
    return (
        len(part.words) == 1
        and len(part.words[0]) >= SHORTEST_BEGINNING
        and not is_empty(part.words[0], language)
    )


def forms_of(part: Part, language: str) -> Iterable[Phrase]:
    """Return the stems of words in articles that one word may stand for, as phrases.

    Those are words that begin with it, and words that differ in the ending alone:
    Snowball parts some of them, such as referto and referti.
    """
    word = part.words[0]
    beginning = ENDING.sub("", word)
    rows = Spelling.objects.filter(engine.begins_with(beginning), language=language)
    near = rows.order_by("word").values_list("word", flat=True)[:MOST_ROWS]
    stems = dict.fromkeys(
        stem(form, language)
        for form in near
        if form.startswith(word) or ENDING.sub("", form) == beginning
    )
    return [(found,) for found in list(stems)[:MOST_FORMS]]


def with_synonyms(query: Query) -> Iterator[Query]:
    """Yield the query for every synonym that it holds, with what the pages say."""
    for said, means in synonyms(query.language):
        for start in range(len(query.parts) - len(said) + 1):
            end = start + len(said)
            if all(map(stands_for, query.parts[start:end], said)):
                meant = parse(means, query.language).parts
                parts = (*query.parts[:start], *meant, *query.parts[end:])
                yield replace(query, parts=parts)
                break


def stands_for(part: Part, phrase: Phrase) -> bool:
    return phrase in part.phrases


def synonyms(language: str) -> list[tuple[tuple[Phrase, ...], str]]:
    """Return the words of readers as a query has them, and what the pages say."""

    def load() -> list[tuple[tuple[Phrase, ...], str]]:
        rows = Synonym.objects.filter(language=language)
        return [
            (tuple(filter(None, (part.phrases[0] for part in parts))), row.means)
            for row in rows
            for parts in [each_word_of(row.words, language)]
        ]

    return generation.keep(("synonyms", language), load)
