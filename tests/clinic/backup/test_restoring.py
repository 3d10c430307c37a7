"""Putting backups back: all of it or nothing, and what was there is kept."""

import builtins
import os
import shutil
import sqlite3
import tarfile
import time
from contextlib import closing, suppress
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from articles.models import Edition, Topic
from articles.search.finding import find
from clinic import generation
from clinic import settings as portal  # noqa: TID251
from clinic.backup import databases, making, restoring, rows, targets, work
from clinic.models import Practice, User
from clinic.progress import Progress
from tests import factories
from tests.clinic.backup.conftest import contents


def run(*args, **kwargs):
    said = StringIO()
    call_command("restore", *map(str, args), stdout=said, **kwargs)
    return said.getvalue()


@pytest.fixture
def backup(site):
    """The file of a backup of the site."""
    call_command("backup", stdout=StringIO())
    return site.backups[0]


def aside(site):
    """Where what was replaced is kept."""
    (folder,) = site.folder.glob("before-*")
    return folder


# R16 #########################################################################


def test_r16_everything_is_restored_on_an_empty_machine(
    site, backup, empty_machine, capsys, settings
):
    """Nothing is there, not even tables: afterwards every row and file is equal."""
    with databases.stand_in(databases.sqlite(site.database)):
        rows_before = contents()
        next_topic = Topic.objects.create(slug="next").pk
    files_before = site.files()
    began = time.monotonic()

    said = run(backup, "--yes")

    took = time.monotonic() - began
    assert contents() == rows_before
    assert empty_machine.files() == files_before
    assert len(files_before) == 2
    assert Topic.objects.create(slug="next").pk == next_topic
    settings.PASSWORD_HASHERS = portal.PASSWORD_HASHERS  # with which she was made
    assert User.objects.get(username="ada").check_password("correct horse battery")
    assert [hit.edition.slug for hit in find("kept", "en").hits(1)] != []
    assert generation.missing() == []
    assert sorted(databases.applied(connection)) == databases.known()
    assert "every row and file is equal" in said
    assert "from before" not in said
    with capsys.disabled():
        count = sum(map(len, rows_before.values()))
        print(f"\nR16: {count} rows and {len(files_before)} files in {took:.1f} s.")


# What is replaced ############################################################


@pytest.mark.usefixtures("quick")
def test_what_it_replaces_is_kept(site, backup):
    Practice.objects.update(name="Changed since")
    (site.media / "pictures/abc/320.jpg").write_bytes(b"changed since")
    (site.media / "pictures/new").mkdir()
    (site.media / "pictures/new/1.jpg").write_bytes(b"new since")

    said = run(backup, "--yes")

    assert Practice.objects.get().name == "Dr. Test"
    assert site.files() == {
        "pictures/abc/320.avif": b"320.avif",
        "pictures/abc/320.jpg": b"320.jpg",
    }
    kept = aside(site)
    with databases.stand_in(databases.sqlite(kept / "portal.sqlite3")):
        assert Practice.objects.get().name == "Changed since"
    assert {
        str(path.relative_to(kept)): path.read_bytes()
        for path in (kept / "media").rglob("*.jpg")
    } == {
        "media/pictures/abc/320.jpg": b"changed since",
        "media/pictures/new/1.jpg": b"new since",
    }
    assert str(kept / "portal.sqlite3") in said
    assert str(kept / "media") in said


@pytest.mark.usefixtures("quick")
def test_what_is_uploaded_once_the_new_database_is_there_stays(
    site, backup, monkeypatch
):
    finish = targets.SQLite.finish
    (site.media / "pictures/old.jpg").write_bytes(b"old")

    def upload_then(target, folder):
        kept = finish(target, folder)
        (site.media / "pictures/new.jpg").write_bytes(b"new")
        return kept

    monkeypatch.setattr(targets.SQLite, "finish", upload_then)

    run(backup, "--yes")

    assert "pictures/new.jpg" in site.files()
    assert "pictures/old.jpg" not in site.files()


@pytest.mark.usefixtures("quick")
def test_a_running_process_reads_what_was_put_back(site, backup):
    with databases.stand_in(databases.sqlite(site.database)):
        before = generation.reader().read()
        Practice.objects.update(name="Changed since")

        run(backup, "--yes")
        generation.reader.cache_clear()
        databases.connections["default"].close()

        assert generation.reader().read() != before
        assert Practice.objects.get().name == "Dr. Test"


