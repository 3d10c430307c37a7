"""The number that is another after each change, and the moments at which pages turn."""

import os
import re
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine
from django.apps import apps
from django.db import connection, transaction
from django.template import engines
from django.test.utils import CaptureQueriesContext

from articles.models import Topic
from clinic import generation
from clinic.models import Doctor, Generation, Notice, Phone, Practice, Session, User
from tests import factories

NOON = datetime(2026, 7, 1, 10, tzinfo=UTC)  # 12:00 in Rome
HOUR = timedelta(hours=1)


def number():
    return generation.ConnectionReader().read()


@pytest.fixture
def moved(db):
    """Call it: whether the number has changed since the last time."""
    last = number()

    def has_moved():
        nonlocal last
        before, last = last, number()
        return last != before

    return has_moved


# By rows ######################################################################


@pytest.mark.django_db
def test_every_table_that_readers_see_is_watched():
    assert generation.missing() == []


def drop_trigger(event, table):
    where = f'ON "{table}"' if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f'DROP TRIGGER "generation_{event}_{table}" {where}')


@pytest.mark.django_db
@pytest.mark.parametrize("table", sorted(generation.watched_tables()))
def test_a_table_without_its_trigger_is_noticed(table):
    drop_trigger("update", table)

    assert generation.missing() == [f"generation_update_{table}"]


@pytest.mark.django_db
def test_while_changes_are_not_noticed_nothing_is_kept(monkeypatch):
    monkeypatch.setattr(generation, "_are_triggers_there", False)
    drop_trigger("insert", "clinic_phone")
    generation.advance()

    with pytest.raises(generation.Unknown, match="migrate"):
        generation.epoch()
    generation.install()
    assert generation.epoch()


def test_only_what_readers_never_see_is_left_out():
    left_out = {
        model._meta.db_table
        for name in ("clinic", "articles")
        for model in apps.get_app_config(name).get_models(include_auto_created=True)
    } - generation.watched_tables()

    assert left_out == {
        "clinic_auditentry",
        "clinic_authenticator",
        "clinic_generation",
        "clinic_missedaddress",
        "clinic_passkey",
        "clinic_recoverycode",
        "clinic_session",
        "clinic_throttle",
        "clinic_user",
        "clinic_user_groups",
        "clinic_user_user_permissions",
        "articles_link",
        "articles_linkplace",
        "articles_unfound",
        "articles_wording",
        "clinic_verifiedbackup",
    }


def test_saving_changing_and_deleting_count_in_every_way(moved, practice):
    assert moved()
    phone = Phone.objects.get()
    phone.number = "+39 06 699 00002"
    phone.save()
    assert moved()
    Phone.objects.update(position=7)
    assert moved()
    Topic.objects.bulk_create([Topic(name="New", slug="new")])
    assert moved()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE clinic_practice SET name = 'By hand'")
    assert moved()
    phone.delete()
    assert moved()
    assert not moved()


def test_an_edition_that_begins_or_ends_counts(moved):
    edition = factories.publish(factories.ArticleFactory())
    assert moved()
    edition.article.withdraw(by=factories.UserFactory(), note="")
    assert moved()


def test_what_only_staff_see_does_not_count(moved, client):
    user = factories.UserFactory()
    moved()
    client.force_login(user)
    User.objects.update(first_name="Anna")
    assert Session.objects.exists()

    assert not moved()


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_does_not_count(moved):
    with transaction.atomic():
        factories.TopicFactory()
        transaction.set_rollback(True)

    assert not moved()


def test_no_public_page_reads_a_table_that_does_not_count(client, practice):
    """What a page shows and nobody watches would be old for ever."""
    edition = factories.publish(factories.ArticleFactory())
    doctor = Doctor.objects.first()
    pages = ["/", "/articles/", "/contact/", "/legal/", "/privacy/", "/not-there/"]
    pages += ["/contact/practice.json", "/contact/fhir.json", "/contact/practice.vcf"]
    pages += ["/it/privacy/", "/it/accessibilita/", doctor.get_absolute_url()]
    pages += [edition.get_absolute_url(), edition.topic.get_absolute_url()]
    pages += [edition.get_citation_url()]
    with CaptureQueriesContext(connection) as queries:
        for page in pages:
            assert client.get(page).status_code in {200, 404}, page
    read = {
        table
        for query in queries
        for table in re.findall(r'(?:FROM|JOIN) "(\w+)"', query["sql"])
    }

    assert read - generation.watched_tables() == set()


# By time #####################################################################


def change_after(at):
    return generation.next_change(at)


