"""What can be sent over a connection, straight to the portal and through nginx."""

import re
import socket
from contextlib import closing

import pytest

from tests.deploy.conftest import SITE, needs_nginx

pytestmark = pytest.mark.xdist_group("server")

ARTICLE = "/articles/liver-metastases/"
HOST = f"Host: {SITE}\r\n".encode()
# nginx tells the portal that its visitors come by https.
BY_HTTPS = b"X-Forwarded-Proto: https\r\n"
# What would answer if a second request were hidden in the first.
HIDDEN = b"GET /healthz?hidden HTTP/1.1\r\n" + HOST + b"\r\n"


@pytest.fixture(params=["portal", pytest.param("nginx", marks=needs_nginx)])
def door(request):
    """How to come in: a function that makes a connection, and its name."""
    if request.param == "nginx":
        site = request.getfixturevalue("site")
        return lambda: site.raw(), "nginx"
    portal = request.getfixturevalue("portal")
    return lambda: socket.create_connection(("127.0.0.1", portal.port), 10), "portal"


def answers(door, sent):
    """Send bytes; return the status of each answer, and whether the end came."""
    connect, name = door
    if name == "portal":
        sent = sent.replace(HOST, HOST + BY_HTTPS)
    received, is_closed = b"", False
    with connect() as connection:
        try:
            connection.sendall(sent)
            while piece := connection.recv(65536):
                received += piece
            is_closed = True
        except TimeoutError:
            pass
        except OSError:  # a reset is an end too
            is_closed = True
    assert re.search(rb"(?i)traceback|django|python|gunicorn", received) is None
    found = re.findall(rb"(?m)^HTTP/1\.[01] (\d{3})", received)
    return [int(status) for status in found], is_closed


def get(path, headers=b"", verb=b"GET"):
    return verb + b" " + path + b" HTTP/1.1\r\n" + HOST + headers + b"\r\n"


def post(headers, body=b""):
    return b"POST / HTTP/1.1\r\n" + HOST + headers + b"\r\n" + body


LAST = b"Connection: close\r\n"

