"""Rows of all tables as lines of JSON that are the same on every kind of database."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.apps.registry import Apps
from django.core.exceptions import ValidationError
from django.db import DatabaseError, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Col
from django.utils.duration import duration_iso_string

from clinic.backup import BackupError

# The generation is drawn anew, and whoever was signed in signs in again: a session that
# somebody has ended must not come back. Wrong guesses are of the hour.
LEFT_OUT = frozenset(
    {"clinic.generation", "clinic.session", "clinic.throttle", "sessions.session"}
)
BATCH = 1000

Value = Any
Row = list[Value]


@dataclass(frozen=True)
class Column:
    """A column, and the plain field of Django's own that its values are read by."""

    name: str
    field: models.Field

    @property
    def is_json(self) -> bool:
        return isinstance(self.field, models.JSONField)


@dataclass(frozen=True)
class Table:
    name: str
    key: str
    columns: tuple[Column, ...]

    @property
    def has_sequence(self) -> bool:
        """Say whether the database numbers its rows."""
        field = next(c.field for c in self.columns if c.name == self.key)
        return isinstance(field, models.AutoField)

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]


def tables(apps: Apps) -> list[Table]:
    """Return every table that is kept, by name: in a transaction no order is needed."""
    found = {
        model._meta.db_table: table_of(model)
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
        if model._meta.label_lower not in LEFT_OUT
    }
    return [found[name] for name in sorted(found)]


def table_of(model: type[models.Model]) -> Table:
    key = str(model._meta.pk.column)
    return Table(
        model._meta.db_table,
        key,
        tuple(
            Column(str(field.column), plain(field, own_key=field.column == key))
            for field in model._meta.local_concrete_fields
            if not is_made(field)
        ),
    )


def is_made(field: models.Field) -> bool:
    """Say whether the database computes it by itself."""
    return getattr(field, "generated", False)


def plain(field: models.Field, *, own_key: bool = False) -> models.Field:
    """Return Django's own field of the same kind, without what others add to it.

    A key of another table is a number like any other; an ``own_key`` counts.
    """
    while field.remote_field is not None:
        field, own_key = field.target_field, False  # type: ignore[attr-defined]
    kind = getattr(models, field.get_internal_type(), None)
    if kind is None:
        raise BackupError(f"Values of {field} cannot be kept: {type(field)}.")
    if issubclass(kind, models.DecimalField):
        return kind(max_digits=field.max_digits, decimal_places=field.decimal_places)  # type: ignore[attr-defined]
    if issubclass(kind, models.AutoField) and not own_key:
        return models.BigIntegerField()
    return kind(primary_key=True) if issubclass(kind, models.AutoField) else kind()


# Values ######################################################################


