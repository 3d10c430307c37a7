"""When a backup was last proved to be good."""

from __future__ import annotations

from collections.abc import Container
from datetime import timedelta

from django.utils import timezone

from clinic.backup.rotation import AHEAD
from clinic.models import VerifiedBackup

# With one each night, the second one has failed as well.
TOO_OLD = timedelta(days=2)
REMEMBERED = timedelta(days=400)


def last_verified(among: Container[str] | None = None) -> VerifiedBackup | None:
    """Return the newest backup that was put back for a trial, or None.

    Only those of such a name count, if names are given. One of the future was made
    while the clock was wrong: it would look fresh for years.
    """
    known = VerifiedBackup.objects.filter(made_at__lte=timezone.now() + AHEAD)
    if among is None:
        return known.order_by("made_at", "pk").last()
    newest_first = known.order_by("-made_at", "-pk")
    return next((backup for backup in newest_first if backup.name in among), None)


def is_any_ahead() -> bool:
    """Say whether a verified backup bears a moment that is not yet."""
    return VerifiedBackup.objects.filter(made_at__gt=timezone.now() + AHEAD).exists()


def is_too_old(backup: VerifiedBackup) -> bool:
    return timezone.now() - backup.made_at > TOO_OLD


def remember(backup: VerifiedBackup) -> None:
    """Keep that it was verified now, and forget what was long ago."""
    backup.save()
    VerifiedBackup.objects.filter(verified_at__lt=timezone.now() - REMEMBERED).delete()
