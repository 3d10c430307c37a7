"""The servers that are measured, and what /proc says of them."""

import http.client
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / "var" / "bench"
TICK = 1_000_000 / os.sysconf("SC_CLK_TCK")  # microseconds
WORKERS = 2
# The same server for all, in the same configuration; Wagtail brings its own gunicorn.
GTHREAD = ["--worker-class", "gthread", "--threads", "4"]
WAGTAIL = ["--workers", str(WORKERS), "--preload", *GTHREAD]
COMMANDS = {
    "wagtail": [*WAGTAIL, "tests.bench.wagtail_site.wsgi"],
    "wagtail-cache": [*WAGTAIL, "tests.bench.wagtail_site.wsgi"],
    "bare": [*GTHREAD, "tests.bench.bare:wsgi"],
    "bare-asgi": ["--worker-class", "asgi", "tests.bench.bare:asgi"],
    "portal": [],
    "portal-wsgi": [*GTHREAD, "clinic.wsgi"],
}


@dataclass
class Server:
    process: subprocess.Popen
    port: int
    started: float  # seconds until the first answer

    def tree(self) -> list[int]:
        children = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        return [self.process.pid, *map(int, Path(children).read_text().split())]

    def cpu(self) -> float:
        """Return what the processes have computed so far, in microseconds."""
        total = 0.0
        for pid in self.tree():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += (int(fields[11]) + int(fields[12])) * TICK
        return total

    def memory(self) -> tuple[float, float]:
        """Return the peak of RSS and the present PSS of all processes, in MiB."""
        rss = pss = 0
        for pid in self.tree():
            rss += field(f"/proc/{pid}/status", "VmHWM:")
            pss += field(f"/proc/{pid}/smaps_rollup", "Pss:")
        return rss / 1024, pss / 1024

    def get(
        self, path: str, **headers: str
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            return response.status, response.getheaders(), response.read()
        finally:
            connection.close()


def field(path: str, name: str) -> int:
    """Return a number of kB from a file of /proc."""
    return int(Path(path).read_text().partition(name)[2].split()[0])


def environment(data_dir: Path, **variables: str) -> dict[str, str]:
    """Return what every server and every command is told."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "PYTHONPATH": str(ROOT),
        "DATA_DIR": str(data_dir),
        "SECRET_KEY": "only for measuring",
        "ALLOWED_HOSTS": "127.0.0.1",
        "HTTPS": "false",
        "SITE_URL": "https://www.example.org",
        "WEB_CONCURRENCY": str(WORKERS),
        "BARE_ANSWER": str(BENCH / "answer.json"),
        **variables,
    }


def command(name: str, port: int, python: str) -> list[str]:
    own = ["-c", "python:clinic.gunicorn"]
    if name.startswith("wagtail"):
        own = ["--no-control-socket", "--bind", f"127.0.0.1:{port}"]
    return [python, "-m", "gunicorn", *own, *COMMANDS[name]]


@contextmanager
def serving(
    name: str,
    port: int,
    data_dir: Path,
    path: str = "/",
    python: str = sys.executable,
    **variables: str,
):
    """Start a server, wait for its first answer, stop it at the end."""
    began = time.monotonic()
    process = subprocess.Popen(
        command(name, port, python),
        cwd=ROOT,
        env=environment(data_dir, PORT=str(port), **variables),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    server = Server(process, port, 0.0)
    try:
        while True:
            try:
                status = server.get(path)[0]
                break
            except OSError:
                if process.poll() is not None:
                    raise RuntimeError(f"{name} did not start.") from None
                time.sleep(0.005)
        if status != 200:
            raise RuntimeError(f"{name} answered {path} with {status}.")
        server.started = time.monotonic() - began
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
