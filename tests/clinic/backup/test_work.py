"""The folder that backups and restores work in: as the portal's own user only."""

import os

import pytest
from django.core.management import CommandError, call_command

from clinic.backup import BackupError, work


@pytest.fixture
def data(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "data"
    settings.DATA_DIR.mkdir()
    return settings.DATA_DIR


@pytest.fixture
def as_root(data, monkeypatch):
    """Root, with a portal that runs as somebody else."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(work, "owner_of", lambda folder: 54321)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "command",
    [
        ["backup"],
        ["backup", "--verify"],
        ["restore", __file__, "--yes"],
        ["restore", __file__, "--check"],
        ["move_database", "--to", "sqlite:////nowhere/portal.sqlite3"],
    ],
    ids=" ".join,
)
def test_root_leaves_nothing_that_keeps_the_nightly_job_out(data, as_root, command):
    """A lock that root owns would stop every backup from then on."""
    with pytest.raises(CommandError, match="^Run this as .* sudo -u '#54321'"):
        call_command(*command)

    assert list(data.iterdir()) == []


def test_root_may_make_a_key(data, as_root, tmp_path):
    """It lies where only root may write."""
    call_command("backup", new_key=str(tmp_path / "key"))

    assert (tmp_path / "key").exists()
    assert list(data.iterdir()) == []


def test_root_works_where_the_portal_is_roots(data, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(work, "owner_of", lambda folder: 0)

    with work.work_folder() as folder:
        assert folder.is_dir()


def test_a_lock_that_cannot_be_opened_is_named(data):
    lock = data / ".backup.lock"
    lock.mkdir()

    with (
        pytest.raises(BackupError, match=rf"^{lock} cannot be written \(Is a"),
        work.work_folder(),
    ):
        pass

    assert not (data / ".backup").exists()
