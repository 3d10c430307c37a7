"""A WSGI application in Django's place, and an edge round it that needs no database."""

import itertools

from clinic import generation
from clinic.edge.edge import Edge

KEPT = [("Content-Type", "text/html"), ("Cache-Control", "public, no-cache")]


class Generation:
    """Says which generation it is, in a database's place."""

    def __init__(self):
        self.number, self.until = 1, float("inf")

    def read(self):
        if self.number is None:
            raise generation.Unknown
        return self.number

    def epoch(self):
        return generation.Epoch(self.read(), 0, self.until)


class Application:
    """Answers "path?query #n", n being how many answers there have been."""

    def __init__(self):
        self.calls = itertools.count(1)
        self.seen = []
        self.status, self.headers, self.body = "200 OK", KEPT, None
        self.during = lambda: None

    def __call__(self, environ, start_response):
        self.seen.append(environ)
        number = next(self.calls)
        self.during()
        start_response(self.status, list(self.headers))
        text = f"{environ['PATH_INFO']}?{environ['QUERY_STRING']} #{number}"
        return [text.encode("latin-1") if self.body is None else self.body]


def attach(edge: Edge, present: Generation, monkeypatch) -> None:
    edge.reader = present
    monkeypatch.setattr(generation, "epoch", present.epoch)
