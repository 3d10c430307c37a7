"""A release takes over from the one before it, by the commands of the systemd unit."""

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.browser.conftest import free_port
from tests.deploy.conftest import PRODUCTION, behind_nginx, missing
from tests.test_server import ROOT, Load, Server, environment

pytestmark = pytest.mark.xdist_group("server")

UNIT = (ROOT / "deploy/systemd/portal.service").read_text()
SLOW_MIGRATION = """
import time
from django.db import migrations

def slowly(apps, schema_editor):
    Topic = apps.get_model("articles", "Topic")
    for topic in Topic.objects.all():
        topic.position += 1
        topic.save()
    time.sleep(1)

class Migration(migrations.Migration):
    dependencies = [("articles", "{before}")]
    operations = [migrations.RunPython(slowly, migrations.RunPython.noop)]
"""


class Host:
    """A folder that is laid out as /opt/portal is, and what systemd does with it."""

    def __init__(self, folder, data_dir):
        self.folder, self.data_dir = folder, data_dir
        self.port = free_port()
        self.process = None
        self.notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notices.bind(str(folder / "notify"))
        self.notices.settimeout(60)
        self.main = 0
        self.log = folder / "portal.log"

    def release(self, name, change=None):
        """Unpack a release, and lead ``current`` to it."""
        release = self.folder / "releases" / name
        release.mkdir(parents=True)
        for part in ("clinic", "articles", "templates", "static"):
            shutil.copytree(ROOT / part, release / part)
        shutil.copy(ROOT / "manage.py", release)
        (release / ".venv").symlink_to(sys.prefix)
        if change:
            change(release)
        self.lead_to(name)

    def lead_to(self, name):
        link = self.folder / "new"
        link.symlink_to(self.folder / "releases" / name)
        link.replace(self.folder / "current")

    def commands(self, name):
        for line in re.findall(rf"(?m)^{name}=(.+)$", UNIT):
            line = line.replace("/opt/portal", str(self.folder))
            yield shlex.split(line.replace("$MAINPID", str(self.main)))

    @property
    def started_with(self):
        return environment(
            self.data_dir,
            **PRODUCTION,
            PORT=str(self.port),
            RELEASE=str(self.folder / "current"),
            NOTIFY_SOCKET=str(self.folder / "notify"),
        )

    def run(self, name):
        """Run the commands of a line of the unit, until one fails; return its code."""
        for command in self.commands(name):
            done = subprocess.run(
                command,
                cwd=self.folder / "current",
                env=self.started_with,
                capture_output=True,
            )
            if done.returncode:
                return done.returncode
        return 0

    def start(self):
        # What ExecStartPre does, the same as the first line of ExecReload, is done.
        (command,) = self.commands("ExecStart")
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command,
                cwd=self.folder / "current",
                env=self.started_with,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.main = self.process.pid
        assert "READY=1" in self.told()

    def told(self):
        """Wait for what the portal tells systemd, as lines."""
        return self.notices.recv(4096).decode().splitlines()

    def taken_over(self):
        """Wait for the new main process, and for the end of the old one."""
        lines = self.told()
        while not any(line.startswith("MAINPID=") for line in lines):
            lines = self.told()
        assert "READY=1" in lines
        before, self.main = self.main, int(lines[0].removeprefix("MAINPID="))
        deadline = time.monotonic() + 60
        while is_running(before):
            if before == self.process.pid:
                self.process.poll()
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def children(self):
        """The processes of the main one: its workers, and a release that starts."""
        return Path(f"/proc/{self.main}/task/{self.main}/children").read_text()

    def ended(self, reason, workers):
        """Wait until a release that could not start has said why and is gone."""
        deadline = time.monotonic() + 60
        while not re.search(reason, self.log.read_text()) or (
            self.children() != workers
        ):
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def stop(self):
        self.notices.close()
        if is_running(self.main):
            os.kill(self.main, signal.SIGTERM)
        self.process.wait(timeout=60)
        deadline = time.monotonic() + 60
        while is_running(self.main):
            assert time.monotonic() < deadline
            time.sleep(0.05)


