"""What the checkup says of backups."""

from datetime import timedelta
from threading import Event
from unittest.mock import patch

import pytest
from django.utils import timezone

from clinic.backup import places, record
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


@pytest.fixture
def folder(settings, tmp_path):
    """Where backups are kept."""
    settings.BACKUP_URL = str(tmp_path)
    return tmp_path


def name_of(made):
    return f"portal-{made:%Y%m%dT%H%M%S}Z.tar"


def verified(made):
    return VerifiedBackup.objects.create(
        name=name_of(made), made_at=made, rows=12, files=3, seconds=1
    )


@pytest.mark.parametrize(
    ("late", "severity", "end"),
    [
        (-timedelta(hours=1), Severity.FINE, "12 rows and 3 files."),
        (timedelta(hours=1), Severity.WARNING, f"{record.TOO_OLD.days} days ago."),
    ],
)
def test_a_backup_that_was_proved_is_told_with_its_age(folder, late, severity, end):
    made = timezone.now() - record.TOO_OLD - late
    (folder / verified(made).name).touch()

    (found,) = backups.proved()

    assert found.severity == severity
    assert found.what.startswith(f"{name_of(made)} of {made:%Y-%m-%d} was put back")
    assert found.what.endswith(end)


HOUR = timedelta(hours=1)


def test_a_backup_that_is_not_in_its_place_is_an_error(folder, settings):
    made = timezone.now() - HOUR
    verified(made)
    (folder / name_of(made - HOUR)).touch()

    for place in (folder, folder / "not mounted"):
        settings.BACKUP_URL = str(place)
        _age, found = backups.proved()

        assert found.severity == Severity.ERROR
        assert found.what == f"{name_of(made)} is not in {place}, nor is any after it."
        assert "mounted" in found.remedy


def test_where_only_those_after_it_are_left_none_is_known_to_be_good(folder):
    made = timezone.now() - 2 * HOUR
    verified(made)
    (folder / name_of(made + HOUR)).touch()

    _age, found = backups.proved()

    assert found.severity == Severity.WARNING
    assert "of those after it (1) none was proved to be good" in found.what


def test_a_place_that_cannot_be_read_is_an_error(folder):
    verified(timezone.now() - HOUR)

    with patch.object(places.Folder, "names", side_effect=PermissionError("closed")):
        _age, found = backups.proved()

    assert found.severity == Severity.ERROR
    assert found.what == "Whether any backup is left cannot be seen: closed"


def test_nobody_waits_long_for_a_place_that_does_not_answer(folder, monkeypatch):
    verified(timezone.now() - HOUR)
    monkeypatch.setattr(backups, "PATIENCE_SECONDS", 0.05)
    over = Event()
    monkeypatch.setattr(places.Folder, "names", lambda place: over.wait(60))

    _age, found = backups.proved()

    over.set()
    assert found.severity == Severity.ERROR
    assert "has not answered for 0.05 seconds" in found.what


def test_r13_backups_that_are_all_of_the_future_are_an_error():
    made = timezone.now() + timedelta(days=300)
    VerifiedBackup.objects.create(
        name="portal.tar", made_at=made, rows=12, files=3, seconds=1
    )

    (found,) = backups.proved()

    assert found.severity == Severity.ERROR
    assert found.what.startswith("Every verified backup bears a moment in the future")
    assert "timedatectl" in found.remedy
