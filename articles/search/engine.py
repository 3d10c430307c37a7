"""Which editions hold which tokens: SQLite's FTS5, or PostgreSQL's full text.

Both only say which live rows match. What comes first and what is shown is decided in
``finding``, so the results are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connection, connections
from django.db.models import Q
from django.utils import timezone

TABLE = "articles_indexed"
FTS = "articles_search"

# External content (sqlite.org/fts5.html, section 4.4.3): the words stand in the table
# of the model, and triggers keep the index with them, in the same transaction.
INDEX = (
    f"CREATE VIRTUAL TABLE {FTS} USING fts5(words, content='{TABLE}', "
    "content_rowid='edition_id', tokenize='unicode61 remove_diacritics 0')"
)
ADD = f"INSERT INTO {FTS}(rowid, words) VALUES (new.edition_id, new.words);"  # noqa: S608
REMOVE = (
    f"INSERT INTO {FTS}({FTS}, rowid, words) "  # noqa: S608
    "VALUES ('delete', old.edition_id, old.words);"
)
TRIGGERS = {
    f"{FTS}_insert": f"INSERT ON {TABLE} BEGIN {ADD} END",
    f"{FTS}_delete": f"DELETE ON {TABLE} BEGIN {REMOVE} END",
    # Of the words alone: to mark all rows as old must not index each of them anew.
    f"{FTS}_update": f"UPDATE OF words ON {TABLE} BEGIN {REMOVE} {ADD} END",
}
REBUILD = f"INSERT INTO {FTS}({FTS}) VALUES ('rebuild')"  # noqa: S608
VECTOR = "to_tsvector('simple', words)"
POSTGRESQL = f"CREATE INDEX IF NOT EXISTS {FTS} ON {TABLE} USING gin ({VECTOR})"

# Any of these sequences of tokens, and that of each group.
Groups = Sequence[Iterable[Sequence[str]]]


def install(using: str = "default") -> None:
    """Put the index on the table of words if it is not there, or not whole.

    SQLite loses the triggers when a migration rebuilds the table.
    """
    database = connections[using]
    with database.cursor() as cursor:
        if database.vendor == "postgresql":
            cursor.execute(POSTGRESQL)
            return
        cursor.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s",
            [TABLE],
        )
        there = TRIGGERS.keys() & {name for (name,) in cursor.fetchall()}
        if len(there) == len(TRIGGERS):
            return
        for name in there:
            cursor.execute(f"DROP TRIGGER {name}")
        cursor.execute(f"DROP TABLE IF EXISTS {FTS}")
        cursor.execute(INDEX)
        for name, event in TRIGGERS.items():
            cursor.execute(f"CREATE TRIGGER {name} AFTER {event}")
        cursor.execute(REBUILD)


def rebuild() -> None:
    """Make the index anew from the table of words."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"REINDEX INDEX {FTS}")
        else:
            cursor.execute(REBUILD)


def matching(groups: Groups, *, all_of_them: bool, limit: int) -> list[int]:
    """Return the keys of live editions that hold the tokens, the last published first.

    Tokens consist of letters and digits. What has ended or is planned must not count
    for the limit: it would stand in the way of what readers may see.
    """
    build, sql = ENGINES[connection.vendor]
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(sql, [build(groups, all_of_them), now, now, limit])
        return [key for (key,) in cursor.fetchall()]


def begins_with(beginning: str) -> Q:
    """Keep spellings that begin so, by an index of the database.

    PostgreSQL sorts by the rules of a language, in which no letter is the last.
    """
    if connection.vendor == "postgresql":
        return Q(word__startswith=beginning)
    return Q(word__gte=beginning, word__lt=beginning + "\U0010ffff")


def fts5(groups: Groups, all_of_them: bool) -> str:
    """Write a query of FTS5 (sqlite.org/fts5.html, section 3)."""
    written = (
        " OR ".join('"' + " ".join(tokens) + '"' for tokens in group)
        for group in groups
    )
    return (" AND " if all_of_them else " OR ").join(
        f"({any_of})" for any_of in written
    )


def tsquery(groups: Groups, all_of_them: bool) -> str:
    """Write a query of PostgreSQL (documentation, section 8.11.2)."""
    written = (
        " | ".join(
            "(" + " <-> ".join(f"'{token}'" for token in tokens) + ")"
            for tokens in group
        )
        for group in groups
    )
    joiner = " & " if all_of_them else " | "
    return joiner.join(f"({any_of})" for any_of in written)


# As ``Edition.objects.live()`` has it.
LIVE = "live_from <= %s AND (live_until IS NULL OR live_until > %s)"
ENGINES = {
    "sqlite": (
        fts5,
        f"SELECT {FTS}.rowid FROM {FTS} CROSS JOIN articles_edition "  # noqa: S608
        f"ON articles_edition.id = {FTS}.rowid WHERE {FTS} MATCH %s AND {LIVE} "
        f"ORDER BY {FTS}.rowid DESC LIMIT %s",
    ),
    "postgresql": (
        tsquery,
        f"SELECT edition_id FROM {TABLE} JOIN articles_edition "  # noqa: S608
        f"ON id = edition_id WHERE {VECTOR} @@ to_tsquery('simple', %s) AND {LIVE} "
        "ORDER BY edition_id DESC LIMIT %s",
    ),
}
