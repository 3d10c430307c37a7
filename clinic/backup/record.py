"""When a backup was last proved to be good."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from clinic.backup.rotation import AHEAD
from clinic.models import VerifiedBackup

# With one each night, the second one has failed as well.
TOO_OLD = timedelta(days=2)
REMEMBERED = timedelta(days=400)


def last_verified() -> VerifiedBackup | None:
    """Return the newest backup that was put back for a trial, or None.

    One of the future was made while the clock was wrong: it would look fresh for years.
    """
    known = VerifiedBackup.objects.filter(made_at__lte=timezone.now() + AHEAD)
    return known.order_by("made_at", "pk").last()


def is_any_ahead() -> bool:
    """Say whether a verified backup bears a moment that is not yet."""
    return VerifiedBackup.objects.filter(made_at__gt=timezone.now() + AHEAD).exists()


def is_too_old(backup: VerifiedBackup) -> bool:
    return timezone.now() - backup.made_at > TOO_OLD


def remember(backup: VerifiedBackup) -> None:
    """Keep that it was verified now, and forget what was long ago."""
    backup.save()
    VerifiedBackup.objects.filter(verified_at__lt=timezone.now() - REMEMBERED).delete()
