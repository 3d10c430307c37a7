"""Whether what the portal runs on has known faults, or is near its end."""

import importlib.metadata
import ssl
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection
from django.utils import timezone

from clinic.checkup.frame import Finding, check, error, fine, warning

Version = tuple[int, ...]


@dataclass(frozen=True)
class Known:
    """The least version of a package without a published fault, and who tells of it."""

    package: str
    least: Version
    source: str


# What strangers' bytes reach first; SQLite's fault is told by ``durability``. A new
# fault is a number here and in pyproject.toml; make audit asks about every package.
FAULTS = [
    Known(
        "Django", (5, 2, 19), "https://docs.djangoproject.com/en/dev/releases/security/"
    ),
    Known("gunicorn", (27, 0, 1), "https://docs.gunicorn.org/en/stable/news.html"),
    Known(
        "Pillow", (13, 0, 0), "https://pillow.readthedocs.io/en/stable/releasenotes/"
    ),
]
# The last day with mends of faults (devguide.python.org/versions,
# endoflife.date/django, postgresql.org/support/versioning).
PYTHON: dict[Version, date] = {
    (3, 11): date(2027, 10, 31),
    (3, 12): date(2028, 10, 31),
    (3, 13): date(2029, 10, 31),
    (3, 14): date(2030, 10, 31),
}
DJANGO: dict[Version, date] = {(5, 2): date(2028, 4, 30)}
POSTGRESQL: dict[Version, date] = {
    (13,): date(2025, 11, 13),
    (14,): date(2026, 11, 12),
    (15,): date(2027, 11, 11),
    (16,): date(2028, 11, 9),
    (17,): date(2029, 11, 8),
    (18,): date(2030, 11, 14),
}
SOON = timedelta(days=180)


def version_of(text: str) -> Version:
    """Return the numbers of a version up to the first word in it."""
    numbers = []
    for part in text.split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if digits:
            numbers.append(int(digits))
        if digits != part:
            break
    return tuple(numbers)


@check("Versions with known faults")
def faults() -> Iterator[Finding]:
    there = {k.package: importlib.metadata.version(k.package) for k in FAULTS}
    found = [k for k in FAULTS if version_of(there[k.package]) < k.least]
    for known in found:
        least = ".".join(map(str, known.least))
        yield error(
            f"{known.package} {there[known.package]} has faults that are published.",
            remedy=f"Install {least} or newer, with requirements.lock "
            f"({known.source}).",
        )
    if not found:
        yield fine(
            ", ".join(f"{name} {version}" for name, version in there.items()) + "."
        )


@check("Versions and their ends")
def ends() -> Iterator[Finding]:
    import django

    yield from until("Python", sys.version_info[:3], PYTHON)
    yield from until("Django", django.VERSION[:3], DJANGO)
    if ssl.OPENSSL_VERSION_INFO < (3,):
        yield error(
            f"{ssl.OPENSSL_VERSION} gets no mends any more.",
            remedy="Use a Python that is built with OpenSSL 3.",
        )


@check("PostgreSQL", needs_database=True)
def postgresql() -> Iterator[Finding]:
    if connection.vendor == "postgresql":
        yield from until("PostgreSQL", connection.get_database_version(), POSTGRESQL)


def until(name: str, version: Version, table: dict[Version, date]) -> Iterator[Finding]:
    """Tell whether a version still gets mends of its faults."""
    told = f"{name} {'.'.join(map(str, version))}"
    series = version[: len(next(iter(table)))]
    end = table.get(series)
    today = timezone.localdate()
    if end is None and series > max(table):
        yield fine(f"{told} is newer than this portal.")
    elif end is None or end < today:
        ended = f" since {end:%Y-%m-%d}" if end else ""
        yield error(
            f"{told} gets no mends of its faults{ended}.",
            remedy="Move to a newer one that the portal is tested with.",
        )
    elif end - today < SOON:
        yield warning(
            f"{told} gets mends of its faults until {end:%Y-%m-%d} only.",
            remedy="Plan to move to a newer one.",
        )
    else:
        yield fine(f"{told} gets mends of its faults until {end:%Y-%m-%d}.")