@pytest.mark.usefixtures("quick")
def test_it_asks_before_it_replaces(site, backup, monkeypatch):
    Practice.objects.update(name="Changed since")
    monkeypatch.setattr(builtins, "input", lambda question: "no")

    with pytest.raises(CommandError, match="Nothing was changed"):
        run(backup)

    assert Practice.objects.get().name == "Changed since"
    assert list(site.folder.glob("before-*")) == []


@pytest.mark.usefixtures("quick")
def test_a_damaged_database_is_replaced_and_kept(site, backup):
    connection.close()
    site.database.write_bytes(b"no database" * 1000)

    run(backup, "--yes")

    assert Practice.objects.get().name == "Dr. Test"
    assert (aside(site) / "portal.sqlite3").read_bytes() == b"no database" * 1000


@pytest.mark.usefixtures("quick")
def test_a_write_ahead_log_is_not_taken_for_the_new_databases(site, backup):
    connection.close()
    # It stays open, as in a portal that runs on: the log is there.
    with closing(sqlite3.connect(site.database)) as other:
        other.execute("PRAGMA journal_mode=WAL")
        other.execute("UPDATE clinic_practice SET name = 'In the log'")
        other.commit()
        assert (site.folder / "portal.sqlite3-wal").stat().st_size

        run(backup, "--yes")

    assert Practice.objects.get().name == "Dr. Test"
    with databases.stand_in(databases.sqlite(aside(site) / "portal.sqlite3")):
        assert Practice.objects.get().name == "In the log"


@pytest.mark.usefixtures("quick")
def test_nobody_is_signed_in_afterwards(site, backup, client):
    client.force_login(User.objects.first())

    run(backup, "--yes")

    assert client.get("/admin/").status_code == 302


# Nothing is touched before everything is looked at ############################


def state(site):
    return {
        str(path.relative_to(site.folder)): path.read_bytes()
        for path in site.folder.rglob("*")
        if path.is_file() and path.name != ".backup.lock"
    }


def refused(site, *args, match):
    before = state(site)
    with pytest.raises(CommandError, match=match):
        run(*args, "--yes")
    assert state(site) == before


