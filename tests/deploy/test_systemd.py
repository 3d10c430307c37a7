"""The units of systemd: as systemd reads them, and with the same walls everywhere."""

import configparser
import os
import re
import shutil
import subprocess

import pytest
from django.core.management import get_commands

from tests.test_server import ROOT

UNITS = sorted((ROOT / "deploy/systemd").glob("portal*.*"))
SERVICES = [path for path in UNITS if path.suffix == ".service"]
TIMERS = [path for path in UNITS if path.suffix == ".timer"]


def section(path, name):
    """The lines of a section; of a name that comes twice, the last."""
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str
    parser.read(path)
    return dict(parser[name])


@pytest.mark.skipif(
    not shutil.which("systemd-analyze"),
    reason="nobody verifies the units: please install systemd first",
)
def test_systemd_understands_every_line(tmp_path):
    """The programs that they start are on a server only; here they are stand-ins."""
    for unit in [*SERVICES, *TIMERS]:
        text = unit.read_text().replace(
            "/opt/portal/current/.venv/bin/python", "/bin/sh"
        )
        (tmp_path / unit.name).write_text(text)

    done = subprocess.run(
        ["systemd-analyze", "verify", *sorted(tmp_path.iterdir())],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
    )

    assert re.findall(r"portal\S*: .*|.*Unknown.*", done.stderr) == []
    assert done.returncode == 0, done.stderr


WALLS = {
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "RestrictSUIDSGID": "yes",
    "StateDirectory": "portal",
    "UMask": "0077",
    "User": "portal",
}


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_every_service_stands_behind_the_same_walls(path):
    first, service = section(SERVICES[-1], "Service"), section(path, "Service")
    walls = [
        name for name in first if re.match("Protect|Private|Restrict|System", name)
    ]

    assert service.items() >= WALLS.items()
    assert len(walls) >= 15
    assert {name: service.get(name) for name in walls} == {
        name: first[name] for name in walls
    }


def test_a_reload_prepares_the_release_and_then_hands_over():
    lines = (ROOT / "deploy/systemd/portal.service").read_text().splitlines()
    reload = [
        line.partition("=")[2] for line in lines if line.startswith("ExecReload=")
    ]

    assert reload[0].endswith(".venv/bin/python manage.py prepare")
    assert not reload[0].startswith("-")
    # A portal that can only be read starts; it refuses by itself what is wrong.
    assert f"ExecStartPre=-{reload[0]}" in lines
    assert reload[1:] == ["/bin/kill -USR2 $MAINPID"]


@pytest.mark.parametrize("path", TIMERS, ids=lambda path: path.name)
def test_every_timer_starts_a_command_that_there_is(path):
    timer = section(path, "Timer")
    template, at, instance = timer["Unit"].removesuffix(".service").partition("@")
    service = section(ROOT / f"deploy/systemd/{template}{at}.service", "Service")
    command = service["ExecStart"].replace("%i", instance).partition("manage.py ")[2]

    assert command.split()[0] in get_commands()
    assert timer["Persistent"] == "yes"
