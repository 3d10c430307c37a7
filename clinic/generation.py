"""When what readers see changes: by a change of rows, or by the passing of time.

*By rows.* One number, the generation, is another after every change of a watched table.
Triggers of the database write it, inside the transaction that makes the change, so
nobody can forget to: ``save``, ``bulk_create``, ``update``, raw SQL and a correction
by hand in a database shell all count, and what is rolled back does not. The number is
drawn at random: after a restored backup it is not one that was there before.

*By time.* An edition begins, a notice ends, "open now" turns, a day is over.
``next_change`` knows the first such moment.

Whoever keeps something made from the database reads ``epoch()`` *before* making it and
keeps it no longer than that epoch.
"""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Hashable, Iterable
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from django.apps import AppConfig
from django.conf import settings
from django.db import DatabaseError, connection, connections

from clinic.database import leave_replaced_file, path_of
from clinic.hours import moment

T = TypeVar("T")
Moments = Callable[[datetime], Iterable[datetime | None]]

TABLE = "clinic_generation"
READ = f"SELECT number FROM {TABLE} WHERE id = 1"  # noqa: S608

_apps: dict[AppConfig, frozenset[str]] = {}
_moments: list[Moments] = []


class Unknown(Exception):
    """The database does not say which generation this is."""


class Busy(Unknown):
    """It will say so in a moment: somebody is committing."""


def watch(app: AppConfig, *, moments: Moments, unseen: Iterable[str] = ()) -> None:
    """Let every table of an app count, except models that readers never see.

    ``unseen`` are names of models. ``moments`` gets an aware datetime and returns the
    moments after it at which rows of the app begin or cease to show by themselves.
    """
    _apps[app] = frozenset(name.lower() for name in unseen)
    _moments.append(moments)


def watched_tables() -> set[str]:
    """Return the names of all tables that count, those between two models too."""
    return {
        model._meta.db_table
        for app, unseen in _apps.items()
        for model in app.get_models(include_auto_created=True)
        if name_of(model) not in unseen
    }


def name_of(model: Any) -> str:
    """Return its name; a table between two models bears that of the first."""
    return (model._meta.auto_created or model)._meta.model_name


# Triggers ####################################################################

SQLITE = """
CREATE TRIGGER IF NOT EXISTS "{name}" AFTER {event} ON "{table}"
BEGIN UPDATE clinic_generation SET number = random() WHERE id = 1; END
"""
POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION clinic_generation_draw() RETURNS trigger
LANGUAGE plpgsql AS $$ BEGIN
UPDATE clinic_generation SET number = (random() * 9e18)::bigint WHERE id = 1;
RETURN NULL; END $$
"""
POSTGRESQL = """
CREATE OR REPLACE TRIGGER "{name}" AFTER {event} ON "{table}"
FOR EACH STATEMENT EXECUTE FUNCTION clinic_generation_draw()
"""


EVENTS = {
    "sqlite": ("INSERT", "UPDATE", "DELETE"),
    "postgresql": ("INSERT", "UPDATE", "DELETE", "TRUNCATE"),
}


def triggers(vendor: str) -> list[tuple[str, str, str]]:
    """Return the name, the event and the table of every trigger that must be there."""
    return [
        (f"generation_{event.lower()}_{table}"[:63], event, table)
        for table in sorted(watched_tables())
        for event in EVENTS[vendor]
    ]


def suspend(using: str = "default", **kwargs: Any) -> None:
    """Let nobody keep anything while ``migrate`` runs, which drops triggers.

    If it breaks off, that stays so until it has succeeded.
    """
    from clinic.models import Generation

    if TABLE in connections[using].introspection.table_names():
        Generation.objects.using(using).all().delete()


def install(using: str = "default", **kwargs: Any) -> None:
    """Put the triggers on every watched table, after each ``migrate`` and ``flush``.

    SQLite loses a table's triggers when a migration rebuilds the table. Tables that a
    migration to an earlier state has left out are passed over.
    """
    database = connections[using]
    tables = database.introspection.table_names()
    if TABLE not in tables:
        return
    with database.cursor() as cursor:
        template = SQLITE
        if database.vendor == "postgresql":
            cursor.execute(POSTGRESQL_FUNCTION)
            template = POSTGRESQL
        for name, event, table in triggers(database.vendor):
            if table in tables:
                cursor.execute(template.format(name=name, event=event, table=table))
    advance(using)


def missing(using: str = "default") -> list[str]:
    """Return the names of triggers that should be there and are not."""
    database = connections[using]
    catalogue = "SELECT tgname FROM pg_trigger"
    if database.vendor == "sqlite":
        catalogue = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    with database.cursor() as cursor:
        cursor.execute(catalogue)
        there = {name for (name,) in cursor.fetchall()}
    return [name for name, _, _ in triggers(database.vendor) if name not in there]


def advance(using: str = "default") -> None:
    """Begin a new generation, for what no row tells (a new release, a new template)."""
    from clinic.models import Generation

    number = int.from_bytes(os.urandom(7), "big")
    Generation.objects.using(using).update_or_create(
        pk=Generation.ONLY, defaults={"number": number}
    )


# Reading #####################################################################


class SQLiteReader:
    """Reads the number of a SQLite file in well under a microsecond.

    Bytes 18 to 27 of the file hold the journal's kind and the file change counter
    (sqlite.org/fileformat2.html, section 1.3). Except with a WAL, every commit raises
    the counter before it is acknowledged. While these bytes stand, nothing was
    committed, and the number read last still holds; else it is read again, together
    with them, under the lock that keeps writers away.
    """

    WAL = 2

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = threading.Lock()
        self.file = self.inode = -1
        self.looked_at = float("-inf")
        self.known: tuple[bytes, int] | None = None
        self.database: sqlite3.Connection | None = None

    def read(self) -> int:
        """Return the generation as committed; raise Unknown if nobody can tell."""
        now = time.monotonic()
        try:
            if not 0 <= now - self.looked_at < 1:
                self.look_for_file(now)
            known = self.known
            if known and known[0] == os.pread(self.file, 10, 18):
                return known[1]
            return self.ask()
        except (OSError, sqlite3.Error) as error:
            code = getattr(error, "sqlite_errorcode", None)
            kind = Busy if code == sqlite3.SQLITE_BUSY else Unknown
            raise kind(str(error)) from error

    def look_for_file(self, now: float) -> None:
        """Notice within a second that the file is gone or that another stands there."""
        inode = self.path.stat().st_ino
        with self.lock:
            if inode != self.inode:
                # Never closed: SQLite's locks on a file end with the first handle that
                # a process closes (sqlite.org/howtocorrupt.html, section 2.2).
                self.file = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
                self.inode, self.known, self.database = inode, None, None
            self.looked_at = now

    def forget(self) -> None:
        """Begin anew, before a process forks: SQLite's connections stay behind."""
        with self.lock:
            if self.database is not None:
                self.database.close()
            self.inode, self.known, self.database = -1, None, None
            self.looked_at = float("-inf")

    def ask(self) -> int:
        """Return what the row says, and remember with which state of the file."""
        with self.lock:
            if self.database is None:
                self.database = sqlite3.connect(
                    f"{self.path.as_uri()}?mode=ro",
                    uri=True,
                    timeout=0,
                    isolation_level=None,
                    check_same_thread=False,
                )
            self.database.execute("BEGIN")
            try:
                row = self.database.execute(READ).fetchone()
                state = os.pread(self.file, 10, 18)
            finally:
                self.database.execute("COMMIT")
            number = number_of(row)
            self.known = None if self.WAL in state[:2] else (state, number)
            return number


