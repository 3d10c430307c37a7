"""What SQLite promises with this library, and on this file system.

Pure: no Django, no settings, no connection.
"""

import os
from pathlib import Path
from typing import Any

Version = tuple[int, ...]

# How long a statement waits for whoever writes, in seconds. Nobody watches a button for
# longer; a worker counts as stuck after 60 (edge.asgi), proxies give up after as much.
PATIENCE_SECONDS = 10
# What a write-ahead log is cut back to, in bytes, once everybody has read it.
JOURNAL_BYTES = 27_103_364


def is_mended(version: Version) -> bool:
    """Say whether a library is free of the WAL-reset fault of SQLite 3.7.0 to 3.51.2.

    Two connections that race a checkpoint against a commit can corrupt the file
    (sqlite.org/wal.html#walresetbug); 3.51.3, 3.50.7 and 3.44.6 are mended.
    """
    return (
        version >= (3, 51, 3)
        or (3, 50, 7) <= version < (3, 51)
        or (3, 44, 6) <= version < (3, 45)
    )


def journal_mode(version: Version) -> str:
    """Choose the journal: WAL where it is safe; TRUNCATE costs a little on writes."""
    return "WAL" if is_mended(version) else "TRUNCATE"


def reason(version: Version) -> str:
    """Say in one sentence which journal that is, and why."""
    name = ".".join(map(str, version))
    if is_mended(version):
        return f"The journal is WAL: SQLite {name} is free of the WAL-reset fault."
    return (
        f"The journal is TRUNCATE: SQLite {name} has the WAL-reset fault "
        "(sqlite.org/wal.html#walresetbug), which 3.51.3, 3.50.7 and 3.44.6 mend."
    )


def init_command(version: Version) -> str:
    """Return what every connection begins with."""
    return (
        f"PRAGMA journal_mode={journal_mode(version)};"
        "PRAGMA synchronous=FULL;"
        f"PRAGMA journal_size_limit={JOURNAL_BYTES};"
    )


# So many faults of a damaged file are quoted; one is enough to restore it.
QUOTED = 5


def complaints(database: Any) -> list[str]:
    """Read every page and index of a file; return what is wrong with them.

    ``database`` is a connection of sqlite3, or a cursor. Raises its DatabaseError for
    what cannot even be read.
    """
    told = [row[0] for row in database.execute(f"PRAGMA integrity_check({QUOTED})")]
    return [] if told == ["ok"] else told


# File systems ################################################################

# Their locks reach other machines late or never, and a database that two machines write
# at once is lost (sqlite.org/howtocorrupt.html, section 2.1).
NETWORK = {
    "afs", "beegfs", "ceph", "cifs", "davfs", "davfs2", "gfs2", "glusterfs", "gpfs",
    "juicefs", "lustre", "moosefs", "nfs", "nfs4", "ocfs2", "orangefs", "rclone",
    "s3fs", "smb3", "smbfs", "sshfs", "wekafs",
}  # fmt: skip
# Folders that a virtual machine or a container shares with the machine below it: sound
# as long as nobody opens the file from there.
SHARED = {
    "9p", "fakeowner", "grpcfuse", "osxfs", "vboxsf", "virtiofs", "vmhgfs-fuse",
}  # fmt: skip
UNKNOWN = ""
MOUNTS = Path("/proc/self/mountinfo")


def file_system(path: Path) -> str:
    """Return the kind of file system that a path lies on, UNKNOWN if nobody says.

    Linux tells it in proc(5): mount points, escaped in octal, and after a dash the
    kind. The last mount that covers the path counts.
    """
    try:
        lines = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").split("\n")
    except OSError:
        return UNKNOWN
    place, kind, longest = Path(os.path.realpath(path)), UNKNOWN, -1
    for line in lines:
        mount, _dash, source = line.partition(" - ")
        fields = mount.split(" ")
        if len(fields) < 5 or not source:
            continue
        point = Path(unescaped(fields[4]))
        if len(point.parts) >= longest and place.is_relative_to(point):
            kind, longest = source.split(" ")[0], len(point.parts)
    return kind.removeprefix("fuse.").lower()


def unescaped(text: str) -> str:
    """Return a mount point as it is: spaces and the like are written \\040 there."""
    first, *others = text.split("\\")
    return first + "".join(chr(int(o[:3], 8)) + o[3:] for o in others)
