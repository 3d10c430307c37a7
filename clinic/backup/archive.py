"""The file of a backup: a tar archive of rows, pictures and, at its end, a manifest.

It is read and written as a stream, and any ``tar`` opens it. Reading expects a file
made by somebody with bad intentions: of each member only the plain header is looked at,
no name leads anywhere by itself, and what does not fit on the disk is refused while it
is unpacked.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

from clinic.backup import BackupError

FORMAT = 1
MANIFEST = "manifest.json"
ROWS, MEDIA = "rows/", "media/"
BLOCK = 512
CHUNK = 1 << 18
# No manifest and no row is longer: both are held in memory.
LONGEST = 64 << 20

TABLE = re.compile(r"rows/([a-z][a-z0-9_]{0,62})\.jsonl\.gz")
SEGMENT = r"(?!\.{1,2}(?:/|$))[^/\\\x00-\x1f\x7f]{1,200}"
PICTURE = re.compile(rf"media/({SEGMENT}(?:/{SEGMENT}){{0,9}})")


@dataclass
class Contents:
    """What a table held: its columns, how many rows, their digest, the last number."""

    columns: list[str]
    rows: int
    digest: str
    sequence: int | None
    bytes: int


@dataclass
class Manifest:
    made_at: str  # UTC, ISO 8601
    portal: str
    django: str
    engine: str
    migrations: list[list[str]]
    tables: dict[str, Contents] = field(default_factory=dict)
    members: dict[str, dict[str, Any]] = field(default_factory=dict)
    # Files that somebody deleted while they were copied, or whose name no backup holds.
    left_out: list[str] = field(default_factory=list)
    format: int = FORMAT

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())

    @property
    def media(self) -> dict[str, dict[str, Any]]:
        return {
            name.removeprefix(MEDIA): member
            for name, member in self.members.items()
            if name.startswith(MEDIA)
        }

    @property
    def bytes_needed(self) -> int:
        """How much room it takes once it is unpacked: rows have indexes too."""
        rows = sum(table.bytes for table in self.tables.values())
        return 2 * rows + sum(member["size"] for member in self.media.values())

    def written(self) -> bytes:
        return json.dumps(asdict(self), ensure_ascii=False, indent=1).encode()

    @classmethod
    def read(cls, text: bytes) -> Manifest:
        """Raise BackupError for anything but a manifest that this version knows."""
        try:
            found = json.loads(text)
            if found.get("format") != FORMAT:
                raise BackupError(
                    f"The backup has the format {found.get('format')!r}; this version "
                    f"of the portal reads {FORMAT}."
                )
            found["tables"] = {
                name: Contents(**table) for name, table in found["tables"].items()
            }
            manifest = cls(**found)
            manifest.check()
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise BackupError("The manifest of the backup cannot be read.") from None
        return manifest

    def check(self) -> None:
        """Raise an error unless everything in it is of its kind."""
        things: list[Manifest | Contents] = [self, *self.tables.values()]
        for thing in things:
            for wanted in fields(thing):
                value = getattr(thing, wanted.name)
                kinds = KINDS.get(str(wanted.type).partition("[")[0], (int, type(None)))
                if not isinstance(value, kinds) or isinstance(value, bool):
                    raise ValueError(wanted.name)
        if not all(
            len(node) == 2 and all(isinstance(n, str) for n in node)
            for node in self.migrations
        ):
            raise ValueError("migrations")
        for member in self.members.values():
            if not isinstance(member["size"], int) or not re.fullmatch(
                "[0-9a-f]{64}", member["sha256"]
            ):
                raise ValueError("members")


KINDS: dict[str, Any] = {"str": str, "int": int, "list": list, "dict": dict}


# Writing #####################################################################


class Writer:
    """Writes members one after the other, and the manifest at the end."""

    def __init__(self, file: IO[bytes], manifest: Manifest) -> None:
        self.file, self.manifest = file, manifest

    def add(self, name: str, size: int, content: IO[bytes]) -> None:
        """Copy that many bytes into a member; raise BackupError if there are others."""
        self.head(name, size)
        digest, left = sha256(), size
        while chunk := content.read(CHUNK):
            left -= len(chunk)
            if left < 0:
                break
            digest.update(chunk)
            self.file.write(chunk)
        if left:
            raise BackupError(f"{name} was changed while it was copied.")
        self.file.write(bytes(-size % BLOCK))
        if name != MANIFEST:
            self.manifest.members[name] = {"size": size, "sha256": digest.hexdigest()}

    def head(self, name: str, size: int) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        try:
            # Plain: longer names and larger files would need headers of another kind.
            header = info.tobuf(tarfile.USTAR_FORMAT, "utf-8", "strict")
        except ValueError as error:
            raise BackupError(
                f"{name} does not fit into the archive: {error}."
            ) from None
        self.file.write(header)

    def close(self) -> None:
        text = self.manifest.written()
        self.add(MANIFEST, len(text), io.BytesIO(text))
        self.file.write(bytes(2 * BLOCK))


# Reading #####################################################################


class Member(io.RawIOBase):
    """The content of one member; it knows its hash when it has been read."""

    def __init__(self, file: IO[bytes], name: str, size: int) -> None:
        self.file, self.name, self.size = file, name, size
        self.left, self.digest = size, sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        chunk = self.file.read(min(len(buffer), self.left))
        if not chunk and self.left:
            raise BackupError("The backup is cut off.")
        buffer[: len(chunk)] = chunk
        self.left -= len(chunk)
        self.digest.update(chunk)
        return len(chunk)

    def finish(self) -> None:
        """Read what nobody has read."""
        buffer = bytearray(CHUNK)
        while self.left:
            self.readinto(buffer)

    @property
    def table(self) -> str | None:
        match = TABLE.fullmatch(self.name)
        return match[1] if match else None

    @property
    def picture(self) -> str | None:
        match = PICTURE.fullmatch(self.name)
        return match[1] if match else None


def members(file: IO[bytes]) -> Iterator[Member]:
    """Yield each member; whoever gets one reads it, or ``finish`` does."""
    seen: set[str] = set()
    while True:
        header = exactly(file, BLOCK)
        if not any(header):
            if any(map(any, iter(lambda: file.read(CHUNK), b""))):
                raise BackupError("Something stands behind the end of the backup.")
            return
        try:
            info = tarfile.TarInfo.frombuf(header, "utf-8", "strict")
        except (tarfile.HeaderError, ValueError):
            raise BackupError("This is no backup of the portal, or damaged.") from None
        member = Member(file, info.name, info.size)
        if info.type != tarfile.REGTYPE or info.size < 0:
            raise BackupError(
                f"The backup holds {info.name!r}, which is no plain file."
            )
        if info.name != MANIFEST and not (member.table or member.picture):
            raise BackupError(f"The backup holds {info.name!r}, which does not belong.")
        if info.name in seen:
            raise BackupError(f"The backup holds {info.name!r} twice.")
        if info.name == MANIFEST and info.size > LONGEST:
            raise BackupError("The manifest of the backup is too large.")
        seen.add(info.name)
        yield member
        member.finish()
        if any(exactly(file, -info.size % BLOCK)):
            raise BackupError(f"Something is damaged behind {info.name!r}.")


def exactly(file: IO[bytes], size: int) -> bytes:
    found = file.read(size)
    if len(found) != size:
        raise BackupError("The backup is cut off.")
    return found


def lines(member: Member, most: int) -> Iterator[bytes]:
    """Yield the lines of a table, at most so many bytes of them.

    A few bytes of gzip may claim to be as many gigabytes: what is too much is refused
    before it is held or written.
    """
    total = 0
    try:
        with gzip.GzipFile(fileobj=io.BufferedReader(member, CHUNK)) as file:
            while found := file.readline(LONGEST):
                total += len(found)
                if total > most or len(found) == LONGEST:
                    raise BackupError(f"{member.name} is larger than it may be.")
                yield found
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise BackupError(f"{member.name} is damaged.") from None


def verify(file: IO[bytes], most: int, progress: Any) -> Manifest:
    """Read a whole backup, and return its manifest if everything is as it says.

    ``most`` is how many bytes its rows may have. Nothing is written.
    """
    manifest, found, sizes = None, {}, {}
    for member in members(file):
        if manifest is not None:
            raise BackupError("Something stands behind the manifest of the backup.")
        if member.name == MANIFEST:
            manifest = Manifest.read(member.read(member.size))
            continue
        if member.table:
            size = sum(map(len, lines(member, most)))
            sizes[member.table] = size
            most -= size
        member.finish()
        found[member.name] = {
            "size": member.size,
            "sha256": member.digest.hexdigest(),
        }
        progress.add(member.size)
    if manifest is None:
        raise BackupError("The backup has no manifest: it is cut off.")
    compare(manifest, found, sizes)
    return manifest


def compare(
    manifest: Manifest, found: dict[str, dict[str, Any]], sizes: dict[str, int]
) -> None:
    """Raise BackupError for the first member that is not as the manifest says."""
    for name in sorted(manifest.members.keys() | found.keys()):
        if manifest.members.get(name) != found.get(name):
            raise BackupError(f"The backup is damaged: {name} is not what it was.")
    if {name: table.bytes for name, table in manifest.tables.items()} != sizes:
        raise BackupError("The backup is damaged: its tables are not what they were.")


def rows_of(member: Member, most: int) -> Iterator[list[Any]]:
    """Yield the rows of a table."""
    for text in lines(member, most):
        try:
            row = json.loads(text)
        except (ValueError, RecursionError):
            raise BackupError(f"{member.name} is damaged.") from None
        if not isinstance(row, list):
            raise BackupError(f"{member.name} is damaged.")
        yield row


def file_name(made_at: str, *, closed: bool) -> str:
    """Return what a backup of that moment (UTC, ISO 8601) is called."""
    moment = re.sub(r"[-:]|\.\d+|\+00:00", "", made_at)
    return f"portal-{moment}Z.tar{'.age' if closed else ''}"


def version_of_portal(pyproject: Path) -> str:
    """Return it, or "?": a backup is worth more than the number of its version."""
    try:
        text = pyproject.read_text("utf-8")
    except OSError:
        return "?"
    found = re.search(r'(?m)^version = "([^"]+)"', text)
    return found[1] if found else "?"
