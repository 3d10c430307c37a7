"""Whether a backup was lately proved to be good."""

from collections.abc import Iterator

from django.utils import timezone

from clinic.backup import record
from clinic.checkup.frame import Finding, check, error, fine, warning


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
