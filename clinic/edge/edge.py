"""What the edge answers by itself, what it asks Django, and what it keeps."""

import io
import logging
import re
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import parse_qsl, unquote, urlencode

from django.conf import settings
from django.db import connections
from django.http.request import split_domain_port, validate_host
from django.urls import reverse
from django.utils.translation import get_language_from_path, override

from clinic import error_pages, faults, generation, old_addresses
from clinic.edge import counts
from clinic.edge.counts import Counts, writers
from clinic.edge.kept import Headers, Kept, Memory, Wire, keep
from clinic.edge.missed import NOT_FOUND, Missed

logger = logging.getLogger("clinic.edge")

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

PLACE = re.compile(r"[1-9][0-9]{0,17}")
NUMBER = re.compile(r"[1-9]|10")


def words(value: str) -> str:
    """Return a text that people have typed, with single spaces and not for ever."""
    return " ".join(value.split())[:150]


def matching(pattern: re.Pattern[str]) -> Callable[[str], str]:
    return lambda value: value if pattern.fullmatch(value) else ""


# The parameters that public pages understand, each with what makes its value the one
# that stands for all alike, or empty if it has no meaning. Everything else never
# reaches Django, so it can neither fill the memory nor alter an answer.
PARAMETERS = {
    "after": matching(PLACE),
    "before": matching(PLACE),
    "page": matching(NUMBER),
    "q": words,
}
# What a page tells the edge about itself, in headers that go no further: when it is to
# be gone (Unix time), and what to count whenever it is sent (a kind of ``counts``, a
# space, and a name, percent-encoded).
MARKS = ENDS, COUNTED = ("Edge-Ends", "Edge-Counted")
KEPT_STATUSES = {"200", "301", "404", "410"}
# What leads on answers to every way of writing an address, which anybody can invent.
STRAY_STATUSES = {"301", "404"}
# Larger answers go through unkept; a page has 3 kB, a picture at most about 300.
LARGEST = 1024 * 1024
# How long a commit may take before pages are made without being kept.
BUSY_SECONDS = 2
# How long the last good copy answers while Django fails: a night and a morning.
STALE_SECONDS = 12 * 3600


@dataclass(slots=True)
class Response:
    """An answer of Django's that is sent on as it is."""

    status: str
    headers: Headers
    chunks: Iterable[bytes]
    ends: float = float("inf")  # see Kept
    counted: str = ""

    def read(self) -> bytes:
        try:
            return b"".join(self.chunks)
        finally:
            self.close()

    def close(self) -> None:
        close = getattr(self.chunks, "close", None)
        if close:
            close()

    @property
    def names(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers}


