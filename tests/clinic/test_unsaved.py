"""Nothing can be saved: staff are told so in a sentence and keep what they typed."""

import errno
import sqlite3
from contextlib import contextmanager
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from selectolax.lexbor import LexborHTMLParser

from articles.models import Article
from clinic import faults, unsaved
from clinic.faults import Fault
from clinic.models import Picture
from tests import factories
from tests.articles.test_concurrency import typed
from tests.conftest import stored_files, upload

sqlite_only = pytest.mark.skipif(
    "connection.vendor != 'sqlite'", reason="says it by a pragma of SQLite"
)


@pytest.fixture
def article(practice):
    return factories.ArticleFactory(title="Stored", body="<p>Stored.</p>")


@pytest.fixture
def desk(article):
    """Somebody signed in, whose forms need their token, as in a browser."""
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(factories.UserFactory())
    return client


ADDRESS = "/admin/articles/article/{}/change/"


@pytest.fixture
def form(desk, article):
    """What the browser sends of the article's form once somebody has typed."""
    page = desk.get(ADDRESS.format(article.pk))
    return typed(page, "#article_form") | {
        "title": "“Typed” & <kept>",
        "body": "<h2>Words</h2><p>Nobody has saved these.</p>",
        "summary": "One line.\nAnother line.",
        "_continue": "Save",
    }


def save(desk, article, form, **more):
    return desk.post(ADDRESS.format(article.pk), form | more)


def text_of(response, css="#content"):
    return " ".join(LexborHTMLParser(response.content).css_first(css).text().split())


def kept_in(response):
    """The form of the page, as a browser sends it, with the button's own field."""
    return typed(response, "#content form")


def without_token(data):
    return {name: v for name, v in data.items() if name != "csrfmiddlewaretoken"}


def error(code, text="it broke"):
    """An error of Django's as SQLite's with that code makes one."""
    cause = sqlite3.OperationalError(text)
    cause.sqlite_errorcode = code
    error = OperationalError(text)
    error.__cause__ = cause
    return error


@contextmanager
def failing(failure, words=("INSERT", "UPDATE", "DELETE", "SAVEPOINT")):
    """Let statements that begin so fail."""

    def execute(call, sql, *args):
        if sql.startswith(words):
            raise failure
        return call(sql, *args)

    with connection.execute_wrapper(execute):
        yield


@contextmanager
def read_only():
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only = 1")
        try:
            yield
        finally:
            cursor.execute("PRAGMA query_only = 0")


@sqlite_only
@pytest.mark.django_db
def test_r10_what_is_typed_while_nothing_can_be_written_is_kept(desk, article, form):
    with read_only():
        refused = save(desk, article, form)
        again = desk.post(ADDRESS.format(article.pk), kept_in(refused))
    article.refresh_from_db()

    assert article.title == "Stored"
    for response in (refused, again):
        assert response.status_code == 503
        assert response["Retry-After"] == "30"
        assert "read-only at present" in text_of(response)
        assert without_token(kept_in(response)) == without_token(form)
    assert "Nobody has saved these." in text_of(refused, ".unsaved__typed")

    done = desk.post(ADDRESS.format(article.pk), kept_in(again))
    article.refresh_from_db()

    assert done.status_code == 302
    assert article.title == "“Typed” & <kept>"
    assert article.body == "<h2>Words</h2><p>Nobody has saved these.</p>"
    assert article.summary == "One line.\nAnother line."


@sqlite_only
@pytest.mark.django_db
def test_r10_what_can_only_be_read_is_read(desk, article):
    with read_only():
        read = desk.get(ADDRESS.format(article.pk))
        listed = desk.get("/admin/articles/article/")
        public = desk.get("/contact/")

    assert [page.status_code for page in (read, listed, public)] == [200, 200, 200]


@sqlite_only
@pytest.mark.django_db(transaction=True)
def test_r08_a_full_disk_refuses_a_save_and_needs_no_repair(desk, article, form):
    long = "<p>" + "The disk has no room for these words." * 5000 + "</p>"
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")  # other tests leave free pages, room enough for it
        pages = cursor.execute("PRAGMA page_count").fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {pages}")
        try:
            refused = save(desk, article, form, body=long)
            read = desk.get("/contact/")
        finally:
            cursor.execute("PRAGMA max_page_count = 1073741823")
    article.refresh_from_db()

    assert (refused.status_code, read.status_code) == (503, 200)
    assert "The disk of the server is full" in text_of(refused)
    assert article.title == "Stored"

    done = desk.post(ADDRESS.format(article.pk), kept_in(refused))
    article.refresh_from_db()

    assert done.status_code == 302
    assert article.body == long