# A34: names of hosts over a connection ########################################


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: evil.example\r\n",
        b"GET / HTTP/1.1\r\nHost: evil.example:80\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost:80@evil.example\r\n",
        b"GET / HTTP/1.1\r\nHost: www.example.org@evil.example\r\n",
        b"GET / HTTP/1.1\r\nHost: \r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"Host: evil.example\r\n",
        b"GET http://www.example.org/ HTTP/1.1\r\nHost: evil.example\r\n",
        b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n",
    ],
)
def test_a34_another_host_gets_nothing(door, head):
    told, _is_closed = answers(door, head + LAST + b"\r\n")

    # nginx closes the connection without a word where no site of ours is asked for.
    assert told in ([400], []) if door[1] == "nginx" else told == [400]


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\n",
        b"GET / HTTP/1.0\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\n" + HOST,
    ],
)
def test_a34_no_answer_repeats_a_host_that_was_not_given(door, head):
    connect, _name = door
    with connect() as connection:
        connection.sendall(head + LAST + b"\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))

    head, _, body = answer.partition(b"\r\n\r\n")
    assert head == b"" or re.match(rb"HTTP/1\.[01] (301|400|404) ", head)
    assert b"evil" not in body
    # The portal knows itself by its settings, or by the address of its door.
    for target in re.findall(rb"(?i)location: (\S+)", head):
        assert re.match(rb"https://(127\.0\.0\.1:\d+|www\.example\.org)/", target)


# A42: verbs ###################################################################


@pytest.mark.parametrize(
    "verb",
    [
        *("TRACE", "TRACK", "PUT", "DELETE", "PATCH", "POST", "CONNECT", "OPTIONS"),
        *("PROPFIND", "DEBUG", "X" * 50, "get", "G€T"),
    ],
)
def test_a42_no_other_verb_is_served(door, verb):
    told, is_closed = answers(door, get(b"/", LAST, verb.encode()))

    assert told in ([400], [403], [405])
    assert is_closed


def test_a42_head_says_what_get_says(door):
    connect, name = door
    told = []
    for verb in (b"GET", b"HEAD"):
        with connect() as connection:
            connection.sendall(get(ARTICLE.encode(), BY_HTTPS + LAST, verb))
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        head, _, body = answer.partition(b"\r\n\r\n")
        told.append(re.sub(rb"Date: .*", b"", head))

    assert told[0] == told[1]
    assert body == b""


# A43: one request that passes for two #########################################

CHUNKED = b"Transfer-Encoding: chunked\r\n"
END = b"0\r\n\r\n"
REFUSED = {
    "length and chunks": post(b"Content-Length: 4\r\n" + CHUNKED, END + HIDDEN),
    "chunks and length": post(CHUNKED + b"Content-Length: 4\r\n", END + HIDDEN),
    "two lengths": post(b"Content-Length: 1\r\nContent-Length: 2\r\n", b"ab" + HIDDEN),
    "one length twice": post(b"Content-Length: 1\r\n" * 2, b"a" + HIDDEN),
    "a list of lengths": post(b"Content-Length: 1, 1\r\n", b"a" + HIDDEN),
    "a length with a sign": post(b"Content-Length: +1\r\n", b"a" + HIDDEN),
    "a length below nothing": post(b"Content-Length: -1\r\n", b"a" + HIDDEN),
    "a length in another base": post(b"Content-Length: 0x1\r\n", b"a" + HIDDEN),
    "a length with a space": post(b"Content-Length: 1 2\r\n", b"a" + HIDDEN),
    "identity": post(b"Transfer-Encoding: identity\r\n", HIDDEN),
    "an unknown encoding": post(b"Transfer-Encoding: xchunked\r\n", END + HIDDEN),
    "chunks inside": post(b"Transfer-Encoding: chunked, gzip\r\n", END + HIDDEN),
    "chunks twice": post(CHUNKED * 2, END + HIDDEN),
    "chunks after a tab": post(b"Transfer-Encoding:\x0bchunked\r\n", END + HIDDEN),
    "a space before the colon": post(b"Content-Length : 1\r\n", b"a" + HIDDEN),
    "chunks and a space": post(b"Transfer-Encoding : chunked\r\n", END + HIDDEN),
    "a folded header": get(b"/", b"X: 1\r\n 2\r\n"),
    "a space before the name": get(b"/", b" X: 1\r\n"),
    "a line that ends early": get(b"/", b"X: 1\rY: 2\r\n"),
    "nothing in a header": get(b"/", b"X: 1\x00\r\n"),
    "chunks of no number": post(CHUNKED, b"zz\r\na\r\n0\r\n\r\n"),
    "a chunk below nothing": post(CHUNKED, b"-1\r\na\r\n0\r\n\r\n"),
    "a chunk without its end": post(CHUNKED, b"1\r\naXX0\r\n\r\n"),
    "chunks too early": b"POST / HTTP/1.0\r\n" + HOST + CHUNKED + b"\r\n" + END,
    "a version to come": b"GET / HTTP/3.0\r\n" + HOST + b"\r\n",
    "another case": b"GET / http/1.1\r\n" + HOST + b"\r\n",
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a space in the path": get(b"/a b"),
    "no path": get(b"a"),
    "every byte there is": bytes(range(256)) * 20 + b"\r\n\r\n",
}  # fmt: skip


@pytest.mark.parametrize("sent", REFUSED.values(), ids=REFUSED)
def test_a43_what_could_be_read_in_two_ways_is_refused_once(door, sent):
    told, is_closed = answers(door, sent)

    # 501 and 505 are what the standard asks for an unknown encoding or version.
    assert told in ([400], [501], [505])
    assert is_closed


def test_a43_a_request_before_there_were_headers_is_refused(door):
    told, is_closed = answers(door, b"GET /\r\n\r\n")

    assert told in ([400], [])
    assert is_closed


READ_ONCE = {
    "lines without returns": get(b"/healthz", LAST).replace(b"\r\n", b"\n"),
    "one line without its return": get(b"/healthz", b"X: 1\nY: 2\r\n" + LAST),
    "an extension of a chunk": post(CHUNKED + LAST, b"1;a=b\r\na\r\n0\r\n\r\n"),
    "chunks without returns": post(CHUNKED + LAST, b"1\na\n0\n\n"),
    "packed and in chunks": post(b"Transfer-Encoding: gzip, chunked\r\n" + LAST, END),
    "a version between": b"GET /healthz HTTP/1.2\r\n" + HOST + LAST + b"\r\n",
    "a body that nobody expects": get(
        b"/healthz", LAST + b"Content-Length: %d\r\n" % len(HIDDEN)
    ) + HIDDEN,
    "an upgrade to HTTP/2": get(
        b"/healthz",
        b"Connection: close, Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
        b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n",
    ),
    "an upgrade to a websocket": get(
        b"/healthz",
        b"Connection: close, Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n",
    ),
    "a promise of a body": post(LAST + b"Content-Length: 1\r\nExpect: x\r\n", b"a"),
}  # fmt: skip


@pytest.mark.parametrize("sent", READ_ONCE.values(), ids=READ_ONCE)
def test_a43_what_may_be_understood_is_understood_as_one(door, sent):
    told, is_closed = answers(door, sent)

    assert told in ([200], [400], [403], [501])
    assert is_closed


def test_a43_requests_in_a_row_are_answered_in_a_row(door):
    told, is_closed = answers(
        door, get(b"/healthz") + get(b"/not-there/") + get(b"/healthz", LAST)
    )

    assert told == [200, 404, 200]
    assert is_closed


# A44: sizes, and bytes that are no text #######################################

NEVER_ENOUGH = {
    "a long path": (get(b"/" + b"a" * 10_000, LAST), [414]),
    "a long query": (get(b"/?x=" + b"a" * 10_000, LAST), [414]),
    "a long search": (get(b"/search/?q=" + b"a" * 10_000, LAST), [414]),
    "a search that fits": (get(b"/search/?q=" + b"a" * 3900, LAST), [200]),
    "parameters": (get(b"/articles/?" + b"a=1&" * 900, LAST), [200]),
    "a long header": (get(b"/", LAST + b"X: " + b"a" * 9000 + b"\r\n"), [431]),
    "a huge header": (get(b"/", LAST + b"X: " + b"a" * 90_000 + b"\r\n"), [431]),
    "101 headers": (
        get(b"/", LAST + b"".join(b"X-%d: 1\r\n" % n for n in range(101))), [431],
    ),
    "5000 headers": (
        get(b"/", LAST + b"".join(b"X-%d: 1\r\n" % n for n in range(5000))), [431],
    ),
    "folders in folders": (get(b"/" + b"a/" * 1900, LAST), [404]),
    "a body": (post(LAST + b"Content-Length: 100000\r\n", b"a" * 100_000), [413]),
    "a body in chunks": (
        post(LAST + CHUNKED, (b"2710\r\n" + b"a" * 10_000 + b"\r\n") * 10 + END),
        [413],
    ),
    "a body that is promised": (post(LAST + b"Content-Length: 99999999999\r\n"), [413]),
    "lists in lists": (
        post(
            LAST + b"Content-Type: application/json\r\nContent-Length: 10000\r\n",
            b"[" * 10_000,
        ),
        [403],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("sent", "expected"), NEVER_ENOUGH.values(), ids=NEVER_ENOUGH)
def test_a44_what_is_too_much_is_refused(door, sent, expected):
    told, is_closed = answers(door, sent)

    assert told == expected
    assert is_closed


NO_TEXT = {
    "nothing in a path": get(b"/a%00b", LAST),
    "no character in a path": get(b"/a%ffb/", LAST),
    "no characters in a query": get(b"/search/?q=%ff%00%fe&%ff=%00&page=%ff", LAST),
    "raw bytes in a path": get(b"/a\xff\xfeb", LAST),
    "raw bytes in a query": get(b"/search/?q=\xff\x80", LAST),
    "a raw nothing in a path": get(b"/a\x00b", LAST),
    "no escape": get(b"/%zz/%c0%ae%c0%ae/", LAST),
    "the way up": get(b"/../../etc/passwd", LAST),
    "the way up, escaped": get(b"/static/%2e%2e/%2e%2e/manage.py", LAST),
    "raw bytes in a cookie": get(b"/", b"Cookie: __Secure-session=\xff\xfe\r\n" + LAST),
    "raw bytes in a cookie of the desk": get(
        b"/admin/", b"Cookie: __Secure-session=\xff\x01; \x80\r\n" + LAST
    ),
    "raw bytes in a header": get(b"/", b"Accept-Language: \xff\xfe\r\n" + LAST),
    "raw bytes in a referrer": get(b"/not-there/", b"Referer: \xff\xfe\r\n" + LAST),
    "raw bytes in a form": post(
        LAST + b"Content-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: 8\r\n",
        b"\xff\xfe=%ff%00",
    ),
    "no boundary": post(
        LAST + b"Content-Type: multipart/form-data; boundary=\xff\r\n"
        b"Content-Length: 4\r\n",
        b"abcd",
    ),
    "no charset": post(
        LAST + b"Content-Type: text/plain; charset=\xff\r\nContent-Length: 1\r\n", b"a"
    ),
    "everything": get(b"*", LAST, b"OPTIONS"),
}  # fmt: skip


@pytest.mark.parametrize("sent", NO_TEXT.values(), ids=NO_TEXT)
def test_a44_bytes_that_are_no_text_break_nothing(door, sent):
    told, is_closed = answers(door, sent)

    assert len(told) == 1
    assert told[0] in {200, 400, 403, 404}
    assert is_closed


# A45: parts and conditions ####################################################


@pytest.fixture
def ask(door, request):
    """A function that gets an address by this door."""
    name = "site" if door[1] == "nginx" else "portal"
    server = request.getfixturevalue(name)
    known = {} if name == "site" else {"Host": SITE, "X-Forwarded-Proto": "https"}
    with closing(server.connect()) as connection:
        yield lambda path, **headers: server.get(path, connection, **known | headers)


@pytest.fixture(params=["page", "sheet", "picture"])
def address(request, ask):
    page = ask(ARTICLE)[2].decode()
    patterns = {
        "page": r'rel="canonical" href="https://www.example.org([^"]+)',
        "sheet": r'href="(/static/css/portal[^"]+)',
        "picture": r'src="(/media/pictures/[^"]+)',
    }
    return re.search(patterns[request.param], page)[1]


PARTS = [
    "bytes=0-9", "bytes=-5", "bytes=-0", "bytes=0-", "bytes=99999999-", "bytes=5-2",
    "bytes=0-0,2-2", "bytes=" + ",".join(f"{n}-{n}" for n in range(100)), "bytes=abc",
    "lines=1-2", "bytes=0-99999999999999999999999",
]  # fmt: skip


def test_a45_whoever_asks_for_a_part_gets_the_whole(ask, address):
    """RFC 9110, section 14.2: a server may ignore Range, and what is here is small."""
    _status, headers, whole = ask(address)

    assert "Accept-Ranges" not in headers
    for part in PARTS:
        status, headers, body = ask(address, Range=part)
        assert (status, body) == (200, whole), part
        assert "Content-Range" not in headers, part


def test_a45_conditions_are_those_of_the_tag(ask, address):
    status, headers, whole = ask(address)
    tag = headers["ETag"]
    same = (304, b"")

    def told(**headers):
        status, _headers, body = ask(address, **headers)
        return status, body

    assert re.fullmatch(r'"[0-9a-f]{24}"', tag)
    assert told(**{"If-None-Match": tag}) == same
    assert told(**{"If-None-Match": f"W/{tag}"}) == same
    assert told(**{"If-None-Match": f'"other", {tag}'}) == same
    assert told(**{"If-None-Match": "*"}) == same
    for stale in ('"other"', '""', "rubbish", f"{tag[:-1]}x"):
        assert told(**{"If-None-Match": stale}) == (200, whole), stale
    # A date is never looked at: a tag knows more (section 13.1.3 leaves it open).
    for date in ("Fri, 27 Nov 2099 17:59:39 GMT", "rubbish", "0"):
        assert told(**{"If-Modified-Since": date}) == (200, whole), date
    assert told(Range="bytes=0-1", **{"If-Range": tag}) == (200, whole)


def test_a45_each_encoding_has_its_own_tag(ask, address):
    tags = {}
    for encoding in ("identity", "gzip", "br"):
        status, headers, body = ask(address, **{"Accept-Encoding": encoding})
        tags[headers["ETag"]] = headers.get("Content-Encoding", "identity")
        assert status == 200
        if "/media/" not in address:
            assert headers["Vary"] == "Accept-Encoding"
            other = {"If-None-Match": headers["ETag"], "Accept-Encoding": "deflate"}
            assert ask(address, **other)[0] == (304 if encoding == "identity" else 200)

    expected = ["identity"] if "/media/" in address else ["identity", "gzip", "br"]
    assert list(tags.values()) == expected


def test_a45_a_page_that_is_not_there_is_never_unchanged(ask):
    _status, headers, body = ask("/not-there/")

    assert ask("/not-there/", **{"If-None-Match": headers["ETag"]})[::2] == (404, body)
