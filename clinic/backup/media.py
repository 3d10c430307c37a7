"""The files of pictures, in whatever storage they are."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import IO

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, Storage

CHUNK = 1 << 18


def files(storage: Storage, folder: str = "") -> Iterator[str]:
    """Yield the name of every file, folder by folder."""
    try:
        folders, names = storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in sorted(names):
        yield f"{folder}{name}"
    for name in sorted(filter(None, folders)):
        yield from files(storage, f"{folder}{name}/")


def hash_of(file: IO[bytes]) -> str:
    digest = sha256()
    while chunk := file.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


class Restored:
    """A storage that gets the files of a backup; what it had is kept in ``aside``."""

    def __init__(self, storage: Storage, aside: Path | None) -> None:
        self.storage, self.aside = storage, aside

    def put(self, name: str, content: IO[bytes], digest: str) -> None:
        """Let the file be there with that content, in one step.

        Raises ValueError if the content is another: then nothing has changed.
        """
        if self.has(name, digest):
            return
        folder = Path(self.storage.path(name)).parent if self.is_local else None
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
        handle, passing = tempfile.mkstemp(dir=folder)
        try:
            with os.fdopen(handle, "w+b") as file:
                shutil.copyfileobj(content, file, CHUNK)
                file.flush()
                os.fsync(file.fileno())
                file.seek(0)
                if hash_of(file) != digest:
                    raise ValueError(name)
                file.seek(0)
                self.keep(name)
                if not self.is_local:
                    self.storage.delete(name)
                    self.storage.save(name, File(file))
            if self.is_local:
                Path(passing).chmod(self.storage.file_permissions_mode or 0o644)  # type: ignore[attr-defined]
                Path(passing).replace(self.storage.path(name))
        finally:
            Path(passing).unlink(missing_ok=True)

    @property
    def is_local(self) -> bool:
        return isinstance(self.storage, FileSystemStorage)

    def has(self, name: str, digest: str) -> bool:
        # Asked for first: a copy that is kept near would outlive what is gone.
        if not self.storage.exists(name):
            return False
        with self.storage.open(name) as file:
            return hash_of(file) == digest

    def keep(self, name: str) -> None:
        """Copy what stands at that name now, if anything does, to where it is kept."""
        if self.aside is None:
            return
        with suppress(FileNotFoundError), self.storage.open(name) as file:
            target = self.aside / "media" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as copy:
                shutil.copyfileobj(file, copy, CHUNK)

    def leave_only(self, names: set[str], among: Iterable[str]) -> int:
        """Take away those that the backup does not name; return how many they were."""
        others = [name for name in among if name not in names]
        for name in others:
            self.keep(name)
            self.storage.delete(name)
            if self.is_local:
                with suppress(OSError):  # it holds others still
                    Path(self.storage.path(name)).parent.rmdir()
        return len(others)
