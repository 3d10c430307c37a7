"""What staff send to the desk: bounded on its way in, and gone whatever happens.

Files that arrive have no name, so they go with the process that holds them, killed or
not. Files that stay are noted in a folder of the portal's own while they are written;
a note whose writer has died tells the next start what it left half done.
"""

import fcntl
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Any, cast

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

# A picture may have 25 MB; the rest is for the words beside it.
LARGEST_FILE = 25 * 1024 * 1024
LARGEST_BODY = 32 * 1024 * 1024
# From whoever has not signed in: a form for signing in has less than a kilobyte.
SMALL_BODY = 64 * 1024

# Nothing is rendered for what is refused, whoever it is and in whatever number.
TOO_LARGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Too large</title></head>
<body><main><h1>This is too large to be sent</h1>
<p>A picture may have 25 MB. Please go back with your browser: what you typed is still
there. Choose a smaller picture and save again.</p>
<div lang="it"><h2>Troppo grande da inviare</h2>
<p>Un’immagine può avere 25 MB. Tornare indietro con il browser: quanto scritto è ancora
lì. Scegliere un’immagine più piccola e salvare di nuovo.</p></div></main></body></html>
""".encode()
TOO_LARGE_HEADERS = [
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Length", str(len(TOO_LARGE))),
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("X-Content-Type-Options", "nosniff"),
]


def largest_body(path: str, cookies: str) -> int:
    """Return how many bytes a request may bring: pictures come from the desk only.

    ``path`` is decoded, ``cookies`` the header as it came.
    """
    at_desk = path.startswith(settings.SESSION_COOKIE_PATH)
    is_staff = settings.SESSION_COOKIE_NAME in cookies
    return LARGEST_BODY if at_desk and is_staff else SMALL_BODY


def folder() -> Path:
    """Return the folder for what is under way, and make it if it is not there.

    Raises OSError if it cannot be made.
    """
    path = Path(settings.FILE_UPLOAD_TEMP_DIR)
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def nameless(in_memory: int) -> IO[bytes]:
    """Return a file that has no name once it is larger than ``in_memory`` bytes."""
    return SpooledTemporaryFile(in_memory, dir=str(settings.FILE_UPLOAD_TEMP_DIR))


class Handler(FileUploadHandler):
    """Receives the files of a form.

    Of a file that is too large nothing is kept but its size, so that the form can say
    what is wrong and show everything else that was typed.
    """

    # The one that is under way; those before it are the request's, which closes them.
    file: IO[bytes] | None = None

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.upload_interrupted()
        self.file = nameless(settings.FILE_UPLOAD_MAX_MEMORY_SIZE)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        file = cast(IO[bytes], self.file)
        if start + len(raw_data) <= LARGEST_FILE:
            file.write(raw_data)
        else:
            file.truncate(0)

    def file_complete(self, file_size: int) -> UploadedFile:
        file, self.file = cast(IO[bytes], self.file), None
        file.seek(0)
        return UploadedFile(
            file,
            self.file_name,
            self.content_type,
            file_size,
            self.charset,
            self.content_type_extra,
        )

    def upload_interrupted(self) -> None:
        if self.file is not None:
            self.file.close()

    def __del__(self) -> None:
        # Django closes what it has handed on, but nothing that breaks off half-way.
        self.upload_interrupted()


class Note:
    """Says that something is being written, for as long as this process lives.

    The lock is the system's: it ends with the process, however that ends.
    """

    def __init__(self, key: str) -> None:
        self.key = key
        self.path = folder() / key
        self.file = self.path.open("xb")
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)
        self.file.close()


def left_behind() -> Iterator[str]:
    """Yield the key of every note whose writer has died; then the note goes.

    What else lies in the folder goes without a word.
    """
    for path in folder().iterdir():
        with suppress(FileNotFoundError, BlockingIOError), path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield path.name
            path.unlink(missing_ok=True)
