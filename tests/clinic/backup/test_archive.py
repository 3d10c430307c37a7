"""The file of a backup: what is put in comes out, what does not belong stays out."""

import gzip
import io
import json
import tarfile
from contextlib import suppress
from hashlib import sha256

import pytest

from clinic.backup import BackupError, archive
from clinic.backup.archive import Contents, Manifest, Writer
from clinic.progress import Progress

MOST = 10_000_000
ROWS = [[1, "città"], [2, None]]


def manifest(**changes):
    return Manifest(
        **{
            "made_at": "2026-11-27T02:00:00+00:00",
            "portal": "1",
            "django": "5",
            "engine": "sqlite",
            "migrations": [["clinic", "0001_practice"]],
        }
        | changes
    )


def packed(rows=ROWS):
    text = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    return gzip.compress(text), len(text)


def whole(media=(("media/pictures/a/320.jpg", b"picture"),), **changes):
    """A backup with a table and a file, as bytes."""
    file = io.BytesIO()
    writer = Writer(file, manifest(**changes))
    content, size = packed()
    writer.manifest.tables["clinic_user"] = Contents(["id", "x"], 2, "0" * 64, 2, size)
    writer.add("rows/clinic_user.jsonl.gz", len(content), io.BytesIO(content))
    for name, data in media:
        writer.add(name, len(data), io.BytesIO(data))
    writer.close()
    return file.getvalue()


def verified(content, most=MOST):
    return archive.verify(io.BytesIO(content), most, Progress())


def members(content):
    return [(m.name, m.read(m.size)) for m in archive.members(io.BytesIO(content))]


def test_what_was_written_is_read():
    found = verified(whole())

    assert found == manifest(
        tables={"clinic_user": Contents(["id", "x"], 2, "0" * 64, 2, packed()[1])},
        members={
            "rows/clinic_user.jsonl.gz": {
                "size": len(packed()[0]),
                "sha256": found.members["rows/clinic_user.jsonl.gz"]["sha256"],
            },
            "media/pictures/a/320.jpg": {
                "size": 7,
                "sha256": sha256(b"picture").hexdigest(),
            },
        },
    )
    assert (found.rows, list(found.media)) == (2, ["pictures/a/320.jpg"])


def test_rows_are_read_one_by_one():
    for member in archive.members(io.BytesIO(whole())):
        if member.table:
            assert list(archive.rows_of(member, MOST)) == ROWS
            break


def test_any_tar_opens_it():
    with tarfile.open(fileobj=io.BytesIO(whole())) as tar:
        assert tar.getnames() == [
            "rows/clinic_user.jsonl.gz", "media/pictures/a/320.jpg", "manifest.json",
        ]  # fmt: skip
        assert tar.extractfile("media/pictures/a/320.jpg").read() == b"picture"


def test_a_file_that_grows_meanwhile_is_no_backup():
    with pytest.raises(BackupError, match="was changed while it was copied"):
        Writer(io.BytesIO(), manifest()).add("media/a", 3, io.BytesIO(b"four"))


def test_every_byte_counts():
    """One of each block is changed: nothing of a damaged backup is believed."""
    content = whole()
    believed = []
    for place in range(0, len(content), 97):
        damaged = bytearray(content)
        damaged[place] ^= 0x20
        with suppress(BackupError):
            verified(bytes(damaged))
            believed.append(place)

    assert believed == []


@pytest.mark.parametrize("left", [0, 100, 512, 1024, 2000, -1024])
def test_a_backup_that_is_cut_off_is_refused(left):
    with pytest.raises(BackupError, match="cut off"):
        verified(whole()[:left])


def test_something_behind_the_end_is_refused():
    with pytest.raises(BackupError, match="behind the end"):
        verified(whole() + bytes(512) + b"more")


def test_something_else_is_no_backup():
    with pytest.raises(BackupError, match="no backup"):
        verified(b"SQLite format 3\0" + bytes(range(256)) * 8)


# What somebody with bad intentions would put in ###############################


