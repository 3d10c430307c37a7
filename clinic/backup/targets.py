"""The place of a database that is replaced, in one step, by one made beside it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Protocol

from django.db import DatabaseError, OperationalError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from clinic.backup import BackupError, databases
from clinic.backup.databases import Config
from clinic.backup.places import private, sync
from clinic.integrity import is_damage

MAKING = "portal_restoring"
COMPANIONS = ("-wal", "-shm", "-journal")


class Target(Protocol):
    def begin(self) -> Config:
        """Return how the new, empty database is reached; the old one stays as it is."""

    def finish(self, aside: Path) -> str | None:
        """Let it take the old one's place; say where that is kept, if there was one."""


def target(config: Config) -> Target:
    if config["ENGINE"] == "django.db.backends.postgresql":
        return PostgreSQL(config)
    return SQLite(Path(config["NAME"]))


# SQLite ######################################################################


class SQLite:
    """A file; running processes notice by themselves that another has come."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.making = path.with_name(f"{path.name}.restoring")

    def begin(self) -> Config:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        for suffix in ("", *COMPANIONS):
            self.making.with_name(self.making.name + suffix).unlink(missing_ok=True)
        # It will hold hashes of passwords, and its journal gets its permissions.
        private(self.making).close()
        return databases.sqlite(self.making, passing=True)

    def finish(self, aside: Path) -> str | None:
        sync(self.making)
        if not self.path.exists():
            self.replace()
            return None
        aside.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept = aside / self.path.name
        self.making.chmod(self.path.stat().st_mode & 0o777)
        try:
            self.swap(kept)
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise BackupError(
                    f"{self.path} is busy ({error}). Stop the portal and try again."
                ) from None
            for suffix in ("", *COMPANIONS):
                found = self.companion(suffix)
                if found.exists():
                    shutil.move(found, kept.with_name(kept.name + suffix))
            self.replace()
        return str(kept)

    def swap(self, kept: Path) -> None:
        """Replace the file while nobody can write to it."""
        with closing(
            sqlite3.connect(self.path, timeout=60, isolation_level=None)
        ) as database:
            # What stands in a write-ahead log goes into the file; else this is nothing.
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            database.execute("BEGIN IMMEDIATE")
            log = self.companion("-wal")
            if log.exists() and log.stat().st_size:
                # Somebody has written since: a copy has it all.
                with (
                    closing(sqlite3.connect(self.path)) as reader,
                    closing(sqlite3.connect(kept)) as copy,
                ):
                    reader.backup(copy)
            else:
                link_or_copy(self.path, kept)
            # They belong to the old file, and would be taken for the new one's.
            for suffix in COMPANIONS:
                self.companion(suffix).unlink(missing_ok=True)
            self.replace()

    def companion(self, suffix: str) -> Path:
        return self.path.with_name(self.path.name + suffix)

    def replace(self) -> None:
        self.making.replace(self.path)
        sync(self.path.parent)


def link_or_copy(source: Path, target: Path) -> None:
    """Let a file have a second name, which takes no room; or a copy on another disk."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


# PostgreSQL ##################################################################


class PostgreSQL:
    """A schema beside the one in use: its tables change places in one transaction."""

    TRIES = 5

    def __init__(self, config: Config) -> None:
        self.config = config

    def begin(self) -> Config:
        try:
            with databases.stand_in(self.config) as database:
                run(database, f"DROP SCHEMA IF EXISTS {MAKING} CASCADE")
                run(database, f"CREATE SCHEMA {MAKING}")
        except OperationalError as error:
            raise BackupError(f"The database does not answer: {error}") from None
        except DatabaseError as error:
            raise BackupError(
                "The database's account must be allowed to make a schema (GRANT CREATE "
                f"ON DATABASE … TO …): {error}"
            ) from None
        return databases.in_schema(self.config, MAKING)

    def finish(self, aside: Path) -> str | None:
        kept = aside.name.lower().replace("-", "_")
        with databases.stand_in(self.config) as database:
            for left in reversed(range(self.TRIES)):
                try:
                    with transaction.atomic():
                        return self.swap(database, kept)
                except OperationalError:
                    # Whoever reads two tables may wait for us, and we for him.
                    if not left:
                        raise
                    time.sleep(1)
        return None

    def swap(self, database: BaseDatabaseWrapper, kept: str) -> str | None:
        ((schema,),) = rows_of(database, "SELECT current_schema()")
        quote = database.ops.quote_name
        run(database, "SET LOCAL lock_timeout = '20s'")
        old = [
            (kind, name)
            for kind, name in things(database, MAKING)
            if (kind, name) in set(things(database, schema))
        ]
        if old:
            run(database, f"CREATE SCHEMA {kept}")
            tables = [
                f"{schema}.{quote(name)}" for kind, name in old if kind == "TABLE"
            ]
            run(database, f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE")
        for kind, name in old:
            run(database, f"ALTER {kind} {schema}.{quote(name)} SET SCHEMA {kept}")
        for kind, name in things(database, MAKING):
            run(database, f"ALTER {kind} {MAKING}.{quote(name)} SET SCHEMA {schema}")
        run(database, f"DROP SCHEMA {MAKING}")
        return f"schema {kept}" if old else None


THINGS = """
SELECT 'TABLE', relname FROM pg_class WHERE relkind IN ('r', 'p')
AND relnamespace = %s::regnamespace
UNION SELECT 'FUNCTION', proname FROM pg_proc WHERE pronamespace = %s::regnamespace
ORDER BY 1, 2
"""


def things(database: BaseDatabaseWrapper, schema: str) -> list[tuple[str, str]]:
    """Return the kind and the name of all that stands in a schema by itself."""
    return rows_of(database, THINGS, [schema, schema])


def run(database: BaseDatabaseWrapper, sql: str) -> None:
    with database.cursor() as cursor:
        cursor.execute(sql)


def rows_of(database: BaseDatabaseWrapper, sql: str, given: list[str] | None = None):
    with database.cursor() as cursor:
        cursor.execute(sql, given)
        return cursor.fetchall()
