"""Somebody at the desk of a real server, who notes what was promised to be saved."""

import http.client
import itertools
import threading
from contextlib import suppress
from types import SimpleNamespace
from urllib.parse import urlencode

from django.contrib.auth import get_user_model
from django.test import Client

from tests.articles.test_concurrency import typed


def signed_in(username):
    """Return the cookie of somebody who has signed in."""
    client = Client()
    client.force_login(get_user_model().objects.get(username=username))
    return client.cookies["session"].value


class Desk:
    """A browser at the desk: it keeps cookies, follows nothing and waits a minute."""

    def __init__(self, port, session):
        self.port = port
        self.cookies = {"session": session}

    def ask(self, method, path, data=None, body=None, content_type=None):
        """Return status, headers and body of one request over its own connection."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Cookie": cookies, "Accept-Language": "en"}
        if method == "POST":
            body = body or urlencode(data, doseq=True)
            kind = content_type or "application/x-www-form-urlencoded"
            headers["Content-Type"] = kind
        try:
            connection.request(method, path, body, headers)
            with connection.getresponse() as response:
                for line in response.headers.get_all("Set-Cookie", []):
                    name, _, rest = line.partition("=")
                    self.cookies[name] = rest.partition(";")[0]
                return response.status, response.headers, response.read()
        finally:
            connection.close()

    def form(self, path, selector):
        """Open a page and return what a browser would send of its form."""
        status, _headers, body = self.ask("GET", path)
        assert status == 200, (status, path)
        return typed(SimpleNamespace(content=body), selector)

    def send(self, path, data):
        """Send a form; return where it leads, None if it does not lead on."""
        status, headers, _body = self.ask("POST", path, data)
        return headers["Location"] if status == 302 else None


class Writer(threading.Thread):
    """Writes and publishes one article over and over until told to stop.

    ``saved`` and ``published`` are the numbers of the last texts for which the answer
    has arrived: these must be there for ever.
    """

    def __init__(self, desk, article, begin):
        super().__init__(daemon=True)
        self.desk, self.path = desk, f"/admin/articles/article/{article}/"
        self.numbers = itertools.count(begin)
        self.saved = self.published = 0
        self.acknowledged = 0
        self.refused = []
        self.stopped = threading.Event()

    def run(self):
        while not self.stopped.is_set():
            # What is cut off is no promise.
            with suppress(OSError, http.client.HTTPException):
                self.publish(next(self.numbers))

    def publish(self, number):
        form = self.desk.form(f"{self.path}change/", "#article_form")
        text = {
            "title": f"Text {number}",
            "body": f"<p>These are the words of text {number}.</p>",
            "change_kind": "CONTENT",
            "change_note": f"Text {number} is new.",
            "_sign": "Sign",
        }
        if not self.desk.send(f"{self.path}change/", form | text):
            self.refused.append(number)
            return
        self.saved = number
        self.acknowledged += 1
        for step, more in (("sign", {}), ("publish", {"when": "now"})):
            form = self.desk.form(f"{self.path}{step}/", "form.step")
            if not self.desk.send(f"{self.path}{step}/", form | more):
                return
            self.acknowledged += 1
        self.published = number
