"""What a process that is about to serve finds out, and says in one line of the log."""

import logging
import sqlite3
import sys

from django.db import connections

from clinic import integrity, sqlite
from clinic.database import never_create
from clinic.signing_in import checks

logger = logging.getLogger("clinic.start")


def check() -> None:
    """Say on what the portal stands; end the process where it must not serve.

    Else visitors would get errors, and what staff write would go where nobody will
    ever find it.
    """
    found = integrity.before_start()
    fatal = [str(finding) for finding in found if finding.is_fatal]
    fatal += [f"{error.msg} {error.hint}" for error in checks.second_factor()]
    if fatal:
        sys.exit(f"The portal cannot start: {fatal[0]}")
    never_create()
    logger.info("%s", ground())
    for finding in found:
        logger.warning("%s", finding)
    # Nothing is handed on to the processes that are forked from this one.
    connections.close_all()


def ground(using: str = "default") -> str:
    """Return a line about the database: which, how it writes and why."""
    path = integrity.path_of(using)
    if path is None:
        return f"The database is {connections[using].display_name}."
    kind = sqlite.file_system(path) or "of an unknown kind"
    why = sqlite.reason(sqlite3.sqlite_version_info)
    return (
        f"The database is {path}, on a file system {kind}. {why} "
        "Each commit reaches the disk (synchronous=FULL)."
    )
