"""Whether the clock can be right, and whether the jobs run."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.management import call_command
from django.utils import timezone

import articles.checkup  # noqa: F401  it tells which jobs it has
from clinic import jobs
from clinic.checkup import clock, timers
from clinic.checkup.frame import Severity, warning
from tests import factories


@pytest.fixture(autouse=True)
def data_dir_of_its_own(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def test_a_clock_that_agrees_is_well():
    assert [finding.severity for finding in clock.clock()] == [Severity.FINE]


@pytest.mark.parametrize("away", [timedelta(days=-9000), timedelta(hours=1)])
def test_a_clock_that_disagrees_with_code_or_disk_is_an_error(away):
    with time_machine.travel(timezone.now() + away):
        (found,) = clock.clock()

    assert found.severity == Severity.ERROR
    assert found.remedy == clock.NTP


@pytest.mark.django_db
def test_what_was_done_cannot_lie_in_the_future():
    user = factories.UserFactory()
    LogEntry.objects.log_actions(user.pk, [user], CHANGE, "", single_object=True)
    well = list(clock.clock_of_rows())
    later = datetime(2099, 1, 2, 3, 4, tzinfo=UTC)
    LogEntry.objects.update(action_time=later)

    (found,) = clock.clock_of_rows()

    assert well == []
    assert found.what.startswith("Somebody worked at the desk at 2099-01-02 03:04 UTC")


# Jobs ########################################################################


def told():
    return {finding.what: finding.severity for finding in timers.daily()}


@pytest.mark.django_db
def test_a_job_that_has_run_is_well():
    call_command("tidy", verbosity=0)
    call_command("check_links", verbosity=0)

    today = f"{timezone.now():%Y-%m-%d}"
    assert told() == {
        f"manage.py {name} last ended on {today}.": Severity.FINE
        for name in ("tidy", "check_links")
    }


@pytest.mark.django_db
def test_a_job_that_stays_away_is_a_warning(settings):
    settings.EMAIL_URL = "smtp://mail.example.org"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    call_command("send_digest", verbosity=0)
    last = timezone.now()

    with time_machine.travel(last + timedelta(days=3)):
        found = list(timers.daily())

    assert [finding.severity for finding in found] == [Severity.WARNING] * 3
    assert found[0] == warning(
        "manage.py tidy has never come to its end.",
        remedy="Run it once a day by a timer, see the README; its output tells what "
        "keeps it.",
    )
    assert found[2].what == (
        f"manage.py send_digest last ended on {last:%Y-%m-%d}, 3 days ago."
    )


def test_without_mail_no_digest_is_missed():
    assert len(told()) == 2


def test_a_job_is_not_stopped_by_a_full_disk(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "file"
    settings.DATA_DIR.write_text("")

    jobs.done("tidy")

    assert jobs.last("tidy") is None
