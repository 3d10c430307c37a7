"""One answer in every encoding, and the bounded memory for many of them."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Literal

import brotli

from clinic.generation import Epoch

Encoding = Literal["br", "gzip", "identity"]
Headers = list[tuple[str, str]]
# Puts headers into the form that the server takes.
Wire = Callable[[Headers], Any]

# What a browser needs to know again when its copy still holds (RFC 9110, 15.4.5).
WITH_304 = {"cache-control", "content-security-policy", "etag", "vary"}
COMPRESSIBLE = ("text/", "application/", "image/svg+xml")
# Of what is rendered again soon, and of what stays as long as the process: a page costs
# 0.3 ms at 5 and 9 ms at 11, for 8 % less.
BROTLI_PAGE, BROTLI_STATIC = 5, 11
# What a variant weighs beside its body: objects, and the headers that are its own.
OVERHEAD = 2500


@lru_cache(512)
def encoding_for(accept: str) -> Encoding:
    """Choose by an Accept-Encoding header (RFC 9110, section 12.5.3)."""
    weights: dict[str, float] = {}
    for choice in accept.lower().split(",")[:20]:
        name, _, weight = choice.partition(";")
        try:
            weights[name.strip()] = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
    offered: tuple[Encoding, ...] = ("br", "gzip")
    best = max(offered, key=lambda name: weights.get(name, weights.get("*", 0)))
    return best if weights.get(best, weights.get("*", 0)) > 0 else "identity"


@dataclass(slots=True)
class Variant:
    """An answer in one encoding, ready to be sent."""

    body: bytes
    etag: str
    headers: Any
    headers_304: Any

    def matches(self, if_none_match: str) -> bool:
        """Say whether the browser has these very bytes (RFC 9110, section 13.1.2)."""
        if if_none_match == self.etag:
            return True
        tags = (tag.strip() for tag in if_none_match.split(","))
        return any(tag in {self.etag, f"W/{self.etag}", "*"} for tag in tags)


@dataclass(slots=True)
class Kept:
    """One answer of Django's, and for how long it holds.

    That is the epoch in which it was made; a file of the release has none. ``ends`` is
    when it is to be gone even if nobody can tell whether something has changed (Unix
    time). What is ``passing`` goes to whoever has waited for it and to nobody else.
    """

    status: str
    headers: Headers
    epoch: Epoch | None
    ends: float
    compressed: bool
    wire: Wire
    digest: str
    passing: bool = False
    counted: str = ""  # see edge.COUNTED
    variants: dict[Encoding, Variant] = field(default_factory=dict)

    def holds(self, number: int, now: float) -> bool:
        return self.epoch is None or self.epoch.holds(number, now)

    @property
    def code(self) -> int:
        return int(self.status[:3])

    def is_match(self, variant: Variant, if_none_match: str) -> bool:
        """Say whether a 304 is the answer; it is one only instead of a 200."""
        return self.status.startswith("200") and variant.matches(if_none_match)

    def variant(self, encoding: Encoding) -> Variant:
        """Return the answer in an encoding; it is made when first asked for."""
        if not self.compressed:
            encoding = "identity"
        found = self.variants.get(encoding)
        if found is None:
            found = self.variants[encoding] = self.made(encoding, self.body(encoding))
        return found

    def body(self, encoding: Encoding) -> bytes:
        whole = brotli.decompress(self.variants["br"].body)
        # No time in the header: the same bytes in every process.
        return gzip.compress(whole, 6, mtime=0) if encoding == "gzip" else whole

    def made(self, encoding: Encoding, body: bytes) -> Variant:
        etag = f'"{self.digest}"'
        headers = [*self.headers, ("Content-Length", str(len(body)))]
        if self.compressed:
            headers.append(("Vary", "Accept-Encoding"))
        if encoding != "identity":
            etag = f'"{self.digest}-{encoding}"'
            headers.append(("Content-Encoding", encoding))
        headers.append(("ETag", etag))
        again = [pair for pair in headers if pair[0].lower() in WITH_304]
        return Variant(body, etag, self.wire(headers), self.wire(again))

    def late(self, seconds: float) -> Kept:
        """Return a copy for the present moment that says it is so much too old.

        The mark is that of RFC 9211: found here, and valid until so long ago.
        """
        mark = ("Cache-Status", f"portal; hit; ttl=-{max(int(seconds), 1)}")
        copy = replace(self, headers=[*self.headers, mark], passing=True, variants={})
        first: Encoding = "br" if self.compressed else "identity"
        copy.variants[first] = copy.made(first, self.variants[first].body)
        return copy

    @property
    def size(self) -> int:
        return sum(len(v.body) + OVERHEAD for v in self.variants.values())


def keep(
    status: str,
    headers: Headers,
    body: bytes,
    *,
    epoch: Epoch | None,
    ends: float,
    wire: Wire,
    passing: bool = False,
    counted: str = "",
) -> Kept:
    """Return an answer of Django's in the form in which it is kept.

    ``passing`` answers are made in haste, and only for now.
    """
    names = {name.lower(): value for name, value in headers}
    compressed = names.get("content-type", "").startswith(COMPRESSIBLE)
    own = {"content-length", "etag", "vary"}
    kept = Kept(
        status,
        [pair for pair in headers if pair[0].lower() not in own],
        epoch,
        ends,
        compressed,
        wire,
        hashlib.blake2b(body, digest_size=12).hexdigest(),
        passing,
        counted,
    )
    if compressed:
        quality = BROTLI_PAGE if epoch or passing else BROTLI_STATIC
        # A window no larger than the page makes it a little lighter.
        window = min(max(len(body).bit_length(), 16), 22)
        packed = brotli.compress(body, quality=quality, lgwin=window)
        kept.variants["br"] = kept.made("br", packed)
    else:
        kept.variants["identity"] = kept.made("identity", body)
    return kept


class Memory:
    """Answers by key, up to so many bytes; what was asked for least recently goes."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.size = 0
        self.entries: OrderedDict[str, Kept] = OrderedDict()
        self.sizes: dict[str, int] = {}
        self.lock = threading.Lock()

    def get(self, key: str) -> Kept | None:
        kept = self.entries.get(key)
        if kept is not None:
            # Another thread may have put it out this very moment.
            with suppress(KeyError):
                self.entries.move_to_end(key)
        return kept

    def put(self, key: str, kept: Kept) -> None:
        """Add an answer, or weigh it again after an encoding was added to it."""
        with self.lock:
            self.drop(key)
            size = kept.size + len(key)
            if size > self.limit // 4:
                return
            self.entries[key] = kept
            self.sizes[key] = size
            self.size += size
            while self.size > self.limit:
                oldest, _kept = self.entries.popitem(last=False)
                self.size -= self.sizes.pop(oldest, 0)

    def forget(self, key: str) -> None:
        with self.lock:
            self.drop(key)

    def drop(self, key: str) -> None:
        self.size -= self.sizes.pop(key, 0)
        self.entries.pop(key, None)
