"""A small portal in files of its own, whatever database the other tests use."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import reversion
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from clinic.backup import databases, rows
from clinic.models import Picture, User
from tests import factories
from tests.postgresql import running


@dataclass
class Site:
    """A portal: ``database`` is the file, ``folder`` all that it keeps."""

    folder: Path

    @property
    def database(self):
        return self.folder / "portal.sqlite3"

    @property
    def media(self):
        return self.folder / "media"

    @property
    def backups(self):
        """The files of all backups, the oldest first."""
        return sorted((self.folder / "backups").glob("portal-*"))

    def files(self):
        return {
            str(path.relative_to(self.media)): path.read_bytes()
            for path in self.media.rglob("*")
            if path.is_file()
        }


def contents(but=()):
    """Every row of every table of the database that stands in.

    The keys of JSON are in one order: PostgreSQL has one of its own.
    """
    return {
        table.name: in_one_order(table, rows.read(connection, table))
        for table in rows.tables(databases.installed)
        if table.name not in but
    }


def in_one_order(table, found):
    return [
        [
            rows.in_one_order(value) if column.is_json else value
            for column, value in zip(table.columns, row, strict=True)
        ]
        for row in found
    ]


@pytest.fixture(scope="session")
def filled(bare, django_db_blocker, tmp_path_factory):
    """A portal with something of everything, made once."""
    path = tmp_path_factory.mktemp("filled") / "portal.sqlite3"
    shutil.copy(bare, path)
    with (
        django_db_blocker.unblock(),
        databases.stand_in(databases.sqlite(path, passing=True)),
    ):
        fill()
    return path


def fill():
    factories.PracticeFactory(introduction=factories.both("Plain answers — città."))
    doctor = factories.DoctorFactory()
    for factory in (
        factories.PhoneFactory,
        factories.EmailFactory,
        factories.LocationFactory,
        factories.HoursFactory,
        factories.ClosureFactory,
    ):
        factory()
    user = User.objects.create_user("ada", password="correct horse battery")
    user.groups.add(Group.objects.first())
    topic = factories.TopicFactory(slug="liver")
    for number in range(3):
        article = factories.ArticleFactory(
            slug=f"kept-{number}", topic=topic, author=doctor
        )
        factories.SourceFactory(article=article)
        with reversion.create_revision():
            article.title = f"Kept “{number}” – più"
            article.save()
        factories.publish(article)
    # The last number that was given belongs to nobody any more.
    factories.TopicFactory(slug="gone").delete()


@pytest.fixture
def site(filled, settings, tmp_path, django_db_blocker):
    """The filled portal in a folder of the test's own, standing in for the portal."""
    found = Site(tmp_path)
    shutil.copy(filled, found.database)
    settings.DATA_DIR = tmp_path
    settings.BACKUP_URL = str(tmp_path / "backups")
    with (
        django_db_blocker.unblock(),
        databases.stand_in(databases.sqlite(found.database)),
    ):
        for name in ("320.avif", "320.jpg"):
            default_storage.save(f"pictures/abc/{name}", ContentFile(name.encode()))
        Picture.objects.create(
            key="abc", name="A photo", width=320, height=200, widths=[320],
            fallback="jpg",
        )  # fmt: skip
        yield found


@pytest.fixture
def careless():
    """Let everybody read and write what is made without a word on permissions."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def quick(bare, monkeypatch):
    """Let new databases begin as copies of a migrated one: what they hold is tested."""

    class Copied(MigrationExecutor):
        def migrate(self, *args, **kwargs):
            if connection.vendor != "sqlite":
                return super().migrate(*args, **kwargs)
            connection.close()
            return shutil.copy(bare, connection.settings_dict["NAME"])

    monkeypatch.setattr("clinic.backup.restoring.MigrationExecutor", Copied)


@pytest.fixture
def empty_machine(site, settings, tmp_path):
    """Another folder with nothing in it: call it, and it is the portal's."""
    folder = tmp_path / "another"
    folder.mkdir()
    settings.DATA_DIR = folder
    settings.MEDIA_ROOT = folder / "media"
    with databases.stand_in(databases.sqlite(folder / "portal.sqlite3")):
        yield Site(folder)


@pytest.fixture(scope="session")
def server():
    """The address of a PostgreSQL server of these tests' own."""
    with running() as address:
        yield address


@pytest.fixture
def postgresql(server):
    """The address of an empty database of PostgreSQL."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS site WITH (FORCE)")
        connection.execute("CREATE DATABASE site")
    return server.replace("/postgres?", "/site?")