def to_json(value: Value) -> Value:
    """Return what stands for a value in JSON."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return duration_iso_string(value)
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, bytes | memoryview | bytearray):
        return base64.b64encode(value).decode()
    raise BackupError(f"A value of the kind {type(value)} cannot be kept.")


def line(row: Row) -> bytes:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


class Digest:
    """What tells two tables apart, in whatever order their rows are read.

    Languages sort texts differently, so the digests of the rows are added up (modulo
    2^256). It finds faults; against forgery the hash of the file stands.
    """

    def __init__(self, table: Table) -> None:
        self.json = [n for n, column in enumerate(table.columns) if column.is_json]
        self.count = self.sum = 0

    def add(self, row: Row) -> None:
        if self.json:
            row = row.copy()
            for position in self.json:
                row[position] = in_one_order(row[position])
        digest = sha256(line(row)).digest()
        self.sum = (self.sum + int.from_bytes(digest, "big")) % 2**256
        self.count += 1

    def hexdigest(self) -> str:
        return f"{self.sum:064x}"


def in_one_order(text: str | None) -> str | None:
    """PostgreSQL forgets in which order the keys of an object were written."""
    return None if text is None else json.dumps(json.loads(text), sort_keys=True)


# Reading #####################################################################


def read(database: BaseDatabaseWrapper, table: Table) -> Iterator[Row]:
    """Yield every row as JSON has it, by its key, without holding them all."""
    quote = database.ops.quote_name
    converters = [converter(database, table, column) for column in table.columns]
    names = ", ".join(map(quote, table.names))
    with database.chunked_cursor() as cursor:
        cursor.execute(
            f"SELECT {names} FROM {quote(table.name)} ORDER BY {quote(table.key)}"  # noqa: S608
        )
        while batch := cursor.fetchmany(BATCH):
            for values in batch:
                yield [
                    convert(value)
                    for convert, value in zip(converters, values, strict=True)
                ]


def converter(
    database: BaseDatabaseWrapper, table: Table, column: Column
) -> Callable[[Value], Value]:
    """Return what turns a value of the database into one of JSON."""
    if column.is_json:  # as text, which tells no value from the value ``null``
        return lambda text: None if text is None else same_json(text)
    expression = Col(table.name, column.field)
    steps = [
        *database.ops.get_db_converters(expression),
        *column.field.get_db_converters(database),
    ]

    def convert(value: Value) -> Value:
        for step in steps:
            value = step(value, expression, database)
        return to_json(value)

    return convert


def same_json(text: str) -> str:
    return json.dumps(json.loads(text), ensure_ascii=False)


def sequence(database: BaseDatabaseWrapper, table: Table) -> int | None:
    """Return the last number that the table has given to a row, deleted ones too.

    A number that readers have seen in an address must not be given again.
    """
    if not table.has_sequence:
        return None
    with database.cursor() as cursor:
        if database.vendor == "sqlite":
            cursor.execute(
                "SELECT seq FROM sqlite_sequence WHERE name = %s", [table.name]
            )
        else:
            name = sequence_name(database, table)
            cursor.execute(f"SELECT last_value FROM {name} WHERE is_called")  # noqa: S608
        row = cursor.fetchone()
    # SQLite says 0 where everything was rolled back.
    return (row and row[0]) or None


def sequence_name(database: BaseDatabaseWrapper, table: Table) -> str:
    quoted = database.ops.quote_name(table.name)
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [quoted, table.key])
        return cursor.fetchone()[0]


# Writing #####################################################################


def empty(database: BaseDatabaseWrapper, kept: Iterable[Table]) -> None:
    """Delete what migrations have written of their own; in a transaction."""
    quote = database.ops.quote_name
    with database.cursor() as cursor:
        for table in kept:
            # Where nobody may delete, nothing stands yet.
            cursor.execute(f"SELECT 1 FROM {quote(table.name)} LIMIT 1")  # noqa: S608
            if cursor.fetchone():
                cursor.execute(f"DELETE FROM {quote(table.name)}")  # noqa: S608


def write(database: BaseDatabaseWrapper, table: Table, rows: Iterable[Row]) -> int:
    """Insert rows of JSON; return how many. In a transaction, with ``unchecked``."""
    quote = database.ops.quote_name
    decoders = [decoder(database, column) for column in table.columns]
    names = ", ".join(map(quote, table.names))
    marks = ", ".join(["%s"] * len(decoders))
    sql = f"INSERT INTO {quote(table.name)} ({names}) VALUES ({marks})"  # noqa: S608
    count = 0
    with database.cursor() as cursor:
        for batch in batches(rows):
            try:
                cursor.executemany(
                    sql,
                    [
                        [d(v) for d, v in zip(decoders, row, strict=True)]
                        for row in batch
                    ],
                )
            except (DatabaseError, ValidationError, ValueError, TypeError) as error:
                raise BackupError(
                    f"Rows {count + 1} to {count + len(batch)} of {table.name} cannot "
                    f"be written: {error}"
                ) from error
            count += len(batch)
    return count


def decoder(database: BaseDatabaseWrapper, column: Column) -> Callable[[Value], Value]:
    """Return what turns a value of JSON into one that the database takes."""
    field = column.field
    if column.is_json:
        adapt = database.ops.adapt_json_value
        return lambda text: None if text is None else adapt(json.loads(text), None)

    def decode(value: Value) -> Value:
        if value is None:
            return None
        return field.get_db_prep_save(field.to_python(value), database)

    return decode


def batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def set_sequence(database: BaseDatabaseWrapper, table: Table, last: int | None) -> None:
    """Let the next row get the number after the last one that was ever given."""
    if last is None or not table.has_sequence:
        return
    with database.cursor() as cursor:
        if database.vendor == "sqlite":
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table.name])
            cursor.execute(
                "INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)",
                [table.name, last],
            )
        else:
            name = sequence_name(database, table)
            cursor.execute("SELECT setval(%s::regclass, %s)", [name, last])


@contextmanager
def unchecked(database: BaseDatabaseWrapper) -> Iterator[None]:
    """A transaction in which keys may lead nowhere until it ends.

    PostgreSQL asks at the end of a transaction anyway: Django makes its keys so.
    """
    if database.vendor == "sqlite":
        database.disable_constraint_checking()
    try:
        with transaction.atomic(using=database.alias):
            yield
            if database.vendor == "sqlite":
                database.check_constraints()
    finally:
        if database.vendor == "sqlite":
            database.enable_constraint_checking()
