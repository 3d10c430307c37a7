"""What is done before a release serves: nothing that is lost is made anew."""

import errno
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from clinic import integrity
from clinic.faults import Fault
from clinic.integrity import Finding
from clinic.management.commands import prepare
from tests.test_faults import unwritable, without_root
from tests.test_house_rules import PORTAL, ROOT
from tests.test_server import environment


def run(folder, *options, under=()):
    """Run the command on the data in ``folder``, as a server does."""
    return subprocess.run(
        [*under, sys.executable, "manage.py", "prepare", "-v0", *options],
        cwd=ROOT,
        env=environment(folder, **PORTAL),
        capture_output=True,
        text=True,
        timeout=120,
    )


# Of the file #################################################################

FILES = {
    "missing": (None, "There is no database at {path}.", integrity.FIRST),
    "empty": (b"", "The database {path} is empty.", integrity.FIRST),
    "foreign": (
        random.Random(11).randbytes(8192),
        "{path} is no SQLite database.",
        integrity.RESTORE,
    ),
}


@pytest.mark.parametrize("kind", FILES)
def test_r11_a_lost_or_damaged_database_is_refused_and_left_as_it_is(tmp_path, kind):
    content, sentence, remedy = FILES[kind]
    path = tmp_path / "portal.sqlite3"
    if content is not None:
        path.write_bytes(content)

    done = run(tmp_path)

    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"CommandError: {sentence.format(path=path)} {remedy}"
    ]
    assert (path.read_bytes() if path.exists() else None) == content


def test_r11_a_new_portal_is_begun_by_a_word_that_no_unit_says(tmp_path):
    new = run(tmp_path, "--first")
    again = run(tmp_path)

    assert [(done.returncode, done.stderr) for done in (new, again)] == [(0, "")] * 2
    assert (tmp_path / "portal.sqlite3").read_bytes().startswith(integrity.HEADER)
    assert {"errors", "static"} <= {found.name for found in tmp_path.iterdir()}
    units = [path for path in (ROOT / "deploy").rglob("*") if path.is_file()]
    assert not any("--first" in path.read_text() for path in units)


def test_r10_what_cannot_be_written_is_told_in_a_sentence(filled, tmp_path):
    """The server starts nevertheless, see the test of that number in test_faults."""
    folder = tmp_path / "read-only"
    shutil.copytree(filled, folder)
    with unwritable(folder):
        done = run(folder, under=without_root())

    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith(f"CommandError: {Fault.READ_ONLY.value} (")


# What is refused #############################################################


@pytest.fixture
def found(monkeypatch):
    """What is wrong with the database, for the test to fill."""
    found = []
    monkeypatch.setattr(integrity, "before_start", lambda: found)
    return found


@pytest.fixture
def done(monkeypatch):
    """The commands that were called, in their order."""
    done = []
    monkeypatch.setattr(prepare, "call_command", lambda name, **kw: done.append(name))
    return done


ALL = ["migrate", "collectstatic", "write_error_pages"]


@pytest.mark.parametrize(
    ("code", "is_file", "options", "is_refused"),
    [
        ("database.older", True, {}, False),
        ("database.damaged", True, {}, True),
        ("database.damaged", True, {"first": True}, True),
        ("database.unreadable", True, {}, True),
        ("database.missing", True, {}, True),
        ("database.missing", True, {"first": True}, False),
        ("database.empty", True, {}, True),
        ("database.empty", True, {"first": True}, False),
        # A server of databases is there, or not; nobody takes away its disk unseen.
        ("database.empty", False, {}, False),
    ],
)
def test_r11_only_what_it_can_mend_is_not_refused(
    found, done, monkeypatch, code, is_file, options, is_refused
):
    path = Path("/data/portal.sqlite3") if is_file else None
    monkeypatch.setattr(integrity, "path_of", lambda: path)
    found += [
        Finding("clock.behind", "The clock is behind.", "Wait.", is_fatal=False),
        Finding(code, "Something is wrong.", "Mend it."),
    ]

    if is_refused:
        with pytest.raises(CommandError, match=r"^Something is wrong\. Mend it\.$"):
            call_command("prepare", skip_checks=True, **options)
    else:
        call_command("prepare", skip_checks=True, **options)

    assert done == ([] if is_refused else ALL)


def test_r08_a_full_disk_is_told_in_a_sentence(found, monkeypatch):
    def full(name, **options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/data/static")

    monkeypatch.setattr(prepare, "call_command", full)

    with pytest.raises(CommandError) as refusal:
        call_command("prepare", skip_checks=True)

    assert str(refusal.value).startswith(f"{Fault.FULL.value} (")
    assert "/data/static" in str(refusal.value)


def test_a_mistake_in_a_migration_is_not_hidden(found, monkeypatch):
    def mistaken(name, **options):
        raise ValueError(name)

    monkeypatch.setattr(prepare, "call_command", mistaken)

    with pytest.raises(ValueError, match="migrate"):
        call_command("prepare", skip_checks=True)
