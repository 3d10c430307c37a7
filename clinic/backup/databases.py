"""Other databases than the portal's own: a consistent copy, one that is being made."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import environ
from django.apps import apps as installed
from django.apps.registry import Apps
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.utils import load_backend

from clinic import generation
from clinic.backup import BackupError
from clinic.environment import read_address
from clinic.sqlite import complaints

Config = dict[str, Any]
# The app and the name of each.
Migrations = list[tuple[str, str]]


def own() -> Config:
    """Return how the portal's own database is reached."""
    return dict(connection.settings_dict)


def sqlite(path: Path, *, passing: bool = False) -> Config:
    """Return how a file of SQLite is reached.

    Nobody minds losing one that is only ``passing``, so it need not wait for the disk.
    """
    init = "PRAGMA synchronous=OFF" if passing else "PRAGMA synchronous=FULL"
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": f"PRAGMA journal_mode=TRUNCATE;{init}",
        },
    }


def at(url: str) -> Config:
    """Return how the database of such an address is reached (as DATABASE_URL)."""
    if url.partition("://")[0] not in environ.Env.DB_SCHEMES:
        raise BackupError(
            "The database must look like postgres://user:password@host/name or "
            "sqlite:////folder/portal.sqlite3."
        )
    try:
        config = read_address(
            "The address of the database",
            environ.Env.db_url_config,
            url,
            "postgres://user:password@host/name",
        )
    except ImproperlyConfigured as error:
        raise BackupError(str(error)) from None
    if config["ENGINE"] == "django.db.backends.sqlite3":
        return sqlite(Path(config["NAME"]))
    if config["ENGINE"] != "django.db.backends.postgresql":
        raise BackupError("The portal is kept in SQLite or PostgreSQL only.")
    return config


def is_own(config: Config) -> bool:
    """Say whether that is the portal's own database."""
    return place_of(config) == place_of(own())


def place_of(config: Config) -> list[str]:
    options = config.get("OPTIONS") or {}
    found = [config.get(name) or "" for name in ("ENGINE", "HOST", "PORT", "NAME")]
    return [*map(str, found), options.get("host", "")]


def in_schema(config: Config, schema: str) -> Config:
    """Return how that schema of a PostgreSQL database is reached."""
    options = dict(config.get("OPTIONS") or {})
    options["options"] = f"{options.get('options', '')} -c search_path={schema}".strip()
    return config | {"OPTIONS": options}


def wrapper(config: Config) -> BaseDatabaseWrapper:
    # It fills in what is not said.
    full = connections.configure_settings({DEFAULT_DB_ALIAS: dict(config)})
    settings = full[DEFAULT_DB_ALIAS]
    return load_backend(settings["ENGINE"]).DatabaseWrapper(settings, DEFAULT_DB_ALIAS)


@contextmanager
def stand_in(config: Config) -> Iterator[BaseDatabaseWrapper]:
    """Let another database be the portal's own, in this thread and for a while.

    So that everything works on it as it is: migrations, the index of the search, pages.
    """
    before = connections[DEFAULT_DB_ALIAS]
    other = wrapper(config)
    connections[DEFAULT_DB_ALIAS] = other
    forget()
    try:
        yield other
    finally:
        forget()
        other.close()
        connections[DEFAULT_DB_ALIAS] = before


def forget() -> None:
    """Forget what this process knows of its database."""
    ContentType.objects.clear_cache()
    generation.forget()
    generation.reader.cache_clear()


# Migrations ##################################################################


def applied(database: BaseDatabaseWrapper) -> Migrations:
    """Return the migrations that the database has had."""
    return sorted(MigrationRecorder(database).applied_migrations())


def known() -> Migrations:
    """Return the migrations that this version of the portal has."""
    return sorted(MigrationLoader(None, ignore_no_migrations=True).graph.nodes)


def apps_at(migrations: Migrations) -> Apps:
    """Return the models as they are after those migrations.

    A backup is also made between the installing of a version and its migrations, and
    put back by a later version than the one that made it.
    """
    loader = MigrationLoader(None, ignore_no_migrations=True)
    nodes = [node for node in migrations if node in loader.graph.nodes]
    if set(nodes) == set(loader.graph.nodes):
        return installed
    return loader.project_state(nodes).apps


def newest_of(migrations: Migrations) -> Migrations:
    """Return the last migration of each app, and where an app has none of them."""
    graph = MigrationLoader(None, ignore_no_migrations=True).graph
    had = set(migrations)
    return [
        node
        for node in sorted(had)
        if not any(
            child in had and child[0] == node[0]
            for child in (found.key for found in graph.node_map[node].children)
        )
    ]


def size() -> int:
    """Return how many bytes the portal's database has."""
    if connection.vendor == "sqlite":
        path = Path(connection.settings_dict["NAME"])
        return path.stat().st_size if path.is_file() else 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return cursor.fetchone()[0]


# A consistent copy ###########################################################


@contextmanager
def snapshot(folder: Path) -> Iterator[BaseDatabaseWrapper]:
    """Stand in with the portal's database as it is at one moment, whoever writes.

    Of SQLite a copy is made in ``folder``: to read for long would keep writers waiting.
    """
    config = own()
    if connection.vendor == "sqlite":
        path = folder / "snapshot.sqlite3"
        copy_sqlite(Path(config["NAME"]), path)
        with stand_in(sqlite(path, passing=True)) as database:
            yield database
        return
    with stand_in(config) as database, transaction.atomic():
        with database.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield database


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy a database in one step while others write, and look whether it is whole."""
    if not source.is_file():
        raise BackupError(f"There is no database at {source}.")
    try:
        with (
            closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)) as from_,
            closing(sqlite3.connect(target)) as to,
        ):
            from_.execute("PRAGMA busy_timeout=60000")
            from_.backup(to)
            # Else the copy is in the journal's mode of the original.
            to.execute("PRAGMA journal_mode=DELETE")
            check_sqlite(to, source)
    except sqlite3.DatabaseError as error:
        raise BackupError(f"The database {source} cannot be copied: {error}.") from None


def check_sqlite(database: sqlite3.Connection, name: Path) -> None:
    """Raise BackupError for a damaged database: it must not take a good one's place."""
    found = complaints(database)
    if found:
        raise BackupError(f"The database {name} is damaged: {'; '.join(found)}.")


def check_file(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        check_sqlite(database, path)