class Edge:
    """Keeps whole public answers in front of a WSGI application.

    ``wire`` puts headers into the form that the server takes.
    """

    def __init__(self, application: Application, wire: Wire) -> None:
        self.application = application
        self.wire = wire
        megabyte = 1024 * 1024
        self.pages = Memory(settings.EDGE_MEGABYTES * megabyte)
        # What anybody can invent (addresses that do not exist, parameters) has a place
        # of its own, and cannot put out what others read.
        self.strays = Memory(min(self.pages.limit, megabyte // 2))
        self.reader = generation.reader()
        self.read: tuple[int, float] = (0, 0.0)
        self.written_for: int | None = None  # the generation of the error pages
        self.missed = Missed()
        self.counts = {kind: Counts(write) for kind, write in writers.items()}
        self.desk = reverse("admin:index")
        self.hosts: set[str] = set()
        self.session_cookie = settings.SESSION_COOKIE_NAME

    def warm_up(self) -> None:
        """Load in this process, before others are forked, what first pages load.

        Templates, messages and much else then exist once for all of them, and nobody
        waits for them. Nothing is kept, and a missing database does no harm.
        """
        host = settings.ALLOWED_HOSTS[0].lstrip("*.") or "localhost"
        scheme = "https" if settings.SECURE_SSL_REDIRECT else "http"
        pages = [reverse("admin:login")]
        for code, _ in settings.LANGUAGES:
            with override(code):
                pages += [reverse("articles:home"), reverse("clinic:contact")]
        for page in pages:
            call(self.application, environ(page, scheme, host)).read()
        connections.close_all()
        generation.forget()

    # Questions ###############################################################

    def key(
        self, method: str, scheme: str, host: str, path: str, query: str, cookie: str
    ) -> str | None:
        """Return under what the answer is kept, or None if the edge stays out of it.

        ``path`` is decoded, a byte a character, as in WSGI's PATH_INFO.
        """
        if method != "GET" and method != "HEAD":
            return None
        if host not in self.hosts and not self.is_ours(host):
            return None
        if path.startswith(self.desk) or (cookie and self.session_cookie in cookie):
            return None
        if "?" in path:  # written %3F; the key would read as another address
            return None
        if settings.SECURE_SSL_REDIRECT and scheme != "https":
            return None
        return path + known(path, query) if query else path

    def is_ours(self, host: str) -> bool:
        """Say whether a Host header is allowed; a few good ones are remembered."""
        domain, _port = split_domain_port(host)
        if not (domain and validate_host(domain, settings.ALLOWED_HOSTS)):
            return False
        if len(self.hosts) < 100:
            self.hosts.add(host)
        return True

    def stored(self, key: str) -> Kept | None:
        return self.pages.get(key) or self.strays.get(key)

    def find(self, key: str) -> Kept | None:
        """Return what is kept if nothing has changed since it was made."""
        kept = self.stored(key)
        if kept is None:
            return None
        if kept.epoch is None:
            return kept
        try:
            number = self.reader.read()
        except generation.Unknown:
            return None
        now = time.time()
        self.read = (number, now)
        return kept if kept.holds(number, now) else None

    # Answers #################################################################

    def ask(self, key: str, scheme: str, host: str) -> Kept | Response:
        """Let Django answer a GET of a key, and keep the answer if it may be kept.

        Where Django fails, the last good copy is the answer. Django sees the key and
        nothing else of the request, so nothing else can alter the answer.
        """
        epoch, is_locked = self.epoch()
        last = self.last_good(key) if is_locked else None
        if last:  # Django would wait for the same lock
            return last
        try:
            response = call(self.application, environ(key, scheme, host))
        except Exception:
            logger.exception("Django broke at %r.", address(key))
            response = broken(key)
        failed = response.status.startswith("5")
        last = self.last_good(key) if failed else None
        if last:
            response.close()
            return last
        if not failed and (epoch is None or not may_keep(response)):
            return response
        is_file = key.startswith(settings.STATIC_URL) and response.status[:3] == "200"
        kept = keep(
            response.status,
            response.headers,
            response.read(),
            epoch=None if is_file else epoch,  # files change with the release only
            ends=response.ends,
            counted=response.counted,
            wire=self.wire,
            passing=failed,
        )
        if not failed:
            is_stray = response.status[:3] in STRAY_STATUSES or "?" in key
            (self.strays if is_stray else self.pages).put(key, kept)
            # A page that has gone must not stand before the news of it.
            (self.pages if is_stray else self.strays).forget(key)
        return kept

    def epoch(self) -> tuple[generation.Epoch | None, bool]:
        """Return the present epoch, waiting for a commit that is under way.

        And whether that has lasted too long: nobody can read then.
        """
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                epoch = generation.epoch()
            except generation.Busy:
                if time.monotonic() > deadline:
                    faults.note(faults.Fault.BUSY)
                    return None, True
                time.sleep(0.005)
            except generation.Unknown as error:
                logger.error("Nothing is kept: %s", error)
                return None, False
            else:
                self.read = (epoch.number, time.time())
                self.follow(epoch.number)
                return epoch, False

    def follow(self, number: int) -> None:
        """Write this machine's error pages anew after a change made on another.

        The process that makes a change writes those of its own machine; with SQLite
        there is no other.
        """
        if settings.DATABASE_URL and number != self.written_for:
            is_due, self.written_for = self.written_for is not None, number
            if is_due:
                counts.later(self.write_error_pages)

    def write_error_pages(self) -> None:
        try:
            error_pages.write()
        except Exception:  # those that are there stay
            self.written_for = 0
            logger.exception("The error pages could not be written anew.")

    def still_holds(self, kept: Kept) -> bool:
        """Say whether one who waited for this answer may have it."""
        if kept.passing or kept.epoch is None:
            return True
        try:
            return kept.holds(self.reader.read(), time.time())
        except generation.Unknown:
            return False

    def last_good(self, key: str) -> Kept | None:
        """Return an answer for the time in which Django cannot give one, marked so.

        Not for long, and not what is known to have been changed since.
        """
        kept = self.stored(key)
        number, read_at = self.read
        now = time.time()
        if kept is None or kept.epoch is None or kept.epoch.number != number:
            return None
        known = min(read_at, kept.epoch.until)
        if now - known > STALE_SECONDS or now >= kept.ends:
            return None
        logger.error("Django failed: an earlier copy of %r was sent.", address(key))
        return kept.late(now - known)

    def count(self, key: str, answer: Kept | Response, referrer: str) -> None:
        """Count what somebody has asked for in vain."""
        if answer.status == NOT_FOUND:
            self.missed.note(key, referrer)
        elif answer.counted:
            kind, _, name = answer.counted.partition(" ")
            self.counts[kind].add(unquote(name))

    def flush(self) -> None:
        """Write down what was counted and is not written yet."""
        for counted in (self.missed, *self.counts.values()):
            counted.flush()

    def weigh(self, key: str, kept: Kept) -> None:
        """Take into account that an encoding was added."""
        for memory in (self.pages, self.strays):
            if memory.entries.get(key) is kept:
                memory.put(key, kept)


def address(key: str) -> str:
    """Return what may be logged of a key: no words that somebody searched for."""
    return key.partition("?")[0]


def is_counted(answer: Kept | Response) -> bool:
    """Say whether it is sent to somebody who has asked in vain (``Edge.count``)."""
    return answer.status == NOT_FOUND or bool(answer.counted)


def broken(key: str) -> Response:
    """Return the page that was written in advance: whatever broke, the numbers stay."""
    language = get_language_from_path(key) or settings.LANGUAGE_CODE
    page = error_pages.read(language).encode()
    headers = [("Content-Type", "text/html; charset=utf-8")]
    return Response("500 Internal Server Error", headers, [page])


def known(path: str, query: str) -> str:
    """Return, with its "?", what pages understand of a query, in one order.

    Where an older site may have had a page, that is what redirects understand. A file
    (a picture, a feed, a card) understands nothing.
    """
    old = old_addresses.parameters(path, query)
    if old:
        return f"?{urlencode(old)}"
    if "." in path.rpartition("/")[2]:
        return ""
    text = query.encode("latin-1").decode(errors="replace")  # it has a byte a character
    try:
        pairs = dict(parse_qsl(text, max_num_fields=20))
    except ValueError:
        return ""
    understood = {
        name: value
        for name, read in PARAMETERS.items()
        if name in pairs and (value := read(pairs[name]))
    }
    if "q" not in understood:  # only results are counted out page by page
        understood.pop("page", None)
    return f"?{urlencode(understood)}" if understood else ""


def may_keep(response: Response) -> bool:
    """Say whether everybody may get this answer: only if it says so itself."""
    names = response.names
    directives = {d.strip() for d in names.get("cache-control", "").split(",")}
    vary = {name.strip().lower() for name in names.get("vary", "").split(",")}
    location = names.get("location", "/")
    return (
        response.status[:3] in KEPT_STATUSES
        and "public" in directives
        and not directives & {"private", "no-store"}
        and "set-cookie" not in names
        and "content-encoding" not in names
        and vary <= {"", "accept-encoding"}
        # Another host may stand in it only if the request has brought it in.
        and location.startswith("/")
        and not location.startswith("//")
        and int(names.get("content-length", 0)) <= LARGEST
    )


def environ(key: str, scheme: str, host: str) -> Environ:
    """Return the WSGI request for a key (PEP 3333)."""
    path, _, query = key.partition("?")
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "portal",
        "SERVER_PORT": "443" if scheme == "https" else "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": host,
        **wsgi(scheme, io.BytesIO()),
    }


def wsgi(scheme: str, body: IO[bytes]) -> Environ:
    """Return what every WSGI request tells of its server."""
    return {
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }


def call(application: Application, environ: Environ) -> Response:
    """Return what a WSGI application answers."""
    head: list[Any] = []

    def start_response(status: str, headers: Headers, exc_info: Any = None) -> None:
        head[:] = (status, headers)

    chunks = application(environ, start_response)
    status, headers = head
    told = {name: value for name, value in headers if name in MARKS}
    headers = [pair for pair in headers if pair[0] not in told]
    ends = float(told.get(ENDS, "inf"))
    return Response(status, headers, chunks, ends, told.get(COUNTED, ""))
