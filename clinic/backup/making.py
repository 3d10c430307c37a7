"""Making a backup: one moment of the database, and the files that belong to it."""

from __future__ import annotations

import gzip
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import django
from django.conf import settings
from django.core.files.storage import default_storage
from django.db.backends.base.base import BaseDatabaseWrapper

from clinic.backup import (
    BackupError,
    databases,
    encryption,
    media,
    record,
    rows,
    work,
)
from clinic.backup.archive import (
    MEDIA,
    PICTURE,
    ROWS,
    Contents,
    Manifest,
    Writer,
    file_name,
    version_of_portal,
)
from clinic.backup.encryption import Key
from clinic.backup.places import Place, moment_of, place
from clinic.backup.rotation import Keep, kept
from clinic.environment import BASE_DIR
from clinic.progress import Progress


@dataclass(frozen=True)
class Plan:
    """Where backups go, what closes them, and how many are kept."""

    place: Place
    key: Key | None
    keep: Keep

    @classmethod
    def configured(cls) -> Plan:
        """Read the settings; raise BackupError for what is wrong with them."""
        path = settings.BACKUP_KEY_FILE
        key = Key(Path(path)) if path else None
        return cls(place(settings.BACKUP_URL), key, settings.BACKUP_KEEP)


@dataclass(frozen=True)
class Made:
    name: str
    size: int
    manifest: Manifest


def make(plan: Plan, folder: Path, progress: Progress) -> Made:
    """Make a backup and put it into its place; ``folder`` is empty and ours."""
    path = folder / "backup"
    try:
        with path.open("xb") as file:
            path.chmod(0o600)
            with encryption.closing(file, plan.key) as stream:
                manifest = write(stream, folder, progress)
            file.flush()
            os.fsync(file.fileno())
        progress.end()
        size = path.stat().st_size
        name = free_name(plan, manifest)
        plan.place.put(path, name)
    except OSError as error:
        raise BackupError(
            f"The backup could not be written ({error.strerror or error}). Those made "
            "before are as they were."
        ) from error
    return Made(name, size, manifest)


def free_name(plan: Plan, manifest: Manifest) -> str:
    """Return its name: that of the moment; a second holds one backup."""
    name = file_name(manifest.made_at, closed=plan.key is not None)
    if name in plan.place.names():
        raise BackupError(f"There is a backup of this second already: {name}.")
    return name


def write(stream: IO[bytes], folder: Path, progress: Progress) -> Manifest:
    """Write an archive of what the portal is now, and return its manifest."""
    progress.begin("Copying the database", 1)
    sizes = sizes_of_media()
    work.check_room(folder, databases.size() + sum(sizes.values()))
    with databases.snapshot(folder) as database:
        migrations = databases.applied(database)
        if not migrations:
            raise BackupError("The database is empty: run manage.py migrate first.")
        manifest = Manifest(
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            portal=version_of_portal(BASE_DIR / "pyproject.toml"),
            django=django.__version__,
            engine=database.vendor,
            migrations=[list(node) for node in migrations],
        )
        writer = Writer(stream, manifest)
        write_rows(writer, database, folder, progress)
    # The room of the copy is needed no more.
    (folder / "snapshot.sqlite3").unlink(missing_ok=True)
    write_media(writer, progress)
    writer.close()
    return manifest


def write_rows(
    writer: Writer, database: BaseDatabaseWrapper, folder: Path, progress: Progress
) -> None:
    """Write each table as a member, by way of a file: its size is told before it."""
    kept_tables = rows.tables(databases.apps_at(databases.applied(database)))
    progress.begin("Rows", len(kept_tables))
    for table in kept_tables:
        digest, size = rows.Digest(table), 0
        path = folder / "table.gz"
        with gzip.GzipFile(path, "wb", compresslevel=6, mtime=0) as file:
            for row in rows.read(database, table):
                text = rows.line(row)
                digest.add(row)
                size += file.write(text)
        writer.manifest.tables[table.name] = Contents(
            table.names,
            digest.count,
            digest.hexdigest(),
            rows.sequence(database, table),
            size,
        )
        with path.open("rb") as file:
            writer.add(f"{ROWS}{table.name}.jsonl.gz", path.stat().st_size, file)
        path.unlink()
        progress.add(1)


def sizes_of_media() -> dict[str, int]:
    """Return the size of every file, but for those that somebody deletes meanwhile."""
    sizes = {}
    for name in media.files(default_storage):
        with suppress(FileNotFoundError):
            sizes[name] = default_storage.size(name)
    return sizes


def write_media(writer: Writer, progress: Progress) -> None:
    """Write every file that is there after the rows were read.

    What is uploaded later does no harm; what somebody deletes meanwhile is noted.
    """
    sizes = sizes_of_media()
    progress.begin("Pictures", sum(sizes.values()))
    for name, size in sizes.items():
        if not PICTURE.fullmatch(f"{MEDIA}{name}"):
            writer.manifest.left_out.append(name)
            continue
        try:
            with default_storage.open(name) as file:
                writer.add(f"{MEDIA}{name}", size, file)
        except FileNotFoundError:
            writer.manifest.left_out.append(name)
        progress.add(size)


def last_good(plan: Plan) -> str | None:
    """Return the newest backup in its place that was proved to be good, if one is."""
    good = record.last_verified(among=plan.place.names())
    return good.name if good else None


def rotate(plan: Plan) -> list[str]:
    """Delete the backups that have had their time; return their names.

    The last one that was proved to be good stays, whatever was made after it.
    """
    moments = {name: moment_of(name) for name in plan.place.names()}
    stay = kept([at for at in moments.values() if at], plan.keep, datetime.now(UTC))
    good = last_good(plan)
    gone = [name for name, at in moments.items() if at not in stay and name != good]
    for name in gone:
        plan.place.delete(name)
    return gone
