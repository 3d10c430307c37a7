import gc
import io
import os
import shutil
import time
from functools import cache
from urllib.parse import unquote_to_bytes

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.signals import post_migrate
from django.http import HttpResponse
from django.template.base import Template
from django.utils import translation
from PIL import Image

from clinic import audit, generation
from clinic.backup import databases
from clinic.edge import counts
from clinic.edge.wsgi import WSGIEdge
from clinic.signing_in import pending
from tests import factories

# Tests that empty the tables empty the log too; its own put the guard back.
post_migrate.disconnect(audit.guard, sender=apps.get_app_config("clinic"))


@pytest.fixture(scope="session", autouse=True)
def data_dir():
    """Static files under their real, hashed names; everything gone at the end."""
    call_command("collectstatic", verbosity=0, interactive=False)
    yield
    shutil.rmtree(os.environ["DATA_DIR"], ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def widgets_unnoted(django_test_environment):
    """Let the test client note the pages and not each of their fields.

    It copies the context of every template that is used: for one form of the desk two
    thousand times, and no test asks for those of Django's own widgets.
    """
    noted = Template._render

    def render(template, context):
        if (template.name or "").startswith("django/forms/"):
            return template.nodelist.render(context)
        return noted(template, context)

    Template._render = render
    yield
    Template._render = noted


@pytest.fixture(scope="session")
def bare(django_db_blocker, tmp_path_factory):
    """A file of SQLite as the migrations leave it: to make one takes seconds."""
    path = tmp_path_factory.mktemp("bare") / "portal.sqlite3"
    with (
        django_db_blocker.unblock(),
        databases.stand_in(databases.sqlite(path, passing=True)),
    ):
        call_command("migrate", verbosity=0)
    return path


@pytest.fixture(scope="session")
def filled(tmp_path_factory):
    """The folder of a portal with the sample content, for servers to copy."""
    from tests.test_server import manage

    folder = tmp_path_factory.mktemp("filled")
    manage(folder, "prepare", "--first", "-v", "0")
    manage(folder, "load_sample")
    return folder


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    """A folder of pictures of the test's own."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    """What makes a password costly to guess would make most of these tests slow."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def waiting(monkeypatch):
    """What the edge would do in a minute, in a thread of its own."""
    waiting = []
    monkeypatch.setattr(counts, "later", waiting.append)
    return waiting


@pytest.fixture(autouse=True)
def language_restored():
    """A request leaves its language behind in the thread."""
    with translation.override("en"):
        yield


@pytest.fixture
def practice(db):
    """A practice with everything that pages show of one."""
    practice = factories.PracticeFactory(
        vat_number="IT00000000000", introduction=factories.both("Plain answers.")
    )
    factories.DoctorFactory()
    factories.PhoneFactory()
    factories.EmailFactory()
    factories.LocationFactory()
    factories.HoursFactory()
    return practice


@pytest.fixture
def staff(client, db):
    """The test client, signed in as somebody who may do everything."""
    client.force_login(factories.UserFactory())
    is_sure(client)
    return client


def is_sure(client):
    """Let the desk believe that whoever is signed in has just typed the password."""
    session = client.session
    session[pending.SURE] = time.time()
    session.save()


def picture_bytes(format="JPEG", size=(800, 600), mode="RGB", **options):
    buffer = io.BytesIO()
    Image.new(mode, size, (200, 120, 80, 90)[: len(mode)]).save(
        buffer, format, **options
    )
    return buffer.getvalue()


def upload(content=None, name="photo.jpg", content_type="image/jpeg"):
    """A file as a browser sends it."""
    return SimpleUploadedFile(
        name, picture_bytes() if content is None else content, content_type
    )


def stored_files():
    """Every file of every picture that is stored now."""
    root = django_settings.MEDIA_ROOT
    return sorted(path for path in root.rglob("*") if path.is_file())


@cache
def served():
    """Django as it is served; it looks for the static files when it is made."""
    return get_wsgi_application()


class Visitor:
    """Somebody who reads through the edge, as everybody does once it is served."""

    def __init__(self, application=None):
        self.rendered = []
        self.application = application or served()
        self.edge = WSGIEdge(self.call)

    def call(self, environ, start_response):
        self.rendered.append(environ)
        return self.application(environ, start_response)

    def get(self, address, method="GET", **environ):
        """Return the answer: ``status_code``, ``headers`` and ``content``."""
        path, _, query = address.partition("?")
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "HTTP_HOST": "testserver",
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": io.StringIO(),
        } | environ
        answer = HttpResponse()
        del answer.headers["Content-Type"]

        def start_response(status, headers):
            answer.status_code = int(status[:3])
            for name, value in headers:
                assert name not in answer.headers, name
                answer.headers[name] = value

        chunks = self.edge(environ, start_response)
        answer.content = b"".join(chunks)
        getattr(chunks, "close", lambda: None)()
        return answer


@pytest.fixture
def connection_kept(monkeypatch):
    """Let the end of a request leave the test's transaction alone.

    Else it closes the connection that PostgreSQL holds it on.
    """
    monkeypatch.setattr(
        BaseDatabaseWrapper, "close_if_unusable_or_obsolete", lambda connection: None
    )


class Ended:
    """The database for which the transaction of a test has ended: others see it."""

    def __init__(self):
        self.depth = len(connection.savepoint_ids)

    @property
    def in_atomic_block(self):
        return len(connection.savepoint_ids) > self.depth

    def __getattr__(self, name):
        return getattr(connection, name)


@pytest.fixture
def kept(db, monkeypatch):
    """Let pages keep what they keep where they are served.

    They keep nothing inside a transaction, and all of a test is one.
    """
    monkeypatch.setattr(generation, "connection", Ended())
    monkeypatch.setattr(generation, "_present", (generation.Epoch(0, 0, 0), {}))


@pytest.fixture
def visitor(connection_kept):
    return Visitor()


# How tests reach the database through Django; without one of these pytest-django
# refuses them a connection.
TO_THE_DATABASE = {"db", "transactional_db", "django_db_reset_sequences"}


def pytest_collection_modifyitems(items):
    """Mark what reaches the database: it has to pass on each kind of it."""
    for item in items:
        asked = TO_THE_DATABASE & set(item.fixturenames)
        if asked or item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.database)


def pytest_collection_finish():
    gc.freeze()  # what is loaded by now stays
