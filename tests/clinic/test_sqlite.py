import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from django.core.checks import run_checks
from django.db import connection

from clinic import checks, integrity, sqlite, start
from tests.test_house_rules import PORTAL, ROOT, run

# Which journal ###############################################################


@pytest.mark.parametrize(
    ("version", "mode"),
    [
        ((3, 40, 1), "TRUNCATE"),
        ((3, 44, 5), "TRUNCATE"),
        ((3, 44, 6), "WAL"),
        ((3, 45, 0), "TRUNCATE"),
        ((3, 50, 6), "TRUNCATE"),
        ((3, 50, 7), "WAL"),
        ((3, 51, 0), "TRUNCATE"),
        ((3, 51, 2), "TRUNCATE"),
        ((3, 51, 3), "WAL"),
        ((3, 52, 0), "WAL"),
        ((4, 0, 0), "WAL"),
    ],
)
def test_r26_the_fast_journal_is_for_mended_libraries_only(version, mode):
    assert sqlite.journal_mode(version) == mode
    assert sqlite.init_command(version).startswith(f"PRAGMA journal_mode={mode};")
    assert sqlite.reason(version).startswith(f"The journal is {mode}: SQLite ")


@pytest.mark.parametrize(
    ("version", "reason"),
    [
        (
            (3, 40, 1),
            "The journal is TRUNCATE: SQLite 3.40.1 has the WAL-reset fault "
            "(sqlite.org/wal.html#walresetbug), which 3.51.3, 3.50.7 and 3.44.6 mend.",
        ),
        (
            (3, 51, 3),
            "The journal is WAL: SQLite 3.51.3 is free of the WAL-reset fault.",
        ),
    ],
)
def test_r26_the_log_and_the_check_say_what_was_chosen_and_why(
    version, reason, monkeypatch, tmp_path
):
    path = tmp_path / "portal.sqlite3"
    for module in (start, checks):
        monkeypatch.setattr(module.sqlite3, "sqlite_version_info", version)
    monkeypatch.setattr(integrity, "path_of", lambda using="default": path)
    monkeypatch.setattr(sqlite, "file_system", lambda path: "ext4")

    assert start.ground() == (
        f"The database is {path}, on a file system ext4. {reason} "
        "Each commit reaches the disk (synchronous=FULL)."
    )
    found = [
        check
        for check in run_checks(include_deployment_checks=True)
        if check.id == "clinic.database.journal"
    ]
    assert [(check.msg, check.is_serious()) for check in found] == [(reason, False)]


def test_r26_a_file_with_a_log_from_another_machine_is_turned_back(tmp_path):
    """It was written by a library that could; the one here may not."""
    path = tmp_path / "portal.sqlite3"
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA journal_mode=WAL").fetchone() == ("wal",)
        database.execute("CREATE TABLE words (word)")

    with closing(sqlite3.connect(path)) as database:
        for command in sqlite.init_command((3, 40, 1)).split(";"):
            database.execute(command)
        mode = database.execute("PRAGMA journal_mode").fetchone()

    assert mode == ("truncate",)
    assert path.read_bytes()[18:20] == b"\1\1"


# Each commit reaches the disk ################################################

