"""The folder that backups and restores work in, one at a time."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from clinic.backup import BackupError


@contextmanager
def work_folder() -> Iterator[Path]:
    """Return an empty folder in DATA_DIR; raise BackupError if another one is at work.

    What one that was killed has left behind goes first.
    """
    folder = settings.DATA_DIR / ".backup"
    try:
        lock = os.open(
            settings.DATA_DIR / ".backup.lock", os.O_RDWR | os.O_CREAT, 0o600
        )
    except OSError as error:
        raise BackupError(
            f"{settings.DATA_DIR} cannot be written ({error.strerror})."
        ) from None
    with os.fdopen(lock, "r+b"):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BackupError("Another backup or restore is running.") from None
        shutil.rmtree(folder, ignore_errors=True)
        try:
            folder.mkdir(mode=0o700)
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def check_room(folder: Path, needed: int) -> None:
    """Raise BackupError unless so many bytes have room there."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise BackupError(
            f"There is too little room in {folder}: about {megabytes(needed)} MB are "
            f"needed, {megabytes(free)} MB are free."
        )


def megabytes(size: int) -> str:
    return f"{size / 1_000_000:,.1f}"
