"""Backups that only the holder of a key opens."""

import errno
import os
import stat

import pyrage
import pytest
from pyrage import x25519

from clinic.backup import BackupError
from clinic.backup.encryption import Key, closing, make_key, opening

LONG = os.urandom(300_000)


@pytest.fixture
def key(tmp_path):
    make_key(tmp_path / "key")
    return Key(tmp_path / "key")


def closed(path, key, content=LONG):
    with path.open("wb") as file, closing(file, key) as stream:
        stream.write(content)
    return path


def read(path, key):
    with opening(path, key) as stream:
        return stream.read()


def test_what_was_closed_opens_with_its_key(tmp_path, key):
    assert read(closed(tmp_path / "backup", key), key) == LONG


def test_any_program_that_knows_age_opens_it(tmp_path, key):
    path = closed(tmp_path / "backup", key)
    secret = (tmp_path / "key").read_text().split()[-1]

    assert path.read_bytes().startswith(b"age-encryption.org/v1\n")
    assert pyrage.decrypt(path.read_bytes(), [x25519.Identity.from_str(secret)]) == LONG


def test_only_its_owner_reads_a_new_key(tmp_path):
    public = make_key(tmp_path / "key")

    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert f"# public key: {public}\n" in (tmp_path / "key").read_text()


def test_a_key_that_is_there_is_not_replaced(tmp_path):
    make_key(tmp_path / "key")
    before = (tmp_path / "key").read_text()

    with pytest.raises(BackupError, match="File exists"):
        make_key(tmp_path / "key")

    assert (tmp_path / "key").read_text() == before


def test_without_a_key_it_lies_open(tmp_path):
    path = closed(tmp_path / "backup", None)

    assert path.read_bytes() == LONG
    assert read(path, None) == LONG


def test_the_public_half_closes_and_does_not_open(tmp_path, key):
    public = tmp_path / "public"
    public.write_text(f"{key.recipients[0]}\n")
    path = closed(tmp_path / "backup", Key(public))

    assert read(path, key) == LONG
    with pytest.raises(BackupError, match="public half only"):
        read(path, Key(public))


def test_a_key_may_be_roots_and_readable_by_the_portals_group(tmp_path, key):
    (tmp_path / "key").chmod(0o640)

    path = closed(tmp_path / "backup", Key(tmp_path / "key"))
    assert read(path, key) == LONG


def test_nothing_opens_without_the_key(tmp_path, key):
    with pytest.raises(BackupError, match="name its key"):
        read(closed(tmp_path / "backup", key), None)


@pytest.mark.parametrize(
    "content", ["", "hello", "AGE-SECRET-KEY-1ABC", "age1abc", "è"]
)
def test_a_file_without_a_key_is_refused(tmp_path, content):
    (tmp_path / "key").write_text(content)

    with pytest.raises(BackupError, match="holds no key of age"):
        Key(tmp_path / "key")


def test_a_missing_key_is_named(tmp_path):
    with pytest.raises(BackupError, match=r"key cannot be read \(No such file"):
        Key(tmp_path / "key")


def wanting_all(path, key):
    """Read as a restore does, which knows that something must come."""
    with opening(path, key) as stream:
        if stream.read() != LONG:
            raise BackupError("The backup is cut off.")


def test_another_key_is_said_to_be_another(tmp_path, key):
    path = closed(tmp_path / "backup", key)
    make_key(tmp_path / "other")

    with pytest.raises(BackupError, match="for another key, or damaged"):
        wanting_all(path, Key(tmp_path / "other"))


@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_damage_is_noticed(tmp_path, key, damage):
    path = closed(tmp_path / "backup", key)
    content = bytearray(path.read_bytes())
    if damage == "cut":
        del content[-70_000:]
    else:
        content[150_000] ^= 1
    path.write_bytes(content)

    with pytest.raises(BackupError, match="or damaged"):
        wanting_all(path, key)


def test_whoever_stops_reading_waits_for_nobody(tmp_path, key):
    path = closed(tmp_path / "backup", key, os.urandom(3_000_000))

    def read_a_little():
        with opening(path, key) as stream:
            stream.read(10)
            raise BackupError("Enough.")

    with pytest.raises(BackupError, match="Enough"):
        read_a_little()


def test_a_full_disk_is_said_to_be_full(key):
    def fill():
        with open("/dev/full", "wb", buffering=0) as file, closing(file, key) as stream:
            for _ in range(100):
                stream.write(LONG)

    with pytest.raises(OSError, match="No space left") as raised:
        fill()

    assert raised.value.errno == errno.ENOSPC
