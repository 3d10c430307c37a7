"""The mail to whoever looks after the server: what broke, never what was typed."""

import logging

import pytest
from django.core import mail
from django.test import Client
from django.urls import path

from clinic import error_mail, urls
from clinic.logs import Formatter


def fails(request):
    raise RuntimeError(f"no such words: {request.GET['q']} {request.POST['secret']}")


class Broken:
    urlpatterns = [path("fails/", fails), *urls.urlpatterns]
    handler400, handler403 = urls.handler400, urls.handler403
    handler404, handler500 = urls.handler404, urls.handler500


@pytest.fixture(autouse=True)
def handler(settings, monkeypatch):
    """As ERROR_MAIL would make it, without a thread."""
    settings.ERROR_MAIL = ["technician@example.org", "other@example.org"]
    monkeypatch.setattr(error_mail, "later", lambda work: work())
    handler = error_mail.Handler()
    handler.setLevel("ERROR")
    handler.setFormatter(Formatter("%(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


def test_a_mail_says_what_broke_and_nothing_of_the_visitor(settings, db):
    settings.ROOT_URLCONF = Broken
    client = Client(raise_request_exception=False)
    client.cookies["session"] = "canary-cookie"

    client.post(
        "/fails/?q=canary-query",
        {"secret": "canary-body"},
        headers={"user-agent": "canary-browser", "referer": "https://canary.example/"},
        REMOTE_ADDR="93.184.216.34",
    )

    (sent,) = mail.outbox
    assert sent.to == ["technician@example.org", "other@example.org"]
    assert sent.from_email == "portal@example.org"
    assert sent.subject == (
        "Portal https://www.example.org: ERROR django.request: Internal Server Error: "
        "/fails/"
    )
    assert "RuntimeError: no such words: … …" in sent.body
    assert "in fails\n" in sent.body
    assert sent.body.endswith(error_mail.END)
    whole = sent.message().as_string()
    assert "canary" not in whole
    assert "93.184" not in whole


def log(text="It broke.", level=logging.ERROR):
    logging.getLogger("clinic").log(level, text)


def test_of_one_place_one_mail_goes_out_in_an_hour(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(error_mail.time, "monotonic", lambda: now[0])
    for _ in range(3):
        log()
    now[0] = error_mail.SECONDS
    log()

    assert len(mail.outbox) == 2


def test_of_many_places_a_few_mails_go_out(handler):
    sent = [handler.is_news(f"place {number}", 0) for number in range(50)]

    assert sent == [True] * error_mail.MOST + [False] * 40


def test_what_is_no_error_is_not_mailed():
    log(level=logging.WARNING)

    assert mail.outbox == []


def test_a_mail_server_that_fails_makes_a_line_and_no_further_mail(monkeypatch, caplog):
    def refuse(self):
        raise OSError("connection refused")

    monkeypatch.setattr(error_mail.EmailMessage, "send", refuse)

    log()

    told = [r.getMessage() for r in caplog.records if r.name == error_mail.__name__]
    assert told == ["No mail could be sent of an error: connection refused"]


def test_no_text_adds_a_header_to_the_mail():
    log("one\r\nBcc: evil@example.org")

    (sent,) = mail.outbox
    assert sent.message()["Bcc"] is None
    assert "\n" not in sent.subject
