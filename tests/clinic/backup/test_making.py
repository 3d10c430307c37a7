"""Making backups: one moment of everything, or nothing at all."""

import gzip
import io
import json
import os
import resource
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from clinic.backup import (
    BackupError,
    archive,
    databases,
    encryption,
    making,
    media,
    rows,
)
from clinic.backup.encryption import Key
from clinic.backup.rotation import Keep
from clinic.backup.work import work_folder
from clinic.models import VerifiedBackup
from clinic.progress import Progress
from tests.clinic.backup.conftest import contents, in_one_order

pytestmark = pytest.mark.usefixtures("site")


def run(*args):
    said = StringIO()
    call_command("backup", *args, stdout=said)
    return said.getvalue()


def read(path, key=None):
    """The manifest and the rows of each table."""
    found = {}
    tables = {table.name: table for table in rows.tables(databases.installed)}
    with encryption.opening(path, key) as file:
        manifest = archive.verify(file, 10**9, Progress())
    with encryption.opening(path, key) as file:
        for member in archive.members(file):
            if member.table:
                found[member.table] = in_one_order(
                    tables[member.table], archive.rows_of(member, 10**9)
                )
    return manifest, found


def test_a_backup_holds_every_row_and_every_file(site):
    said = run()

    (path,) = site.backups
    manifest, found = read(path)
    assert found == contents()
    assert {name: t.rows for name, t in manifest.tables.items()} == {
        name: len(lines) for name, lines in contents().items()
    }
    assert set(manifest.media) == {"pictures/abc/320.avif", "pictures/abc/320.jpg"}
    assert manifest.engine == "sqlite"
    assert manifest.tables["articles_topic"].sequence == 2
    assert said.startswith(f"{path.name}: {manifest.rows:,} rows, 2 files, ")


def test_it_says_which_version_made_it(site, monkeypatch, tmp_path):
    monkeypatch.setattr(making, "BASE_DIR", tmp_path)
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "7.8.9"\n')

    run()

    assert read(site.backups[0])[0].portal == "7.8.9"


def test_a_portal_without_its_number_makes_backups_all_the_same(
    site, monkeypatch, tmp_path
):
    monkeypatch.setattr(making, "BASE_DIR", tmp_path / "image")

    run()

    assert read(site.backups[0])[0].portal == "?"


def test_only_its_owner_reads_it(site):
    run()

    (path,) = site.backups
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_nothing_is_left_beside_it(site):
    before = {path.name for path in site.folder.iterdir()}

    run()

    after = {path.name for path in site.folder.iterdir()}
    assert after - before == {"backups", ".backup.lock"}
    assert [path.name[:7] for path in (site.folder / "backups").iterdir()] == [
        "portal-"
    ]


def test_with_a_key_it_is_closed(site, settings, tmp_path):
    run("--new-key", str(tmp_path / "key"))
    settings.BACKUP_KEY_FILE = str(tmp_path / "key")

    run()

    (path,) = site.backups
    assert path.name.endswith(".tar.age")
    assert b"kept-0" not in gzip.compress(path.read_bytes())
    assert read(path, Key(tmp_path / "key"))[1] == contents()


def test_what_has_had_its_time_goes_once_a_new_one_is_there(site, settings):
    settings.BACKUP_KEEP = Keep(1, 0, 0)
    folder = site.folder / "backups"
    folder.mkdir()
    for name in ("portal-20200101T000000Z.tar", "mine.tar", "portal-2020.tar"):
        (folder / name).touch()

    said = run()

    assert said.endswith("Deleted, for they have had their time: 1.\n")
    left = {path.name for path in folder.iterdir()} - {site.backups[-1].name}
    assert {"mine.tar", "portal-2020.tar"} - left == set()
    assert "portal-20200101T000000Z.tar" not in left


@pytest.mark.usefixtures("quick")
def test_one_that_is_good_pushes_out_those_before_it(site, settings):
    settings.BACKUP_KEEP = Keep(0, 0, 0)
    run("--verify")
    (before,) = site.backups
    old = before.rename(before.with_name("portal-20200101T000000Z.tar"))
    VerifiedBackup.objects.update(
        name=old.name, made_at=datetime(2020, 1, 1, tzinfo=UTC)
    )

    said = run("--verify")

    assert not old.exists()
    assert said.endswith("Deleted, for they have had their time: 1.\n")


def test_when_every_trial_fails_old_ones_go_but_not_the_last_good_one(
    site, settings, monkeypatch
):
    """Else they pile up until the disk is full."""
    settings.BACKUP_KEEP = Keep(1, 0, 0)
    folder = site.folder / "backups"
    folder.mkdir()
    names = [f"portal-2020010{day}T000000Z.tar" for day in (1, 2, 3)]
    for name in names:
        (folder / name).touch()
    for name, day in ((names[0], 1), (names[1], 2), ("portal-gone.tar", 4)):
        VerifiedBackup.objects.create(
            name=name,
            made_at=datetime(2020, 1, day, tzinfo=UTC),
            rows=1,
            files=1,
            seconds=1,
        )

    def fails(*args):
        raise BackupError("Not the same on both sides.")

    monkeypatch.setattr("clinic.backup.restoring.try_out", fails)

    with pytest.raises(CommandError, match="Not the same"):
        run("--verify")

    old, *new = sorted(path.name for path in folder.iterdir())
    assert (old, len(new)) == (names[1], 1)
    assert new[0] > names[2]


