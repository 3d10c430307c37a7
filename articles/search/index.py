"""Keeping what the search knows in step with what is published.

An edition is indexed in the transaction that publishes it, so a crash leaves both or
none. Whether it is live is not the index's business: that is asked when somebody
searches, so nothing is found before its time, and nothing after.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from django.db import connections, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from articles.markup.writing import plain_text
from articles.models import Edition, EditionQuerySet, Indexed, Spelling
from articles.search import engine
from articles.search.words import (
    LONGEST,
    VERSION,
    codes_of,
    is_empty,
    stem,
    words_of,
)

# Tokens say where a stem stands, so that one index answers for all three.
TITLE, NAMES, ANYWHERE = "1", "2", "3"
# PostgreSQL's full text knows no place beyond the 16,383rd word.
MOST_WORDS = 12_000
BATCH = 500


def prefix(language: str, field: str) -> str:
    """Return how the tokens of a language and field begin."""
    return "".join(filter(str.isalnum, language)) + field


def words_of_fields(edition: Edition) -> dict[str, list[str]]:
    """Return the folded words of an edition, by where they stand."""
    text = f"{edition.summary} {plain_text(edition.body)}"
    title, names, inside = (
        telling(field, edition.language)
        for field in (edition.title, edition.key_phrases, text)
    )
    fields = {TITLE: title, NAMES: title + names, ANYWHERE: title + names + inside}
    return {field: words[:MOST_WORDS] for field, words in fields.items()}


def telling(text: str, language: str) -> list[str]:
    """Return the folded words of a text that tell what it is about.

    Those that are written in parts come last: they would part the words of a phrase.
    """
    words = (word for word in words_of(text) if not is_empty(word, language))
    return [word[:LONGEST] for word in (*words, *codes_of(text, language))]


def rows_of(edition: Edition) -> tuple[Indexed, Collection[str]]:
    """Return its row of the index, and its words, each once."""
    fields = words_of_fields(edition)
    stems = {word: stem(word, edition.language) for word in fields[ANYWHERE]}
    tokens = " ".join(
        prefix(edition.language, field) + stems[word]
        for field, words in fields.items()
        for word in words
    )
    return Indexed(edition_id=edition.pk, version=VERSION, words=tokens), stems.keys()


def add(edition: Edition) -> None:
    """Index an edition, and forget those of its article that have ended."""
    row, words = rows_of(edition)
    row.save(force_insert=True)
    add_spellings((edition.language, word) for word in words)
    Indexed.objects.filter(
        edition__article=edition.article_id, edition__live_until__lte=timezone.now()
    ).delete()


def add_spellings(spellings: Iterable[tuple[str, str]], using: str = "default") -> None:
    """Add languages and words that are new.

    Sorted, nobody who does the same waits for another in a ring.
    """
    Spelling.objects.using(using).bulk_create(
        [
            Spelling(language=language, word=word)
            for language, word in sorted(spellings)
        ],
        ignore_conflicts=True,
        batch_size=BATCH,
    )


def add_new(instance: Edition, created: bool, raw: bool, **kwargs: Any) -> None:
    """Index what was just published (the signal ``post_save``)."""
    if created and not raw:
        add(instance)


def pending(using: str = "default") -> EditionQuerySet:
    """Return what should be indexed and is not, or by other rules than these."""
    current = Indexed.objects.filter(edition=OuterRef("pk"), version=VERSION)
    return (
        Edition.objects.using(using)
        .exclude(live_until=F("live_from"))
        .filter(Q(live_until=None) | Q(live_until__gt=timezone.now()))
        .filter(~Exists(current))
    )


def catch_up(using: str = "default") -> Iterator[int]:
    """Index what is pending, batch by batch; yield how many each one held.

    It may be stopped at any time and goes on from there.
    """
    while batch := list(pending(using).order_by("pk")[:BATCH]):
        made = [rows_of(edition) for edition in batch]
        with transaction.atomic(using=using):
            # Somebody else may be at the same: then the last one counts.
            Indexed.objects.using(using).bulk_create(
                [row for row, _words in made],
                update_conflicts=True,
                unique_fields=["edition"],
                update_fields=["version", "words"],
            )
            add_spellings(
                {
                    (edition.language, word)
                    for edition, (_row, words) in zip(batch, made, strict=True)
                    for word in words
                },
                using,
            )
        yield len(batch)


def clear() -> None:
    """Let nothing be indexed: ``catch_up`` begins anew.

    What stands in the index stays until it is replaced, so readers go on finding, and
    so does how words are written: it does no harm beyond its time.
    """
    Indexed.objects.filter(edition__live_until__lte=timezone.now()).delete()
    Indexed.objects.update(version=VERSION - 1)
    engine.rebuild()


def install(
    using: str = "default", verbosity: int = 1, stdout: Any = None, **kwargs: Any
) -> None:
    """Make the index whole after each ``migrate`` (the signal ``post_migrate``)."""
    tables = connections[using].introspection.table_names()
    if not {Indexed._meta.db_table, Edition._meta.db_table} <= set(tables):
        return
    engine.install(using)
    done = 0
    for count in catch_up(using):
        done += count
        if verbosity and stdout:
            stdout.write(f"  The search has read {done:,} articles")
