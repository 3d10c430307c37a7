"""What has broken a request, when it is not the portal: the disk, or the database.

Each kind has what the log says, with its remedy; ``clinic.unsaved`` says it to staff.
"""

import errno
import logging
import sqlite3
from collections.abc import Iterator
from enum import Enum

from django.db import InterfaceError, OperationalError

logger = logging.getLogger("clinic.faults")

# When whoever asks by program may ask again, in seconds.
RETRY_AFTER = 30


class Fault(Enum):
    """Why nothing could be read or written; the value is what the log says."""

    BUSY = (
        "The database was locked for too long: some other program writes and does not "
        "end. See what has it open (fuser, lsof), a backup or an import perhaps."
    )
    FULL = (
        "The disk is full: make room (df -h, old backups first). Nothing needs to be "
        "repaired afterwards."
    )
    READ_ONLY = (
        "The database or its folder cannot be written: give it to the account that "
        "runs the portal, or mount it for writing. A disk that fails is often mounted "
        "read-only by the system (dmesg)."
    )
    AWAY = (
        "The database is not there or does not answer: look whether its disk is "
        "mounted or its server runs. If it is lost: manage.py restore."
    )
    DAMAGED = (
        "The database is damaged, or it is not that of this release: run manage.py "
        "doctor. The remedy is manage.py restore or manage.py migrate."
    )


SQLITE = {
    sqlite3.SQLITE_BUSY: Fault.BUSY,
    sqlite3.SQLITE_LOCKED: Fault.BUSY,
    sqlite3.SQLITE_FULL: Fault.FULL,
    sqlite3.SQLITE_READONLY: Fault.READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: Fault.AWAY,
    sqlite3.SQLITE_IOERR: Fault.AWAY,
    sqlite3.SQLITE_CORRUPT: Fault.DAMAGED,
    sqlite3.SQLITE_NOTADB: Fault.DAMAGED,
}
# How PostgreSQL's codes begin (appendix A of its manual).
POSTGRESQL = {
    "25006": Fault.READ_ONLY,
    "40": Fault.BUSY,
    "53100": Fault.FULL,
    "53": Fault.BUSY,
    "55P03": Fault.BUSY,
    "57014": Fault.BUSY,
    "58": Fault.AWAY,
    "XX001": Fault.DAMAGED,
    "XX002": Fault.DAMAGED,
}
SYSTEM = {
    errno.ENOSPC: Fault.FULL,
    errno.EDQUOT: Fault.FULL,
    errno.EROFS: Fault.READ_ONLY,
    errno.EACCES: Fault.READ_ONLY,
    errno.EPERM: Fault.READ_ONLY,
}


def fault_of(error: BaseException | None) -> Fault | None:
    """Return what has caused an exception; None if it is a mistake of the portal's."""
    return next(filter(None, map(fault_of_one, chain(error))), None)


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and what it came from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def fault_of_one(error: BaseException) -> Fault | None:
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", None) or 0
        if code == sqlite3.SQLITE_ERROR and "no such" in str(error):
            return Fault.DAMAGED  # a table or a column
        return SQLITE.get(code & 0xFF)
    state = getattr(error, "sqlstate", None)
    if isinstance(state, str):
        begins = (code for code in POSTGRESQL if state.startswith(code))
        return POSTGRESQL.get(next(begins, ""))
    if isinstance(error, OSError):
        return SYSTEM.get(error.errno or 0)
    if isinstance(error, OperationalError | InterfaceError):
        cause = error.__cause__
        is_told = hasattr(cause, "sqlite_errorcode") or getattr(cause, "sqlstate", None)
        return None if is_told else Fault.AWAY  # nobody has answered at all
    return None


def note(fault: Fault) -> None:
    """Write into the log what to do."""
    logger.error("%s", fault.value)
