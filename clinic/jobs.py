"""When each job of the timer has last come to its end.

A file for each, whose age tells; so a job needs no row and no answering database to
say that it has run.
"""

from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings


def folder() -> Path:
    return settings.DATA_DIR / "jobs"


def done(name: str) -> None:
    """Note that a job has come to its end. A full disk does not make it fail."""
    try:
        folder().mkdir(exist_ok=True)
        (folder() / name).touch()
    except OSError:
        return  # the checkup tells of the disk


def last(name: str) -> datetime | None:
    """Return when a job has last come to its end; None if it never has."""
    try:
        return datetime.fromtimestamp((folder() / name).stat().st_mtime, UTC)
    except OSError:
        return None
