"""What the checkup says of backups."""

from datetime import timedelta

import pytest
from django.utils import timezone

from clinic.backup import record
from clinic.checkup import backups
from clinic.checkup.frame import Severity, error
from clinic.models import VerifiedBackup

pytestmark = pytest.mark.django_db


def test_no_backup_at_all_is_an_error():
    assert list(backups.proved()) == [
        error(
            "No backup was ever proved to be good.",
            remedy="Run manage.py backup --verify once a day, see the README.",
        )
    ]


@pytest.mark.parametrize(
    ("late", "severity", "end"),
    [
        (-timedelta(hours=1), Severity.FINE, "12 rows and 3 files."),
        (timedelta(hours=1), Severity.WARNING, f"{record.TOO_OLD.days} days ago."),
    ],
)
def test_a_backup_that_was_proved_is_told_with_its_age(late, severity, end):
    made = timezone.now() - record.TOO_OLD - late
    VerifiedBackup.objects.create(
        name="portal.tar", made_at=made, rows=12, files=3, seconds=1
    )

    (found,) = backups.proved()

    assert found.severity == severity
    assert found.what.startswith(f"portal.tar of {made:%Y-%m-%d} was put back")
    assert found.what.endswith(end)


def test_r13_backups_that_are_all_of_the_future_are_an_error():
    made = timezone.now() + timedelta(days=300)
    VerifiedBackup.objects.create(
        name="portal.tar", made_at=made, rows=12, files=3, seconds=1
    )

    (found,) = backups.proved()

    assert found.severity == Severity.ERROR
    assert found.what.startswith("Every verified backup bears a moment in the future")
    assert "timedatectl" in found.remedy
