"""What `/healthz` and `/readyz` tell monitoring."""

from unittest import mock

import pytest
from django.conf import settings as django_settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.db import DatabaseError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test.utils import CaptureQueriesContext

from clinic import readiness
from clinic.static import Storage

pytestmark = pytest.mark.django_db

PROBES = ["/healthz", "/readyz"]


def told(response):
    return response.status_code, response.text


@pytest.mark.parametrize("address", PROBES)
def test_a_probe_is_one_plain_word_that_nobody_keeps(client, visitor, address):
    for answer in (client.get(address), visitor.get(address), visitor.get(address)):
        assert answer.status_code == 200
        assert answer.content == b"ok\n"
        assert answer.headers["Content-Type"] == "text/plain"
        assert "no-store" in answer.headers["Cache-Control"]
        assert "Set-Cookie" not in answer.headers
        assert "ETag" not in answer.headers
    assert len(visitor.rendered) == 2


@pytest.mark.parametrize("address", PROBES)
def test_a_probe_asks_the_database_once(client, address):
    client.get(address)

    with CaptureQueriesContext(connection) as queries:
        client.get(address)

    assert len(queries) == 1


@pytest.mark.parametrize("address", PROBES)
def test_a_probe_needs_no_https(client, settings, address):
    """It is asked on the machine itself, past the proxy."""
    settings.SECURE_SSL_REDIRECT = True

    assert told(client.get(address)) == (200, "ok\n")
    assert client.get("/contact/").status_code == 301


def test_without_its_migrations_a_process_is_not_ready(client, caplog):
    recorder = MigrationRecorder(connection)
    newest = recorder.migration_qs.filter(app="articles").order_by("name").last()
    recorder.record_unapplied("articles", newest.name)

    assert told(client.get("/readyz")) == (503, "not ready: migrations\n")
    assert told(client.get("/healthz")) == (200, "ok\n")
    assert "Not ready: migrations" in caplog.text


def test_a_process_of_an_earlier_release_stays_ready(client):
    """While a new one is put in its place, readers keep being served."""
    MigrationRecorder(connection).record_applied("articles", "9999_of_next_year")

    assert told(client.get("/readyz")) == (200, "ok\n")


def test_without_a_database_a_process_is_not_ready(client):
    def gone(*args):
        raise DatabaseError("gone")

    with connection.execute_wrapper(gone):
        assert told(client.get("/readyz")) == (503, "not ready: database\n")


def test_without_the_files_of_its_release_a_process_is_not_ready(settings):
    settings.STATIC_ROOT = settings.DATA_DIR / "nowhere"
    with mock.patch.object(readiness, "staticfiles_storage", Storage()):
        assert readiness.lacks() == "static"


def test_files_that_are_gone_are_missed(client, monkeypatch):
    sheet = django_settings.STATIC_ROOT / staticfiles_storage.stored_name(
        readiness.SHEET
    )
    elsewhere = sheet.with_name("elsewhere")

    sheet.rename(elsewhere)
    try:
        assert told(client.get("/readyz")) == (503, "not ready: static\n")
    finally:
        elsewhere.rename(sheet)
