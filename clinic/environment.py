"""The environment: strict where django-environ is lenient; no Django needed."""

import io
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import environ
from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")

BASE_DIR = Path(__file__).resolve().parent.parent


def boolean(value: str | bool) -> bool:
    """Read true/false; raise ImproperlyConfigured for any other word.

    django-environ takes an unknown word for False, so a typing error in HTTPS
    would silently switch protection off.
    """
    word = str(value).strip().lower()
    if word in {"true", "yes", "on", "1"}:
        return True
    if word in {"false", "no", "off", "0", ""}:
        return False
    raise ImproperlyConfigured(f"“{value}” is neither true nor false.")


def worker_processes() -> int:
    """Return how many there are to be, as ``WEB_CONCURRENCY`` says; else two.

    Raises ImproperlyConfigured for anything but a number: gunicorn itself, which reads
    it before its configuration, ends in a traceback.
    """
    workers = os.environ.get("WEB_CONCURRENCY", "2")
    if not workers.isdecimal() or not int(workers):
        raise ImproperlyConfigured(f"WEB_CONCURRENCY is “{workers}”, not a number.")
    return int(workers)


def read_address(name: str, read: Callable[[str], T], value: str, example: str) -> T:
    """Return what ``read`` makes of an address that may hold a password.

    Raises ImproperlyConfigured without a word of the value: what cannot be read is most
    often the password itself.
    """
    try:
        return read(value)
    except (ValueError, ImproperlyConfigured):
        raise ImproperlyConfigured(
            f"{name} cannot be read; it must look like {example}. In a password such "
            "signs as / ? # are written as %2F %3F %23."
        ) from None


def read_env_file(path: Path = BASE_DIR / ".env") -> None:
    """Read NAME=value lines into the environment, without replacing what is set.

    Raises ImproperlyConfigured for a line that is none: django-environ would only
    log it, and a mistyped line would go unnoticed.
    """
    if not path.exists():
        return
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f".env cannot be read: {error}") from None
    lines = [line.strip() for line in lines]
    for number, line in enumerate(lines, 1):
        if line and not re.fullmatch(
            r"#.*|(export )?[A-Za-z_][A-Za-z0-9_]*=[^\0]*", line
        ):
            # Its text stays out of the message: it may hold half a secret.
            raise ImproperlyConfigured(
                f"line {number} of .env is not of the form NAME=value."
            )
    environ.Env.read_env(io.StringIO("\n".join(lines)))


def read_variables_from_files(names: Iterable[str]) -> None:
    """Set each variable whose ``…_FILE`` names the file that holds it.

    So a secret need not stand in the environment, which other programs may list. Raises
    ImproperlyConfigured for a file that cannot be read.
    """
    for name in names:
        path = os.environ.get(f"{name}_FILE")
        if not path:
            continue
        try:
            os.environ[name] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ImproperlyConfigured(
                f"{name}_FILE is {path}, which cannot be read: {error}"
            ) from None