def test_two_at_once_do_not_get_into_each_others_way():
    with work_folder(), pytest.raises(CommandError, match="is running"):
        run()


def test_what_a_killed_one_has_left_goes(site):
    (site.folder / ".backup").mkdir()
    (site.folder / ".backup" / "snapshot.sqlite3").write_bytes(b"half")

    run()

    assert not (site.folder / ".backup").exists()


def test_a_picture_that_is_deleted_meanwhile_is_noted(site, monkeypatch):
    sizes = making.sizes_of_media()
    monkeypatch.setattr(making, "sizes_of_media", lambda: sizes)
    (site.media / "pictures/abc/320.avif").unlink()

    said = run()

    assert "Left out: pictures/abc/320.avif." in said
    assert set(read(site.backups[0])[0].media) == {"pictures/abc/320.jpg"}


def test_a_picture_that_is_deleted_while_its_size_is_asked_for_stops_nothing(
    site, monkeypatch
):
    size = default_storage.size

    def gone_meanwhile(name):
        (site.media / "pictures/abc/320.avif").unlink(missing_ok=True)
        return size(name)

    monkeypatch.setattr(default_storage, "size", gone_meanwhile)

    run()

    assert set(read(site.backups[0])[0].media) == {"pictures/abc/320.jpg"}


def test_a_damaged_database_takes_no_good_ones_place(site):
    run()
    with site.database.open("r+b") as file:
        file.seek(4096 * 40)
        file.write(os.urandom(4096 * 20))

    with pytest.raises(CommandError, match=r"is damaged|cannot be copied"):
        run()

    assert len(site.backups) == 1


def test_a_missing_database_is_named(site):
    site.database.unlink()

    with pytest.raises(CommandError, match="There is no database at"):
        run()


def test_a_database_without_tables_is_no_site(site):
    site.database.unlink()
    sqlite3.connect(site.database).close()

    with pytest.raises(CommandError, match="run manage.py migrate first"):
        run()


# R15 #########################################################################

WRITER = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
database.execute("PRAGMA synchronous=OFF")
number = 0
while True:
    number += 1
    database.execute("BEGIN IMMEDIATE")
    for half in "ab":
        database.execute(
            "INSERT INTO articles_spelling (language, word) VALUES ('xx', ?)",
            [f"{number:07}{half}"],
        )
    database.execute("COMMIT")
    print(number, flush=True)
"""
ROUNDS = int(os.environ.get("BACKUP_ROUNDS", "6"))


class Acknowledged:
    """Somebody who writes without a pause, and tells of what was committed."""

    def __init__(self, path):
        self.process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE
        )
        os.set_blocking(self.process.stdout.fileno(), False)
        self.last, self.text = 0, b""

    def until_now(self):
        """Return the number of the last one that is known to be committed."""
        with suppress(BlockingIOError):
            while text := os.read(self.process.stdout.fileno(), 1 << 20):
                self.text += text
        *whole, self.text = self.text.split(b"\n")
        self.last = int(whole[-1]) if whole else self.last
        return self.last


@contextmanager
def writing(path):
    writer = Acknowledged(path)
    try:
        while not writer.until_now():
            assert writer.process.poll() is None
        yield writer
    finally:
        writer.process.kill()
        writer.process.wait()
        writer.process.stdout.close()


def test_r15_backups_under_a_writer_hold_every_acknowledged_row(
    site, monkeypatch, capsys
):
    """Each is whole, holds what was acknowledged before it began, and no half."""
    monkeypatch.setattr(making, "write_media", lambda writer, progress: None)
    plan = making.Plan.configured()
    names = iter(f"portal-20200101T{n:06}Z.tar" for n in range(1000))
    monkeypatch.setattr(making, "free_name", lambda plan, manifest: next(names))
    corrupt = missing = halves = written = 0
    with writing(site.database) as writer:
        for _ in range(ROUNDS):
            acknowledged = writer.until_now()
            with work_folder() as folder:
                name = making.make(plan, folder, Progress()).name
            written += acknowledged > 0
            _manifest, found = read(site.folder / "backups" / name)
            words = {row[2] for row in found["articles_spelling"] if row[1] == "xx"}
            pairs = {word[:-1] for word in words}
            missing += acknowledged - sum(int(n) <= acknowledged for n in pairs)
            halves += 2 * len(pairs) - len(words)
            corrupt += [int(n) for n in sorted(pairs)] != list(range(1, len(pairs) + 1))
        last = writer.until_now()
    with capsys.disabled():
        print(f"\nR15: {ROUNDS} backups, {last} commits meanwhile: {corrupt} corrupt, "
              f"{missing} missing, {halves} half.")  # fmt: skip

    assert (written, corrupt, missing, halves) == (ROUNDS, 0, 0, 0)


# R09 #########################################################################


@contextmanager
def disk_of(size):
    """No file gets longer than so many bytes, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("is_closed", [False, True], ids=["open", "closed"])
