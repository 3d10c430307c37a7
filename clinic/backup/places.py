"""Where backups are kept: a folder, or a bucket of S3."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Protocol

from clinic.backup import BackupError

NAME = re.compile(r"portal-(\d{8}T\d{6})Z\.tar(?:\.age)?")

CHUNK = 1 << 20
# Nobody writes any more at a copy on the way that has not grown for so long.
STILL_SECONDS = 3600


def moment_of(name: str) -> datetime | None:
    """Return when a backup of that name was made (UTC); None if it is none."""
    match = NAME.fullmatch(name)
    if match is None:
        return None
    return datetime.strptime(match[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)


class Place(Protocol):
    def names(self) -> list[str]:
        """Return the names of all backups, the oldest first."""

    def put(self, path: Path, name: str) -> None:
        """Keep a file under a name, whole or not at all; the file may be gone then."""

    def get(self, name: str, folder: Path) -> Path:
        """Return where the backup can be read: in place, or copied into a folder."""

    def delete(self, name: str) -> None: ...


def place(url: str) -> Place:
    """Return the place of that address: ``s3://bucket/folder``, or a folder's path."""
    if not url.startswith("s3://"):
        return Folder(Path(url))
    try:
        from clinic.backup.bucket import Bucket
    except ImportError:
        raise BackupError(
            "Backups in S3 need the packages of requirements-machines.lock."
        ) from None
    return Bucket(url)


def backups_among(names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if moment_of(name))


class Folder:
    """A folder, which is made for its owner alone: backups hold hashes of passwords."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __str__(self) -> str:
        return str(self.path)

    def prepare(self) -> None:
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise BackupError(
                f"The folder {self.path} cannot be made ({error.strerror})."
            ) from None

    def names(self) -> list[str]:
        if not self.path.is_dir():
            return []
        return backups_among(path.name for path in self.path.iterdir())

    def clear(self) -> None:
        """Delete what one that was killed while it copied has left behind."""
        for path in self.path.glob(".portal-*.part"):
            name = path.name.removeprefix(".").removesuffix(".part")
            is_still = time.time() - path.stat().st_mtime > STILL_SECONDS
            if moment_of(name) and is_still:
                path.unlink(missing_ok=True)

    def put(self, path: Path, name: str) -> None:
        self.prepare()
        self.clear()
        passing = self.path / f".{name}.part"
        try:
            try:
                path.rename(passing)
            except OSError:  # another disk
                with path.open("rb") as source, private(passing) as copy:
                    shutil.copyfileobj(source, copy, CHUNK)
                sync(passing)
            passing.rename(self.path / name)
            sync(self.path)
        finally:
            passing.unlink(missing_ok=True)

    def get(self, name: str, folder: Path) -> Path:
        return self.path / name

    def delete(self, name: str) -> None:
        (self.path / name).unlink(missing_ok=True)


def private(path: Path) -> IO[bytes]:
    """Make a file that nobody but its owner reads, not even while it is written."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    return os.fdopen(handle, "wb")


def sync(path: Path) -> None:
    """Wait until a file, or what a folder lists, has reached the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
