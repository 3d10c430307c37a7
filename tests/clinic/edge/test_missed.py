"""What the edge counts of addresses at which nothing is found."""

import pytest

from clinic.edge import counts
from clinic.edge.asgi import ASGIEdge
from clinic.edge.counts import MOST, in_a_thread
from clinic.edge.missed import LONGEST, Missed, site_of
from clinic.models import MissedAddress
from tests.clinic.edge.stub import attach
from tests.clinic.edge.test_asgi import ask, run
from tests.conftest import Visitor


@pytest.fixture
def visitor(application, present, monkeypatch):
    application.status = "404 Not Found"
    visitor = Visitor(application)
    attach(visitor.edge.edge, present, monkeypatch)
    return visitor


def counted(visitor):
    return visitor.edge.edge.missed.counts


def test_every_request_counts_whether_or_not_the_answer_was_kept(visitor, application):
    for _time in range(3):
        visitor.get("/not-there/")

    assert len(application.seen) == 1
    assert counted(visitor) == {"/not-there": (3, "")}


@pytest.mark.parametrize("status", ["200 OK", "301 Moved Permanently", "410 Gone"])
def test_what_is_found_is_not_counted(visitor, application, status):
    application.status = status
    visitor.get("/there/")

    assert counted(visitor) == {}


def test_it_counts_behind_an_asgi_server_too(application, present, monkeypatch):
    application.status = "404 Not Found"
    edge = ASGIEdge(application)
    attach(edge.edge, present, monkeypatch)
    try:
        for _time in range(2):
            run(ask(edge, "/not-there/", referer="https://www.example.org/a?b=c"))
    finally:
        edge.pool.shutdown()

    assert edge.edge.missed.counts == {"/not-there": (2, "www.example.org")}


def test_spellings_of_one_address_count_together(visitor):
    for address in ("/Old-Page", "/old-page/", "/old-page?utm_source=x", "/OLD-page"):
        visitor.get(address)

    assert counted(visitor) == {"/old-page": (4, "")}


def test_pages_of_an_older_site_are_told_apart_by_their_query(visitor):
    visitor.get("/index.php?option=com_content&id=12:fever&Itemid=3&sid=abc")
    visitor.get("/index.php?Itemid=3&id=12&option=com_content")

    assert counted(visitor) == {"/index.php?option=com_content&id=12&itemid=3": (2, "")}


def test_the_last_site_that_leads_there_is_kept_and_nothing_else_of_it(visitor):
    for referrer in ("https://a.example/who?is=ill", "https://B.example:8443/x", ""):
        visitor.get("/not-there/", HTTP_REFERER=referrer, REMOTE_ADDR="203.0.113.9")

    assert counted(visitor) == {"/not-there": (3, "b.example")}


@pytest.mark.parametrize(
    "referrer",
    ["", "nonsense", "https://[", "https://203.0.113.9/", "https://<b>.example/",
     "android-app://", f"https://{'a' * 100}.example/"],
)  # fmt: skip
def test_what_is_no_name_of_a_site_is_left_out(referrer):
    assert site_of(referrer) == ""


@pytest.mark.parametrize(
    "address",
    ["/.env", "/a/.git/config", "/wp-login.php", "/blog/wp-admin/x", "/shell.php",
     "/backup.zip", "/favicon.ico", "/ada@example.org", "/" + "a" * LONGEST],
)  # fmt: skip
def test_noise_is_not_counted(visitor, address):
    visitor.get(address)

    assert counted(visitor) == {}


def test_a_flood_of_invented_addresses_takes_no_more_room(visitor):
    visitor.get("/missed/")
    for number in range(MOST + 50):
        visitor.get(f"/invented-{number}/")
    visitor.get("/missed/")

    assert len(counted(visitor)) == MOST
    assert counted(visitor)["/missed"] == (2, "")


def test_it_is_written_down_later_and_once(visitor, waiting):
    for address in ("/a/", "/b/", "/a/"):
        visitor.get(address)

    assert waiting == [visitor.edge.edge.missed.flush]


@pytest.mark.django_db
def test_what_was_counted_is_written_down_and_begun_anew():
    counter = Missed()
    for _time in range(2):
        counter.note("/a/", "https://www.example.org/")
        counter.flush()
    counter.flush()

    rows = MissedAddress.objects.values_list("path", "count", "referring_site")
    assert list(rows) == [("/a", 2, "www.example.org")]


def test_a_database_that_fails_breaks_nothing(monkeypatch, caplog):
    def broken(counted):
        raise OSError("The disk is full.")

    monkeypatch.setattr(MissedAddress.objects, "add", broken)
    counter = Missed()
    counter.note("/a/", "")
    counter.flush()

    assert counter.counts == {}
    assert "could not be counted" in caplog.text


def test_the_thread_leaves_no_connection_behind(monkeypatch):
    done = []
    monkeypatch.setattr(counts.connections, "close_all", lambda: done.append("closed"))
    in_a_thread(lambda: done.append("written"))

    assert done == ["written", "closed"]


def test_redirects_cannot_put_out_what_others_read(visitor, application):
    application.status = "301 Moved Permanently"
    application.headers = [*application.headers, ("Location", "/b/")]
    for address in ("/old", "/Old", "/oLd"):
        visitor.get(address)

    assert list(visitor.edge.edge.pages.entries) == []
    assert len(visitor.edge.edge.strays.entries) == 3


def test_of_a_query_only_what_redirects_understand_reaches_them(visitor, application):
    visitor.get("/index.php?id=7&option=com_content&x=1&view='")
    visitor.get("/page/?id=7&option=com_content")

    assert [seen["QUERY_STRING"] for seen in application.seen] == [
        "option=com_content&id=7",
        "",
    ]


@pytest.mark.django_db
def test_what_begins_to_be_missed_has_time_to_be_counted(monkeypatch):
    """Also where a thousand others have been asked for again and again."""
    monkeypatch.setattr(type(MissedAddress.objects.all()), "MOST", 4)
    MissedAddress.objects.add({f"/old-{n}": (5, "") for n in range(4)})

    for _minute in range(2):
        MissedAddress.objects.add({"/new": (1, "")})

    kept = dict(MissedAddress.objects.values_list("path", "count"))
    assert len(kept) == 4
    assert kept["/new"] == 2
