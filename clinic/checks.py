"""Django's system checks of the portal: `manage.py check`, and before most commands."""

import sqlite3
from typing import Any

from django.core.checks import CheckMessage, Error, Info, Warning, register

from clinic import integrity, sqlite


def place(**kwargs: Any) -> list[CheckMessage]:
    """Refuse a network file system for SQLite's file, at every command."""
    path = integrity.path_of()
    return [
        (Error if finding.is_fatal else Warning)(
            finding.sentence, hint=finding.remedy, id=f"clinic.{finding.code}"
        )
        for finding in (integrity.of_place(path) if path else [])
        if finding.code != "database.place"
    ]


def journal(**kwargs: Any) -> list[CheckMessage]:
    """Say for `check --deploy` which journal SQLite uses, and why."""
    if integrity.path_of() is None:
        return []
    why = sqlite.reason(sqlite3.sqlite_version_info)
    return [Info(why, id="clinic.database.journal")]


def register_all() -> None:
    register(place)
    register(journal, deploy=True)