@pytest.mark.parametrize(
    ("failure", "english", "italian"),
    [
        (error(sqlite3.SQLITE_BUSY), "database is busy", "Il database è occupato"),
        (error(sqlite3.SQLITE_CANTOPEN), "does not answer", "non risponde"),
        (error(sqlite3.SQLITE_CORRUPT), "is damaged", "è danneggiato"),
        (error(sqlite3.SQLITE_FULL), "disk of the server is full", "disco del server"),
    ],
    ids=["busy", "away", "damaged", "full"],
)
@pytest.mark.django_db
def test_r07_the_reason_is_told_in_the_language_of_the_desk(
    desk, article, form, failure, english, italian
):
    with failing(failure):
        told = save(desk, article, form)
        desk.cookies[settings.LANGUAGE_COOKIE_NAME] = "it"
        detto = save(desk, article, form)

    assert (told.status_code, detto.status_code) == (503, 503)
    assert english in text_of(told)
    assert italian in text_of(detto)
    assert "Nothing has been saved yet." in text_of(told)
    assert without_token(kept_in(detto)) == without_token(form)


@pytest.mark.django_db
def test_r07_a_page_of_the_desk_that_cannot_be_read_can_be_asked_for_again(
    desk, article
):
    with failing(error(sqlite3.SQLITE_CANTOPEN), words=("SELECT",)):
        response = desk.get(ADDRESS.format(article.pk))

    page = LexborHTMLParser(response.content)
    assert response.status_code == 503
    assert response["Retry-After"] == "30"
    assert page.css_first(".unsaved a").attrs["href"] == ADDRESS.format(article.pk)
    assert page.css("form") == []


@pytest.mark.django_db
def test_r07_what_is_saved_is_answered_even_if_its_message_is_not(desk, article, form):
    """The session is written after the article: its failure undoes nothing."""
    with failing(error(sqlite3.SQLITE_BUSY), words=('UPDATE "django_session"',)):
        response = save(desk, article, form)
    article.refresh_from_db()

    assert article.title == "“Typed” & <kept>"
    assert (response.status_code, response["Location"]) == (
        302,
        ADDRESS.format(article.pk),
    )


@pytest.mark.django_db
def test_r07_no_password_is_written_into_a_page(client, practice):
    client.raise_request_exception = False
    user = factories.UserFactory(username="ada")
    user.set_password("a long secret phrase")
    user.save()
    sent = {"username": "ada", "password": "a long secret phrase"}

    with failing(error(sqlite3.SQLITE_BUSY)):
        response = client.post("/admin/login/", sent)

    assert response.status_code == 503
    assert "a long secret phrase" not in response.text
    assert "please type it again" in text_of(response)
    assert LexborHTMLParser(response.content).css("input") == []


# Pictures ####################################################################


def full(*args, **kwargs):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.django_db(transaction=True)
def test_r09_a_full_disk_keeps_the_words_and_no_part_of_a_picture(
    desk, article, form, monkeypatch
):
    """The third of its files finds no room."""
    stored = default_storage.save
    calls = []

    def third_fails(*args, **kwargs):
        calls.append(args)
        return full() if len(calls) == 3 else stored(*args, **kwargs)

    sent = {"picture_decorative": "on", "picture_upload": upload(name="liver.jpg")}
    with monkeypatch.context() as patch:
        patch.setattr(default_storage, "save", third_fails)
        refused = save(desk, article, form, **sent)

    assert len(calls) == 3
    assert refused.status_code == 503
    assert stored_files() == []
    assert default_storage.listdir("pictures")[0] == []
    assert Picture.objects.count() == 0
    page = LexborHTMLParser(refused.content)
    assert page.css_first("form").attrs["enctype"] == "multipart/form-data"
    assert page.css_first("input[type=file]").attrs["name"] == "picture_upload"
    assert "choose it again: liver.jpg" in text_of(refused)

    again = kept_in(refused) | {"picture_upload": upload(name="liver.jpg")}
    done = desk.post(ADDRESS.format(article.pk), again)
    article.refresh_from_db()

    assert done.status_code == 302
    assert article.title == "“Typed” & <kept>"
    assert len(stored_files()) == 2 * len(Picture.objects.get().widths)


@pytest.mark.django_db(transaction=True)
def test_r09_a_database_that_is_full_leaves_no_file_of_the_picture(desk, article, form):
    sent = {"picture_decorative": "on", "picture_upload": upload()}

    with failing(error(sqlite3.SQLITE_FULL), words=('UPDATE "articles_article"',)):
        refused = save(desk, article, form, **sent)

    assert refused.status_code == 503
    assert stored_files() == []
    assert Picture.objects.count() == 0


