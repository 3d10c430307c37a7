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

    It is raised for root too: the portal's own user could not open root's lock. What
    one that was killed has left behind goes first.
    """
    folder = settings.DATA_DIR / ".backup"
    check_owner()
    path = settings.DATA_DIR / ".backup.lock"
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise BackupError(
            f"{path} cannot be written ({error.strerror}). It and its folder must "
            "belong to the user that the portal runs as."
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


def owner_of(folder: Path) -> int:
    return folder.stat().st_uid


def check_owner() -> None:
    """Raise BackupError if the portal could not use what is written now."""
    owner = owner_of(settings.DATA_DIR)
    if os.geteuid() == 0 and owner != 0:
        raise BackupError(
            f"Run this as the user that the portal runs as: sudo -u '#{owner}' …"
        )


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
