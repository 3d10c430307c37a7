"""Whether a backup was lately proved to be good, and lies where backups are kept."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from threading import Thread

from django.conf import settings
from django.utils import timezone

from clinic.backup import BackupError, places, record
from clinic.checkup.frame import Finding, check, error, fine, warning
from clinic.models import VerifiedBackup

# A disk or a bucket that has not answered by then is not there.
PATIENCE_SECONDS = 20


@check("Backup", needs_database=True)
def proved() -> Iterator[Finding]:
    backup = record.last_verified()
    remedy = "Run manage.py backup --verify once a day, see the README."
    if backup is None and record.is_any_ahead():
        yield error(
            "Every verified backup bears a moment in the future: the clock is wrong, "
            "or was when they were made.",
            remedy=f"Set the clock (timedatectl). {remedy}",
        )
        return
    if backup is None:
        yield error("No backup was ever proved to be good.", remedy=remedy)
        return
    age = timezone.now() - backup.made_at
    told = f"{backup} of {backup.made_at:%Y-%m-%d} was put back for a trial"
    if record.is_too_old(backup):
        yield warning(f"{told}; that is {age.days} days ago.", remedy=remedy)
    else:
        yield fine(f"{told}: {backup.rows} rows and {backup.files} files.")
    yield from whereabouts(backup)


def whereabouts(backup: VerifiedBackup) -> Iterator[Finding]:
    """Say if that backup is not where backups are kept."""
    place = settings.BACKUP_URL
    try:
        names = names_at(place)
    except (BackupError, OSError) as problem:
        yield error(
            f"Whether any backup is left cannot be seen: {problem}",
            remedy="See whether the disk or bucket of BACKUP_URL is there, and may be "
            "read by the user that the portal runs as.",
        )
        return
    if backup.name in names:
        return
    # No rotation deletes it, but who makes room by hand may.
    newer = [
        n for n in names if (places.moment_of(n) or backup.made_at) > backup.made_at
    ]
    if newer:
        yield warning(
            f"{backup} is no longer in {place}; of those after it ({len(newer)}) none "
            "was proved to be good.",
            remedy="Run manage.py backup --verify.",
        )
    else:
        yield error(
            f"{backup} is not in {place}, nor is any after it.",
            remedy="See whether its disk is mounted, or ask on the machine or in the "
            "container that makes the backups; else run manage.py backup --verify.",
        )


def names_at(url: str) -> list[str]:
    """Return the names of all backups there; raise BackupError for want of an answer.

    It is asked for in a thread that nobody waits for: a disk of the network that has
    gone holds up whoever asks for ever.
    """
    answer: Future[list[str]] = Future()

    def ask() -> None:
        try:
            answer.set_result(places.place(url).names())
        except BaseException as error:
            answer.set_exception(error)

    Thread(target=ask, daemon=True).start()
    try:
        return answer.result(PATIENCE_SECONDS)
    except TimeoutError:
        raise BackupError(
            f"{url} has not answered for {PATIENCE_SECONDS} seconds."
        ) from None
