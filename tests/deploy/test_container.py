"""The image and the services: what can be said of them without an engine."""

import fnmatch
import json
import re
import subprocess

import pytest
import yaml

from tests.test_server import ROOT

DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text()
INSTRUCTIONS = [
    tuple(line.split(" ", 1))
    for line in DOCKERFILE.splitlines()
    if line and not line.startswith("#")
]
SERVICES = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text())["services"]
OURS = {"prepare", "portal", "jobs", "backup"}


def instructions(name, of=INSTRUCTIONS):
    return [rest for instruction, rest in of if instruction == name]


def last_stage():
    """The instructions of what is shipped, not of what builds it."""
    begins = max(n for n, (name, _rest) in enumerate(INSTRUCTIONS) if name == "FROM")
    return INSTRUCTIONS[begins:]


def test_the_image_installs_what_is_locked_and_nothing_else():
    installs = [rest for rest in instructions("RUN") if "pip" in rest]

    assert len(installs) == 1
    assert installs[0].endswith("--require-hashes -r requirements-machines.lock")
    assert instructions("ADD") == []


def test_the_image_runs_as_nobody_in_particular_and_knows_no_secret():
    stage = last_stage()
    names = [name for name, _rest in stage]

    assert instructions("USER", stage) == ["10001:10001"]
    assert names.index("USER") > max(n for n, name in enumerate(names) if name == "RUN")
    assert not re.search(r"(?i)secret|password|token|\bARG\b", DOCKERFILE)
    (command,) = instructions("CMD", stage)
    assert json.loads(command) == ["gunicorn", "-c", "python:clinic.gunicorn"]
    (check,) = instructions("HEALTHCHECK", stage)
    assert check.endswith('CMD ["python", "-m", "clinic.alive"]')


def test_everything_that_is_copied_is_there_and_nothing_else_is_sent():
    lines = (ROOT / "deploy/Dockerfile.dockerignore").read_text().splitlines()
    sent = {line[1:] for line in lines if line.startswith("!")}
    copied = {rest.split()[0] for rest in instructions("COPY") if "--from" not in rest}

    assert "*" in lines
    assert sent == copied
    assert all((ROOT / name).exists() for name in sent)
    assert not any(fnmatch.fnmatch(".env", name) for name in sent)


def test_the_image_has_every_file_that_the_portal_reads_in_its_own_folder():
    """A backup, for one, notes the version that stands in pyproject.toml."""
    sources = [
        path for app in ("clinic", "articles") for path in ROOT.glob(f"{app}/**/*.py")
    ]
    named = {
        name
        for path in sources
        for name in re.findall(r'\bBASE_DIR / "([^"]+)"', path.read_text())
    }
    copied = {rest.split()[0] for rest in instructions("COPY") if "--from" not in rest}

    assert {"pyproject.toml", "templates", "static"} <= named
    # The settings come from the environment there, and the data from a volume.
    assert named - {".env", "var"} <= copied


def test_what_the_image_runs_with_is_what_is_tested():
    """Every package of the portal's own lock, in the same version."""

    def versions(name):
        return dict(
            re.findall(r"(?m)^([a-z0-9._-]+)==(\S+)", (ROOT / name).read_text())
        )

    servers = versions("requirements-machines.lock")
    assert servers.items() >= versions("requirements.lock").items()
    assert {"psycopg", "psycopg-binary", "redis"} <= set(servers)
    assert servers["psycopg"] == versions("requirements-dev.lock")["psycopg"]


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_stands_behind_walls(name):
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.get("privileged")
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert name in OURS or service["healthcheck"]["test"]
    # Nobody is root: the image of the portal and that of nginx name their users.
    assert service.get("user") or name in OURS | {"nginx"}
    assert service["restart"] == ("no" if name == "prepare" else "unless-stopped")


def test_the_key_of_backups_is_with_who_makes_them_and_nobody_may_change_it():
    mounts = {
        name: [mount for mount in service.get("volumes", []) if ":/keys" in mount]
        for name, service in SERVICES.items()
    }

    assert mounts.pop("backup") == ["./keys:/keys:ro"]
    assert not any(mounts.values())
    assert "data:/data" in SERVICES["backup"]["volumes"]
    assert "/deploy/keys/" in (ROOT / ".gitignore").read_text().splitlines()


def test_only_nginx_can_be_reached_from_outside():
    assert [name for name in SERVICES if "ports" in SERVICES[name]] == ["nginx"]
    for name in ("database", "valkey"):
        assert SERVICES[name]["networks"] == ["back"]
    assert SERVICES["nginx"]["networks"] == ["front"]


def test_the_portal_waits_for_the_preparation_and_nginx_for_the_portal():
    def waits(name):
        needed = SERVICES[name]["depends_on"].items()
        return {other: how["condition"] for other, how in needed}

    assert waits("portal")["prepare"] == "service_completed_successfully"
    assert waits("nginx") == {"portal": "service_healthy"}
    assert waits("prepare") == {"database": "service_healthy"}


def test_no_secret_stands_in_the_services():
    text = (ROOT / "deploy/compose.yaml").read_text()
    given = re.findall(r"\$\{(\w+)", text)

    assert set(given) == {"POSTGRES_PASSWORD", "SERVER_NAMES", "LANGUAGE_CODE"}
    assert re.findall(r"PASSWORD: (?!\$\{POSTGRES_PASSWORD:\?)", text) == []


def test_the_password_of_the_database_may_have_any_sign():
    """In an address some of them would part it."""
    settings = SERVICES["portal"]["environment"]

    assert settings["DATABASE_URL"] == "postgres://portal@database/portal"
    assert settings["PGPASSWORD"].startswith("${POSTGRES_PASSWORD:?")


def test_the_template_of_nginx_is_filled_in_completely_by_both_ways(tmp_path):
    template = (ROOT / "deploy/nginx/nginx.conf.template").read_text()
    wanted = set(re.findall(r"\$\{([A-Z_]+)\}", template)) - {"LIKE_THIS"}
    filled = subprocess.run(
        [ROOT / "deploy/nginx/render.sh", "a.example", "b.example"],
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert wanted <= set(SERVICES["nginx"]["environment"])
    assert set(re.findall(r"\$\{([A-Z_]+)\}", filled)) == {"LIKE_THIS"}
    assert filled.count("server_name a.example b.example;") == 2
    assert "ssl_certificate /etc/letsencrypt/live/a.example/fullchain.pem;" in filled
