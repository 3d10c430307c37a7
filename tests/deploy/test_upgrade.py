"""From the earliest committed migrations, with rows, to the newest: nothing is lost.

What an upgrade leaves is compared with what one that nothing has disturbed leaves.
UPGRADE_ROUNDS is the number of kills, one at each migration in turn where it is "all".
On SQLite, and with TEST_DATABASE_URL on PostgreSQL.
"""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests import postgresql
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


SHAPE = {
    "sqlite": "SELECT type, name FROM sqlite_master WHERE sql NOT NULL",
    "postgresql": """
        SELECT 'table', tablename FROM pg_tables WHERE schemaname = 'public'
        UNION SELECT 'index', indexname FROM pg_indexes WHERE schemaname = 'public'
        UNION SELECT 'constraint', conname FROM pg_constraint
        UNION SELECT 'trigger', tgname FROM pg_trigger WHERE NOT tgisinternal
    """,
}


@dataclass(frozen=True)
class Data:
    """The data of a portal: its folder, and the address of a database outside of it."""

    folder: Path
    url: str = ""

    def environment(self, **variables):
        return environment(self.folder, DATABASE_URL=self.url, **variables)

    @contextmanager
    def copied(self, folder):
        """Give a copy, whose database is gone at the end if it is not in its folder."""
        shutil.copytree(self.folder, folder)
        with postgresql.asked_for(like=self.url) as url:
            yield Data(folder, url)

    @contextmanager
    def ask(self):
        """Give a function that returns what a query finds."""
        if self.url:
            opened = psycopg.connect(self.url)
        else:
            opened = closing(sqlite3.connect(self.folder / "portal.sqlite3"))
        with opened as database:
            yield lambda sql: database.execute(sql).fetchall()

    def rows(self):
        """All that is kept, table by table."""
        with self.ask() as ask:
            if not self.url:
                assert ask("PRAGMA integrity_check") == [("ok",)]
                assert ask("PRAGMA foreign_key_check") == []
            return {
                table: ask(f"SELECT {what} FROM {table} ORDER BY 1")
                for table, what in KEPT.items()
            }

    def shape(self):
        """Every table, index and trigger, and how many rows stand in each table."""
        with self.ask() as ask:
            parts = sorted(ask(SHAPE["postgresql" if self.url else "sqlite"]))
            counts = {
                name: ask(f'SELECT COUNT(*) FROM "{name}"')[0][0]
                for kind, name in parts
                if kind == "table" and name not in NEW_EACH_TIME
            }
        return parts, counts


# How often something was announced depends on how often it was begun.
NEW_EACH_TIME = {"clinic_generation"}


def migrate(data, kill_at=None):
    """Migrate to the newest; kill the process as soon as that migration has begun."""
    process = subprocess.Popen(
        [sys.executable, "-u", "manage.py", "migrate", "--no-color"],
        cwd=ROOT,
        env=data.environment(),
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
    """The data of the portal of the first day."""
    with postgresql.asked_for() as url:
        data = Data(tmp_path_factory.mktemp("earliest"), url)
        variables = data.environment(DJANGO_SETTINGS_MODULE="clinic.settings")
        subprocess.run(
            [sys.executable, "-c", EARLIEST], cwd=ROOT, env=variables, check=True
        )
        yield data


@pytest.fixture(scope="module")
def undisturbed(earliest, tmp_path_factory):
    """The same after an upgrade, and how many migrations that took."""
    with earliest.copied(tmp_path_factory.mktemp("undisturbed") / "data") as data:
        code, count = migrate(data)
        assert code == 0
        yield data, count


def test_r17_every_row_of_the_first_day_is_there_after_the_upgrade(
    earliest, undisturbed
):
    upgraded, count = undisturbed

    assert count > 30
    assert upgraded.rows() == earliest.rows()
    assert json.dumps(earliest.rows(), default=str).count("Words") > 500


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
    upgraded, count = undisturbed
    expected = upgraded.rows(), upgraded.shape()
    killed = 0
    for moment in moments(count):
        with earliest.copied(tmp_path / str(moment)) as copy:
            code, begun = migrate(copy, kill_at=moment)
            again, _count = migrate(copy)

            assert begun == moment + 1
            assert again == 0, moment
            assert (copy.rows(), copy.shape()) == expected, moment
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
    upgraded, _count = undisturbed
    command = [sys.executable, "-c", ENDS, str(moment)]
    with earliest.copied(tmp_path / "copy") as copy:
        variables = copy.environment(DJANGO_SETTINGS_MODULE="clinic.settings")

        ended = subprocess.run(command, cwd=ROOT, env=variables)

        assert ended.returncode == 9
        assert migrate(copy)[0] == 0
        expected = upgraded.rows(), upgraded.shape()
        assert (copy.rows(), copy.shape()) == expected
