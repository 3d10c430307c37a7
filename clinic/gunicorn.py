"""gunicorn's configuration: gunicorn -c python:clinic.gunicorn"""

import gc
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.core.exceptions import ImproperlyConfigured
from gunicorn import systemd
from gunicorn.glogging import Logger

# Here and not in a hook: gunicorn loads the application before it calls any. It also
# reads .env, which may hold HOST and PORT.
try:
    from clinic.environment import worker_processes
    from clinic.logs import Formatter
    from clinic.origin import masked
    from clinic.settings import ACCESS_LOG  # noqa: TID251

    workers = worker_processes()
except ImproperlyConfigured as error:
    sys.exit(f"The portal cannot start: {error}")

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
HOST = os.environ.get("HOST", "127.0.0.1")
PORT = os.environ.get("PORT", "8000")

bind = f"[{HOST}]:{PORT}" if ":" in HOST else f"{HOST}:{PORT}"
wsgi_app = "clinic.asgi"
worker_class = "clinic.worker.Worker"
asgi_lifespan = "off"
# One copy of the code for all workers: less memory, a quick start.
preload_app = True
# The control socket would appear in the home folder of whoever starts the portal.
control_socket_disable = True
loglevel = "warning"
# A line for each visit costs more than the answer, and the proxy writes one anyway.
accesslog = "-" if ACCESS_LOG else None
# No referrer, no browser, no query: search words of patients are health data.
access_log_format = '%(h)s %(t)s "%(m)s %(U)s %(H)s" %(s)s %(b)s %(M)sms'


class logger_class(Logger):
    """Logs no visitor's full address, and no line that a visitor could forge."""

    def atoms(self, *args: Any) -> dict[str, Any]:
        atoms = super().atoms(*args)
        atoms["h"] = masked(atoms["h"])
        atoms["U"] = quote(atoms["U"] or "", safe="/:@!$&'()*+,;=~-._")
        return atoms

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Leave address and text out of the line about an unreadable request."""
        unreadable = "Invalid request from ip="
        if msg.startswith(unreadable):
            address = msg.removeprefix(unreadable).partition(": ")[0]
            msg = f"Invalid request from {masked(address)}"
        super().warning(msg, *args, **kwargs)

    def _set_handler(self, log: Any, output: Any, fmt: Any, stream: Any = None) -> None:
        """Write what goes wrong as discreetly as Django's lines are."""
        if log is self.error_log:
            fmt = Formatter(self.error_fmt, self.datefmt)
        super()._set_handler(log, output, fmt, stream)


def on_starting(server: Any) -> None:
    """Clear away what a process that was killed has left of an upload."""
    from django.db import DatabaseError, connections

    from clinic.models import Picture

    try:
        Picture.objects.remove_unfinished()
    except (DatabaseError, OSError) as error:
        server.log.warning("Unfinished uploads cannot be cleared away: %s", error)
    finally:
        connections.close_all()  # none may be shared with the workers


def worker_exit(server: Any, worker: Any) -> None:
    """Write down what this process has counted and not written yet."""
    edge = getattr(worker.app.wsgi(), "edge", None)
    if edge is not None:
        edge.flush()


def pre_exec(server: Any) -> None:
    """Begin anew (signal USR2) in the release to which ``RELEASE`` leads now.

    Until then the process knows no path but that of its own release, so whatever it
    still loads is of its own age.
    """
    release = os.environ.get("RELEASE")
    if release:
        folder = os.path.realpath(release)
        program = [f"{folder}/.venv/bin/python", f"{folder}/.venv/bin/gunicorn"]
        server.START_CTX |= {
            0: program[0],
            "cwd": folder,
            "args": [*program, *sys.argv[1:]],
        }


def take_over(server: Any) -> None:
    """Send the older portal away that has begun this one: this one can answer now.

    Both hold the same open door, so nobody meets a closed one.
    """
    if server.master_pid:
        systemd.sd_notify(f"MAINPID={server.pid}\nREADY=1", server.log)
        os.kill(server.master_pid, signal.SIGTERM)


def when_ready(server: Any) -> None:
    """Say where the portal answers, and the first time the generated password."""
    from django.conf import settings

    shown = "127.0.0.1" if HOST in {"0.0.0.0", "::"} else bind.rpartition(":")[0]  # noqa: S104
    site = f"http://{shown}:{PORT}"
    lines = ["", f"The site:  {site}/", f"The desk:  {site}/admin/"]
    password = Path(settings.DATA_DIR) / "first-password"
    if password.exists():
        lines.append(f"Sign in as “editor” with the password  {password.read_text()}")
        lines.append("It is shown only this once; change it at the desk.")
        with suppress(OSError):  # where nothing can be written, it is shown again
            password.unlink()
    print(*lines, "", sep="\n", flush=True)  # noqa: T201
    application = server.app.wsgi()
    if hasattr(application, "edge"):
        application.edge.warm_up()
    # What is loaded stays shared between the workers: no collection touches it.
    gc.collect()
    gc.freeze()
    take_over(server)
