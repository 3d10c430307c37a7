"""Putting a backup back: everything is looked at first, and replaced in one step."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path
from typing import IO, cast

from django.conf import settings
from django.core.files.storage import FileSystemStorage, Storage
from django.core.management import call_command
from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor

from clinic.backup import (
    BackupError,
    archive,
    databases,
    encryption,
    media,
    rows,
    targets,
    work,
)
from clinic.backup.archive import Contents, Manifest
from clinic.backup.databases import Config
from clinic.backup.encryption import Key
from clinic.backup.media import Restored
from clinic.backup.targets import Target
from clinic.models import VerifiedBackup
from clinic.progress import Progress

Rows = Iterator[tuple[str, Iterator[rows.Row]]]


@dataclass(frozen=True)
class Backup:
    """A backup that was looked through from its beginning to its end."""

    path: Path
    key: Key | None
    manifest: Manifest

    @classmethod
    def look_through(
        cls, path: Path, key: Key | None, folder: Path, progress: Progress
    ) -> Backup:
        """Raise BackupError unless it is whole, and fits this portal and this disk."""
        try:
            size = path.stat().st_size
            progress.begin("Looking through the backup", size)
            with encryption.opening(path, key) as file:
                manifest = archive.verify(file, room(folder), progress)
        except OSError as error:
            raise BackupError(
                f"{path} cannot be read ({error.strerror or error})."
            ) from None
        work.check_room(folder, manifest.bytes_needed)
        later = sorted(
            {tuple(node) for node in manifest.migrations} - set(databases.known())
        )
        if later:
            raise BackupError(
                f"The backup is of a later version of the portal ({manifest.portal}, "
                f"with {'.'.join(later[0])}): install that one first."
            )
        return cls(path, key, manifest)

    def contents(self, progress: Progress) -> Rows:
        """Yield each table's name and its rows."""
        progress.begin("Rows", sum(t.bytes for t in self.manifest.tables.values()))
        with encryption.opening(self.path, self.key) as file:
            for member in archive.members(file):
                if member.table:
                    size = self.manifest.tables[member.table].bytes
                    yield member.table, archive.rows_of(member, size)
                    progress.add(size)

    def put_media(self, storage: Restored, progress: Progress) -> None:
        """Put every file where it belongs; those of the portal stay where they are."""
        progress.begin("Pictures", sum(m["size"] for m in self.manifest.media.values()))
        with encryption.opening(self.path, self.key) as file:
            for member in archive.members(file):
                if name := member.picture:
                    try:
                        storage.put(
                            name,
                            cast(IO[bytes], member),
                            self.manifest.media[name]["sha256"],
                        )
                    except (KeyError, ValueError):
                        raise BackupError(f"{name} was changed meanwhile.") from None
                    progress.add(member.size)


def room(folder: Path) -> int:
    """Return how many bytes rows may have: they must be written down once more."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


# Making a database ###########################################################


def build(
    config: Config, migrations: databases.Migrations, contents: Rows
) -> dict[str, tuple[int, str]]:
    """Make the database with those rows; return what each table then holds.

    It is brought to those migrations, gets its rows, and is then brought to the newest.
    Raises BackupError for rows that do not fit.
    """
    with databases.stand_in(config) as database:
        MigrationExecutor(database).migrate(databases.newest_of(migrations))
        kept = {t.name: t for t in rows.tables(databases.apps_at(migrations))}
        try:
            with rows.unchecked(database):
                rows.empty(database, kept.values())
                for name, lines in contents:
                    if name not in kept:
                        raise BackupError(f"There is no table {name} in this portal.")
                    rows.write(database, kept[name], lines)
        except DatabaseError as error:
            raise BackupError(f"The rows do not fit together: {error}") from error
        return {name: held(database, table) for name, table in kept.items()}


def held(database: BaseDatabaseWrapper, table: rows.Table) -> tuple[int, str]:
    """Return how many rows a table has, and their digest."""
    digest = rows.Digest(table)
    for row in rows.read(database, table):
        digest.add(row)
    return digest.count, digest.hexdigest()


def compare(
    wanted: dict[str, tuple[int, str]], found: dict[str, tuple[int, str]]
) -> None:
    """Raise BackupError unless both sides hold the same."""
    different = [
        f"{name} ({wanted.get(name, (0,))[0]} rows, {found.get(name, (0,))[0]} arrived)"
        for name in sorted(wanted.keys() | found.keys())
        if wanted.get(name) != found.get(name)
    ]
    if different:
        raise BackupError(f"Not the same on both sides: {', '.join(different)}.")


def complete(
    config: Config,
    migrations: databases.Migrations,
    tables: dict[str, Contents],
) -> None:
    """Count on from where the numbers were, and bring the database to this version.

    After that the search has read everything, and changes are noticed.
    """
    with databases.stand_in(config) as database:
        for table in rows.tables(databases.apps_at(migrations)):
            rows.set_sequence(database, table, tables[table.name].sequence)
        call_command("migrate", verbosity=0, interactive=False)


# The whole ###################################################################


@dataclass(frozen=True)
class Done:
    seconds: float
    database_kept: str | None = None
    files_kept: int = 0


def restore(
    backup: Backup, to: Target, storage: Storage, aside: Path | None, progress: Progress
) -> Done:
    """Put a backup back; what it replaces is kept in ``aside``.

    Nothing that readers see has changed before the new database takes the old one's
    place: pictures come first, under names that no two pictures ever have. Whoever is
    stopped on the way begins anew.
    """
    began = time.monotonic()
    manifest = backup.manifest
    migrations = [(app, name) for app, name in manifest.migrations]
    progress.begin("Making the tables", 1)
    config = to.begin()
    found = build(config, migrations, backup.contents(progress))
    compare({name: (t.rows, t.digest) for name, t in manifest.tables.items()}, found)
    progress.begin("Bringing it to this version", 1)
    complete(config, migrations, manifest.tables)
    files = Restored(storage, aside)
    backup.put_media(files, progress)
    progress.end()
    if aside is None:
        return Done(time.monotonic() - began)
    # What is uploaded once the new database is in its place belongs to that one.
    there = list(media.files(storage))
    kept = to.finish(aside)
    others = files.leave_only(set(manifest.media), there)
    return Done(time.monotonic() - began, kept, others)


def aside_folder() -> Path:
    """Return where what is replaced now is kept."""
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    names = chain([f"before-{now}"], (f"before-{now}-{n}" for n in count(2)))
    return next(p for p in map(settings.DATA_DIR.joinpath, names) if not p.exists())


def try_out(
    path: Path, name: str, key: Key | None, folder: Path, progress: Progress
) -> VerifiedBackup:
    """Put a backup back into a temporary place, and compare all of it.

    Raises BackupError for the first difference. The result is not saved yet.
    """
    backup = Backup.look_through(path, key, folder, progress)
    to = targets.SQLite(folder / "trial.sqlite3")
    storage = FileSystemStorage(folder / "trial-media")
    done = restore(backup, to, storage, None, progress)
    databases.check_file(to.making)
    manifest = backup.manifest
    return VerifiedBackup(
        name=name,
        made_at=datetime.fromisoformat(manifest.made_at),
        rows=manifest.rows,
        files=len(manifest.media),
        seconds=round(done.seconds, 3),
    )
