"""The edge as gunicorn's asgi worker calls it."""

import asyncio
import errno
import io
import time
from concurrent.futures import ThreadPoolExecutor

import brotli
import pytest

from clinic import uploads
from clinic.edge import asgi
from clinic.edge.asgi import ASGIEdge
from tests.clinic.edge.stub import attach


@pytest.fixture(params=[True, False], ids=["file", "server"])
def edge(request, application, present, monkeypatch):
    """An edge whose generation is read at once, and one that has to wait for it."""
    edge = ASGIEdge(application)
    attach(edge.edge, present, monkeypatch)
    edge.is_instant = request.param
    yield edge
    edge.pool.shutdown()
    edge.prober.shutdown()


def run(coroutine):
    """Run it in a thread of its own: Playwright keeps a loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


class Answer:
    def __init__(self):
        self.status, self.headers, self.pieces, self.is_over = None, {}, [], False

    async def take(self, message):
        if message["type"] == "http.response.start":
            assert self.status is None
            self.status = message["status"]
            for name, value in message["headers"]:
                assert name == name.lower()
                self.headers[name.decode()] = value.decode()
            return
        assert not self.is_over
        self.pieces.append(message["body"])
        self.is_over = not message.get("more_body")

    @property
    def body(self):
        assert self.is_over
        return b"".join(self.pieces)


async def ask(edge, address, *, method="GET", body=(b"",), **headers):
    path, _, query = address.partition("?")
    scope = {
        "type": "http",
        "method": method,
        "scheme": "http",
        "http_version": "1.1",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [
            (b"host", b"testserver"),
            *((n.replace("_", "-").encode(), v.encode()) for n, v in headers.items()),
        ],
        "server": ("127.0.0.1", 8000),
        "client": ("203.0.113.9", 5000),
    }
    pieces = list(body)

    async def receive():
        if not pieces:
            return {"type": "http.disconnect"}
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    answer = Answer()
    await edge(scope, receive, answer.take)
    return answer


def get(edge, address, **options):
    return run(ask(edge, address, **options))


def test_the_second_visitor_gets_what_was_made_for_the_first(edge, application):
    answers = [get(edge, "/a", accept_encoding="br") for _ in range(3)]

    assert {brotli.decompress(answer.body) for answer in answers} == {b"/a? #1"}
    assert answers[0].headers["content-encoding"] == "br"
    assert answers[0].headers["content-length"] == str(len(answers[0].body))
    assert len(application.seen) == 1


def test_a_change_is_in_the_next_answer(edge, present):
    assert get(edge, "/a").body == b"/a? #1"
    present.number = 2
    assert get(edge, "/a").body == b"/a? #2"


def test_every_encoding_holds_the_same(edge):
    assert brotli.decompress(get(edge, "/a", accept_encoding="br").body) == b"/a? #1"
    assert get(edge, "/a").body == b"/a? #1"
    assert get(edge, "/a", accept_encoding="gzip").body[:2] == b"\x1f\x8b"


def test_who_has_the_page_is_told_that_it_still_holds(edge):
    tag = get(edge, "/a").headers["etag"]
    answer = get(edge, "/a", if_none_match=tag)

    assert (answer.status, answer.body) == (304, b"")
    assert answer.headers["etag"] == tag


@pytest.mark.parametrize("status", ["200 OK", "302 Found"])
def test_head_says_what_get_says_without_the_body(edge, application, status):
    application.status = status
    head, whole = get(edge, "/a", method="HEAD"), get(edge, "/a")

    assert head.body == b""
    assert head.headers == whole.headers


def test_one_address_written_in_many_ways_is_one(edge):
    assert get(edge, "/%61b").body == b"/ab? #1"
    assert get(edge, "/ab").body == b"/ab? #1"


@pytest.mark.parametrize(
    ("method", "address", "headers"),
    [
        ("POST", "/a", {}),
        ("GET", "/admin/", {}),
        ("GET", "/a", {"cookie": "session=abc"}),
    ],
)
def test_what_is_no_visitor_reading_goes_to_django(
    edge, application, method, address, headers
):
    for _ in range(2):
        answer = get(edge, address, method=method, **headers)
        assert answer.status == 200

    assert len(application.seen) == 2


def test_django_is_told_everything_of_a_request_that_is_not_for_the_edge(
    edge, application
):
    read = []
    application.during = lambda: read.append(application.seen[-1]["wsgi.input"].read())
    get(
        edge,
        "/admin/f%C3%A8?a=1",
        method="POST",
        body=[b"a=", b"", b"1&b=2"],
        content_type="text/x",
        content_length="7",
        x_a="1",
    )

    (seen,) = application.seen
    assert read == [b"a=1&b=2"]
    assert seen["CONTENT_LENGTH"] == "7"
    assert seen["CONTENT_TYPE"] == "text/x"
    assert seen["PATH_INFO"] == "/admin/f\xc3\xa8"
    assert seen["QUERY_STRING"] == "a=1"
    assert seen["HTTP_X_A"] == "1"
    assert seen["REMOTE_ADDR"] == "203.0.113.9"
    assert "HTTP_CONTENT_TYPE" not in seen


def test_a_body_that_breaks_off_never_reaches_django(edge, application):
    async def broken():
        pieces = [{"type": "http.request", "body": b"half", "more_body": True}]

        async def receive():
            return pieces.pop() if pieces else {"type": "http.disconnect"}

        scope = {
            "type": "http", "method": "POST", "scheme": "http", "raw_path": b"/admin/",
            "query_string": b"", "headers": [(b"host", b"testserver")],
        }  # fmt: skip
        await edge(scope, receive, pytest.fail)

    run(broken())
    assert application.seen == []


@pytest.mark.parametrize(
    ("address", "headers", "limit"),
    [
        ("/a", {}, "SMALL_BODY"),
        ("/admin/", {}, "SMALL_BODY"),
        ("/a", {"cookie": "session=abc"}, "SMALL_BODY"),
        ("/admin/", {"cookie": "session=abc"}, "LARGEST_BODY"),
    ],
)
@pytest.mark.parametrize("is_declared", [True, False])
def test_a22_a_body_that_is_too_large_is_refused(
    edge, application, monkeypatch, address, headers, limit, is_declared
):
    """Pictures come from the desk; nobody else can fill the disk."""
    monkeypatch.setattr(uploads, limit, 10)
    small, large = [b"x" * 5] * 2, [b"x" * 6] * 2
    if is_declared:
        headers = headers | {"content_length": "12"}
        assert get(edge, address, method="POST", body=[], **headers).status == 413
    else:
        assert get(edge, address, method="POST", body=small, **headers).status == 200
        application.seen.clear()
        answer = get(edge, address, method="POST", body=large, **headers)
        assert (answer.status, answer.body) == (413, uploads.TOO_LARGE)
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert application.seen == []


def test_a22_a_body_that_never_ends_is_not_waited_for(edge, application, monkeypatch):
    monkeypatch.setattr(asgi, "PATIENCE_SECONDS", 0.2)
    answer = Answer()

    async def slow():
        async def receive():
            await asyncio.sleep(0.05)
            return {"type": "http.request", "body": b"x", "more_body": True}

        scope = {
            "type": "http", "method": "POST", "scheme": "http", "raw_path": b"/admin/",
            "query_string": b"", "headers": [(b"host", b"testserver")],
        }  # fmt: skip
        await edge(scope, receive, answer.take)

    run(slow())

    assert (answer.status, application.seen) == (408, [])


def test_a_large_file_is_sent_piece_by_piece_and_closed(edge):
    class File(io.BytesIO):
        def __iter__(self):
            return iter(lambda: self.read(1000), b"")

    file = File(b"x" * 5000)

    def application(environ, start_response):
        start_response("200 OK", [("Content-Type", "image/png")])
        return file

    edge.application = edge.edge.application = application
    answer = get(edge, "/a")

    assert answer.body == b"x" * 5000
    assert len(answer.pieces) == 6
    assert file.closed


def together(edge, count, address="/a"):
    async def all_of_them():
        return await asyncio.gather(*(ask(edge, address) for _ in range(count)))

    return run(all_of_them())


def test_many_who_want_the_same_page_have_it_made_once(edge, application):
    application.during = lambda: time.sleep(0.2)

    assert {answer.body for answer in together(edge, 100)} == {b"/a? #1"}
    assert len(application.seen) == 1
    assert edge.renders == {}


def test_a_page_that_became_old_while_many_waited_is_made_once_more(
    edge, application, present
):
    def change():
        time.sleep(0.2)
        present.number = 2

    application.during = change
    bodies = sorted(answer.body for answer in together(edge, 100))

    assert bodies == [b"/a? #1"] + [b"/a? #2"] * 99


def test_an_answer_that_is_old_when_it_is_ready_holds_up_nobody(
    edge, present, monkeypatch
):
    """Whoever comes in the moment between the answer and what follows from it."""
    get(edge, "/a")
    old = edge.edge.stored("/a")
    present.number = 2
    holds, asked = edge.edge.still_holds, []

    def still_holds(kept):
        asked.append(kept)
        assert len(asked) < 10, "It comes round for ever."
        return holds(kept)

    monkeypatch.setattr(edge.edge, "still_holds", still_holds)

    async def come():
        task = edge.renders["/a"] = asyncio.get_running_loop().create_future()
        task.set_result(old)
        return await ask(edge, "/a")

    assert run(come()).body == b"/a? #2"
    assert edge.renders == {}


def test_a_render_that_began_since_is_not_forgotten_with_the_one_before(edge):
    async def late():
        loop = asyncio.get_running_loop()
        before, now = loop.create_future(), loop.create_future()
        edge.renders["/a"] = now
        edge.is_rendered("/a", before)
        return edge.renders["/a"] is now

    assert run(late())


def test_what_cannot_be_kept_is_made_for_each(edge, application):
    application.headers = []
    bodies = {answer.body for answer in together(edge, 20)}

    assert len(bodies) == 20


def test_a_failure_is_told_to_all_who_waited(edge, application, present):
    application.status, application.headers = "500 Error", []
    application.during = lambda: time.sleep(0.2)
    present.number = None

    assert {answer.status for answer in together(edge, 50)} == {500}
    assert len(application.seen) == 1


def test_while_django_is_busy_what_is_kept_is_sent(edge, application):
    """Django works in four threads at a time; who reads what is kept needs none."""
    edge.is_instant = True
    get(edge, "/kept")

    async def busy():
        application.during = lambda: time.sleep(1)
        slow = [asyncio.create_task(ask(edge, f"/slow-{n}")) for n in range(8)]
        await asyncio.sleep(0.1)
        answers = [await ask(edge, "/kept") for _ in range(100)]
        waiting = [task for task in slow if not task.done()]
        await asyncio.gather(*slow)
        return answers, waiting

    answers, waiting = run(busy())
    assert {answer.body for answer in answers} == {b"/kept? #1"}
    assert len(waiting) == 8


@pytest.mark.parametrize("address", sorted(asgi.PROBES))
def test_while_readers_take_every_thread_monitoring_is_answered(
    edge, application, address
):
    async def busy():
        application.during = lambda: time.sleep(1)
        slow = [asyncio.create_task(ask(edge, f"/slow-{n}")) for n in range(8)]
        await asyncio.sleep(0.1)
        application.during = lambda: None
        answers = [await ask(edge, address) for _ in range(3)]
        waiting = [task for task in slow if not task.done()]
        await asyncio.gather(*slow)
        return answers, waiting

    answers, waiting = run(busy())
    assert [answer.status for answer in answers] == [200] * 3
    assert len(waiting) == 8
    # Nothing of it is kept: every question reaches Django.
    asked = [environ["PATH_INFO"] for environ in application.seen]
    assert asked.count(address) == 3


def test_the_head_of_a_probe_has_no_body(edge):
    whole, head = get(edge, "/healthz"), get(edge, "/healthz", method="HEAD")

    assert (head.status, head.body) == (200, b"")
    assert whole.body != b""


def test_who_leaves_says_so_with_every_answer(edge):
    assert "connection" not in get(edge, "/a").headers
    edge.is_leaving = True

    assert get(edge, "/a").headers["connection"] == "close"
    assert get(edge, "/admin/").headers["connection"] == "close"


def test_who_leaves_takes_nothing_away_from_those_who_wait(edge, application):
    application.during = lambda: time.sleep(0.4)

    async def one_leaves():
        first = asyncio.create_task(ask(edge, "/a"))
        await asyncio.sleep(0.1)
        others = [asyncio.create_task(ask(edge, "/a")) for _ in range(20)]
        await asyncio.sleep(0.1)
        first.cancel()
        return await asyncio.gather(*others)

    assert {answer.body for answer in run(one_leaves())} == {b"/a? #1"}
    assert len(application.seen) == 1
    assert edge.renders == {}


def test_what_nobody_waits_for_any_more_is_closed(edge):
    class Body(list):
        is_closed = False

        def close(self):
            self.is_closed = True

    body = Body([b"x"])

    def application(environ, start_response):
        time.sleep(0.3)
        start_response("200 OK", [])
        return body

    edge.application = edge.edge.application = application

    async def leaves(address):
        task = asyncio.create_task(ask(edge, address))
        await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.sleep(0.5)

    for address in ("/a", "/admin/"):
        body.is_closed = False
        run(leaves(address))
        assert body.is_closed, address


def test_what_does_not_fit_the_memory_is_still_made_once_for_all(edge, application):
    edge.edge.pages.limit = 0
    application.during = lambda: time.sleep(0.2)

    assert {answer.body for answer in together(edge, 20)} == {b"/a? #1"}
    assert len(application.seen) == 1


def test_an_empty_piece_does_not_end_an_answer(edge, application):
    def pieces(environ, start_response):
        start_response("200 OK", [])
        return [b"", b"a", b"", b"b"]

    edge.application = edge.edge.application = pieces

    assert get(edge, "/a").body == b"ab"


def test_who_waits_in_line_is_not_stuck(edge, application, monkeypatch):
    monkeypatch.setattr(asgi, "STUCK_SECONDS", 0.3)
    application.during = lambda: time.sleep(0.1)

    async def crowd():
        tasks = [asyncio.create_task(ask(edge, f"/{n}")) for n in range(40)]
        noticed = set()
        while any(not task.done() for task in tasks):
            noticed.add(edge.is_stuck)
            await asyncio.sleep(0.02)
        return noticed

    assert run(crowd()) == {False}


def test_a_call_that_hangs_is_noticed_after_its_client_has_left(
    edge, application, monkeypatch
):
    monkeypatch.setattr(asgi, "STUCK_SECONDS", 0.1)
    application.during = lambda: time.sleep(0.5)

    async def leave():
        task = asyncio.create_task(ask(edge, "/a"))
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.sleep(0.2)
        return edge.is_stuck

    assert run(leave()) is True


def test_a_call_that_never_ends_is_noticed(edge, application, monkeypatch):
    monkeypatch.setattr(asgi, "STUCK_SECONDS", 0.1)
    noticed = []

    async def hang():
        application.during = lambda: time.sleep(0.4)
        task = asyncio.create_task(ask(edge, "/a"))
        await asyncio.sleep(0.05)
        noticed.append(edge.is_stuck)
        await asyncio.sleep(0.2)
        noticed.append(edge.is_stuck)
        await task
        noticed.append(edge.is_stuck)

    run(hang())
    assert noticed == [False, True, False]


def test_nothing_but_http_is_spoken(edge):
    said = []

    async def send(message):
        said.append(message)

    run(edge({"type": "websocket"}, None, send))
    with pytest.raises(ValueError, match="lifespan"):
        run(edge({"type": "lifespan"}, None, send))

    assert said == [{"type": "websocket.close"}]


def test_r08_a_large_body_that_finds_no_room_is_answered_kindly(
    edge, application, monkeypatch
):
    """What is small waits in memory; of the rest its sender is told to come back."""

    class Full(io.BytesIO):
        def write(self, piece):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(asgi.uploads, "nameless", lambda in_memory: Full())

    answer = get(edge, "/admin/", method="POST", body=[b"x" * 100])

    assert answer.status == 503
    assert answer.headers["retry-after"] == "30"
    assert b"<h1>" in answer.body
    assert application.seen == []
