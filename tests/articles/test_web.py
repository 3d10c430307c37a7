"""Asking other sites: what comes of it, politely, and never inside our network.

The sites stand on this machine. That is allowed to the object under test alone, by an
argument; no setting of the portal can.
"""

import ipaddress
import socket
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.links import web as module
from articles.links.web import Outcome, Web, is_public, quoted, seconds


class Site(BaseHTTPRequestHandler):
    """Answers as ``server.pages`` says: by path, statuses in turn and headers."""

    def answer(self):
        self.server.asked.append((self.command, self.path))
        self.server.heads.append(dict(self.headers))
        statuses, headers = self.server.pages.get(self.path, ([404], {}))
        status = statuses.pop(0) if len(statuses) > 1 else statuses[0]
        if status == "silence":
            self.server.silence.wait(5)
            return
        if status == "no head":
            status = 405 if self.command == "HEAD" else 200
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            with suppress(ConnectionError):  # nobody wants all of it
                self.wfile.write(b"x" * 10_000_000)

    do_GET = do_HEAD = answer

    def log_message(self, *args):
        pass


@pytest.fixture
def site():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.pages, server.asked, server.heads = {}, [], []
    server.silence = threading.Event()
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    yield server
    server.silence.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def slept():
    return []


@pytest.fixture
def web(site, slept):
    return Web(
        "the portal (+https://www.example.org/)",
        pause=0,
        allow=lambda address: True,
        ports=frozenset({site.server_port}),
        sleep=slept.append,
    )


# What comes of asking #########################################################


def test_a_page_that_is_there_is_asked_for_its_head_alone(site, web):
    site.pages["/a"] = [200], {}

    assert web.look(f"{site.url}/a#place") == Outcome(200, url=f"{site.url}/a#place")
    assert site.asked == [("HEAD", "/a")]
    assert site.heads[0]["User-Agent"] == "the portal (+https://www.example.org/)"


def test_who_answers_to_no_head_is_asked_for_the_first_bytes(site, web):
    site.pages["/a"] = ["no head"], {}

    assert web.look(f"{site.url}/a").status == 200
    assert site.asked == [("HEAD", "/a"), ("GET", "/a")]
    assert site.heads[1]["Range"] == "bytes=0-1023"


@pytest.mark.parametrize("status", [206, 416])
def test_a_part_of_a_page_is_a_page(site, web, status):
    site.pages["/a"] = [405, status], {}

    assert web.look(f"{site.url}/a").is_there is True


@pytest.mark.parametrize("status", [404, 410])
def test_what_is_gone_is_gone(site, web, status):
    site.pages["/a"] = [status], {}
    outcome = web.look(f"{site.url}/a")

    assert (outcome.status, outcome.is_gone, outcome.is_there) == (status, True, False)


@pytest.mark.parametrize(
    ("first", "second", "moved"),
    [(301, 308, True), (301, 302, False), (307, 301, False)],
)
def test_a_page_has_moved_if_every_redirect_is_permanent(
    site, web, first, second, moved
):
    site.pages["/a"] = [first], {"Location": "/b"}
    site.pages["/b"] = [second], {"Location": f"{site.url}/c"}
    site.pages["/c"] = [200], {}

    assert web.look(f"{site.url}/a") == Outcome(200, url=f"{site.url}/c", moved=moved)


def test_a_redirect_can_be_the_answer(site, web):
    site.pages["/a"] = [302], {"Location": "/b"}

    assert web.look(f"{site.url}/a", hops=0).status == 302
    assert site.asked == [("HEAD", "/a")]


@pytest.mark.parametrize(
    "sent", ["/caff\xe8?di=pi\xf9", "/caffè?di=più".encode().decode("latin-1")]
)
def test_a_redirect_may_say_where_in_letters_with_accents(site, web, sent):
    path = "/caff%C3%A8?di=pi%C3%B9"
    site.pages["/a"] = [301], {"Location": sent}
    site.pages[path] = [200], {}

    assert web.look(f"{site.url}/a") == Outcome(
        200, url=f"{site.url}/caffè?di=più", moved=True
    )
    assert site.asked[-1] == ("HEAD", path)


