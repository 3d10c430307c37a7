"""Who may read the portal's files, how much room there is, what was made in advance."""

import os
import shutil
import stat
import subprocess
from collections import namedtuple
from pathlib import Path

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage

from clinic import error_pages
from clinic.backup.work import work_folder
from clinic.checkup import files
from clinic.checkup.frame import Severity, error, fine, warning

WELL = [fine("Keys and data are closed to other accounts of this machine.")]


@pytest.fixture
def data(settings, tmp_path, monkeypatch):
    """A folder of data that others may walk into, as they may into its parents."""
    settings.DATA_DIR = tmp_path / "data"
    settings.DATA_DIR.mkdir()
    for name in ("portal.sqlite3", "secret-key"):
        (settings.DATA_DIR / name).write_text("x")
    for folder in (settings.DATA_DIR, *settings.DATA_DIR.parents):
        if folder.stat().st_uid == os.getuid() and folder.is_relative_to("/tmp/"):
            folder.chmod(0o755)
    for path in settings.DATA_DIR.iterdir():
        path.chmod(0o600)
    monkeypatch.setattr(files, "BASE_DIR", tmp_path)
    return settings.DATA_DIR


def test_closed_files_are_well(data):
    assert list(files.permissions()) == WELL


@pytest.mark.parametrize("name", ["portal.sqlite3", "secret-key", "../.env"])
def test_a_secret_that_others_may_read_is_an_error(data, name):
    (data / name).write_text("x")
    (data / name).chmod(0o644)

    (found,) = files.permissions()

    path = (data / name).resolve()
    assert found.what == f"Everybody on this machine may read {path}."
    assert found.severity == Severity.ERROR
    assert found.remedy == f"chmod o-rwx {path}"


def test_the_remedy_closes_what_is_open_and_not_what_the_proxy_reads(data):
    """It serves static files and the page for errors from below DATA_DIR."""
    (data / "static").mkdir()
    style_sheet = data / "static" / "portal.css"
    style_sheet.write_text("x")
    for name in ("portal.sqlite3", "secret-key"):
        (data / name).chmod(0o644)

    (found,) = files.permissions()

    assert found.what.endswith("portal.sqlite3 and 1 more.")
    subprocess.run(found.remedy.split(), check=True)
    assert list(files.permissions()) == WELL
    assert files.is_open(style_sheet, stat.S_IROTH)


def test_a_backup_leaves_nothing_open(data):
    """In a container the folder of the data is open: the proxy has it too."""
    before = os.umask(0)
    try:
        with work_folder():
            during = list(files.permissions())
    finally:
        os.umask(before)

    assert during == WELL
    assert (data / ".backup.lock").exists()
    assert list(files.permissions()) == WELL


def test_what_lies_in_a_closed_folder_is_closed(data):
    (data / "portal.sqlite3").chmod(0o644)
    data.chmod(0o750)

    assert list(files.permissions()) == WELL


def test_pictures_and_style_sheets_are_no_secret(data):
    for name in files.OPEN:
        (data / name).mkdir()

    assert list(files.permissions()) == WELL


@pytest.mark.parametrize("name", ["", "portal.sqlite3"])
def test_what_others_may_write_is_an_error(data, name):
    (data / name).chmod((data / name).stat().st_mode | 0o002)

    (found,) = files.permissions()

    assert found.what == f"Everybody on this machine may write to {data / name}."


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give a file away")
def test_a_file_of_another_account_is_an_error(data):
    os.chown(data / "secret-key", 12345, -1)

    found = list(files.permissions())

    assert found[0] == error(
        f"The portal's account does not own {data / 'secret-key'}: it may not be able "
        "to write there.",
        remedy=f"chown -R --reference={data} {data}",
    )


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give a file away")
def test_what_is_under_way_is_not_looked_at(data):
    for name in files.PASSING:
        (data / name).mkdir()
        (data / name / "file").touch()
        os.chown(data / name / "file", 12345, -1)
        (data / name).chmod(0o700)

    assert list(files.permissions()) == WELL


def test_what_goes_while_it_is_looked_at_is_no_error(data, monkeypatch):
    (data / "media" / "a").mkdir(parents=True)
    (data / "media" / "picture").touch()
    looked, lstat = [], Path.lstat

    def lose(path):
        """Everything in the folder goes as soon as something of it is looked at."""
        if path.parent == data / "media":
            shutil.rmtree(path.parent)
        looked.append(path.name)
        return lstat(path)

    monkeypatch.setattr(Path, "lstat", lose)

    assert list(files.of_others()) == []
    assert files.is_open(data / "media", 0o004) is False
    assert {"media", "portal.sqlite3", "a"} <= set(looked)


# Room ########################################################################

Usage = namedtuple("Usage", "total used free")


@pytest.mark.parametrize(
    ("megabytes", "severity"), [(5000, 0), (1023, 1), (201, 1), (199, 2), (0, 2)]
)
def test_little_room_is_told_in_time(data, monkeypatch, megabytes, severity):
    usage = Usage(0, 0, megabytes * files.MEGABYTE)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)

    found = list(files.room())

    assert {finding.severity for finding in found} == {severity}
    assert all(f"{megabytes:,} MB are free at " in finding.what for finding in found)


def test_a_folder_that_cannot_be_written_is_an_error(data, monkeypatch, settings):
    assert [finding.severity for finding in files.writing()] == [0, 0]
    settings.DATA_DIR = data / "portal.sqlite3"

    found = list(files.writing())

    assert [finding.severity for finding in found] == [2, 0]
    assert found[0].what.startswith(f"Nothing can be written in {settings.DATA_DIR} (")


# What is made in advance #####################################################


def test_collected_files_of_this_release_are_well():
    (found,) = files.static_files()

    assert found.severity == Severity.FINE


def test_files_that_were_never_collected_are_an_error(monkeypatch):
    monkeypatch.setattr(staticfiles_storage, "read_manifest", lambda: None)

    assert list(files.static_files()) == [
        error("No static files have been collected.", remedy=files.COLLECT)
    ]


def test_a_file_that_is_missing_is_an_error(settings):
    names = sorted(staticfiles_storage.load_manifest()[0].values())
    path = settings.STATIC_ROOT / names[0]
    content = path.read_bytes()
    path.unlink()
    try:
        (found,) = files.static_files()
    finally:
        path.write_bytes(content)

    assert found == error(
        f"1 static files are missing: {names[0]}.", remedy=files.COLLECT
    )


def test_a_file_that_is_newer_than_what_was_collected_is_a_warning(settings):
    manifest = settings.STATIC_ROOT / "staticfiles.json"
    before = manifest.stat().st_mtime
    os.utime(manifest, (0, 0))
    try:
        (found,) = files.static_files()
    finally:
        os.utime(manifest, (before, before))

    assert found.severity == Severity.WARNING
    assert "collected files are older than the code" in found.what


def test_the_page_for_errors_is_of_this_release(data, db):
    written = error_pages.path("en"), error_pages.path("it")
    never = [finding.what for finding in files.page_for_errors()]
    error_pages.write()
    well = list(files.page_for_errors())
    written[1].write_text("<link href='/static/css/portal.0000.css'>")
    old = list(files.page_for_errors())

    assert never == [f"{path} was never written." for path in written]
    assert well == [fine("500.en.html is there."), fine("500.it.html is there.")]
    assert old[1] == warning(
        f"{written[1]} belongs to an earlier release.",
        remedy="Run manage.py write_error_pages.",
    )
