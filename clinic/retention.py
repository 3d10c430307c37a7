"""For how long what the portal writes down is kept; ``manage.py tidy`` enforces it.

An app tells in its module ``retention`` what else is to be forgotten, by ``forgets``.
Whatever tells visitors of a period reads it from where it is enforced.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from clinic.backup import replaced
from clinic.models import AuditEntry, MissedAddress, Session, Throttle

# What staff did at the desk. Two years are enough to find out how a mistake came about;
# who published and signed a text is part of its editions and stays as long as they do.
DESK = timedelta(days=730)
# The apps whose entries are kept longer: they tell how texts came before readers.
evidence: set[str] = set()
# What a process writes beside its place before it is renamed, if it was killed.
UNFINISHED = timedelta(days=1)


@dataclass(frozen=True)
class Kept:
    """Something that is kept for a while.

    ``forget`` deletes what has been kept for long enough and returns how much that was.
    """

    name: str
    forget: Callable[[], int]


_kept: list[Kept] = []


def forgets(name: str) -> Callable[[Callable[[], int]], Callable[[], int]]:
    """Make a function that deletes what is too old a part of ``manage.py tidy``."""

    def add(forget: Callable[[], int]) -> Callable[[], int]:
        _kept.append(Kept(name, forget))
        return forget

    return add


def everything() -> list[Kept]:
    return list(_kept)


@forgets("ended sessions")
def ended_sessions() -> int:
    return Session.objects.all().ended(timezone.now()).delete()[0]


@forgets("wrong guesses")
def wrong_guesses() -> int:
    return Throttle.objects.filter(until__lt=timezone.now()).delete()[0]


@forgets("missed addresses")
def missed_addresses() -> int:
    return MissedAddress.objects.purge()


@forgets("entries of the log")
def entries_of_the_log() -> int:
    return AuditEntry.objects.purge(timezone.now() - DESK)


@forgets("entries of Django's log")
def entries_of_djangos_log() -> int:
    old = LogEntry.objects.filter(action_time__lt=timezone.now() - DESK)
    return old.exclude(content_type__app_label__in=evidence).delete()[0]


@forgets("unfinished files")
def unfinished_files() -> int:
    folder: Path = settings.DATA_DIR / "errors"
    latest = time.time() - UNFINISHED.total_seconds()
    old = [path for path in folder.glob("tmp*") if path.stat().st_mtime < latest]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


@forgets("what a restore replaced")
def what_a_restore_replaced() -> int:
    """What was deleted stands in it: for as long as visitors are told of backups."""
    return replaced.forget(timezone.now() - settings.BACKUP_KEEP.longest)