@pytest.mark.parametrize("to", ["/a", "/b"])
def test_a_circle_is_left(site, web, to):
    site.pages["/a"] = [301], {"Location": "/b"}
    site.pages["/b"] = [301], {"Location": to}

    assert web.look(f"{site.url}/a").reason == "loop"
    assert len(site.asked) == 2


def test_a_long_way_is_left(site, web):
    for number in range(20):
        site.pages[f"/{number}"] = [302], {"Location": f"/{number + 1}"}

    assert web.look(f"{site.url}/0").reason == "loop"
    assert len(site.asked) == module.HOPS + 1


# Politely #####################################################################


@pytest.mark.parametrize("status", [429, 503])
def test_who_is_busy_is_asked_later_and_later(site, web, slept, status):
    site.pages["/a"] = [status, status, 200], {}

    assert web.look(f"{site.url}/a").status == 200
    assert slept == [2.0, 8.0]


def test_who_stays_busy_is_left_alone(site, web, slept):
    site.pages["/a"] = [429], {}

    assert web.look(f"{site.url}/a").is_busy is True
    assert site.asked == [("HEAD", "/a")] * 3


def test_it_waits_as_long_as_it_is_asked_to(site, web, slept):
    site.pages["/a"] = [429, 200], {"Retry-After": "7"}

    assert web.look(f"{site.url}/a").status == 200
    assert slept == [7.0]


def test_it_does_not_wait_for_an_hour(site, web, slept):
    site.pages["/a"] = [503], {"Retry-After": "3600"}

    assert web.look(f"{site.url}/a").is_busy is True
    assert slept == []


def test_a_site_rests_between_two_questions(site, slept):
    web = Web(
        "x", pause=3600, allow=lambda address: True,
        ports=frozenset({site.server_port}), sleep=slept.append,
    )  # fmt: skip
    for path in ("/a", "/b"):
        site.pages[path] = [200], {}
        web.look(f"{site.url}{path}")

    assert [round(wait / 60) for wait in slept] == [60]


def test_a_site_that_says_nothing_is_left(site, web, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.1)
    site.pages["/a"] = ["silence"], {}

    assert web.look(f"{site.url}/a").reason == "timeout"


def test_a_site_that_drips_is_left(site, web, monkeypatch):
    """Each drop comes in time, and the answer never ends."""
    monkeypatch.setattr(module, "LONGEST", 0.2)
    monkeypatch.setattr(module, "PATIENCE", 60)
    site.pages["/a"] = ["silence"], {}

    assert web.look(f"{site.url}/a").reason == "connection"


