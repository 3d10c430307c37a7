import json
import os
import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta

import pytest
import time_machine
from django.db import DatabaseError, connection
from django.utils import timezone

from clinic import integrity
from tests import factories
from tests.test_house_rules import PORTAL, ROOT, output, run

sqlite_only = pytest.mark.skipif(
    "connection.vendor != 'sqlite'", reason="is about the file of SQLite"
)


def codes(findings):
    return [finding.code for finding in findings]


# The file ####################################################################

FILES = {
    "missing": (None, "There is no database at {path}."),
    "empty": (b"", "The database {path} is empty."),
    "foreign": (random.Random(11).randbytes(8192), "{path} is no SQLite database."),
}


@pytest.mark.parametrize("kind", FILES)
def test_r11_what_is_no_database_is_named_with_the_way_back(tmp_path, kind):
    content, sentence = FILES[kind]
    path = tmp_path / "portal.sqlite3"
    if content is not None:
        path.write_bytes(content)

    (finding,) = integrity.of_file(path)

    assert finding.code == f"database.{kind}"
    assert finding.is_fatal is True
    assert finding.sentence == sentence.format(path=path)
    assert "manage.py restore" in finding.remedy
    assert path.exists() is (content is not None)


def test_r11_a_folder_in_place_of_the_database_cannot_be_read(tmp_path):
    (finding,) = integrity.of_file(tmp_path)

    assert finding.code == "database.unreadable"


def test_r10_a_database_that_cannot_be_written_is_no_reason_not_to_start(
    tmp_path, monkeypatch
):
    path = tmp_path / "portal.sqlite3"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE words (word)")
    assert list(integrity.of_file(path)) == []
    monkeypatch.setattr(os, "access", lambda path, mode: False)

    (finding,) = integrity.of_file(path)

    assert (finding.code, finding.is_fatal) == ("database.read_only", False)


@pytest.mark.parametrize("kind", FILES)
def test_r11_the_server_does_not_start_and_makes_no_file(tmp_path, kind):
    content, sentence = FILES[kind]
    path = tmp_path / "portal.sqlite3"
    if content is not None:
        path.write_bytes(content)

    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "-c", "python:clinic.gunicorn"],
        cwd=ROOT,
        env=os.environ | PORTAL | {"DATA_DIR": str(tmp_path), "PORT": "0"},
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith(f"The portal cannot start: {sentence.format(path=path)} ")
    assert "manage.py restore" in line
    assert [file.name for file in tmp_path.glob("portal*")] == (
        [] if content is None else [path.name]
    )


# The tables ##################################################################


def migrations():
    with connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations ORDER BY id")
        return cursor.fetchall()


