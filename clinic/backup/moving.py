"""Moving the portal into another database, and comparing both sides afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http.request import validate_host
from django.test import Client
from django.utils import translation

from clinic.backup import BackupError, databases, restoring, rows, targets
from clinic.backup.archive import Contents
from clinic.backup.databases import Config
from clinic.progress import Progress

LOC = re.compile(r"<loc>([^<]+)</loc>")
# So many pages are compared byte for byte, evenly from the whole sitemap.
PAGES = 60


@dataclass(frozen=True)
class Moved:
    tables: int
    rows: int
    pages: int
    kept: str | None


def move(config: Config, folder: Path, aside: Path, progress: Progress) -> Moved:
    """Copy the portal's database into another one, which then is the same.

    Raises BackupError if it is not: then nothing of the other has changed.
    """
    with databases.snapshot(folder) as source:
        migrations = databases.applied(source)
        if set(databases.known()) - set(migrations):
            raise BackupError("The database is not up to date: run manage.py migrate.")
        reading = Reading(source, migrations, progress)
        to = targets.target(config)
        new = to.begin()
        found = restoring.build(new, migrations, reading.contents())
        restoring.compare(
            {name: (t.rows, t.digest) for name, t in reading.read.items()}, found
        )
        restoring.complete(new, migrations, reading.read)
        pages = compare_pages(new, progress)
        kept = to.finish(aside)
    total = sum(table.rows for table in reading.read.values())
    return Moved(len(reading.read), total, pages, kept)


class Reading:
    """Reads every table, and remembers what it has read."""

    def __init__(
        self,
        source: BaseDatabaseWrapper,
        migrations: databases.Migrations,
        progress: Progress,
    ) -> None:
        self.source, self.progress = source, progress
        self.tables = rows.tables(databases.apps_at(migrations))
        self.read: dict[str, Contents] = {}

    def contents(self) -> restoring.Rows:
        self.progress.begin("Rows", len(self.tables))
        for table in self.tables:
            digest = rows.Digest(table)
            yield table.name, self.noted(table, digest)
            self.read[table.name] = Contents(
                table.names,
                digest.count,
                digest.hexdigest(),
                rows.sequence(self.source, table),
                0,
            )
            self.progress.add(1)

    def noted(self, table: rows.Table, digest: rows.Digest) -> Iterator[rows.Row]:
        for row in rows.read(self.source, table):
            digest.add(row)
            yield row


# Pages #######################################################################


def compare_pages(other: Config, progress: Progress) -> int:
    """Compare what readers get from both; return how many pages were the same."""
    paths = sample(addresses())
    progress.begin("Pages", len(paths))
    for path in paths:
        # Something may begin or end between the two: then the second look agrees.
        if all(page(path) != page_of(other, path) for _ in range(2)):
            raise BackupError(f"The page {path} is not the same on both sides.")
        progress.add(1)
    progress.end()
    return len(paths)


def page_of(config: Config, path: str) -> tuple[int, bytes]:
    with databases.stand_in(config):
        return page(path)


def page(path: str) -> tuple[int, bytes]:
    """Return the status and the bytes that readers get at this moment."""
    with translation.override(None):
        answer = Client(headers={"host": host()}).get(path, secure=settings.HTTPS)
    content = answer.content if not answer.streaming else b"".join(answer)
    return answer.status_code, content


def host() -> str:
    """Return a name that the portal answers to."""
    found = urlsplit(settings.SITE_URL).netloc
    if validate_host(found.partition(":")[0], settings.ALLOWED_HOSTS):
        return found
    return settings.ALLOWED_HOSTS[0].lstrip("*.") or "localhost"


def addresses() -> list[str]:
    """Return the path of every page that is in the sitemap, and of its parts."""
    found = ["/"]
    parts = ["/sitemap.xml"]
    for part in parts:
        status, content = page(part)
        if status != HTTPStatus.OK:
            raise BackupError(f"The portal answers {status} to {part}.")
        for address in LOC.findall(content.decode()):
            path = urlsplit(address).path
            (parts if path.endswith(".xml") else found).append(path)
    return [*parts, *found]


def sample(paths: list[str]) -> list[str]:
    """Choose so many of them, evenly; the same ones each time."""
    step = max(1, -(-len(paths) // PAGES))
    return paths[::step]
