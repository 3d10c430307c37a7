"""The edge for a server that speaks WSGI (gunicorn's gthread and sync workers)."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any

from clinic.edge.edge import MARKS, Application, Edge, Environ, Response, is_counted
from clinic.edge.kept import Headers, Kept, encoding_for

# So long a request waits for another that renders the same page.
PATIENCE_SECONDS = 30


def unchanged(headers: Headers) -> Headers:
    return headers


def without_marks(start_response: Callable[..., Any]) -> Callable[..., Any]:
    """Keep what Django tells the edge from whoever is answered past it."""

    def start(status: str, headers: Headers, *more: Any) -> Any:
        return start_response(status, [h for h in headers if h[0] not in MARKS], *more)

    return start


class WSGIEdge:
    """A WSGI application that answers from memory what it can."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.edge = Edge(application, wire=unchanged)
        # What is being rendered; None will be the answer if it is not for others.
        self.renders: dict[str, Future[Kept | None]] = {}
        self.lock = threading.Lock()

    def __call__(
        self, environ: Environ, start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        edge = self.edge
        key = edge.key(
            environ["REQUEST_METHOD"],
            environ["wsgi.url_scheme"],
            environ.get("HTTP_HOST", ""),
            environ["PATH_INFO"],
            environ["QUERY_STRING"],
            environ.get("HTTP_COOKIE", ""),
        )
        if key is None:
            return self.application(environ, without_marks(start_response))
        answer = edge.find(key) or self.rendered(key, environ)
        if is_counted(answer):
            edge.count(key, answer, environ.get("HTTP_REFERER", ""))
        if isinstance(answer, Response):
            start_response(answer.status, answer.headers)
            if environ["REQUEST_METHOD"] == "HEAD":
                answer.close()
                return []
            return answer.chunks
        encoding = encoding_for(environ.get("HTTP_ACCEPT_ENCODING", ""))
        made = len(answer.variants)
        variant = answer.variant(encoding)
        if len(answer.variants) > made:
            edge.weigh(key, answer)
        match = environ.get("HTTP_IF_NONE_MATCH")
        if match and answer.is_match(variant, match):
            start_response("304 Not Modified", variant.headers_304)
            return []
        start_response(answer.status, variant.headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [variant.body]

    def rendered(self, key: str, environ: Environ) -> Kept | Response:
        """Let one of many simultaneous requests render; the others take its result.

        If that is too old for who waited, one of them renders again. Where nothing can
        be kept, each asks for itself.
        """
        scheme, host = environ["wsgi.url_scheme"], environ["HTTP_HOST"]
        while True:
            with self.lock:
                other = self.renders.get(key)
                if other is None:
                    mine = self.renders[key] = Future()
            if other is None:
                break
            try:
                shared = other.result(PATIENCE_SECONDS)
            except TimeoutError:
                shared = None
            if shared is None:
                return self.edge.ask(key, scheme, host)
            if self.edge.still_holds(shared):
                return shared
        answer: Kept | Response | None = None
        try:
            answer = self.edge.ask(key, scheme, host)
            return answer
        finally:
            del self.renders[key]
            mine.set_result(answer if isinstance(answer, Kept) else None)
