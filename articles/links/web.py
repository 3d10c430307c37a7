"""Asking other sites whether a page is there: politely, and never inside our network.

Anybody who may write an article could else make this server ask its neighbours. So a
site's name is resolved once, each of its addresses has to be public, and the connection
goes to that very address: a second answer of the name server changes nothing (DNS
rebinding). That holds for each redirect anew.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import SplitResult, quote, urljoin, urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

PORTS = {"http": 80, "https": 443}
# Between two words of the other side, and for a whole answer (seconds).
PATIENCE, LONGEST = 10, 20
# What is read of a page that is only there if one asks for it whole (bytes).
ENOUGH = 1024
HOPS = 5
# Addresses of IPv4 written as IPv6: those of translators (RFC 6052).
TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
# All of IPv6 that is handed out (RFC 4291); site-local fec0::/10, for one, is not.
HANDED_OUT = ipaddress.ip_network("2000::/3")
# Shared by all networks, so that the next router may answer to them (RFC 7723).
NEXT_ROUTER = ipaddress.ip_network("192.0.0.0/24")
PERMANENT = {HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.PERMANENT_REDIRECT}
REDIRECTS = PERMANENT | {
    HTTPStatus.FOUND,
    HTTPStatus.SEE_OTHER,
    HTTPStatus.TEMPORARY_REDIRECT,
}
BUSY = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
GONE = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
# A first kilobyte, and none because the page is empty: both are there.
PARTS = {HTTPStatus.PARTIAL_CONTENT, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE}
# How long to wait before asking again who is busy, and at most if he says how long.
PAUSES, LONGEST_PAUSE = (2.0, 8.0), 60.0


class Refused(Exception):
    """The address is none that may be asked; ``args[0]`` is a code of ``Reason``."""


@dataclass(frozen=True)
class Outcome:
    """What came of asking: a status, or why there is none.

    ``url`` is where the last redirect led; ``moved`` says that all of them were
    permanent, so that this is the address to use.
    """

    status: int = 0
    reason: str = ""
    url: str = ""
    moved: bool = False

    @property
    def is_there(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        return self.status in GONE

    @property
    def is_busy(self) -> bool:
        return self.status in BUSY


@dataclass(frozen=True)
class Answer:
    """The head of one answer."""

    status: int
    location: str
    retry_after: str


def is_public(address: Address) -> bool:
    """Say whether an address is one of the internet's, whatever it is wrapped in."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address.teredo:
            inner = address.teredo[1]
        if address in TRANSLATED:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address not in HANDED_OUT:
            return False
    return (
        address.is_global
        and address not in NEXT_ROUTER
        and not address.is_multicast
        and not address.is_reserved
        and not address.is_loopback
        and not address.is_link_local
    )


