"""A new database beside the old one: nobody else on the machine reads it."""

import stat

import pytest

from clinic.backup import databases, targets

pytestmark = pytest.mark.usefixtures("careless")


def modes(folder):
    """What everybody may do with each file."""
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


def make(target):
    """Begin a new database, write into it, and return what lies there meanwhile."""
    with databases.stand_in(target.begin()) as database:
        targets.run(database, "BEGIN")
        targets.run(database, "CREATE TABLE accounts (password)")
        found = modes(target.path.parent)
        targets.run(database, "COMMIT")
    return found


@pytest.mark.django_db
def test_a_database_that_is_made_is_closed_to_others(tmp_path):
    target = targets.SQLite(tmp_path / "portal.sqlite3")

    meanwhile = make(target)
    target.finish(tmp_path / "before")

    assert meanwhile == {
        "portal.sqlite3.restoring": 0o600,
        "portal.sqlite3.restoring-journal": 0o600,
    }
    assert modes(tmp_path)["portal.sqlite3"] == 0o600


@pytest.mark.django_db
def test_what_one_that_was_killed_left_open_is_not_written_to(tmp_path):
    for suffix in ("", *targets.COMPANIONS):
        (tmp_path / f"portal.sqlite3.restoring{suffix}").write_text("x")

    meanwhile = make(targets.SQLite(tmp_path / "portal.sqlite3"))

    assert set(meanwhile.values()) == {0o600}


@pytest.mark.django_db
def test_it_gets_the_permissions_of_the_one_it_replaces(tmp_path):
    target = targets.SQLite(tmp_path / "portal.sqlite3")
    target.path.touch(0o640)

    make(target)
    target.finish(tmp_path / "before")

    assert modes(tmp_path)["portal.sqlite3"] == 0o640
    assert modes(tmp_path / "before") == {"portal.sqlite3": 0o640}
