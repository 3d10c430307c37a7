"""What the lines of the log tell, what they do not, and that none can be forged."""

import io
import logging

import pytest
from django.conf import settings as django_settings
from django.test import Client
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from clinic.logs import LONGEST, Formatter, discreet, one_line
from tests import factories


@pytest.fixture
def log():
    """A function that returns the log as it is written on a server."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    form = django_settings.LOGGING["formatters"]["line"]["format"]
    handler.setFormatter(Formatter(form))
    logging.getLogger().addHandler(handler)
    yield stream.getvalue
    logging.getLogger().removeHandler(handler)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Not Found: /search/?q=hiv", "Not Found: /search/?…"),
        ("Is it there? Yes.", "Is it there? Yes."),
        (
            "Referer https://a.example/b?c=d does not",
            "Referer https://a.example/b?… does not",
        ),
        ("from 203.0.113.77: no", "from 203.0.113.77: no"),
        ("from 93.184.216.34: no", "from 93.184.216.0: no"),
        ("from 2606:2800:220:1:248:1893:25c8:1946, no", "from 2606:2800:220::, no"),
        ("server at 10.0.0.5, port 5432", "server at 10.0.0.5, port 5432"),
        (
            "at 12:30:59 Foo::bar 27.0.1 1.2.3.4.5",
            "at 12:30:59 Foo::bar 27.0.1 1.2.3.4.5",
        ),
    ],
)
def test_a_line_tells_neither_who_asks_nor_what_for(text, told):
    assert discreet(text) == told


@given(st.ip_addresses().filter(lambda ip: ip.is_global and int(ip) % 256))
@hypothesis_settings(derandomize=True, max_examples=200, deadline=None)
def test_no_address_of_a_visitor_is_told(address):
    for around in ("x {} y", "x {}: y", "x [{}]:80", "ip={}", "'{}'", "{}."):
        assert str(address) not in discreet(around.format(address)), around


@given(st.text())
@hypothesis_settings(derandomize=True, max_examples=300, deadline=None)
def test_a35_whatever_is_told_takes_one_line(text):
    told = one_line(text)

    assert told.isprintable()
    assert len(told) <= LONGEST + 1


# Through the portal ##########################################################

FORGED = "2026-01-01 00:00:00,000 ERROR clinic: forged"


def fails(request):
    raise RuntimeError(
        f"no such words: {request.GET.get('q')} {request.POST.get('secret')}\n{FORGED}"
    )


@pytest.fixture
def broken(settings):
    """The site with one page that fails, telling what was typed."""
    from django.urls import path

    from clinic import urls

    class Broken:
        urlpatterns = [path("fails/", fails), *urls.urlpatterns]
        handler400, handler403 = urls.handler400, urls.handler403
        handler404, handler500 = urls.handler404, urls.handler500

    settings.ROOT_URLCONF = Broken
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    "address",
    ["/nowhere/?q=canary", "/nowhere/%3Fq=canary", "/nowhere%0a/?canary"],
)
def test_a35_what_is_missing_is_told_without_its_query(client, db, log, address):
    client.get(address, REMOTE_ADDR="93.184.216.34", headers={"user-agent": "canary"})

    (line,) = log().splitlines()
    assert "WARNING django.request: Not Found: /nowhere" in line
    assert "canary" not in line
    assert "93.184" not in line


def test_a35_a_failure_is_told_without_what_was_typed(broken, db, log):
    broken.get("/fails/?q=canary", REMOTE_ADDR="93.184.216.34")
    broken.post(
        "/fails/?q=canary", {"secret": "hush hush"}, REMOTE_ADDR="93.184.216.34"
    )

    told = log()
    assert told.count("ERROR django.request: Internal Server Error: /fails/") == 2
    assert told.count("RuntimeError: no such words: … ") == 2
    assert "in fails\n" in told
    for secret in ("canary", "hush", "93.184"):
        assert secret not in told


def test_a35_no_message_of_a_failure_begins_a_line(broken, db, log):
    broken.get("/fails/")

    first, *below = log().splitlines()
    assert "Internal Server Error" in first
    assert f"    {FORGED}" in below
    assert [line for line in below if not line.startswith("    ")] == []


@pytest.mark.parametrize(
    "path", ["%0aforged", "%0d%0aforged", "%1b[31mforged", "%e2%80%a8forged"]
)
def test_a35_no_path_begins_a_line_or_colours_it(client, db, log, path):
    client.get(f"/{path}/", headers={"user-agent": "\x1b[31m" + "a" * 9000})

    (line,) = log().splitlines()
    assert line.isprintable()
    assert "forged" in line


def test_a35_a_long_path_takes_a_short_line(client, db, log):
    client.get(f"/{'a' * 9000}/")

    (line,) = log().splitlines()
    assert len(line) < LONGEST + 100


@pytest.mark.parametrize(
    "headers",
    [
        {"referer": "https://evil.example/x?q=canary"},
        {"origin": "https://evil.example\n2026 forged"},
    ],
)
def test_a35_a_refused_request_is_told_in_one_line(db, log, headers):
    client = Client(enforce_csrf_checks=True)
    client.cookies["csrf"] = "x" * 32

    client.post("/admin/login/", {"username": "canary"}, headers=headers, secure=True)

    first, *below = log().splitlines()
    assert first.startswith("20")
    assert all(line.isprintable() and line[:4] == "    " for line in below)
    assert "canary" not in log()


def test_a35_a_forged_host_writes_nothing(client, db, log):
    client.get("/", headers={"host": "evil.example\nforged"})

    assert log() == ""


def test_a35_a_failed_sign_in_tells_no_password_and_no_whole_address(client, db, log):
    factories.UserFactory(username="ada")

    client.post(
        "/admin/login/",
        {"username": "ada", "password": "canary canary"},
        REMOTE_ADDR="93.184.216.34",
    )

    assert "canary" not in log()
    assert "93.184.216.34" not in log()
