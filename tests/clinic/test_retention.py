"""What `manage.py tidy` deletes, and what it leaves."""

import os
import time
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.management import call_command
from django.utils import timezone

from articles.models import Unfound
from clinic import error_pages, retention
from clinic.models import AuditEntry, MissedAddress, Session, Throttle
from tests import factories

pytestmark = pytest.mark.django_db

NOTHING = "All is tidy.\n"


@pytest.fixture(autouse=True)
def data_dir_of_its_own(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def tidy(**options):
    output = StringIO()
    call_command("tidy", stdout=output, **options)
    return output.getvalue()


def days_ago(days):
    return timezone.now() - timedelta(days=days)


def test_a_session_that_has_ended_is_deleted():
    now = timezone.now()
    for key, minutes in (("over", -1), ("open", 1)):
        ends = now + timedelta(minutes=minutes)
        Session.objects.create(
            session_key=key, expire_date=ends, begun_at=now, seen_at=now
        )

    assert tidy() == "Deleted: ended sessions 1.\n"
    assert [session.pk for session in Session.objects.all()] == ["open"]


def test_wrong_guesses_are_forgotten_when_nobody_has_to_wait_any_more():
    now = timezone.now()
    for key, minutes in (("over", -1), ("waiting", 1)):
        Throttle.objects.create(key=key, until=now + timedelta(minutes=minutes))

    assert tidy() == "Deleted: wrong guesses 1.\n"
    assert [row.pk for row in Throttle.objects.all()] == ["waiting"]


def test_searches_and_addresses_go_after_their_time_without_a_new_one():
    for path, days in (("/old/", 91), ("/new/", 89)):
        MissedAddress.objects.create(path=path, count=2, last_seen=days_ago(days))
        date = timezone.localdate(days_ago(days))
        Unfound.objects.create(
            language="en", words=path, count=1, first_date=date, last_date=date
        )

    assert tidy() == "Deleted: missed addresses 1, searches in vain 1.\n"
    assert [row.path for row in MissedAddress.objects.all()] == ["/new/"]
    assert [row.words for row in Unfound.objects.all()] == ["/new/"]


def test_what_was_done_at_the_desk_goes_after_two_years_but_not_of_texts():
    user = factories.UserFactory()
    texts = [factories.TopicFactory() for _ in range(2)]
    for changed in (user, user, *texts):
        LogEntry.objects.log_actions(user.pk, [changed], CHANGE, "", single_object=True)
    old, young = retention.DESK + timedelta(days=1), retention.DESK - timedelta(days=1)
    of_user = LogEntry.objects.filter(content_type__model="user")
    kept = of_user.order_by("pk")[0].pk
    LogEntry.objects.update(action_time=timezone.now() - old)
    LogEntry.objects.filter(pk=kept).update(action_time=timezone.now() - young)

    assert tidy() == "Deleted: entries of Django's log 1.\n"
    assert of_user.get().pk == kept
    assert LogEntry.objects.count() == 3


def test_the_log_of_the_desk_goes_after_two_years():
    for days in (731, 729):
        AuditEntry.objects.create(kind="SIGNED_IN", name=str(days), at=days_ago(days))

    assert tidy() == "Deleted: entries of the log 1.\n"
    assert [entry.name for entry in AuditEntry.objects.all()] == ["729"]


def test_a_file_that_was_never_finished_goes_after_a_day(tmp_path, practice):
    error_pages.write()
    for name, hours in (("tmpold", 25), ("tmpnew", 23)):
        path = tmp_path / "errors" / name
        path.write_text("half a pa")
        os.utime(path, (then := time.time() - hours * 3600, then))

    assert tidy() == "Deleted: unfinished files 1.\n"
    names = {path.name for path in (tmp_path / "errors").iterdir()}
    assert names & {"500.en.html", "tmpnew", "tmpold"} == {"500.en.html", "tmpnew"}


def test_it_says_what_it_looks_at_and_can_be_run_again():
    assert tidy() == NOTHING
    lines = tidy(verbosity=2).splitlines()

    assert lines == [
        *(f"{kept.name}: 0" for kept in retention.everything()),
        "All is tidy.",
    ]
    assert len(lines) > 4
