"""Connections that leave a file whose place another has taken, and never make one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.signals import request_started
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from clinic.sqlite import PATIENCE_SECONDS


def path_of(database: BaseDatabaseWrapper) -> Path | None:
    """Return where a database's SQLite file is; None if it is kept in no file."""
    name = str(database.settings_dict["NAME"])
    if database.vendor != "sqlite" or name.startswith(("file:", ":memory:")):
        return None
    return Path(name)


def applied_migrations(database: BaseDatabaseWrapper) -> set[tuple[str, str]]:
    """Return the app and the name of each; raise DatabaseError if it knows none."""
    with database.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations")
        return set(cursor.fetchall())


def file_of(connection: BaseDatabaseWrapper) -> tuple[int, bool] | None:
    """Return which file stands at the place of a SQLite database now.

    And whether it may be written: who opened it when it could not goes on reading only.
    """
    name = connection.settings_dict["NAME"]
    try:
        return os.stat(name).st_ino, os.access(name, os.W_OK)
    except OSError:
        return None


def remember_file(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    if connection.vendor == "sqlite":
        connection.opened_file = file_of(connection)  # type: ignore[attr-defined]


def leave_replaced_file(**kwargs: Any) -> None:
    """Close a connection to a file that is not there any more (a backup put back).

    Else a process would go on reading and writing what nobody will ever see.
    """
    for database in connections.all(initialized_only=True):
        if database.vendor != "sqlite" or database.in_atomic_block:
            continue
        if file_of(database) != getattr(database, "opened_file", None):
            database.close()


@contextmanager
def without_waiting() -> Iterator[None]:
    """Let statements fail at once, rather than wait for whoever locks the database."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 0")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {1000 * PATIENCE_SECONDS}")


def never_create(using: str = "default") -> None:
    """Let this process open no database that is not there.

    SQLite would make an empty one, and a portal that has lost everything would look
    like a new one. Only ``migrate``, ``prepare --first`` and the restoring of a backup
    may begin a file.
    """
    database = connections[using]
    path = path_of(database)
    if path is not None:
        options = database.settings_dict["OPTIONS"]
        options["database"] = f"{path.absolute().as_uri()}?mode=rw"


def watch() -> None:
    connection_created.connect(remember_file)
    request_started.connect(leave_replaced_file)