def is_running(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.fixture
def host(tmp_path, filled):
    """A server with one release in place, which serves."""
    host = Host(tmp_path, shutil.copytree(filled, tmp_path / "data"))
    host.release("1")
    host.start()
    yield host
    host.stop()


@pytest.fixture
def site(host):
    """The portal through nginx, or as it is where there is no nginx."""
    server = Server(host.process, host.port, host.data_dir)
    if missing():
        yield server
        return
    folder = host.folder / "nginx"
    folder.mkdir()
    with behind_nginx(folder, server) as site:
        yield site


def answers_with(word):
    """A change of the code by which a release is known."""

    def change(release):
        path = release / "clinic/views.py"
        text = path.read_text()
        assert 'HttpResponse("ok\\n"' in text
        path.write_text(
            text.replace('HttpResponse("ok\\n"', f'HttpResponse("{word}\\n"')
        )

    return change


def with_a_migration(release):
    answers_with("second")(release)
    folder = release / "articles/migrations"
    before = max(path.stem for path in folder.glob("0*.py"))
    path = folder / f"{int(before[:4]) + 1:04}_slowly.py"
    path.write_text(SLOW_MIGRATION.format(before=before))


def broken_settings(release):
    (release / "clinic/settings.py").write_text("a mistake")


def broken_server(release):
    (release / "clinic/asgi.py").write_text("raise ValueError('a mistake')")


def test_r17_releases_take_over_under_load_and_nobody_notices(host, site):
    """New code with a slow migration; two that cannot start; and back to the first."""
    with Load(site, "/contact/", clients=4, pause=0.02) as load:
        host.release("2", with_a_migration)
        assert host.run("ExecReload") == 0
        host.taken_over()
        told = [site.get("/healthz")[2] for _ in range(20)]

        main, workers = host.main, host.children()
        host.release("3", broken_settings)
        failed = host.run("ExecReload")
        host.release("4", broken_server)
        assert host.run("ExecReload") == 0
        host.ended("ValueError: a mistake", workers)
        still = [site.get("/healthz")[2] for _ in range(20)]
        stayed = is_running(main)

        host.lead_to("1")
        assert host.run("ExecReload") == 0
        host.taken_over()
        back = [site.get("/healthz")[2] for _ in range(20)]

    assert set(told) == {b"second\n"}
    assert (failed != 0, stayed) == (True, True)
    assert set(still) == {b"second\n"}
    assert set(back) == {b"ok\n"}
    assert load.failures == []
    assert len(load.statuses) > 100
    assert set(load.statuses) <= {200, 301}  # 301 without nginx, which brings https
    assert len(set(load.statuses)) == 1


# Older releases ##############################################################

STUBS = {
    "git": "case $1 in archive) tar c -T /dev/null;; *) echo abc1234;; esac",
    "python3": (
        'mkdir -p "$3/bin" && printf "#!/bin/sh\\n" > "$3/bin/python" && '
        'chmod +x "$3/bin/python"'
    ),
}


@pytest.fixture
def opt(tmp_path):
    """A folder like /opt/portal: call it to make a release of nothing there."""
    programs, root = tmp_path / "bin", tmp_path / "opt"
    programs.mkdir()
    for name, lines in STUBS.items():
        (programs / name).write_text(f"#!/bin/sh\n{lines}\n")
        (programs / name).chmod(0o755)
    (root / "releases").mkdir(parents=True)

    def release():
        subprocess.run(
            ["sh", ROOT / "deploy/release.sh", root],
            env={"PATH": f"{programs}:{os.environ['PATH']}"},
            check=True,
        )
        return {path.name for path in (root / "releases").iterdir()}

    release.root = root
    return release


def made(opt, *days):
    """Make older releases of those days; return their names."""
    names = [f"2026-01-{day:02}-120000-abcdef0" for day in days]
    for name in names:
        (opt.root / "releases" / name / "clinic").mkdir(parents=True)
    return names


def test_a_release_leaves_the_one_before_it_and_one_more(opt):
    *gone, kept, before = made(opt, 1, 2, 3, 4)
    (opt.root / "releases" / "of the practice").mkdir()
    (opt.root / "current").symlink_to(opt.root / "releases" / before)

    left = opt()

    now = (opt.root / "current").resolve().name
    assert left == {now, before, kept, "of the practice"}
    assert now not in {*gone, kept, before}


def test_a_release_that_runs_is_never_deleted(opt):
    """Nor the one that was gone back to, nor one with a process anywhere in it."""
    names = made(opt, 1, 2, 3, 4, 5, 6)
    (opt.root / "current").symlink_to(opt.root / "releases" / names[0])
    below = opt.root / "releases" / names[1] / "clinic"
    running = subprocess.Popen(["sleep", "60"], cwd=below)

    left = opt()

    running.kill()
    running.wait()
    now = (opt.root / "current").resolve().name
    assert left == {now, names[0], names[1], names[4], names[5]}
