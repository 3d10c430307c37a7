"""Whether the clock can be right: what is live is decided by it."""

import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.utils import timezone

from clinic.checkup.frame import Finding, check, error, fine

NTP = "Let the system set its clock (timedatectl set-ntp true)."
# Clocks of a database and a disk on other machines may differ by so much.
APART = timedelta(seconds=10)


@check("Clock")
def clock() -> Iterator[Finding]:
    """Compare it with the code's age and with the disk's clock."""
    now = timezone.now()
    built = datetime.fromtimestamp(Path(__file__).stat().st_mtime, UTC)
    handle, name = tempfile.mkstemp(dir=settings.DATA_DIR)
    try:
        os.close(handle)
        on_disk = datetime.fromtimestamp(Path(name).stat().st_mtime, UTC)
    finally:
        Path(name).unlink()
    if built - now > timedelta(days=1):
        yield error(
            f"It is {now:%Y-%m-%d} by the clock, but this code is from "
            f"{built:%Y-%m-%d}.",
            remedy=NTP,
        )
    elif abs(on_disk - now) > APART:
        yield error(f"Disk and system are {abs(on_disk - now)} apart.", remedy=NTP)
    else:
        yield fine(f"{now:%Y-%m-%d %H:%M} UTC.")


@check("Clock of the database", needs_database=True)
def clock_of_rows() -> Iterator[Finding]:
    """What was done cannot lie in the future; a server has a clock of its own."""
    now = timezone.now()
    last = LogEntry.objects.order_by("-action_time").first()
    if last and last.action_time - now > APART:
        yield error(
            f"Somebody worked at the desk at {last.action_time:%Y-%m-%d %H:%M} UTC, "
            "which is still to come: the clock has gone back.",
            remedy=NTP,
        )
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT now()")
            (theirs,) = cursor.fetchone()
        if abs(theirs - timezone.now()) > APART:
            yield error(
                f"The server of the database is {abs(theirs - now)} apart.", remedy=NTP
            )
