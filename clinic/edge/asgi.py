"""The edge for a server that speaks ASGI (gunicorn's asgi worker).

Answers from memory are sent by the event loop itself (a number that comes from
PostgreSQL is read in a thread); Django, which is WSGI behind it, runs in a few threads.
A slow client therefore costs memory and no thread.
"""

import asyncio
import io
import time
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from typing import IO, Any, TypeVar
from urllib.parse import unquote_to_bytes

from clinic import faults, generation, uploads
from clinic.edge.edge import (
    Application,
    Edge,
    Environ,
    Response,
    broken,
    call,
    is_counted,
    wsgi,
)
from clinic.edge.kept import Headers, Kept, encoding_for

T = TypeVar("T")
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
RawHeaders = list[tuple[bytes, bytes]]

THREADS = 4
# Nothing that staff do takes so long; what does will never end.
STUCK_SECONDS = 60
# So long somebody on a slow line needs for a picture: 25 MB at a megabit a second.
# What takes longer is there to hold a file open.
PATIENCE_SECONDS = 240
# A text waits in memory: it must arrive even where the disk is full.
IN_MEMORY = 256 * 1024
# What monitoring asks for.
PROBES = {"/healthz", "/readyz"}


@lru_cache(1000)
def raw_pair(pair: tuple[str, str]) -> tuple[bytes, bytes]:
    """Return a header as it is sent; equal ones of all answers are the same object."""
    name, value = pair
    return name.lower().encode("latin-1"), value.encode("latin-1")


def raw(headers: Headers) -> RawHeaders:
    return [raw_pair(pair) for pair in headers]


class ASGIEdge:
    """An ASGI application that answers from memory what it can; WSGI does the rest."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.edge = Edge(application, wire=raw)
        # A number from a file is there at once; for one from a server the loop cannot
        # wait, nor may it stand in line behind whoever renders.
        self.is_instant = isinstance(self.edge.reader, generation.SQLiteReader)
        self.readers = ThreadPoolExecutor(2, thread_name_prefix="generation")
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="django")
        self.prober = ThreadPoolExecutor(1, thread_name_prefix="probe")
        self.is_leaving = False
        self.running: dict[object, float] = {}  # when the calls in threads have begun
        self.renders: dict[str, asyncio.Future[Kept | Response]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            # Whoever asks for one is refused (403), and no fault is logged for it.
            return await send({"type": "websocket.close"})
        if scope["type"] != "http":
            raise ValueError(f"The portal does not speak {scope['type']}.")
        path = path_of(scope)
        if path in PROBES and scope["method"] in {"GET", "HEAD"}:
            return await self.answer_probe(scope, send)
        headers = dict(scope["headers"])
        key = self.edge.key(
            scope["method"],
            scope["scheme"],
            headers.get(b"host", b"").decode("latin-1"),
            path,
            scope["query_string"].decode("latin-1"),
            headers.get(b"cookie", b"").decode("latin-1"),
        )
        if key is None:
            return await self.pass_on(scope, headers, receive, send)
        answer: Kept | Response | None = await self.asked(self.edge.find, key)
        if answer is None:
            answer = await self.rendered(key, scope, headers)
        if is_counted(answer):
            referrer = headers.get(b"referer", b"").decode("latin-1")
            self.edge.count(key, answer, referrer)
        if isinstance(answer, Response):
            return await self.send_on(answer, scope, send)
        encoding = encoding_for(headers.get(b"accept-encoding", b"").decode("latin-1"))
        variant = answer.variants.get(encoding if answer.compressed else "identity")
        if variant is None:
            variant = await self.in_thread(answer.variant, encoding)
            self.edge.weigh(key, answer)
        match = headers.get(b"if-none-match")
        if match and answer.is_match(variant, match.decode("latin-1")):
            return await self.respond(send, 304, variant.headers_304, b"")
        body = b"" if scope["method"] == "HEAD" else variant.body
        await self.respond(send, answer.code, variant.headers, body)

    # Threads #################################################################

    async def asked(self, question: Callable[..., T], *args: Any) -> T:
        """Ask what needs the generation."""
        if self.is_instant:
            return question(*args)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.readers, question, *args)

    def in_thread(self, work: Callable[..., T], *args: Any) -> Awaitable[T]:
        loop = asyncio.get_running_loop()
        return loop.run_in_executor(self.pool, self.timed, work, args)

    def timed(self, work: Callable[..., T], args: tuple[Any, ...]) -> T:
        mark = object()
        self.running[mark] = time.monotonic()
        try:
            return work(*args)
        finally:
            del self.running[mark]

    @property
    def is_stuck(self) -> bool:
        """Whether a call of Django's has been running for so long that it hangs."""
        latest = time.monotonic() - STUCK_SECONDS
        return any(begun < latest for begun in list(self.running.values()))

    async def rendered(
        self, key: str, scope: Scope, headers: dict[bytes, bytes]
    ) -> Kept | Response:
        """Let one of many simultaneous requests render; see the same in ``wsgi``.

        Whoever leaves meanwhile does not take the result away from the others.
        """
        work = (self.edge.ask, key, scope["scheme"], headers[b"host"].decode("latin-1"))
        while (task := self.renders.get(key)) is not None:
            answer = await asyncio.shield(task)
            # Where that was done already, nothing was waited for, and what else is to
            # be done once it is still stands in line: it would come round for ever.
            self.is_rendered(key, task)
            if isinstance(answer, Response):
                return await self.in_thread(*work)
            if await self.asked(self.edge.still_holds, answer):
                return answer
        task = asyncio.ensure_future(self.in_thread(*work))
        self.renders[key] = task
        task.add_done_callback(partial(self.is_rendered, key))
        return await to_its_end(task, close)

    def is_rendered(self, key: str, task: asyncio.Future[Kept | Response]) -> None:
        """Forget a task that is done, but not one that has begun since."""
        if self.renders.get(key) is task:
            del self.renders[key]

    async def respond(
        self, send: Send, status: int, headers: RawHeaders, body: bytes | None
    ) -> None:
        """Send an answer, or its head alone if the body is to follow in pieces."""
        if self.is_leaving:
            headers = [*headers, (b"connection", b"close")]
        await send(
            {"type": "http.response.start", "status": status, "headers": headers}
        )
        if body is not None:
            await send({"type": "http.response.body", "body": body})

    # Past the edge ###########################################################

    async def answer_probe(self, scope: Scope, send: Send) -> None:
        """Let Django answer monitoring in a thread that never waits for readers."""

        def ask() -> tuple[Response, bytes]:
            environ = environ_of(scope, io.BytesIO(), 0)
            response = call(self.application, environ)
            return response, response.read()

        loop = asyncio.get_running_loop()
        response, body = await loop.run_in_executor(self.prober, ask)
        body = b"" if scope["method"] == "HEAD" else body
        await self.respond(send, int(response.status[:3]), raw(response.headers), body)

    async def pass_on(
        self, scope: Scope, headers: dict[bytes, bytes], receive: Receive, send: Send
    ) -> None:
        """Let Django answer a request as it is."""
        cookies = headers.get(b"cookie", b"").decode("latin-1")
        limit = uploads.largest_body(path_of(scope), cookies)
        declared = headers.get(b"content-length", b"0")
        size = int(declared) if declared.isdigit() else 0
        body = uploads.nameless(IN_MEMORY)  # closed by the task
        try:
            if size <= limit:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    size = await received(body, limit, receive)
        except BaseException as reason:
            body.close()
            if isinstance(reason, TimeoutError):
                return await self.respond(send, 408, [(b"content-length", b"0")], b"")
            fault = faults.fault_of(reason)
            if fault is None:
                raise
            faults.note(fault)  # large bodies wait on the disk, and it is full
            answer = broken(path_of(scope))
            answer.status = "503 Service Unavailable"
            answer.headers.append(("Retry-After", str(faults.RETRY_AFTER)))
            return await self.send_on(answer, scope, send)
        if size < 0:
            return body.close()  # whoever asked has gone
        if size > limit:
            body.close()
            told = raw(uploads.TOO_LARGE_HEADERS)
            return await self.respond(send, 413, told, uploads.TOO_LARGE)
        work = self.in_thread(call, self.application, environ_of(scope, body, size))
        task = asyncio.ensure_future(work)
        task.add_done_callback(lambda _: body.close())
        await self.send_on(await to_its_end(task, close), scope, send)

    async def send_on(self, response: Response, scope: Scope, send: Send) -> None:
        """Send an answer of Django's piece by piece: it may be a large file."""
        try:
            status = int(response.status[:3])
            await self.respond(send, status, raw(response.headers), None)
            pieces = iter(() if scope["method"] == "HEAD" else response.chunks)
            while (piece := await self.in_thread(next, pieces, None)) is not None:
                await send(
                    {"type": "http.response.body", "body": piece, "more_body": True}
                )
            await send({"type": "http.response.body", "body": b""})
        finally:
            await asyncio.shield(asyncio.ensure_future(self.in_thread(response.close)))


