"""What is wrong with the database, each finding with what to do about it.

``before_start`` is quick and keeps the portal from serving what is wrong; ``findings``
reads everything, as `manage.py doctor` does. Nothing here writes, and nothing makes a
file where none is. Sentences are for whoever looks after the server, in English like
the log.
"""

from __future__ import annotations

import os
import pkgutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from django.apps import apps
from django.db import DatabaseError, connections

from clinic import database, sqlite

RESTORE = "Put the last backup back with manage.py restore."
FIRST = (
    "If this portal is new, run manage.py prepare --first; if not, see whether its "
    "disk is mounted, or put the last backup back with manage.py restore."
)
HEADER = b"SQLite format 3\0"
OURS = {"articles", "clinic"}
# What SQLite quotes of a damaged schema may be no text.
UNREADABLE = (UnicodeDecodeError,)


@dataclass(frozen=True)
class Finding:
    """Something that is wrong, and the remedy. What is fatal keeps it from starting."""

    code: str
    sentence: str
    remedy: str
    is_fatal: bool = True

    def __str__(self) -> str:
        return f"{self.sentence} {self.remedy}"


# What apps know of their own rows, by the alias of a database: in milliseconds, and by
# reading everything.
glances: list[Callable[[str], Iterable[Finding]]] = []
examiners: list[Callable[[str], Iterable[Finding]]] = []


def path_of(using: str = "default") -> Path | None:
    """Return where the SQLite file of a database is; None for any other database."""
    return database.path_of(connections[using])


def before_start(using: str = "default") -> list[Finding]:
    """Return what a process that is about to serve has to know, in milliseconds."""
    path = path_of(using)
    found = [] if path is None else [*of_place(path), *of_file(path)]
    if any(finding.is_fatal for finding in found):
        return found
    try:
        found += of_schema(using)
        if not any(finding.is_fatal for finding in found):
            for glance in glances:
                found += glance(using)
        return found
    except (DatabaseError, *UNREADABLE) as error:
        if path is not None and is_damage(error):
            return [*found, damaged(path, str(error))]
        # It may be busy or not there yet; the first request will tell.
        remedy = "See whether it is running and reachable."
        sentence = f"The database does not answer: {str(error).strip()}."
        return [*found, Finding("database.away", sentence, remedy, is_fatal=False)]


def findings(using: str = "default") -> list[Finding]:
    """Return everything that is wrong; it reads the whole database."""
    found = before_start(using)
    if any(finding.is_fatal or finding.code == "database.away" for finding in found):
        path = path_of(using)
        of_damage = path and path.exists() and of_pages(path)
        return found + [one for one in of_damage or [] if one not in found]
    path = path_of(using)
    if path is not None:
        found += [*of_log(path), *of_pages(path)]
        if any(finding.is_fatal for finding in found):
            return found
    known = {finding.code for finding in found}
    return found + [one for one in of_rows(using) if one.code not in known]


def of_rows(using: str = "default") -> list[Finding]:
    """Return what apps find wrong with their own rows; it reads all of them."""
    found: list[Finding] = []
    for examine in [*glances, *examiners]:
        try:
            found += examine(using)
        except Exception as error:  # of a byte that is another, anything may come
            sentence = f"The database holds rows that cannot be read: {error!r}."
            found.append(Finding("database.rows", sentence, RESTORE))
    return found


# The file ####################################################################


def of_place(path: Path) -> Iterator[Finding]:
    """Say whether its file system can hold a database."""
    kind = sqlite.file_system(path)
    if kind in sqlite.NETWORK:
        yield Finding(
            "database.network",
            f"{path} lies on a network file system ({kind}), where SQLite loses data.",
            "Name a folder on a disk of this machine with DATA_DIR, or a PostgreSQL "
            "server with DATABASE_URL.",
        )
    elif kind in sqlite.SHARED:
        yield Finding(
            "database.shared",
            f"{path} lies in a folder shared with another machine ({kind}).",
            "Let nobody open it there, or name another folder with DATA_DIR.",
            is_fatal=False,
        )
    elif kind == sqlite.UNKNOWN:
        yield Finding(
            "database.place",
            f"This system does not say on what kind of file system {path} lies.",
            "Make sure that it is a disk of this machine.",
            is_fatal=False,
        )