def test_what_drips_behind_the_head_is_not_waited_for(web):
    """HEAD is refused, and the page that is asked for instead never ends."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
        web.ports = frozenset({port})

        def serve():
            for head in (b"HTTP/1.1 405 No\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\nx"):
                visitor, _address = door.accept()
                visitor.recv(4096)
                visitor.sendall(head)
                open_ones.append(visitor)

        open_ones = []
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        outcome = web.look(f"http://127.0.0.1:{port}/")
        thread.join(10)
        for visitor in open_ones:
            visitor.close()

    assert outcome.status == 200


@pytest.mark.parametrize("wanted", ["Mon, 01 Jan 99999999999999999999 00:00:00 GMT"])
def test_a_pause_that_is_no_time_is_none(wanted):
    assert module.seconds(wanted) is None


def test_a_site_that_never_shakes_hands_is_left(monkeypatch):
    monkeypatch.setattr(module, "LONGEST", 0.2)
    monkeypatch.setattr(module, "PATIENCE", 60)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        web = Web("x", allow=lambda address: True, ports=frozenset({port}))

        assert web.look(f"https://127.0.0.1:{port}/").reason == "connection"


def test_no_question_begins_after_its_time(site, web):
    web.within = -1
    site.pages["/a"] = [200], {}

    assert web.look(f"{site.url}/a").reason == "timeout"
    assert site.asked == []


def test_where_nobody_listens_there_is_no_answer(web):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    web.ports = frozenset({port})

    assert web.look(f"http://127.0.0.1:{port}/").reason == "connection"


@pytest.mark.parametrize(
    ("header", "wait"),
    [("0", 0.0), ("120", 120.0), ("", None), ("soon", None), ("²", None),
     ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0)],
)  # fmt: skip
def test_a_wait_is_a_number_or_a_date(header, wait):
    assert seconds(header) == wait


# Never inside our network #####################################################


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
     "100.64.0.1", "0.0.0.0", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::1",
     "::", "fe80::1", "fc00::1", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1",
     "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
     "2001:0:4136:e378:8000:63bf:80ff:fffe", "fec0::1", "5f00::1", "::7f00:1",
     "64:ff9b:1::7f00:1", "192.0.0.9"],
)  # fmt: skip
def test_no_inner_address_is_public_however_it_is_written(address):
    assert is_public(ipaddress.ip_address(address)) is False


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2a00:1450:4002::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_addresses_of_the_internet_are_public(address):
    assert is_public(ipaddress.ip_address(address)) is True


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "127.1"]
)
def test_this_machine_is_not_asked_under_any_name(site, host):
    web = Web("x", ports=frozenset({site.server_port}))

    assert web.look(f"http://{host}:{site.server_port}/").reason == "private"
    assert site.asked == []


@pytest.mark.parametrize(
    ("host", "asked"),
    [
        ("www.münchen.example", "www.xn--mnchen-3ya.example"),
        ("①②⑦.⓪.⓪.①", "127.0.0.1"),
    ],
)
def test_a_name_is_asked_for_as_browsers_ask(monkeypatch, host, asked):
    """In ASCII (RFC 3490); what only looks unlike an inner address is one."""
    names = []

    def resolve(name, port, **kwargs):
        names.append(name)
        return [(0, 0, 0, "", ("127.0.0.1", port))]

    monkeypatch.setattr(module.socket, "getaddrinfo", resolve)

    assert Web("x").look(f"https://{host}/").reason == "private"
    assert names == [asked]


def answers(monkeypatch, *rounds):
    """Let the name server give another answer each time."""
    left = list(rounds)

    def resolve(host, port, **kwargs):
        return [(0, 0, 0, "", (address, port)) for address in left.pop(0)]

    monkeypatch.setattr(module.socket, "getaddrinfo", resolve)


def test_a_name_with_one_inner_address_is_not_asked(monkeypatch):
    answers(monkeypatch, ["8.8.8.8", "10.0.0.1"])

    assert Web("x").look("http://www.example.org/").reason == "private"


def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch):
    """A name server that says something else a moment later is not asked again."""
    answers(monkeypatch, ["8.8.8.8"], ["127.0.0.1"])
    connected = []

    def connect(address, timeout):
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(module.socket, "create_connection", connect)
    web = Web("x")

    assert web.look("http://www.example.org/").reason == "connection"
    assert web.look("http://www.example.org/").reason == "private"
    assert connected == [("8.8.8.8", 80)]


def test_a_redirect_into_the_network_is_not_followed(site):
    outer = f"127.0.0.1:{site.server_port}"
    allowed = [True, False]
    web = Web(
        "x", pause=0, ports=frozenset({site.server_port}),
        allow=lambda address: allowed.pop(0),
    )  # fmt: skip
    site.pages["/a"] = [302], {"Location": f"http://{outer}/inner"}

    assert web.look(f"http://{outer}/a").reason == "private"
    assert site.asked == [("HEAD", "/a")]


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("http://www.example.org:8080/", "port"),
        ("http://www.example.org:22/", "port"),
        ("ftp://www.example.org/", "address"),
        ("file:///etc/passwd", "address"),
        ("https://who:secret@www.example.org/", "address"),
        ("https://", "address"),
        (f"https://{'a' * 70}.example/", "address"),
        ("http://[::1/", "connection"),
        ("http://www.example.org:99999/", "connection"),
    ],
)
def test_what_is_no_page_of_the_web_is_not_asked(address, reason):
    assert Web("x").look(address).reason == reason


def test_a_redirect_out_of_the_web_is_not_followed(site, web):
    site.pages["/a"] = [302], {"Location": "gopher://www.example.org/"}

    assert web.look(f"{site.url}/a").reason == "address"


@given(st.text(max_size=80))
def test_no_address_breaks_the_checker(text):
    web = Web("x", allow=lambda address: False)

    assert web.look(f"http://127.0.0.1/{text}").reason == "private"
    assert quoted(text).isascii()