async def to_its_end(task: asyncio.Future[T], leave: Callable[[T], Any]) -> T:
    """Wait for a thread; if the client leaves first, do ``leave`` with the result."""
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        task.add_done_callback(lambda done: done.exception() or leave(done.result()))
        raise


def close(answer: Kept | Response) -> None:
    if isinstance(answer, Response):
        answer.close()


async def received(body: IO[bytes], limit: int, receive: Receive) -> int:
    """Write what arrives into a file; return its size, -1 if the client has left.

    It stops as soon as that is more than the limit.
    """
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return -1
        piece = message.get("body", b"")
        size += len(piece)
        if size > limit:
            return size
        body.write(piece)
        if not message.get("more_body"):
            body.seek(0)
            return size


def path_of(scope: Scope) -> str:
    """Return the decoded path, a byte a character, as WSGI's PATH_INFO has it."""
    path: bytes = scope["raw_path"]
    return (unquote_to_bytes(path) if b"%" in path else path).decode("latin-1")


def environ_of(scope: Scope, body: IO[bytes], size: int) -> Environ:
    """Return the WSGI request for an ASGI one (PEP 3333)."""
    server, client = (
        scope.get("server") or ("portal", 0),
        scope.get("client") or ("", 0),
    )
    environ: Environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": path_of(scope),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": client[0],
        "CONTENT_LENGTH": str(size),
        **wsgi(scope["scheme"], body),
    }
    for name, value in scope["headers"]:
        key = name.decode("latin-1").upper().replace("-", "_")
        if key == "CONTENT_TYPE":
            environ[key] = value.decode("latin-1")
        elif key != "CONTENT_LENGTH":
            glue = "; " if key == "COOKIE" else ","
            there = environ.get(f"HTTP_{key}")
            text = value.decode("latin-1")
            environ[f"HTTP_{key}"] = f"{there}{glue}{text}" if there else text
    return environ