class Web:
    """Asks other sites, each not more often than every ``pause`` seconds.

    ``agent`` tells them who asks; ``pauses`` come before each further question to one
    who is busy, and no question to one page begins after ``within`` (all seconds). What
    may be asked is given to the constructor and by nothing else, so that no setting can
    open the inner network.
    """

    def __init__(
        self,
        agent: str,
        *,
        pause: float = 1.0,
        allow: Callable[[Address], bool] = is_public,
        ports: frozenset[int] = frozenset(PORTS.values()),
        pauses: Sequence[float] = PAUSES,
        within: float = 120,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.agent, self.pause, self.pauses = agent, pause, pauses
        self.allow, self.ports, self.sleep = allow, ports, sleep
        self.within = within
        self.asked_at: dict[str, float] = {}
        self.until = float("inf")

    def look(self, url: str, *, hops: int = HOPS) -> Outcome:
        """Return what is at an address, following redirects; never raises.

        With no ``hops`` left a redirect itself is the answer.
        """
        at, moved, seen = url, True, set[str]()
        self.until = time.monotonic() + self.within
        try:
            while True:
                seen.add(at)
                answer = self.answer(at)
                is_redirect = answer.status in REDIRECTS and answer.location
                if not is_redirect or not hops:
                    is_moved = moved and at != url
                    return Outcome(answer.status, url=at, moved=is_moved)
                moved = moved and answer.status in PERMANENT
                at = urljoin(at, answer.location)
                if at in seen or len(seen) > hops:
                    return Outcome(reason="loop", url=at)
        except Refused as refusal:
            return Outcome(reason=refusal.args[0], url=at)
        except ssl.SSLCertVerificationError:
            return Outcome(reason="certificate", url=at)
        except TimeoutError:
            return Outcome(reason="timeout", url=at)
        except (OSError, http.client.HTTPException, ValueError, OverflowError):
            return Outcome(reason="connection", url=at)

    def answer(self, url: str) -> Answer:
        """Ask for the head alone, then for a page that only answers to whole ones."""
        answer = self.patiently("HEAD", url)
        if answer.status >= 400 and answer.status not in BUSY:
            answer = self.patiently("GET", url)
        return answer

    def patiently(self, method: str, url: str) -> Answer:
        """Ask again, later and later, who says that he is busy."""
        answer = self.ask(method, url)
        for pause in self.pauses:
            if answer.status not in BUSY:
                break
            wanted = seconds(answer.retry_after)
            if wanted is not None and wanted > LONGEST_PAUSE:
                break
            self.sleep(pause if wanted is None else wanted)
            answer = self.ask(method, url)
        return answer

    def ask(self, method: str, url: str) -> Answer:
        """Ask once; raise OSError, HTTPException, Refused if there is no answer."""
        if time.monotonic() > self.until:
            raise TimeoutError
        parts = urlsplit(url)
        host, port = self.target(parts)
        address = self.resolved(host, port)
        self.wait_for(host)
        connection = connection_to(parts.scheme, host, port, address)
        # A drop now and then keeps a connection awake for ever.
        watch = threading.Timer(LONGEST, hang_up, [connection])
        watch.daemon = True
        watch.start()
        try:
            if isinstance(connection.sock, ssl.SSLSocket):
                connection.sock.do_handshake()  # under watch: it can drip as well
            query = f"?{quoted(parts.query)}" if parts.query else ""
            path = f"{quoted(parts.path) or '/'}{query}"
            headers = {"User-Agent": self.agent, "Accept": "*/*", "Connection": "close"}
            if method == "GET":
                headers["Range"] = f"bytes=0-{ENOUGH - 1}"
            connection.request(method, path, headers=headers)
            response = connection.getresponse()
            response.close()  # of what follows the head nothing is read
            return Answer(
                HTTPStatus.OK if response.status in PARTS else response.status,
                as_sent(response.headers.get("Location", "")),
                response.headers.get("Retry-After", ""),
            )
        finally:
            watch.cancel()
            connection.close()

    def target(self, parts: SplitResult) -> tuple[str, int]:
        """Return host and port of an address that may be asked."""
        if parts.scheme not in PORTS or not parts.hostname or parts.username:
            raise Refused("address")
        port = parts.port or PORTS[parts.scheme]
        if port not in self.ports:
            raise Refused("port")
        try:
            return parts.hostname.encode("idna").decode(), port
        except UnicodeError:
            raise Refused("address") from None

    def resolved(self, host: str, port: int) -> str:
        """Return the one address to connect to; all of the name's have to be public."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError):
            raise Refused("name") from None
        addresses = [str(entry[4][0]) for entry in found]
        if not addresses or not all(
            self.allow(ipaddress.ip_address(address.partition("%")[0]))
            for address in addresses
        ):
            raise Refused("private")
        return addresses[0]

    def wait_for(self, host: str) -> None:
        """Let a site rest between two questions."""
        left = self.asked_at.get(host, float("-inf")) + self.pause - time.monotonic()
        if left > 0:
            self.sleep(left)
        self.asked_at[host] = time.monotonic()


def connection_to(
    scheme: str, host: str, port: int, address: str
) -> http.client.HTTPConnection:
    """Return a connection to a numeric address, in the name of a host.

    With https it is one that nobody has shaken hands over yet.
    """
    plain = socket.create_connection((address, port), PATIENCE)
    connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)
    try:
        connection.sock = (
            ssl.create_default_context().wrap_socket(
                plain, server_hostname=host, do_handshake_on_connect=False
            )
            if scheme == "https"
            else plain
        )
    except BaseException:
        plain.close()
        raise
    # The default port stands in no Host header.
    connection.default_port = PORTS[scheme]
    return connection


def hang_up(connection: http.client.HTTPConnection) -> None:
    """End a connection that another thread waits for."""
    with suppress(OSError, AttributeError):  # it has ended by itself
        connection.sock.shutdown(socket.SHUT_RDWR)


def quoted(text: str) -> str:
    """Return a path or a query in ASCII: what is not allowed in one is escaped."""
    return quote(text, safe="!#$%&'()*+,/:;=?@[]~-._")


def as_sent(header: str) -> str:
    """Return a header as browsers read it: UTF-8 if it is that, else Latin-1."""
    try:
        return header.encode("latin-1").decode()
    except UnicodeError:
        return header


def seconds(retry_after: str) -> float | None:
    """Return what a Retry-After header asks for (RFC 9110, section 10.2.3)."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after)
    try:
        at = parsedate_to_datetime(retry_after)
    except (ValueError, OverflowError):
        return None
    left = at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)
    return max(left.total_seconds(), 0.0)