def change(sql, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


@pytest.mark.django_db
def test_the_tables_of_this_release_are_found():
    assert list(integrity.of_schema()) == []


@pytest.mark.django_db
def test_r11_tables_of_an_earlier_release_ask_for_migrate():
    last = [name for app, name in migrations() if app == "articles"][-1]
    change("DELETE FROM django_migrations WHERE app = 'articles' AND name = %s", last)

    (finding,) = integrity.of_schema()

    assert finding.code == "database.older"
    assert finding.is_fatal is True
    assert f"1 migrations are missing, the first is articles {last}." in str(finding)
    assert "manage.py migrate" in finding.remedy


@pytest.fixture
def of_a_later_release():
    """The database has had a migration that this release lacks."""
    change(
        "INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)",
        "clinic",
        "0999_of_the_future",
        timezone.now(),
    )


@pytest.mark.django_db
def test_r17_one_may_go_back_to_the_release_before_on_tables_of_a_later_one(
    of_a_later_release,
):
    (finding,) = integrity.before_start()

    assert (finding.code, finding.is_fatal) == ("database.newer", False)
    assert "clinic 0999_of_the_future" in finding.sentence
    assert "Install that release again" in finding.remedy
    assert "manage.py restore" in finding.remedy


@pytest.mark.django_db
def test_r11_what_a_later_release_has_added_replaces_nothing_that_is_lacking(
    of_a_later_release,
):
    last = [name for app, name in migrations() if app == "articles"][-1]
    change("DELETE FROM django_migrations WHERE app = 'articles' AND name = %s", last)

    older, newer = integrity.of_schema()

    assert (older.code, older.is_fatal) == ("database.older", True)
    assert (newer.code, newer.is_fatal) == ("database.newer", False)


@pytest.mark.django_db
def test_r11_a_database_without_tables_is_an_empty_one(monkeypatch):
    monkeypatch.setattr(integrity, "applied_migrations", lambda using: set())

    (finding,) = integrity.of_schema()

    assert finding.code == "database.empty"


@pytest.mark.django_db
def test_a_server_of_databases_that_is_not_there_yet_is_waited_for(monkeypatch):
    def away(using):
        raise DatabaseError("connection refused")

    monkeypatch.setattr(integrity, "applied_migrations", away)

    found = integrity.before_start()

    assert codes(found) == ["database.away"]
    assert not any(finding.is_fatal for finding in found)


# The rows ####################################################################


@pytest.fixture
def edition(practice):
    return factories.publish(factories.ArticleFactory(title="Fever", slug="fever"))


@pytest.mark.django_db
def test_a_sound_database_has_no_findings(edition):
    assert integrity.findings() == []


DAMAGES = {
    "edition.changed": "UPDATE articles_edition SET body = '<p>Other words.</p>'",
    "edition.half": "DELETE FROM articles_review",
    "search.behind": "DELETE FROM articles_indexed",
    "a_to_z.behind": "DELETE FROM articles_headword",
}


@pytest.mark.parametrize("code", DAMAGES)
@pytest.mark.django_db
def test_r11_what_does_not_belong_together_is_found(edition, code):
    change(DAMAGES[code])

    (finding,) = integrity.findings()

    assert finding.code == code
    assert "manage.py " in finding.remedy
    if code.startswith("edition"):
        assert "“Fever” (1)" in finding.sentence


@pytest.mark.django_db
def test_r11_an_article_whose_edition_is_lost_is_found(practice):
    article = factories.ArticleFactory(title="Fever")
    change("UPDATE articles_article SET state = 'PUBLISHED' WHERE id = %s", article.pk)

    (finding,) = integrity.findings()

    assert finding.code == "article.half"
    assert "“Fever”" in finding.sentence


@sqlite_only
@pytest.mark.django_db
def test_r11_rows_that_cannot_be_read_are_found(edition):
    change("UPDATE articles_edition SET live_from = '2026-13-45 00:00:00'")

    (finding,) = integrity.findings()

    assert finding.code == "database.rows"


@pytest.mark.django_db
def test_r13_a_clock_that_runs_behind_is_told(edition):
    with time_machine.travel(timezone.now() - timedelta(days=1), tick=False):
        (finding,) = integrity.before_start()

    assert (finding.code, finding.is_fatal) == ("clock.behind", False)
    assert "timedatectl" in finding.remedy


# Bytes of the file ###########################################################

# 200 were tried once; see the table.
FLIPS = 60


def test_r11_a_schema_that_is_no_text_any_more_is_damage(tmp_path):
    path = tmp_path / "portal.sqlite3"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE words (word)")
        database.execute("CREATE TABLE others (word)")
    whole = path.read_bytes()
    assert whole.count(b"TABLE words (") == 1
    path.write_bytes(whole.replace(b"TABLE words (", b"TABLE w\xe4(ds ("))

    (finding,) = integrity.of_pages(path)

    assert finding.code == "database.damaged"


FLIP = """
import json, random, sqlite3, sys
import django
django.setup()
from contextlib import closing
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from articles.models import Edition
from clinic import integrity
from tests import factories

call_command("migrate", verbosity=0)
doctor = factories.DoctorFactory()
for number in range(12):
    words = f"<p>These are the words number {number} of a page.</p>" * 200
    factories.publish(factories.ArticleFactory(body=words, author=doctor))
connection.close()
path = settings.DATA_DIR / "portal.sqlite3"
whole = path.read_bytes()
columns = ", ".join(field.column for field in Edition._meta.concrete_fields)

def editions():
    try:
        with closing(sqlite3.connect(path)) as database:
            sql = f"SELECT {columns} FROM articles_edition"
            return database.execute(sql).fetchall()
    except (sqlite3.Error, UnicodeDecodeError):
        return None

def examined(content):
    connection.close()
    path.write_bytes(content)
    return [finding.code for finding in integrity.findings()]

sound, draw = editions(), random.Random(11)
found = {"editions": len(sound), "sound": examined(whole), "flips": 0, "told": 0,
         "changed": 0, "unnoticed": [], "cut off": examined(whole[:-3 * 4096])}
for _ in range(int(sys.argv[1])):
    place, flipped = draw.randrange(len(whole)), bytearray(whole)
    flipped[place] ^= 1 << draw.randrange(8)
    codes = examined(flipped)
    is_changed = editions() != sound
    found["flips"] += 1
    found["told"] += bool(codes)
    found["changed"] += is_changed
    if is_changed and not codes:
        found["unnoticed"].append(place)
print(json.dumps(found))
"""


def test_r11_no_flipped_bit_changes_an_edition_unnoticed(tmp_path):
    """What is not told has changed nothing that readers see of an article."""
    process = run(["-c", FLIP, str(FLIPS)], tmp_path, **PORTAL)

    found = json.loads(output(process).splitlines()[-1])

    assert found["editions"] == 12
    assert (found["sound"], found["cut off"]) == ([], ["database.damaged"])
    assert found["flips"] == FLIPS
    assert found["told"] >= found["changed"] > FLIPS / 20
    assert found["unnoticed"] == []