def of_file(path: Path) -> Iterator[Finding]:
    """Say whether it is there and a SQLite file that may be read and written."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            header = file.read(len(HEADER))
    except FileNotFoundError:
        yield Finding("database.missing", f"There is no database at {path}.", FIRST)
        return
    except OSError as error:
        yield Finding(
            "database.unreadable",
            f"The database {path} cannot be read ({error.strerror}).",
            "Let the account that runs the portal read and write it and its folder.",
        )
        return
    if size == 0:
        yield Finding("database.empty", f"The database {path} is empty.", FIRST)
    elif header != HEADER:
        yield Finding("database.foreign", f"{path} is no SQLite database.", RESTORE)
    elif not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        yield Finding(
            "database.read_only",
            f"The database {path} can be read and not written: nobody can sign in.",
            "Let the account that runs the portal write it and its folder.",
            is_fatal=False,
        )


def of_log(path: Path) -> Iterator[Finding]:
    """Say whether its write-ahead log grows, because somebody never stops reading."""
    log = path.with_name(f"{path.name}-wal")
    try:
        size = log.stat().st_size
    except OSError:
        return
    if size > 2 * sqlite.JOURNAL_BYTES:
        yield Finding(
            "database.log",
            f"The write-ahead log {log} has {size // 1_000_000} MB.",
            "Some program keeps the database open and reads on; end it, and the log "
            "is cut back with the next change.",
            is_fatal=False,
        )


def of_pages(path: Path) -> Iterator[Finding]:
    """Read every page and index, and look for rows that refer to none."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as file:
            said = sqlite.complaints(file)
            if not said:
                orphans = file.execute("PRAGMA foreign_key_check")
                said = [
                    f"a row of {one} refers to none of {other}"
                    for one, _row, other, _key in orphans.fetchmany(sqlite.QUOTED)
                ]
    except (sqlite3.Error, *UNREADABLE) as error:
        if not is_damage(error):
            sentence = f"The database {path} could not be examined: {error}."
            remedy = "See who uses it, and try again."
            yield Finding("database.unexamined", sentence, remedy, is_fatal=False)
            return
        said = [str(error)]
    if said:
        yield damaged(path, "; ".join(line.replace("\n", " ") for line in said))


def damaged(path: Path, what: str) -> Finding:
    return Finding("database.damaged", f"{path} is damaged: {what}.", RESTORE)


def is_damage(error: BaseException) -> bool:
    """Say whether SQLite complains of what it reads, not of circumstances."""
    if isinstance(error, UNREADABLE):
        return True
    cause = error if isinstance(error, sqlite3.Error) else error.__cause__
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    return code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


# The tables ##################################################################


def of_schema(using: str = "default") -> Iterator[Finding]:
    """Say whether the tables are those of this release.

    What it lacks would give visitors errors; what a later one has added only waits, so
    that one may go back. Raises DatabaseError if the database does not answer.
    """
    applied = applied_migrations(using)
    release = {
        (config.label, name)
        for config in apps.get_app_configs()
        for name in migrations_of(config.name)
    }
    if not applied:
        yield Finding("database.empty", "The database has no tables.", FIRST)
        return
    lacking = sorted(release - applied)
    # Libraries forget old migrations; the portal never does.
    later = sorted(one for one in applied - release if one[0] in OURS)
    if lacking:
        app, name = lacking[0]
        yield Finding(
            "database.older",
            f"The database belongs to an earlier release: {len(lacking)} migrations "
            f"are missing, the first is {app} {name}.",
            "Make a backup, then run manage.py migrate.",
        )
    if later:
        app, name = later[-1]
        yield Finding(
            "database.newer",
            f"The database belongs to a later release ({app} {name}).",
            "Readers are served; what the later release has added to may not be saved "
            "and no backup is verified. Install that release again, or put a backup of "
            "this one back with manage.py restore.",
            is_fatal=False,
        )


def applied_migrations(using: str) -> set[tuple[str, str]]:
    if "django_migrations" not in connections[using].introspection.table_names():
        return set()
    return database.applied_migrations(connections[using])


def migrations_of(app: str) -> list[str]:
    """Return the names of an app's migrations without running them."""
    try:
        package = import_module(f"{app}.migrations")
    except ModuleNotFoundError:
        return []
    return [m.name for m in pkgutil.iter_modules(package.__path__) if m.name[0] != "_"]