def with_member(name, data=b"x", **fields):
    """A whole backup that has one more member, before its manifest."""
    content = whole()
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for field, value in fields.items():
        setattr(info, field, value)
    block = info.tobuf(tarfile.GNU_FORMAT)
    if info.isreg():
        block += data + bytes(-len(data) % 512)
    place = content.index(b"manifest.json\0")
    return content[:place] + block + content[place:]


@pytest.mark.parametrize(
    "name",
    [
        "../outside", "media/../../outside", "media/..", "media/a/../b", "/etc/passwd",
        "media//a", "media/./a", "media/a\\..\\b", "media/a\nb", "media/", "manifest",
        "rows/x.jsonl", "rows/../x.jsonl.gz", "rows/A.jsonl.gz", "portal.sqlite3",
        "media/" + "a/" * 30 + "a",
    ],
)  # fmt: skip
def test_a_name_that_leads_elsewhere_is_refused(name):
    with pytest.raises(BackupError, match="does not belong"):
        verified(with_member(name))


@pytest.mark.parametrize(
    "kind",
    [
        tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE,
        tarfile.CHRTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_SPARSE,
        tarfile.XHDTYPE, tarfile.XGLTYPE,
    ],
)  # fmt: skip
def test_what_is_no_plain_file_is_refused(kind):
    with pytest.raises(BackupError, match="no plain file"):
        verified(with_member("media/a", type=kind, linkname="/etc/passwd"))


def test_a_name_that_comes_twice_is_refused():
    with pytest.raises(BackupError, match="twice"):
        verified(with_member("media/pictures/a/320.jpg"))


def test_what_the_manifest_does_not_name_is_refused():
    with pytest.raises(BackupError, match="media/more is not what it was"):
        verified(with_member("media/more"))


def test_gigabytes_in_a_few_bytes_are_refused():
    file = io.BytesIO()
    writer = Writer(file, manifest())
    bomb = gzip.compress((b" " * 1_000_000 + b"\n") * 11)
    writer.manifest.tables["clinic_user"] = Contents(["id"], 1, "0" * 64, 1, 4)
    writer.add("rows/clinic_user.jsonl.gz", len(bomb), io.BytesIO(bomb))
    writer.close()

    assert len(bomb) < 100_000
    with pytest.raises(BackupError, match="larger than it may be"):
        verified(file.getvalue())


def test_a_line_without_end_is_refused(monkeypatch):
    monkeypatch.setattr(archive, "LONGEST", 1000)
    content = gzip.compress(b"[" * 5000)
    member = archive.Member(io.BytesIO(content), "rows/a.jsonl.gz", len(content))

    with pytest.raises(BackupError, match="larger than it may be"):
        list(archive.lines(member, MOST))


@pytest.mark.parametrize("line", [b"[" * 5000, b"{}", b"1", b"nonsense", b"\xff"])
def test_a_row_that_is_none_is_refused(line):
    content = gzip.compress(line + b"\n")
    member = archive.Member(io.BytesIO(content), "rows/a.jsonl.gz", len(content))

    with pytest.raises(BackupError, match="is damaged"):
        list(archive.rows_of(member, MOST))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", 2), ("format", None), ("tables", []), ("tables", {"a": {}}),
        ("migrations", [["a"]]), ("migrations", [[1, 2]]), ("members", {"a": {}}),
        ("members", {"a": {"size": "1", "sha256": "0" * 64}}), ("made_at", 5),
        ("left_out", None), ("more", 1),
    ],
)  # fmt: skip
def test_a_manifest_of_another_shape_is_refused(key, value):
    found = json.loads(manifest().written()) | {key: value}

    with pytest.raises(BackupError, match=r"cannot be read|has the format"):
        Manifest.read(json.dumps(found).encode())


@pytest.mark.parametrize("text", [b"", b"[]", b"nonsense", b"[" * 100_000, b"\xff\xfe"])
def test_a_manifest_that_is_none_is_refused(text):
    with pytest.raises(BackupError, match="cannot be read"):
        Manifest.read(text)


def test_a_backup_is_called_by_its_moment():
    at = "2026-11-27T02:03:04+00:00"

    assert archive.file_name(at, closed=False) == "portal-20261127T020304Z.tar"
    assert archive.file_name(at, closed=True) == "portal-20261127T020304Z.tar.age"