def test_a_damaged_backup_changes_nothing(site, backup):
    content = bytearray(backup.read_bytes())
    content[len(content) // 2] ^= 1
    backup.write_bytes(content)

    refused(site, backup, match="damaged")


def test_a_backup_of_a_later_version_changes_nothing(site, monkeypatch):
    applied = databases.applied
    monkeypatch.setattr(
        databases,
        "applied",
        lambda database: [*applied(database), ("clinic", "0999_x")],
    )
    call_command("backup", stdout=StringIO())

    refused(site, site.backups[0], match=r"later version of the portal \(.*0999_x\)")


def test_too_little_room_changes_nothing(site, backup, monkeypatch):
    usage = shutil.disk_usage(site.folder)
    monkeypatch.setattr(
        work.shutil, "disk_usage", lambda path: usage._replace(free=1000)
    )

    refused(site, backup, match="too little room")


def test_a_file_that_is_no_backup_changes_nothing(site, tmp_path):
    with tarfile.open(tmp_path / "evil.tar", "w") as tar:
        info = tarfile.TarInfo("media/../../outside")
        tar.addfile(info)

    refused(site, tmp_path / "evil.tar", match="does not belong")


def test_a_name_that_is_none_is_said(site):
    refused(site, "portal-20200101T000000Z.tar", match="There is no backup")


@pytest.mark.usefixtures("quick")
def test_rows_of_another_portal_change_nothing(site, backup, monkeypatch):
    monkeypatch.setattr(restoring, "held", lambda database, table: (0, ""))

    with pytest.raises(CommandError, match="Not the same on both sides"):
        run(backup, "--yes")

    assert Practice.objects.get().name == "Dr. Test"
    assert list(site.folder.glob("before-*")) == []


def test_another_user_than_the_portals_is_refused(site, backup, monkeypatch):
    """Else it could not write what is put back."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(work, "owner_of", lambda folder: 5)

    refused(site, backup, match="sudo -u '#5'")


# Stopped on the way ##########################################################


STEPS = [
    (restoring, "compare"),
    (restoring, "complete"),
    (restoring.Backup, "put_media"),
    (targets.SQLite, "finish"),
    (targets, "link_or_copy"),
    (targets.SQLite, "replace"),
    (restoring.Restored, "leave_only"),
]


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("owner", "name"), STEPS, ids=[name for _, name in STEPS])
def test_whoever_is_killed_on_the_way_begins_anew(
    site, backup, monkeypatch, owner, name
):
    Practice.objects.update(name="Changed since")
    (site.media / "late.jpg").write_bytes(b"late")
    connection.close()

    if (child := os.fork()) == 0:
        monkeypatch.setattr(owner, name, lambda *args, **kwargs: os._exit(9))
        # Once more: beside the event loop of a browser asgiref keeps connections by
        # loop, and the child has none.
        with (
            suppress(BaseException),
            databases.stand_in(databases.sqlite(site.database)),
        ):
            run(backup, "--yes")
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9

    # Readers find the one or the other, whole; what was there is not lost.
    expected = "Dr. Test" if name == "leave_only" else "Changed since"
    assert Practice.objects.get().name == expected
    run(backup, "--yes")
    assert Practice.objects.get().name == "Dr. Test"
    assert set(site.files()) == {"pictures/abc/320.avif", "pictures/abc/320.jpg"}
    names = set()
    for path in site.folder.glob("before-*/portal.sqlite3"):
        with databases.stand_in(databases.sqlite(path)):
            names.add(Practice.objects.get().name)
    assert "Changed since" in names
    assert len(list(site.folder.glob("before-*/media/late.jpg"))) == 1
    assert not (site.folder / ".backup").exists()


# Versions ####################################################################


def test_a_backup_of_an_earlier_version_is_brought_to_this_one(
    site, empty_machine, tmp_path
):
    """Made before the newest migration, as between installing and migrating."""
    newest = ("clinic", databases.known()[-1][1])
    earlier = [node for node in databases.known() if node != newest]
    assert newest[0] == "clinic"
    with databases.stand_in(databases.sqlite(site.database)):
        MigrationExecutor(connection).migrate(databases.newest_of(earlier))
        assert databases.applied(connection) == earlier
        path = tmp_path / "backup"
        with path.open("wb") as file, work.work_folder() as folder:
            making.write(file, folder, Progress())

    run(path, "--yes")

    assert databases.applied(connection) == databases.known()
    assert Edition.objects.live().count() == 3


# Other uses ##################################################################


def test_without_a_name_they_are_listed(site, backup):
    assert run() == f"{backup.name}\nPut one back: manage.py restore {backup.name}\n"


def test_where_there_are_none_that_is_said(site):
    assert run() == f"There are no backups in {site.folder / 'backups'}.\n"


@pytest.mark.usefixtures("quick")
def test_a_check_changes_nothing(site, backup):
    before = state(site)

    said = run(backup.name, "--check")

    assert said.startswith(f"{backup.name} is good: ")
    assert state(site) == before


@pytest.mark.usefixtures("quick")
def test_a_closed_backup_is_put_back_with_its_key(site, settings, tmp_path):
    key = tmp_path / "key"
    call_command("backup", new_key=str(key), stdout=StringIO())
    settings.BACKUP_KEY_FILE = str(key)
    call_command("backup", stdout=StringIO())
    settings.BACKUP_KEY_FILE = ""
    Practice.objects.update(name="Changed since")

    refused(site, site.backups[0], match="name its key")
    run(site.backups[0], "--yes", "--key", key)

    assert Practice.objects.get().name == "Dr. Test"


def test_a_disk_without_second_names_gets_a_copy(tmp_path, monkeypatch):
    (tmp_path / "a").write_text("x")
    monkeypatch.setattr(os, "link", lambda *args: (_ for _ in ()).throw(OSError))

    targets.link_or_copy(tmp_path / "a", tmp_path / "b")

    assert (tmp_path / "b").read_text() == "x"
    assert Path(tmp_path / "b").stat().st_ino != (tmp_path / "a").stat().st_ino


def test_the_number_after_a_deleted_row_is_not_given_again(site):
    topics = rows.table_of(Topic)

    assert rows.sequence(connection, topics) == 2
    assert Topic.objects.count() == 1
    rows.set_sequence(connection, topics, 9)
    assert factories.TopicFactory().pk == 10
