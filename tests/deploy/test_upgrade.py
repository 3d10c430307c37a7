"""From the earliest committed migrations, with rows, to the newest: nothing is lost.

What an upgrade leaves is compared with what one that nothing has disturbed leaves.
UPGRADE_ROUNDS is the number of kills, one at each migration in turn where it is "all".
"""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from tests.test_server import ROOT, environment

pytestmark = pytest.mark.xdist_group("server")

EARLIEST = """
import datetime
import django
django.setup()
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
executor = MigrationExecutor(connection)
names = [("clinic", "0001_practice"), ("articles", "0001_articles_and_editions")]
models = executor.migrate(names).apps
def make(app, model, **fields):
    return models.get_model(app, model).objects.create(**fields)
practice = make("clinic", "Practice", pk=1, name="Practice")
doctor = make("clinic", "Doctor", practice=practice, first_name="Ada", slug="ada")
make("clinic", "Phone", practice=practice, number="+393317612698")
at = datetime.datetime(2026, 6, 8, 12, tzinfo=datetime.UTC)
day = datetime.timedelta(days=1)
for n in range(60):
    topic = make("articles", "Topic", name=f"Topic {n}", slug=f"topic-{n}")
    words = dict(
        language="en" if n % 2 else "it", title=f"Title {n}", slug=f"slug-{n}",
        summary="Perché è così.", body=f"<p>Words {n} <b>è</b>.</p>" * 9, topic=topic,
        author=doctor,
    )
    article = make("articles", "Article", **words)
    make("articles", "Source", article=article, title=f"Source {n}", position=0)
    for number in range(1, n % 3 + 1):
        make(
            "articles", "Edition", article=article, number=number,
            live_from=at + number * day,
            live_until=at + (number + 1) * day if number < n % 3 else None,
            first_published_at=at, published_at=at + number * day, sources=[], **words,
        )
"""
# What staff have written and readers have seen, in the words of the first migrations.
KEPT = {
    "articles_article": "id, language, title, slug, summary, body, topic_id, author_id",
    "articles_edition": (
        "id, article_id, number, title, slug, summary, body, live_from, live_until"
    ),
    "articles_source": "id, article_id, title",
    "articles_topic": "id, name, slug",
    "clinic_doctor": "id, first_name, slug",
    "clinic_phone": "id, number",
    "clinic_practice": "id, name",
}


def rows(folder, tables):
    with closing(sqlite3.connect(folder / "portal.sqlite3")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        return {
            table: database.execute(f"SELECT {what} FROM {table} ORDER BY 1").fetchall()
            for table, what in tables.items()
        }


def shape(folder):
    """Every table, index and trigger, and how many rows stand in each table."""
    with closing(sqlite3.connect(folder / "portal.sqlite3")) as database:
        parts = database.execute(
            "SELECT type, name FROM sqlite_master WHERE sql NOT NULL ORDER BY 1, 2"
        ).fetchall()
        counts = {
            name: database.execute(f'SELECT COUNT(*) FROM "{name}"').fetchone()[0]
            for kind, name in parts
            if kind == "table" and name not in NEW_EACH_TIME
        }
    return parts, counts


# How often something was announced depends on how often it was begun.
NEW_EACH_TIME = {"clinic_generation"}


def migrate(folder, kill_at=None):
    """Migrate to the newest; kill the process as soon as that migration has begun."""
    process = subprocess.Popen(
        [sys.executable, "-u", "manage.py", "migrate", "--no-color"],
        cwd=ROOT,
        env=environment(folder),
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        told = ""
        while letter := process.stdout.read(1):
            told += letter
            if kill_at is not None and told.count("Applying ") > kill_at:
                process.send_signal(signal.SIGKILL)
                break
        process.stdout.read()
    return process.returncode, told.count("Applying ")


@pytest.fixture(scope="module")
def earliest(tmp_path_factory):
    """A folder with the portal of the first day, and rows in it."""
    folder = tmp_path_factory.mktemp("earliest")
    variables = environment(folder, DJANGO_SETTINGS_MODULE="clinic.settings")
    subprocess.run(
        [sys.executable, "-c", EARLIEST], cwd=ROOT, env=variables, check=True
    )
    return folder


@pytest.fixture(scope="module")
def undisturbed(earliest, tmp_path_factory):
    """The same after an upgrade, and how many migrations that took."""
    folder = tmp_path_factory.mktemp("undisturbed") / "data"
    shutil.copytree(earliest, folder)
    code, count = migrate(folder)
    assert code == 0
    return folder, count


def test_r17_every_row_of_the_first_day_is_there_after_the_upgrade(
    earliest, undisturbed
):
    folder, count = undisturbed

    assert count > 30
    assert rows(folder, KEPT) == rows(earliest, KEPT)
    assert json.dumps(rows(earliest, KEPT)).count("Words") > 500


def moments(count):
    """At which migrations to kill: the first, in the middle, the last."""
    wanted = os.environ.get("UPGRADE_ROUNDS", "3")
    if wanted == "all":
        return range(count)
    rounds = int(wanted)
    return [round(n * (count - 1) / max(rounds - 1, 1)) for n in range(rounds)]


def test_r17_an_upgrade_that_is_killed_is_finished_by_the_next(
    earliest, undisturbed, tmp_path
):
    folder, count = undisturbed
    expected = rows(folder, KEPT), shape(folder)
    killed = 0
    for moment in moments(count):
        copy = tmp_path / str(moment)
        shutil.copytree(earliest, copy)

        code, begun = migrate(copy, kill_at=moment)
        again, _count = migrate(copy)

        assert begun == moment + 1
        assert again == 0, moment
        assert (rows(copy, KEPT), shape(copy)) == expected, moment
        killed += code == -signal.SIGKILL
    assert killed >= 1


# The process ends by itself where a migration is about to be noted as applied.
ENDS = """
import os, sys
import django
django.setup()
from django.core.management import call_command
from django.db.migrations.recorder import MigrationRecorder
left = int(sys.argv[1])
applied = MigrationRecorder.record_applied
def end(self, *names):
    global left
    left -= 1
    if left < 0:
        os._exit(9)
    applied(self, *names)
MigrationRecorder.record_applied = end
call_command("migrate", verbosity=0)
"""


@pytest.mark.parametrize("moment", [0, 7])
def test_r17_an_upgrade_may_end_before_it_has_noted_what_it_did(
    earliest, undisturbed, tmp_path, moment
):
    """Between the two stands a moment of some milliseconds."""
    copy = tmp_path / "copy"
    shutil.copytree(earliest, copy)
    variables = environment(copy, DJANGO_SETTINGS_MODULE="clinic.settings")
    command = [sys.executable, "-c", ENDS, str(moment)]

    ended = subprocess.run(command, cwd=ROOT, env=variables)

    assert ended.returncode == 9
    assert migrate(copy)[0] == 0
    folder, _count = undisturbed
    assert (rows(copy, KEPT), shape(copy)) == (rows(folder, KEPT), shape(folder))
