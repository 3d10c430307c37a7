"""Backups that only the holder of a key opens, in the format of age.

The file of a key is one that ``age-keygen`` writes (age-encryption.org), so a backup is
opened without the portal as well: ``age -d -i KEY portal-….tar.age | tar x``. With the
public half alone a machine can make backups and not read them.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import pyrage
from pyrage import x25519

from clinic.backup import BackupError

MAGIC = b"age-encryption.org/"


class Key:
    """What stands in the file of a key: secrets, and whom backups are closed for."""

    def __init__(self, path: Path) -> None:
        try:
            lines = path.read_text("ascii").split()
            self.secrets = [
                x25519.Identity.from_str(word)
                for word in lines
                if word.startswith("AGE-SECRET-KEY-1")
            ]
            public = [
                x25519.Recipient.from_str(word)
                for word in lines
                if word.startswith("age1")
            ]
        except OSError as error:
            raise BackupError(
                f"The key {path} cannot be read ({error.strerror})."
            ) from None
        except (ValueError, pyrage.IdentityError, pyrage.RecipientError):
            raise BackupError(f"{path} holds no key of age.") from None
        self.recipients = [secret.to_public() for secret in self.secrets] or public
        if not self.recipients:
            raise BackupError(f"{path} holds no key of age.")


def make_key(path: Path) -> str:
    """Write a new key that only its owner reads; return its public half."""
    secret = x25519.Identity.generate()
    public = str(secret.to_public())
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(f"# public key: {public}\n{secret}\n")
    except OSError as error:
        raise BackupError(f"{path} cannot be written ({error.strerror}).") from None
    return public


class Noting:
    """A file for the library, which tells of its errors no more than their words."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        try:
            return self.file.write(data)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        self.file.flush()


@contextmanager
def closing(file: IO[bytes], key: Key | None) -> Iterator[IO[bytes]]:
    """What is written into this stands closed in the file, once this has ended."""
    if key is None:
        yield file
        return
    target = Noting(file)
    read, write = pipe()

    def work() -> None:
        pyrage.encrypt_io(read, target, key.recipients)

    helper = Helper(work, read)
    try:
        yield write
        write.close()
    except BrokenPipeError:
        pass  # the other end has failed, which is what matters
    finally:
        shut(write)
        helper.join()
    if helper.error:
        raise target.error or helper.error


@contextmanager
def opening(path: Path, key: Key | None) -> Iterator[IO[bytes]]:
    """Read a backup, opened if it is closed; raise BackupError without its key."""
    with path.open("rb") as file:
        is_closed = file.read(len(MAGIC)) == MAGIC
        file.seek(0)
        if not is_closed:
            yield file
            return
        if key is None:
            raise BackupError(
                "The backup is encrypted: name its key (BACKUP_KEY_FILE)."
            )
        if not key.secrets:
            raise BackupError(
                "The key holds its public half only, which opens no backup: --verify "
                "and restore need the other half as well."
            )
        read, write = pipe()

        def work() -> None:
            pyrage.decrypt_io(file, write, key.secrets)

        helper = Helper(work, write)
        try:
            yield read
        except BackupError:
            # Whoever reads sees an end only; why there is one is known here.
            shut(read)
            helper.join()
            if helper.error and not is_broken_pipe(helper.error):
                raise BackupError(
                    "The backup does not open: it is for another key, or damaged "
                    f"({helper.error})."
                ) from None
            raise
        finally:
            shut(read)
            helper.join()


class Helper(threading.Thread):
    """Does work in a thread, closes its end of the pipe, and keeps what went wrong."""

    def __init__(self, work: Callable[[], object], end: IO[bytes]) -> None:
        super().__init__(daemon=True)
        self.work, self.end = work, end
        self.error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self.work()
            self.end.close()
        except BaseException as error:
            self.error = error
        finally:
            shut(self.end)


def pipe() -> tuple[IO[bytes], IO[bytes]]:
    read, write = os.pipe()
    return os.fdopen(read, "rb"), os.fdopen(write, "wb")


def is_broken_pipe(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno == errno.EPIPE


def shut(file: IO[bytes]) -> None:
    """Close it; what it could not pass on any more is nobody's loss."""
    with suppress(OSError):
        file.close()