@pytest.mark.django_db
def test_nothing_to_come_leaves_the_end_of_the_day():
    assert change_after(NOON) == datetime(2026, 7, 1, 22, tzinfo=UTC)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("zone", "at", "midnight"),
    [
        ("Europe/Rome", "2026-10-25T12:00Z", "2026-10-25T23:00Z"),
        ("Europe/Rome", "2027-03-28T12:00Z", "2027-03-28T22:00Z"),
        # Clocks went from 24:00 back to 23:00.
        ("America/Sao_Paulo", "2019-02-17T01:30Z", "2019-02-17T03:00Z"),
        ("America/Sao_Paulo", "2019-02-17T02:30Z", "2019-02-17T03:00Z"),
        # One minute after midnight they went back to 23:01: that day ended twice.
        ("America/St_Johns", "2010-11-07T02:00Z", "2010-11-07T02:30Z"),
        ("America/St_Johns", "2010-11-07T02:45Z", "2010-11-07T03:30Z"),
        # … and from 24:00 on to 1:00: this day begins at one.
        ("America/Sao_Paulo", "2018-11-04T02:30Z", "2018-11-04T03:00Z"),
    ],
)
def test_a_day_ends_where_the_clock_says(settings, zone, at, midnight):
    settings.TIME_ZONE = zone

    assert change_after(datetime.fromisoformat(at)) == datetime.fromisoformat(midnight)


@time_machine.travel(NOON, tick=False)
def test_opening_and_closing_are_changes(practice):
    factories.HoursFactory(weekday=2, opens=time(14), closes=time(18))

    assert change_after(NOON) == NOON + 2 * HOUR
    assert change_after(NOON + 2 * HOUR) == NOON + 6 * HOUR


@time_machine.travel(NOON, tick=False)
def test_a_notice_begins_and_ends(practice):
    Notice.objects.create(
        text=factories.both("Closed."), starts_at=NOON + HOUR, ends_at=NOON + 2 * HOUR
    )

    assert change_after(NOON) == NOON + HOUR
    assert change_after(NOON + HOUR) == NOON + 2 * HOUR


@time_machine.travel(NOON, tick=False)
def test_an_edition_begins_and_ends(db):
    edition = factories.publish(factories.ArticleFactory())
    edition.article.withdraw(by=factories.UserFactory(), note="", at=NOON + 3 * HOUR)
    other = factories.ArticleFactory()
    other.written(None)
    other.publish_unreviewed(at=NOON + HOUR)

    assert change_after(NOON) == NOON + HOUR
    assert change_after(NOON + HOUR) == NOON + 3 * HOUR


def test_an_epoch_ends_with_a_change_of_rows(practice):
    first = generation.epoch()
    assert generation.epoch() is first
    Practice.objects.update(name="Another")

    assert generation.epoch().number != first.number


def test_an_epoch_ends_with_its_time(practice):
    with time_machine.travel(NOON, tick=False) as clock:
        first = generation.epoch()
        clock.move_to(NOON + timedelta(hours=11, minutes=59, seconds=59))
        assert generation.epoch() is first
        clock.move_to(NOON + timedelta(hours=12))
        assert generation.epoch() is not first


def test_a_clock_that_is_set_back_begins_another_epoch(practice):
    with time_machine.travel(NOON, tick=False) as clock:
        first = generation.epoch()
        clock.move_to(NOON - HOUR)

        assert generation.epoch() is not first


# Keeping #####################################################################


@pytest.mark.django_db(transaction=True)
def test_what_is_kept_is_made_once_in_an_epoch():
    factories.PracticeFactory()
    made = []

    def make():
        made.append(Practice.objects.row().name)
        return made[-1]

    assert generation.keep("name", make) == generation.keep("name", make)
    assert len(made) == 1
    Practice.objects.update(name="Another")

    assert generation.keep("name", make) == "Another"


def test_within_a_transaction_nothing_is_kept(practice):
    assert generation.keep("x", lambda: 1) == 1
    assert generation.keep("x", lambda: 2) == 2


@pytest.mark.django_db(transaction=True)
def test_a_part_that_all_pages_share_is_made_of_what_is_true_now(practice, monkeypatch):
    """And not of the practice that a page has read before somebody else committed."""
    read = Practice.objects.load()
    Phone.objects.update(number="+390612345678")
    template = engines["django"].from_string(
        "{% load kept %}{% kept 'x' %}{{ practice.phones.all.0.shown }}{% endkept %}"
    )

    assert template.render({"practice": read}) == "+39 06 1234 5678"
    assert template.render({"practice": read}) == "+39 06 1234 5678"


@pytest.mark.django_db(transaction=True)
def test_the_practice_is_kept_in_each_language(practice):
    generation.advance()
    with CaptureQueriesContext(connection) as first:
        Practice.objects.current()
    with CaptureQueriesContext(connection) as second:
        Practice.objects.current()

    assert len(first) >= 9
    assert len(second) == 1  # the number


