"""Keeping what the search knows in step with what is published.

An edition is indexed in the transaction that publishes it, so a crash leaves both or
none. Whether it is live is not the index's business: that is asked when somebody
searches, so nothing is found before its time, and nothing after.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db import connections, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from articles.markup.writing import plain_text
from articles.models import Edition, EditionQuerySet, Indexed, Spelling
from articles.search import engine
from articles.search.words import LONGEST, VERSION, is_empty, stem, words_of

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
    title, names = words_of(edition.title), words_of(edition.key_phrases)
    text = words_of(f"{edition.summary} {plain_text(edition.body)}")
    fields = {TITLE: title, NAMES: title + names, ANYWHERE: title + names + text}
    return {
        field: [
            word[:LONGEST]
            for word in words[:MOST_WORDS]
            if not is_empty(word, edition.language)
        ]
        for field, words in fields.items()
    }


def rows_of(edition: Edition) -> tuple[Indexed, dict[str, str]]:
    """Return its row of the index, and the stem of each of its words."""
    fields = words_of_fields(edition)
    stems = {word: stem(word, edition.language) for word in fields[ANYWHERE]}
    tokens = " ".join(
        prefix(edition.language, field) + stems[word]
        for field, words in fields.items()
        for word in words
    )
    return Indexed(edition_id=edition.pk, version=VERSION, words=tokens), stems


def add(edition: Edition) -> None:
    """Index an edition, and forget those of its article that have ended."""
    row, stems = rows_of(edition)
    row.save(force_insert=True)
    add_spellings((edition.language, word, stem) for word, stem in stems.items())
    Indexed.objects.filter(
        edition__article=edition.article_id, edition__live_until__lte=timezone.now()
    ).delete()


def add_spellings(
    spellings: Iterable[tuple[str, str, str]], using: str = "default"
) -> None:
    Spelling.objects.using(using).bulk_create(
        [
            Spelling(language=language, word=word, stem=stem)
            for language, word, stem in spellings
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
            rows = Indexed.objects.using(using)
            rows.filter(edition__in=[edition.pk for edition in batch]).delete()
            rows.bulk_create([row for row, _stems in made])
            add_spellings(
                {
                    (edition.language, word, stem)
                    for edition, (_row, stems) in zip(batch, made, strict=True)
                    for word, stem in stems.items()
                },
                using,
            )
        yield len(batch)


def clear() -> None:
    """Let nothing be indexed: ``catch_up`` begins anew.

    What stands in the index stays until it is replaced, so readers go on finding.
    """
    Spelling.objects.all().delete()
    Indexed.objects.exclude(edition__in=Edition.objects.live()).delete()
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
