"""Whether the database is kept where it can last, and holds what it was given."""

import pytest
from django.db import connection

from clinic import integrity, sqlite, start
from clinic.checkup import durability
from clinic.checkup.frame import error, fine
from tests import factories

pytestmark = pytest.mark.django_db


def test_where_and_how_the_database_is_kept_is_told():
    assert list(durability.place()) == [fine(start.ground())]


def test_r27_the_doctor_names_a_network_file_system(monkeypatch, tmp_path):
    path = tmp_path / "portal.sqlite3"
    monkeypatch.setattr(integrity, "path_of", lambda using="default": path)
    monkeypatch.setattr(sqlite, "file_system", lambda path: "nfs4")

    _ground, found = durability.place()

    assert found == error(
        f"{path} lies on a network file system (nfs4), where SQLite loses data.",
        remedy="Name a folder on a disk of this machine with DATA_DIR, or a PostgreSQL "
        "server with DATABASE_URL.",
    )


def test_r11_the_doctor_compares_editions_with_what_was_published(practice):
    article = factories.ArticleFactory(title="Fever")
    factories.publish(article)
    sound = list(durability.rows())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE articles_edition SET summary = 'Other words.'")

    assert sound == [fine("Every edition is as it was published.")]
    assert list(durability.rows()) == [
        error(
            "Editions are not as they were published: “Fever” (1).",
            remedy="Put the last backup back with manage.py restore.",
        )
    ]