# A file ######################################################################


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "portal.sqlite3"
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode=TRUNCATE")
    database.execute("CREATE TABLE clinic_generation (id INTEGER, number INTEGER)")
    database.execute("CREATE TABLE other (text)")
    database.execute("INSERT INTO clinic_generation VALUES (1, 0)")
    yield path
    database.close()


def write(path, sql):
    """Let another process write, as another worker or a shell does."""
    code = (
        f"import sqlite3; d = sqlite3.connect({str(path)!r}); "
        f"d.execute({sql!r}); d.commit()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("mode", ["TRUNCATE", "DELETE", "PERSIST", "WAL"])
def test_the_number_in_a_file_is_never_old(file, mode):
    database = sqlite3.connect(file, isolation_level=None)
    database.execute(f"PRAGMA journal_mode={mode}")
    reader = generation.SQLiteReader(file)
    for value in range(1, 300):
        database.execute("UPDATE clinic_generation SET number = ?", [value])
        assert reader.read() == value
        assert reader.read() == value
    write(file, "UPDATE clinic_generation SET number = -1")

    assert reader.read() == -1


def test_while_nothing_is_committed_the_row_is_not_read_again(file):
    reader = generation.SQLiteReader(file)
    reader.read()
    asked = []
    reader.ask = lambda: asked.append(1) or 0
    for _ in range(100):
        reader.read()
    assert asked == []
    write(file, "INSERT INTO other VALUES ('x')")
    reader.read()

    assert asked == [1]


def test_a_file_whose_journal_becomes_a_wal_is_read_each_time(file):
    reader = generation.SQLiteReader(file)
    reader.read()
    write(file, "PRAGMA journal_mode=WAL")
    assert reader.read() == 0
    write(file, "UPDATE clinic_generation SET number = 5")

    assert reader.read() == 5
    assert reader.known is None


def test_a_writer_who_has_not_committed_changes_nothing(file):
    reader = generation.SQLiteReader(file)
    reader.read()
    writer = sqlite3.connect(file, isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    writer.execute("UPDATE clinic_generation SET number = 9")

    assert reader.read() == 0
    writer.execute("ROLLBACK")
    assert reader.read() == 0


def test_whoever_asks_first_while_the_file_is_locked_learns_nothing(file):
    reader = generation.SQLiteReader(file)
    writer = sqlite3.connect(file, isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")

    with pytest.raises(generation.Unknown):
        reader.read()
    writer.execute("COMMIT")
    assert reader.read() == 0


def test_a_file_that_is_gone_tells_nothing(file, monkeypatch):
    reader = generation.SQLiteReader(file)
    assert reader.read() == 0
    file.unlink()
    reader.looked_at -= 1

    with pytest.raises(generation.Unknown):
        reader.read()


def test_another_file_in_its_place_is_noticed(file):
    reader = generation.SQLiteReader(file)
    assert reader.read() == 0
    copy = file.with_name("copy")
    copy.write_bytes(file.read_bytes())
    write(copy, "UPDATE clinic_generation SET number = 3")
    os.replace(copy, file)
    reader.looked_at -= 1

    assert reader.read() == 3


def test_a_database_without_its_row_tells_nothing(file):
    write(file, "DELETE FROM clinic_generation")

    with pytest.raises(generation.Unknown, match="migrate"):
        generation.SQLiteReader(file).read()


@pytest.mark.django_db
def test_while_a_migration_runs_or_after_it_broke_off_nothing_is_kept():
    generation.suspend()
    with pytest.raises(generation.Unknown, match="migrate"):
        generation.epoch()
    generation.install()

    assert generation.epoch()


@pytest.mark.django_db
def test_the_end_of_an_epoch_is_asked_of_the_file_that_stands_there_now(monkeypatch):
    asked = []
    monkeypatch.setattr(generation, "leave_replaced_file", lambda: asked.append("file"))
    monkeypatch.setattr(
        generation,
        "next_change",
        lambda at: asked.append("rows") or at + timedelta(hours=1),
    )
    generation.advance()
    generation.epoch()

    assert asked == ["file", "rows"]


@pytest.mark.django_db
def test_rows_that_nobody_can_read_keep_no_page_from_being_made(monkeypatch):
    def breaks(at):
        raise ValueError("a row")

    monkeypatch.setattr(generation, "next_change", breaks)
    generation.advance()

    with pytest.raises(generation.Unknown, match="a row"):
        generation.epoch()


@pytest.mark.django_db
def test_migrating_begins_a_new_generation(moved):
    Generation.objects.all().delete()
    generation.install()

    assert moved()