COMMIT = """
import django, os
django.setup()
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("CREATE TABLE IF NOT EXISTS promises (number INTEGER)")
    os.write(1, b"begin\\n")
    for number in range(5):
        cursor.execute("INSERT INTO promises VALUES (%s)", [number])
        os.write(1, b"promised\\n")
"""


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_r02_a_promise_is_given_after_the_disk_has_it(tmp_path):
    """Seen from the system: journal, database, and the end of the journal, in turn."""
    trace = tmp_path / "trace"
    calls = "trace=fsync,fdatasync,ftruncate,write,pwrite64"
    command = ["strace", "-f", "-o", str(trace), "-e", calls, "-y", sys.executable]
    done = subprocess.run(
        [*command, "-c", COMMIT],
        cwd=ROOT,
        env={**run_environment(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    if "ptrace" in done.stderr:
        pytest.skip("this machine lets nobody look")

    lines = trace.read_text().partition('"begin')[2].splitlines()
    rounds = "\n".join(lines).split('"promised')[:5]
    assert len(rounds) == 5
    for calls in rounds:
        files = re.findall(r"f(?:data)?sync\(\d+<([^>]*)>", calls)
        names = [name.rpartition("/")[2] for name in files]
        if sqlite.is_mended(sqlite3.sqlite_version_info):
            assert names == ["portal.sqlite3-wal"]
        else:
            assert names.index("portal.sqlite3-journal") < names.index("portal.sqlite3")
            # Nothing of the database is written after it was made sure of.
            written = calls.rfind("pwrite64(")
            synced = [m.start() for m in re.finditer(r"f(?:data)?sync\(", calls)]
            assert max(synced) > written


def run_environment(folder):
    import os

    return os.environ | {"DATA_DIR": str(folder)} | PORTAL


# The log of WAL ##############################################################


def test_r25_the_log_is_cut_back_as_soon_as_nobody_reads_it(tmp_path):
    """A reader who never ends lets it grow; `doctor` says so meanwhile."""
    path = tmp_path / "portal.sqlite3"
    log = path.with_name("portal.sqlite3-wal")
    commands = sqlite.init_command((3, 51, 3))
    with closing(connected(path, commands)) as writer:
        writer.execute("CREATE TABLE words (word)")
        write(writer, megabytes=4)
        with closing(connected(path, commands)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM words").fetchone()
            write(writer, megabytes=64)
            grown = log.stat().st_size
            told = [finding.code for finding in integrity.of_log(path)]
            reader.execute("COMMIT")
        write(writer, megabytes=1)
        write(writer, megabytes=1)

        assert grown > 2 * sqlite.JOURNAL_BYTES
        assert told == ["database.log"]
        assert log.stat().st_size <= sqlite.JOURNAL_BYTES
        assert list(integrity.of_log(path)) == []


def connected(path, commands):
    database = sqlite3.connect(path, isolation_level=None)
    for command in commands.split(";"):
        database.execute(command)
    database.execute("PRAGMA synchronous=OFF")  # this test is about sizes
    return database


def write(database, megabytes):
    for _ in range(megabytes):
        database.execute("INSERT INTO words VALUES (?)", ["x" * 1_000_000])


# Where it lies ###############################################################

MOUNTS = r"""
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:25 / /srv rw - nfs4 nas:/srv rw,vers=4.2
31 30 8:2 / /srv/local rw - xfs /dev/sdb1 rw
32 22 0:26 / /mnt/with\040space rw - cifs //nas/share rw
33 22 0:27 / /mnt/keys rw,user - fuse.sshfs nas: rw
34 22 0:28 / /mnt/windows rw - 9p drvfs rw
35 22 0:29 / /mnt/twice rw - ext4 /dev/sdc1 rw
36 35 0:30 / /mnt/twice rw - ceph mon:/ rw
37 22 0:31 / /srvother rw - tmpfs tmpfs rw
a line of another kind
"""


@pytest.fixture
def mounts(tmp_path):
    path = tmp_path / "mountinfo"
    path.write_text(MOUNTS)
    return path


@pytest.mark.parametrize(
    ("path", "kind", "codes"),
    [
        ("/var/lib/portal", "ext4", []),
        ("/srv", "nfs4", ["database.network"]),
        ("/srv/portal/data", "nfs4", ["database.network"]),
        ("/srv/local/portal", "xfs", []),
        ("/srvother/portal", "tmpfs", []),
        ("/mnt/with space/portal", "cifs", ["database.network"]),
        ("/mnt/keys", "sshfs", ["database.network"]),
        ("/mnt/windows/portal", "9p", ["database.shared"]),
        ("/mnt/twice/portal", "ceph", ["database.network"]),
    ],
)
def test_r27_a_network_file_system_is_known_by_its_mount(
    mounts, monkeypatch, path, kind, codes
):
    monkeypatch.setattr(sqlite, "MOUNTS", mounts)
    place = type(mounts)(path) / "portal.sqlite3"

    assert sqlite.file_system(place) == kind
    assert [finding.code for finding in integrity.of_place(place)] == codes


def test_r27_a_link_into_the_network_is_followed(mounts, monkeypatch, tmp_path):
    monkeypatch.setattr(sqlite, "MOUNTS", mounts)
    (tmp_path / "data").symlink_to("/srv/portal")

    assert sqlite.file_system(tmp_path / "data" / "portal.sqlite3") == "nfs4"


def test_r27_where_nobody_knows_that_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(sqlite, "MOUNTS", tmp_path / "not-there")

    (finding,) = integrity.of_place(tmp_path / "portal.sqlite3")

    assert (finding.code, finding.is_fatal) == ("database.place", False)
    assert "does not say on what kind of file system" in str(finding)


REFUSED = """
import sys
from pathlib import Path
from clinic import sqlite
sqlite.MOUNTS = Path(sys.argv[1])
{}
"""


@pytest.mark.parametrize(
    "act",
    [
        "import clinic.wsgi",
        "import sys, manage; sys.argv[1:] = ['migrate']; manage.main()",
        "import django, clinic.launch; django.setup(); clinic.launch.check_place()",
    ],
    ids=["server", "migrate", "make run"],
)
def test_r27_no_process_begins_on_a_network_file_system(tmp_path, act):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"1 0 0:1 / {tmp_path} rw - nfs nas:/ rw\n")

    process = run(["-c", REFUSED.format(act), str(mounts)], tmp_path, **PORTAL)
    said, _nothing = process.communicate(timeout=120)

    assert process.returncode != 0
    assert "lies on a network file system (nfs), where SQLite loses data." in said
    assert "DATABASE_URL" in said
    made = [file.read_bytes() for file in tmp_path.glob("portal*")]
    assert not any(b"CREATE TABLE" in content for content in made)


@pytest.mark.django_db
def test_r27_a_server_of_databases_may_be_anywhere(monkeypatch, mounts):
    monkeypatch.setattr(sqlite, "MOUNTS", mounts)
    monkeypatch.setitem(connection.settings_dict, "NAME", "/srv/portal.sqlite3")

    assert [c.id for c in checks.place()] == (
        ["clinic.database.network"] if connection.vendor == "sqlite" else []
    )