@pytest.mark.parametrize("full_at", [10_000, 2_000_000])
def test_r09_a_full_disk_keeps_the_backups_from_before(
    site, settings, full_at, is_closed
):
    run("--new-key", str(site.folder / "key"))
    settings.BACKUP_KEY_FILE = str(site.folder / "key") if is_closed else ""
    settings.BACKUP_KEEP = Keep(0, 0, 0)
    run()
    before = {path: path.read_bytes() for path in site.backups}
    # Random, so that it does not shrink.
    (site.media / "pictures/abc/640.avif").write_bytes(os.urandom(3_000_000))

    with disk_of(full_at), pytest.raises(CommandError) as raised:
        run()

    assert {path: path.read_bytes() for path in site.backups} == before
    assert list((site.folder / "backups").iterdir()) == list(before)
    assert not (site.folder / ".backup").exists()
    assert "could not be written (File too large)" in str(raised.value) or (
        "cannot be copied: " in str(raised.value)
    )


def test_r09_too_little_room_is_said_before_anything_is_written(site, monkeypatch):
    usage = shutil.disk_usage(site.folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1000))

    with pytest.raises(CommandError, match=r"too little room in .*, 0\.0 MB are free"):
        run()

    assert site.backups == []


# Verifying ###################################################################


@pytest.mark.usefixtures("quick")
def test_the_public_half_of_a_key_makes_backups_and_verifies_none(
    site, settings, tmp_path
):
    run("--new-key", str(tmp_path / "key"))
    settings.BACKUP_KEY_FILE = str(tmp_path / "public")
    (tmp_path / "public").write_text(f"{Key(tmp_path / 'key').recipients[0]}\n")

    with pytest.raises(CommandError, match=r"public half only.*: --verify and restore"):
        run("--verify")

    (path,) = site.backups
    assert read(path, Key(tmp_path / "key"))[1] == contents()
    assert not VerifiedBackup.objects.exists()


@pytest.mark.usefixtures("quick")
def test_a_verified_backup_is_remembered(site):
    said = run("--verify")

    (path,) = site.backups
    found = VerifiedBackup.objects.get()
    manifest, _rows = read(path)
    assert (found.name, found.rows, found.files) == (path.name, manifest.rows, 2)
    assert found.made_at.isoformat() == manifest.made_at
    assert "every row and file is equal" in said


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("damage", ["row", "file"])
def test_one_that_is_not_equal_is_not_remembered_and_pushes_out_no_other(
    site, settings, monkeypatch, damage
):
    settings.BACKUP_KEEP = Keep(0, 0, 0)
    (site.folder / "backups").mkdir()
    old = site.folder / "backups" / "portal-20200101T000000Z.tar"
    old.touch()
    if damage == "row":
        read_rows = archive.rows_of
        monkeypatch.setattr(
            archive, "rows_of",
            lambda member, most: [
                ["{}" if v == "Ada" else v for v in row]
                for row in read_rows(member, most)
            ],
        )  # fmt: skip
    else:
        monkeypatch.setattr(media.shutil, "copyfileobj", lambda *args: None)

    with pytest.raises(CommandError, match=r"Not the same|changed meanwhile"):
        run("--verify")

    assert VerifiedBackup.objects.count() == 0
    assert old.exists()


def test_the_copy_of_a_database_needs_no_log_beside_it(site, tmp_path):
    """With a write-ahead log the copy would be of the same kind, and in two files."""
    with closing(sqlite3.connect(site.database)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE late (x)")
        database.commit()
        making.databases.copy_sqlite(site.database, tmp_path / "copy")

    content = io.BytesIO((tmp_path / "copy").read_bytes())
    assert content.getvalue()[18:20] == b"\x01\x01"
    assert b"CREATE TABLE late" in content.getvalue()


def test_the_files_of_a_storage_are_listed_folder_by_folder(site):
    default_storage.save("deep/er/file.txt", io.BytesIO(b"x"))

    assert list(media.files(default_storage)) == [
        "deep/er/file.txt", "pictures/abc/320.avif", "pictures/abc/320.jpg",
    ]  # fmt: skip


def test_rows_are_lines_that_people_can_read(site):
    run()

    with site.backups[0].open("rb") as file:
        for member in archive.members(file):
            if member.table == "articles_edition":
                first = next(archive.lines(member, 10**6))

    assert "Kept “0” – più" in first.decode()
    assert json.loads(first)[0] == 1
