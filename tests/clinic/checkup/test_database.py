"""Whether the database answers, is whole, and belongs to this version."""

import sqlite3

import pytest
from django.db import DatabaseError, connection
from django.db.migrations.recorder import MigrationRecorder

from clinic import generation
from clinic.checkup import database
from clinic.checkup.frame import error, fine, warning

pytestmark = pytest.mark.django_db


@pytest.fixture
def elsewhere(monkeypatch, tmp_path):
    """A function that lets the connection name another file."""

    def name(path):
        monkeypatch.setitem(connection.settings_dict, "NAME", path)
        return path

    return name


sqlite_only = pytest.mark.skipif(
    connection.vendor != "sqlite", reason="a database in a file"
)


def test_a_database_that_answers_is_named_with_its_version():
    (found,) = database.reachable()

    assert found == fine(
        f"{connection.display_name} "
        f"{'.'.join(map(str, connection.get_database_version()))} answers."
    )
    assert database.answers() is True


@sqlite_only
@pytest.mark.parametrize("content", [None, b""])
def test_a_missing_or_empty_file_is_found_and_not_made(elsewhere, tmp_path, content):
    path = elsewhere(tmp_path / "portal.sqlite3")
    if content is not None:
        path.write_bytes(content)

    (found,) = database.reachable()

    assert found == error(
        f"There is no database at {path}.",
        remedy="See whether its disk is mounted; restore a backup, or begin anew with "
        "manage.py prepare --first. What needs the database was not checked.",
    )
    assert database.answers() is False
    assert path.exists() is (content is not None)


def test_a_database_that_does_not_answer_is_an_error():
    def gone(*args):
        raise DatabaseError("connection refused\nIs the server running?")

    with connection.execute_wrapper(gone):
        (found,) = database.reachable()
        assert database.answers() is False

    assert found.what == "The database does not answer: connection refused."


# Integrity ###################################################################


class Cursor:
    """Answers as SQLite does for a file in a given state."""

    def __init__(self, **answers):
        self.answers = answers

    def execute(self, statement):
        answer = self.answers[statement.split()[1].partition("(")[0]]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def __enter__(self):
        return self

    def __exit__(self, *args):
        pass


@sqlite_only
def test_a_whole_database_is_well():
    assert list(database.whole()) == [fine("Every page of the file is whole.")]


@sqlite_only
@pytest.mark.parametrize(
    ("answers", "what"),
    [
        (
            {"integrity_check": [("row 3 missing from index a",), ("x",)]},
            "The database is damaged: row 3 missing from index a.",
        ),
        (
            {"integrity_check": DatabaseError("disk image is malformed")},
            "The database is damaged: disk image is malformed.",
        ),
        (
            {
                "integrity_check": [("ok",)],
                "foreign_key_check": [("b", 1, "c", 0), ("a", 2, "c", 0), ("a", 3)],
            },
            "Rows refer to others that are gone, in a, b.",
        ),
    ],
)
def test_a_damaged_database_is_an_error(monkeypatch, answers, what):
    monkeypatch.setattr(connection, "cursor", lambda: Cursor(**answers))

    (found,) = database.whole()

    assert found == error(what, remedy=database.RESTORE)


def test_the_flip_of_a_page_is_found_by_the_library_that_is_asked(tmp_path):
    """What is simulated above is what SQLite says."""
    path = tmp_path / "a.sqlite3"
    with sqlite3.connect(path) as made:
        made.execute("CREATE TABLE t (x)")
        made.execute("CREATE INDEX i ON t (x)")
        made.executemany(
            "INSERT INTO t VALUES (?)", [(str(n) * 50,) for n in range(99)]
        )
    made.close()
    content = bytearray(path.read_bytes())
    content[-2000:-1000] = b"\xff" * 1000
    path.write_bytes(content)

    with sqlite3.connect(path) as flipped:
        told = [row[0] for row in flipped.execute("PRAGMA integrity_check(5)")]
    flipped.close()

    assert told != ["ok"]


# Versions ####################################################################


def test_the_same_version_is_well():
    assert list(database.migrations()) == [
        fine("Database and code are of the same version.")
    ]


def test_a_pending_migration_is_an_error():
    recorder = MigrationRecorder(connection)
    newest = recorder.migration_qs.filter(app="articles").order_by("name").last()
    recorder.record_unapplied("articles", newest.name)

    assert list(database.migrations()) == [
        error(
            f"1 migrations are pending, from articles.{newest.name} on.",
            remedy="Run manage.py migrate.",
        )
    ]


def test_code_that_is_older_than_its_database_is_a_warning():
    MigrationRecorder(connection).record_applied("clinic", "9999_of_next_year")

    assert list(database.migrations()) == [
        warning(
            "The database is of a newer version than this code: "
            "clinic.9999_of_next_year.",
            remedy="Run the newer version, or restore a backup from before it: what it "
            "has added to may not be saved, and no backup is verified.",
        )
    ]


def test_a_database_that_tells_of_no_change_is_a_warning(monkeypatch):
    assert list(database.triggers()) == [fine("The database tells of every change.")]
    monkeypatch.setattr(generation, "missing", lambda: ["one", "two"])

    assert list(database.triggers()) == [
        warning(
            "2 triggers are missing: no page is kept, all are made anew.",
            remedy="Run manage.py migrate.",
        )
    ]