@pytest.mark.django_db
def test_r09_what_could_not_even_be_received_is_still_in_the_browser(
    desk, article, form, monkeypatch, settings
):
    handler = "django.core.files.uploadhandler.TemporaryFileUploadHandler"
    settings.FILE_UPLOAD_HANDLERS = [handler]
    monkeypatch.setattr(TemporaryFileUploadHandler, "new_file", full)

    refused = save(desk, article, form, picture_upload=upload())

    assert refused.status_code == 503
    assert "go back with your browser" in text_of(refused)


# Other failures ##############################################################


@pytest.mark.django_db
def test_r03_a_request_without_memory_costs_nobody_the_words(
    desk, article, form, monkeypatch
):
    def no_memory(*args, **kwargs):
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(Article, "save", no_memory)
        broken = save(desk, article, form)
    done = desk.post(ADDRESS.format(article.pk), kept_in(broken))

    assert broken.status_code == 500
    assert "Retry-After" not in broken
    assert "it is our fault, not yours" in text_of(broken)
    assert done.status_code == 302


@pytest.mark.django_db
def test_a_page_that_breaks_itself_leaves_the_one_written_in_advance(
    desk, article, form, monkeypatch
):
    call_command("write_error_pages", verbosity=0)
    monkeypatch.setattr(unsaved, "render_to_string", full)

    with failing(error(sqlite3.SQLITE_BUSY)):
        response = save(desk, article, form)

    assert response.status_code == 503
    assert "+39 331 761 2698" in response.text


@pytest.mark.django_db
def test_visitors_of_a_database_that_is_away_are_asked_to_come_back(client, practice):
    client.raise_request_exception = False

    with failing(error(sqlite3.SQLITE_CANTOPEN), words=("SELECT",)):
        response = client.get("/contact/")

    assert response.status_code == 503
    assert response["Retry-After"] == "30"
    assert "unsaved" not in response.text


@pytest.mark.parametrize(
    ("failure", "fault"),
    [
        (error(sqlite3.SQLITE_BUSY), Fault.BUSY),
        (error(sqlite3.SQLITE_BUSY_SNAPSHOT), Fault.BUSY),
        (error(sqlite3.SQLITE_READONLY_DIRECTORY), Fault.READ_ONLY),
        (error(sqlite3.SQLITE_IOERR_WRITE), Fault.AWAY),
        (error(sqlite3.SQLITE_NOTADB), Fault.DAMAGED),
        (error(sqlite3.SQLITE_ERROR, "no such table: x"), Fault.DAMAGED),
        (error(sqlite3.SQLITE_ERROR, "near “x”: syntax error"), None),
        (OSError(errno.ENOSPC, "full"), Fault.FULL),
        (PermissionError(errno.EACCES, "denied"), Fault.READ_ONLY),
        (FileNotFoundError(errno.ENOENT, "gone"), None),
        (OperationalError("connection refused"), Fault.AWAY),
        (MemoryError(), None),
        (KeyError("x"), None),
    ],
    ids=repr,
)
def test_a_failure_is_known_by_its_code(failure, fault):
    assert faults.fault_of(failure) is fault


@pytest.mark.parametrize(
    ("state", "fault"),
    [
        ("53100", Fault.FULL),
        ("53300", Fault.BUSY),
        ("40P01", Fault.BUSY),
        ("25006", Fault.READ_ONLY),
        ("XX001", Fault.DAMAGED),
        ("58030", Fault.AWAY),
        ("42601", None),
    ],
)
def test_a_failure_of_postgresql_is_known_by_its_code(state, fault):
    cause = Exception("it broke")
    cause.sqlstate = state
    failure = OperationalError("it broke")
    failure.__cause__ = cause

    assert faults.fault_of(failure) is fault


@pytest.mark.parametrize("fault", Fault)
def test_every_fault_has_a_remedy_in_the_log_and_a_sentence_at_the_desk(fault, caplog):
    faults.note(fault)

    assert caplog.messages == [fault.value]
    assert str(unsaved.WHY[fault]).endswith(".")


@sqlite_only
@pytest.mark.django_db(transaction=True)
def test_r10_who_has_signed_in_is_known_though_that_cannot_be_noted(desk, article):
    """Once a minute the session would note that somebody is there."""
    with time_machine.travel(timezone.now() + timedelta(minutes=5)), read_only():
        response = desk.get(ADDRESS.format(article.pk))

    assert response.status_code == 200
