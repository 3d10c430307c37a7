"""How old the last verified backup is, and who is told."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from clinic import generation, roles
from clinic.backup import record
from clinic.models import VerifiedBackup
from tests.clinic.test_roles import account, signed_in

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def verified(age, name="portal"):
    backup = VerifiedBackup(name=name, made_at=NOW - age, rows=1, files=1, seconds=1.5)
    record.remember(backup)
    return backup


def told(user):
    """What the first page of the desk says of backups, in one line."""
    page = signed_in(user).get("/admin/").content.decode()
    found = re.findall(r'<p class="(backup[^"]*)">(.*?)</p>', page)
    return [(name, text.replace("\xa0", " ")) for name, text in found]


@pytest.fixture
def manager(practice):
    return account(roles.MANAGER)


def test_where_none_was_ever_verified_managers_are_warned(manager):
    ((name, text),) = told(manager)

    assert name == "backup backup--missing"
    assert text.startswith("No backup has been verified yet.")


def test_a_new_one_is_a_quiet_line(manager):
    verified(5 * HOUR)

    assert told(manager) == [("backup", "The last verified backup is 5 hours old.")]


def test_one_of_two_days_is_quiet_still(manager):
    verified(48 * HOUR)

    assert told(manager) == [("backup", "The last verified backup is 2 days old.")]


def test_one_older_than_two_days_is_a_warning(manager):
    verified(49 * HOUR)
    verified(80 * HOUR)

    ((name, text),) = told(manager)
    assert name == "backup backup--missing"
    assert text.startswith("The last verified backup is 2 days, 1 hour old. Please ask")


@pytest.mark.parametrize("role", [roles.WRITER, roles.REVIEWER])
def test_others_are_not_bothered(practice, role):
    assert told(account(role)) == []


def test_in_italian_it_is_said_in_italian(manager):
    manager.language = "it"
    manager.save()
    client = signed_in(manager)
    client.post("/admin/language/", {"language": "it"})
    verified(5 * HOUR)

    page = client.get("/admin/", headers={"accept-language": "it"}).content.decode()

    assert "L’ultima copia di sicurezza verificata risale a 5\xa0ore fa." in page


def test_the_newest_counts_not_the_last_that_was_looked_at():
    verified(5 * HOUR, "new")
    verified(50 * HOUR, "old")

    assert record.last_verified().name == "new"


def test_r13_one_of_the_future_does_not_look_fresh(manager):
    verified(-400 * HOUR, "of a wrong clock")
    assert record.last_verified() is None
    assert [name for name, _text in told(manager)] == ["backup backup--missing"]

    verified(49 * HOUR, "old")

    assert record.last_verified().name == "old"
    assert [name for name, _text in told(manager)] == ["backup backup--missing"]


def test_r13_one_that_is_some_minutes_ahead_counts():
    verified(-timedelta(minutes=4), "of another machine")

    assert record.last_verified().name == "of another machine"


def test_where_there_is_none_there_is_none():
    assert record.last_verified() is None


def test_what_is_long_ago_is_forgotten(noon):
    verified(HOUR, "old")
    noon.shift(timedelta(days=401))
    verified(timedelta(days=-401), "new")

    assert [backup.name for backup in VerifiedBackup.objects.all()] == ["new"]


@pytest.mark.django_db(transaction=True)
def test_readers_pages_are_kept_while_backups_are_verified():
    before = generation.reader().read()

    verified(HOUR)

    assert generation.reader().read() == before


def test_a_backup_is_called_by_its_file():
    assert str(verified(HOUR)) == "portal"