class ConnectionReader:
    """Reads the number over Django's own connection: PostgreSQL, or a test."""

    def forget(self) -> None:
        """Begin anew, before a process forks."""
        connection.close()

    def read(self) -> int:
        """Return the generation as committed; raise Unknown if nobody can tell."""
        try:
            with connection.cursor() as cursor:
                cursor.execute(READ)
                row = cursor.fetchone()
        except DatabaseError as error:
            connection.close_if_unusable_or_obsolete()
            raise Unknown(str(error)) from error
        return number_of(row)


def number_of(row: tuple[int] | None) -> int:
    if row is None:
        raise Unknown("The generation has no row: run manage.py migrate.")
    return row[0]


@cache
def reader() -> SQLiteReader | ConnectionReader:
    """Return the quickest way to read the generation in this process."""
    path = path_of(connection)
    return SQLiteReader(path) if path else ConnectionReader()


# Epochs ######################################################################


class Epoch(NamedTuple):
    """A stretch of time in which readers see the same (Unix time, seconds)."""

    number: int
    since: float
    until: float

    def holds(self, number: int, now: float) -> bool:
        """Say whether it is still the present one."""
        return self.number == number and self.since <= now < self.until


# Looked for once in a process: a migration that broke off may have left some out.
_are_triggers_there = False
# The present epoch, and what ``keep`` keeps in it.
_present: tuple[Epoch, dict[Hashable, Any]] = (Epoch(0, 0, 0), {})


def epoch() -> Epoch:
    """Return the present epoch; raise Unknown if the database does not answer."""
    return present()[0]


def present() -> tuple[Epoch, dict[Hashable, Any]]:
    """Return the present epoch and what is kept in it; raise Unknown as ``epoch``."""
    global _present, _are_triggers_there
    number, now = reader().read(), time.time()
    found = _present
    if not found[0].holds(number, now):
        try:
            leave_replaced_file()
            if not _are_triggers_there and missing():
                raise Unknown("Changes are not noticed: run manage.py migrate.")
            _are_triggers_there = True
            until = next_change(datetime.fromtimestamp(now, UTC))
        except Unknown:
            raise
        except Exception as error:  # whatever it is, a page can be made without keeping
            raise Unknown(repr(error)) from error
        found = _present = Epoch(number, now, until.timestamp()), {}
    return found


def forget() -> None:
    """Begin anew in this process, before others are forked from it."""
    global _present
    reader().forget()
    _present = Epoch(0, 0, 0), {}


def next_change(at: datetime) -> datetime:
    """Return the first moment after this one (aware) at which a page may differ.

    It is the end of the day in the portal's zone at the latest: pages mark today.
    """
    zone = ZoneInfo(settings.TIME_ZONE)
    tomorrow = at.astimezone(zone).date() + timedelta(days=1)
    # Somewhere the clocks go back at midnight, and it comes twice.
    found = [moment(tomorrow, clock.min, zone, last=last) for last in (False, True)]
    found += [change for moments in _moments for change in moments(at) if change]
    return min(change for change in found if change > at)


def keep(
    key: Hashable, make: Callable[[], T], unkept: Callable[[], T] | None = None
) -> T:
    """Return what ``make()`` returns, made once in this process and epoch.

    ``make`` may use nothing that was read before this call: that may be older than the
    epoch in which the value is kept. The value is shared between threads: nobody may
    change it. Inside a transaction, which may see what nobody else does, it is made
    anew each time, by ``unkept`` if that costs less.
    """
    unkept = unkept or make
    if connection.in_atomic_block:
        return unkept()
    try:
        _epoch, kept = present()
    except Unknown:
        return unkept()
    if key not in kept:
        kept[key] = make()
    return kept[key]
