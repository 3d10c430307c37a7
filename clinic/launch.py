"""Start the portal on this machine: what `make run` does once it is installed.

    python -m clinic.launch

Every problem ends in one sentence and a non-zero exit.
"""

import os
import re
import secrets
import socket
import sys
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from clinic.environment import (
    BASE_DIR,
    boolean,
    read_env_file,
    worker_processes,
)


def main() -> None:
    try:
        read_env_file()
        host = os.environ.setdefault("HOST", "127.0.0.1")
        port = os.environ.setdefault("PORT", "8000")
        check_address(host, port)
        worker_processes()
        data_dir = prepare_folder(Path(os.environ.get("DATA_DIR") or BASE_DIR / "var"))
        os.environ["DATA_DIR"] = str(data_dir)
        if not os.environ.get("SECRET_KEY"):
            os.environ["SECRET_KEY"] = secret_key(data_dir / "secret-key")
        if not os.environ.get("ALLOWED_HOSTS"):
            hosts = {"127.0.0.1", "localhost", "[::1]", host, socket.gethostname()}
            os.environ["ALLOWED_HOSTS"] = ",".join(sorted(hosts))
            os.environ.setdefault("SITE_URL", site_url(host, port))
        is_open = not boolean(os.environ.setdefault("HTTPS", "false"))
        if is_open and host in {"127.0.0.1", "localhost", "::1"}:
            # Whoever only tries the portal needs no phone; the desk says so.
            os.environ.setdefault("SECOND_FACTOR", "local")
        os.environ["DJANGO_SETTINGS_MODULE"] = "clinic.settings"
        prepare_portal()
    except ImproperlyConfigured as error:
        sys.exit(f"The portal cannot start: {error}")
    say("Starting the server. Ctrl-C stops it.")
    os.chdir(BASE_DIR)
    os.execv(  # noqa: S606  no shell, and every word is ours
        sys.executable,
        [
            sys.executable,
            "-m",
            "gunicorn",
            "-c",
            "python:clinic.gunicorn",
        ],
    )


def site_url(host: str, port: str) -> str:
    """Return where the portal is found; 0.0.0.0 and :: listen, but are no address."""
    name = socket.gethostname() if host in {"0.0.0.0", "::"} else host  # noqa: S104
    return f"http://{f'[{name}]' if ':' in name else name}:{port}"


def say(sentence: str) -> None:
    print(sentence, flush=True)


def check_address(host: str, port: str) -> None:
    """Raise ImproperlyConfigured unless the portal can listen there."""
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 0 < int(port) < 65536:
        raise ImproperlyConfigured(f"PORT is “{port}”, not a number from 1 to 65535.")
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            host, int(port), type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (socket.gaierror, UnicodeError):  # the latter for a name like "a..b"
        raise ImproperlyConfigured(
            f"HOST is “{host}”, which is no address of this machine."
        ) from None
    except PermissionError:
        raise ImproperlyConfigured(
            f"port {port} is reserved for the system; try PORT=8000."
        ) from None
    except OSError as error:
        raise ImproperlyConfigured(
            f"{host}:{port} cannot be used ({error.strerror}). If another program "
            f"listens there, choose another port: make run PORT={int(port) % 65535 + 1}"
        ) from None


def prepare_folder(folder: Path) -> Path:
    """Make the data folder, or raise ImproperlyConfigured if it cannot be written."""
    probe = folder / ".writable"
    try:
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ImproperlyConfigured(
            f"the folder {folder} cannot be written ({error.strerror}). "
            "Change its permissions, or name another one with DATA_DIR."
        ) from None
    return folder.resolve()


def secret_key(path: Path) -> str:
    """Return the key of this machine; the first start makes it, its owner reads it."""
    try:
        if not path.exists():
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_urlsafe(50))
        return path.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"the file {path} cannot be used ({error.strerror})."
        ) from None


def check_place() -> None:
    """Raise ImproperlyConfigured where a database would be lost."""
    from clinic import integrity

    path = integrity.path_of()
    for finding in integrity.of_place(path) if path else ():
        if finding.is_fatal:
            raise ImproperlyConfigured(str(finding))


def prepare_portal() -> None:
    """Bring database, sample content, static files and error pages up to date."""
    import django
    from django.core.management import CommandError, call_command
    from django.db import DatabaseError

    django.setup()
    check_place()
    try:
        say("Preparing the database …")
        call_command("migrate", verbosity=0, interactive=False)
        say("Collecting the static files …")
        call_command("collectstatic", verbosity=0, interactive=False)
        call_command("load_sample", only_if_empty=True)
        call_command("write_error_pages")
    except CommandError as error:
        raise ImproperlyConfigured(str(error)) from None
    except DatabaseError as error:
        raise ImproperlyConfigured(f"the database does not answer: {error}") from None
    except OSError as error:
        raise ImproperlyConfigured(
            f"{error.filename or 'a file'} cannot be written ({error.strerror})."
        ) from None


if __name__ == "__main__":
    main()
