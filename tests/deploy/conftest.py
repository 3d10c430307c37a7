"""The portal behind the nginx that is shipped, both in real processes."""

import http.client
import itertools
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import time
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from tests.browser.conftest import free_port
from tests.test_server import ROOT, Server, serving

SITE = "www.example.org"
# Every client comes from another network of this machine, as visitors do: limits count
# addresses.
NETWORKS = itertools.count(1)


# Where it is although only root has that folder among the places of commands.
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")


def missing():
    """What this machine lacks, or nothing."""
    found = {"nginx": NGINX, "openssl": shutil.which("openssl")}
    programs = [name for name, path in found.items() if not path]
    if not programs:
        return ""
    names = " and ".join(programs)
    return f"nothing in front of the portal is tested: please install {names} first"


needs_nginx = pytest.mark.skipif(bool(missing()), reason=missing() or "it is there")


@cache
def context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Connection(http.client.HTTPSConnection):
    """A connection to the site on this machine, whatever the name of the site."""

    def connect(self):
        plain = socket.create_connection(
            ("127.0.0.1", self.port), self.timeout, self.source_address
        )
        self.sock = context().wrap_socket(plain, server_hostname=SITE)


class Site(Server):
    """The portal as it is reached through nginx."""

    def __init__(self, process, port, plain_port, folder, portal):
        super().__init__(process, port, portal.data_dir)
        self.plain_port, self.folder, self.portal = plain_port, folder, portal

    def connect(self):
        number = next(NETWORKS)
        address = f"127.{1 + number // 250}.{1 + number % 250}.7"
        return Connection(SITE, self.port, timeout=30, source_address=(address, 0))

    def raw(self, timeout=10):
        """A socket on which anything may be sent."""
        connection = self.connect()
        connection.timeout = timeout
        connection.connect()
        return connection.sock

    def log(self, name="access"):
        return (self.folder / f"{name}.log").read_text()


def configuration(folder, portal, port, plain_port):
    """Fill in the configuration that is shipped, by the script that is shipped."""
    variables = {
        "CERTIFICATES": str(folder),
        "DATA": str(portal.data_dir),
        "HTTP_PORT": str(plain_port),
        "HTTPS_PORT": str(port),
        "LOGS": str(folder),
        "NGINX_USER": pwd.getpwuid(os.getuid()).pw_name,
        "PORTAL": f"127.0.0.1:{portal.port}",
        "RUN": str(folder),
    }
    filled = subprocess.run(
        [ROOT / "deploy/nginx/render.sh", SITE],
        env={"PATH": os.environ["PATH"]} | variables,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    if not Path("/proc/net/if_inet6").exists():
        filled = "".join(
            line for line in filled.splitlines(True) if "listen [::]" not in line
        )
    path = folder / "nginx.conf"
    path.write_text(filled)
    return path


def certificate(folder):
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"),
            *("-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", f"/CN={SITE}"),
            *("-keyout", folder / "privkey.pem"),
            *("-out", folder / "fullchain.pem"),
        ],
        check=True,
        capture_output=True,
    )


@contextmanager
def behind_nginx(folder, portal):
    certificate(folder)
    port, plain_port = free_port(), free_port()
    path = configuration(folder, portal, port, plain_port)
    command = [NGINX, "-e", "stderr", "-p", folder, "-c", path, "-g", "daemon off;"]
    tested = subprocess.run([*command, "-t"], capture_output=True, text=True)
    assert tested.returncode == 0, tested.stderr
    process = subprocess.Popen(command)
    site = Site(process, port, plain_port, folder, portal)
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                site.get("/robots.txt")
                break
            except OSError:
                assert process.poll() is None, site.log("error")
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield site
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture(scope="package")
def portal_folder(filled, tmp_path_factory):
    return shutil.copytree(filled, tmp_path_factory.mktemp("portal") / "data")


PRODUCTION = {"HTTPS": "true", "ALLOWED_HOSTS": f"{SITE},127.0.0.1"}


@pytest.fixture(scope="package")
def portal(portal_folder):
    with serving(portal_folder, "asgi", **PRODUCTION) as server:
        yield server


@pytest.fixture(scope="package")
def site(portal, tmp_path_factory):
    if missing():
        pytest.skip(missing())
    with behind_nginx(tmp_path_factory.mktemp("nginx"), portal) as site:
        yield site
