"""How often addresses are asked for at which nothing is found.

Most such answers come from memory, so the edge has to count. It never waits for the
database: counts are gathered, and a thread writes them down once a minute. Nothing of
whoever asked is kept, neither here nor there.
"""

import logging
import re
import threading
from collections.abc import Callable
from urllib.parse import urlsplit

from django.db import connections

from clinic import old_addresses
from clinic.models import MissedAddress

logger = logging.getLogger("clinic.edge")

NOT_FOUND = "404 Not Found"
# What a process remembers between two writings; further addresses wait for the next.
MOST = 300
LONGEST = 200
SECONDS = 60
HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z][a-z0-9-]+")
# What programs try that look for weak spots, and what browsers ask for by themselves.
NOISE = re.compile(
    r"""
    /\.                                                   # .env, .git, .well-known
    | ^/(?:wp-|wordpress|xmlrpc|cgi-bin|phpmyadmin|favicon\.ico|apple-touch-icon)
    | /wp-(?:admin|content|includes|login)
    | (?<!/index)\.(?:php|aspx?)\d?$
    | \.(?:jsp|cgi|env|sql|bak|ini|log|ya?ml|xml|json|zip|gz|tar|rar|js|css|map|txt)$
    | @                                                   # of a person, by accident
    """,
    re.VERBOSE,
)


class Missed:
    """Counts by address, up to so many, until they are written down."""

    def __init__(self) -> None:
        self.counts: dict[str, tuple[int, str]] = {}
        self.lock = threading.Lock()

    def note(self, key: str, referrer: str) -> None:
        """Count an address once more; ``key`` is that of the edge."""
        path, _, query = key.partition("?")
        try:
            address = old_addresses.asked_in_bytes(path, query)
        except ValueError:  # no bytes at all: no server passes such a thing on
            return
        if len(address) > LONGEST or NOISE.search(address.partition("?")[0]):
            return
        site = site_of(referrer)
        with self.lock:
            is_first = not self.counts
            count, known = self.counts.get(address, (0, ""))
            if count or len(self.counts) < MOST:
                self.counts[address] = count + 1, site or known
        if is_first:
            later(self.flush)

    def flush(self) -> None:
        """Write down what was counted. What cannot be written is forgotten."""
        with self.lock:
            counts, self.counts = self.counts, {}
        if not counts:
            return
        try:
            MissedAddress.objects.add(counts)
        except Exception:  # nobody's answer may depend on it
            logger.exception("Addresses that were not found could not be counted.")


def site_of(referrer: str) -> str:
    """Return the name of the site in a Referer header, and nothing else of it."""
    try:
        host = urlsplit(referrer[:2000]).hostname or ""
    except ValueError:
        return ""
    return host if len(host) <= 100 and HOST.fullmatch(host) else ""


def later(work: Callable[[], None]) -> None:
    """Do it in a minute, in a thread that nobody waits for."""
    timer = threading.Timer(SECONDS, in_a_thread, [work])
    timer.daemon = True
    timer.start()


def in_a_thread(work: Callable[[], None]) -> None:
    """Do it, and leave no connection behind."""
    try:
        work()
    finally:
        connections.close_all()
