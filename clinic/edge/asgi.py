"""The edge for a server that speaks ASGI (gunicorn's asgi worker).

Answers from memory are sent by the event loop itself; Django, which is WSGI behind it,
runs in a few threads. A slow client therefore costs memory and no thread.
"""

import asyncio
import io
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any, TypeVar
from urllib.parse import unquote_to_bytes

from clinic import generation
from clinic.edge.edge import Application, Edge, Environ, Response, call
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
# The largest picture that the desk takes has 25 MB.
LARGEST_BODY = 32 * 1024 * 1024
CHUNK = 64 * 1024


def raw(headers: Headers) -> RawHeaders:
    return [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in headers
    ]


class ASGIEdge:
    """An ASGI application that answers from memory what it can; WSGI does the rest."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.edge = Edge(application, wire=raw)
        # A number from a file is there at once; from a server, the loop cannot wait.
        self.is_instant = isinstance(self.edge.reader, generation.SQLiteReader)
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="django")
        self.is_leaving = False
        self.running: set[float] = set()  # when Django's present calls have begun
        # What is being rendered; None will be the answer if it is not for others.
        self.renders: dict[str, asyncio.Future[Kept | None]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise ValueError(f"The portal does not speak {scope['type']}.")
        edge, headers = self.edge, dict(scope["headers"])
        key = edge.key(
            scope["method"],
            scope["scheme"],
            headers.get(b"host", b"").decode("latin-1"),
            path_of(scope),
            scope["query_string"].decode("latin-1"),
            headers.get(b"cookie", b"").decode("latin-1"),
        )
        if key is None:
            return await self.pass_on(scope, receive, send)
        if self.is_instant:
            answer: Kept | Response | None = edge.find(key)
        else:
            answer = await self.in_thread(edge.find, key)
        if answer is None:
            answer = await self.rendered(key, scope, headers)
        if isinstance(answer, Response):
            return await self.send_on(answer, scope, send)
        encoding = encoding_for(headers.get(b"accept-encoding", b"").decode("latin-1"))
        variant = answer.variants.get(encoding if answer.compressed else "identity")
        if variant is None:
            variant = await self.in_thread(answer.variant, encoding)
            edge.weigh(key, answer)
        match = headers.get(b"if-none-match")
        if match and answer.is_match(variant, match.decode("latin-1")):
            return await self.respond(send, 304, variant.headers_304, b"")
        body = b"" if scope["method"] == "HEAD" else variant.body
        await self.respond(send, answer.code, variant.headers, body)

    @property
    def is_stuck(self) -> bool:
        """Whether a call of Django's has been running for so long that it hangs."""
        return bool(self.running) and time.monotonic() - min(self.running) > (
            STUCK_SECONDS
        )

    async def in_thread(self, work: Callable[..., T], *args: Any) -> T:
        begun = time.monotonic()
        self.running.add(begun)
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self.pool, work, *args)
        finally:
            self.running.discard(begun)

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

    async def rendered(
        self, key: str, scope: Scope, headers: dict[bytes, bytes]
    ) -> Kept | Response:
        """Let one of many simultaneous requests render; see the same in ``wsgi``."""
        work = (self.edge.ask, key, scope["scheme"], headers[b"host"].decode("latin-1"))
        while (other := self.renders.get(key)) is not None:
            shared = await asyncio.shield(other)
            if shared is None:
                return await self.in_thread(*work)
            found = await self.in_thread(self.edge.find, key)
            if found or shared.passing:
                return found or shared
        mine = self.renders[key] = asyncio.get_running_loop().create_future()
        answer: Kept | Response | None = None
        try:
            answer = await self.in_thread(*work)
            return answer
        finally:
            del self.renders[key]
            mine.set_result(answer if isinstance(answer, Kept) else None)

    # Past the edge ###########################################################

    async def pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let Django answer a request as it is."""
        with tempfile.SpooledTemporaryFile(CHUNK) as body:
            size = 0
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    return  # whoever asked has gone
                size += len(message.get("body", b""))
                if size > LARGEST_BODY:
                    plain = [
                        (b"content-type", b"text/plain"),
                        (b"content-length", b"0"),
                    ]
                    return await self.respond(send, 413, plain, b"")
                body.write(message.get("body", b""))
                if not message.get("more_body"):
                    break
            body.seek(0)
            environ = environ_of(scope, body, size)
            response = await self.in_thread(call, self.application, environ)
            await self.send_on(response, scope, send)

    async def send_on(self, response: Response, scope: Scope, send: Send) -> None:
        """Send an answer of Django's piece by piece: it may be a large file."""
        try:
            status = int(response.status[:3])
            await self.respond(send, status, raw(response.headers), None)
            pieces = iter(() if scope["method"] == "HEAD" else response.chunks)
            while piece := await self.in_thread(next, pieces, b""):
                await send(
                    {"type": "http.response.body", "body": piece, "more_body": True}
                )
            await send({"type": "http.response.body", "body": b""})
        finally:
            await self.in_thread(response.close)


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
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": body if size else io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
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
