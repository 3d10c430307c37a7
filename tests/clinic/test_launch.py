"""Starting the portal: every mistake ends in one sentence, and nothing is served."""

import datetime
import ipaddress
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from gunicorn.config import Config
from hypothesis import given, settings
from hypothesis import strategies as st

import clinic.gunicorn
from clinic import launch
from clinic import settings as portal  # noqa: TID251  tests its functions, not values
from clinic.environment import (
    BASE_DIR,
    boolean,
    read_env_file,
    read_variables_from_files,
)
from tests.environment import VARIABLES

derandomised = settings(deadline=None, derandomize=True, database=None)


# The environment ############################################################


@pytest.mark.parametrize("word", ["true", "True", " YES ", "on", "1", True])
def test_a_word_for_true_is_true(word):
    assert boolean(word) is True


@pytest.mark.parametrize("word", ["false", "FALSE", "no", "off", "0", "", False])
def test_a_word_for_false_is_false(word):
    assert boolean(word) is False


@pytest.mark.parametrize("word", ["maybe", "ture", "2", "none", "falsch", "tru e"])
def test_any_other_word_is_neither(word):
    with pytest.raises(ImproperlyConfigured, match="is neither true nor false"):
        boolean(word)


@pytest.fixture
def env_file(tmp_path, monkeypatch):
    """Writes a .env, reads it and gives the value of PORTAL_TEST."""
    # Set and removed again, so that monkeypatch also removes what the file sets.
    monkeypatch.setenv("PORTAL_TEST", "")
    monkeypatch.delenv("PORTAL_TEST")

    def read(content):
        (tmp_path / ".env").write_bytes(content)
        read_env_file(tmp_path / ".env")
        return os.environ.get("PORTAL_TEST")

    return read


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"PORTAL_TEST=x\n", "x"),
        (b"# comment\n\n  # another\nPORTAL_TEST=x", "x"),
        (b"export PORTAL_TEST=x\n", "x"),
        (b"  PORTAL_TEST=x  \n", "x"),
        (b"PORTAL_TEST=x\r\n", "x"),
        (b"PORTAL_TEST='x y'\n", "x y"),
        (b'PORTAL_TEST="x y"\n', "x y"),
        (b"PORTAL_TEST=a=b#c\n", "a=b#c"),
        (b"PORTAL_TEST=\n", ""),
        (b"PORTAL_TEST=caff\xc3\xa8\n", "caffè"),
        (b"", None),
        (b"#PORTAL_TEST=x\n", None),
    ],
)
def test_a_line_of_the_file_sets_a_variable(env_file, content, value):
    assert env_file(content) == value


def test_what_is_set_already_wins_over_the_file(env_file, monkeypatch):
    monkeypatch.setenv("PORTAL_TEST", "set")

    assert env_file(b"PORTAL_TEST=from the file\n") == "set"


@pytest.mark.parametrize(
    "line",
    [
        b"hunter2",
        b"=hunter2",
        b"PORTAL_TEST = hunter2",
        b"PORTAL_TEST: hunter2",
        b"export  PORTAL_TEST=hunter2",
        b"PORTAL-TEST=hunter2",
        b"P\xc3\xb2RTAL=hunter2",
        b"1PORTAL=hunter2",
        b"PORTAL_TEST=hun\x00ter2",
        b"\xef\xbb\xbfPORTAL_TEST=hunter2",
    ],
)
def test_a_broken_line_is_named_by_its_number_and_not_quoted(env_file, line):
    with pytest.raises(ImproperlyConfigured) as refusal:
        env_file(b"# fine\n" + line + b"\n" if line[:1] != b"\xef" else b"\n" + line)

    assert str(refusal.value) == "line 2 of .env is not of the form NAME=value."


def test_a_file_in_another_encoding_is_refused(env_file):
    with pytest.raises(ImproperlyConfigured, match=r"^\.env cannot be read: "):
        env_file(b"PORTAL_TEST=caff\xe8\n")


def test_a_missing_file_is_none_to_read(tmp_path):
    assert read_env_file(tmp_path / ".env") is None


def test_a_folder_in_place_of_the_file_is_refused(tmp_path):
    with pytest.raises(ImproperlyConfigured, match="cannot be read"):
        read_env_file(tmp_path)


def test_a_secret_may_stand_in_a_file(tmp_path, monkeypatch):
    (tmp_path / "key").write_text("long and random\n")
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("SECRET_KEY", "of the environment")

    read_variables_from_files(["SECRET_KEY", "DATABASE_URL"])

    assert os.environ["SECRET_KEY"] == "long and random"


def test_a_secret_that_cannot_be_read_is_named_by_its_file(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "gone"))

    with pytest.raises(ImproperlyConfigured, match=r"SECRET_KEY_FILE is .*gone, which"):
        read_variables_from_files(["SECRET_KEY"])


def test_the_example_lists_every_variable_in_the_order_of_the_settings():
    example = (BASE_DIR / ".env.example").read_text(encoding="utf-8")

    listed = re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE)

    declared = list(portal.env.scheme)
    assert listed[: len(declared)] == declared
    assert listed[len(declared) :] == ["HOST", "PORT", "WEB_CONCURRENCY"]


def test_the_example_is_a_readable_file(monkeypatch):
    monkeypatch.setattr("environ.Env.ENVIRON", {})

    read_env_file(BASE_DIR / ".env.example")


# The address ################################################################


def test_a_free_port_is_fine():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    assert launch.check_address("127.0.0.1", str(port)) is None


def test_a_port_in_use_is_refused_with_another_to_choose():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        with pytest.raises(ImproperlyConfigured) as refusal:
            launch.check_address("127.0.0.1", str(port))

    other = port % 65535 + 1
    assert str(refusal.value) == (
        f"127.0.0.1:{port} cannot be used (Address already in use). If another "
        f"program listens there, choose another port: make run PORT={other}"
    )


@pytest.mark.parametrize(
    "port", ["", "abc", "0", "-1", "65536", "80.5", "٨٠", "9" * 5000]
)
def test_a_port_that_is_none_is_refused(port):
    with pytest.raises(ImproperlyConfigured, match="not a number from 1 to 65535"):
        launch.check_address("127.0.0.1", port)


@pytest.mark.parametrize("host", ["", "a..b", "a" * 70, "999.1.1.1", "with space"])
def test_a_host_that_is_none_is_refused(host, monkeypatch):
    def unknown(host, *args, **kwargs):
        host.encode("idna")  # what Python does first
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    with pytest.raises(
        ImproperlyConfigured, match="which is no address of this machine"
    ):
        launch.check_address(host, "8000")


# The data folder and the key ################################################


def test_the_data_folder_is_made_with_its_parents(tmp_path):
    folder = launch.prepare_folder(tmp_path / "a" / "b")

    assert folder == tmp_path / "a" / "b"
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("below", ["", "deeper", "deeper/still"])
def test_a_file_in_the_way_of_the_data_folder_is_refused(tmp_path, below):
    """Below a file nobody can write, not even root in a container."""
    (tmp_path / "file").write_text("x")

    with pytest.raises(ImproperlyConfigured) as refusal:
        launch.prepare_folder(tmp_path / "file" / below)

    assert str(tmp_path / "file") in str(refusal.value)
    assert str(refusal.value).endswith("or name another one with DATA_DIR.")


def test_the_key_is_made_once_and_readable_by_its_owner_only(tmp_path):
    path = tmp_path / "secret-key"

    first, second = launch.secret_key(path), launch.secret_key(path)

    assert first == second
    assert len(first) > 50
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_two_machines_have_two_keys(tmp_path):
    assert launch.secret_key(tmp_path / "a") != launch.secret_key(tmp_path / "b")


def test_something_in_the_way_of_the_key_is_refused(tmp_path):
    (tmp_path / "secret-key").mkdir()

    with pytest.raises(ImproperlyConfigured, match="cannot be used"):
        launch.secret_key(tmp_path / "secret-key")


# The access log #############################################################


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0"),
        ("0.0.0.0", "0.0.0.0"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
        ("::1", "::"),
        ("fe80::1%eth0", "fe80::"),
        ("", "-"),
        ("unix:", "-"),
        ("203.0.113.77, 10.0.0.1", "-"),
        ("203.0.113.077", "-"),
        ("\x1b[31m", "-"),
    ],
)
def test_of_an_address_only_the_network_is_kept(address, network):
    assert clinic.gunicorn.masked(address) == network


@given(st.ip_addresses())
@settings(derandomised, max_examples=300)
def test_no_masked_address_tells_the_visitor(address):
    masked = ipaddress.ip_address(clinic.gunicorn.masked(str(address)))

    hidden = 8 if address.version == 4 else 80
    assert int(masked) >> hidden == int(address) >> hidden
    assert int(masked) % 2**hidden == 0


@given(st.text())
@settings(derandomised, max_examples=300)
def test_an_address_that_is_none_never_reaches_the_log(text):
    masked = clinic.gunicorn.masked(text)

    assert masked == "-" or ipaddress.ip_address(masked)


def line_of(path, address="203.0.113.77", query="q=tumore"):
    """The line that gunicorn would write about a request."""
    config = Config()
    config.set("accesslog", "-")
    config.set("access_log_format", clinic.gunicorn.access_log_format)
    config.set("logger_class", clinic.gunicorn.logger_class)
    logger = config.logger_class(config)
    headers = [("REFERER", "https://canary.example/?q=x"), ("USER-AGENT", "canary/1")]
    environ = {
        "REMOTE_ADDR": address,
        "REQUEST_METHOD": "GET",
        "RAW_URI": f"{path}?{query}",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_REFERER": headers[0][1],
        "HTTP_USER_AGENT": headers[1][1],
    }
    response = SimpleNamespace(
        status="200 OK", sent=5, headers=[], response_length=5, status_code=200
    )
    request = SimpleNamespace(headers=headers)
    took = datetime.timedelta(milliseconds=3)
    atoms = logger.atoms(response, request, environ, took)
    return config.access_log_format % logger.atoms_wrapper_class(atoms)


def test_a_line_of_the_log_holds_what_happened_and_nothing_of_the_visitor():
    line = line_of("/articles/fever/")

    assert re.fullmatch(
        r'203\.0\.113\.0 \[[^\]]+\] "GET /articles/fever/ HTTP/1\.1" 200 5 3ms', line
    )


@pytest.mark.parametrize(
    "path",
    ['/a\nfake" 200', "/a\r\nx", "/\x1b[31mred", "/\x00", "/\u2028x", '/"x', "/ x"],
)
def test_no_path_can_forge_or_colour_a_line(path):
    line = line_of(path)

    assert line.isprintable()
    assert line.count('"') == 2
    assert line.isascii()


@given(st.text())
@settings(derandomised, max_examples=100)
def test_whatever_the_path_the_log_gets_one_plain_line(path):
    line = line_of("/" + path)

    assert line.isascii()
    assert line.isprintable()
    assert line.count(" ") == 8


# Wrong settings #############################################################


def run(*command, cwd=BASE_DIR, **variables):
    """Run a command of the portal with exactly these variables."""
    kept = {
        name: os.environ[name] for name in ("PATH", "DATA_DIR") if name in os.environ
    }
    return subprocess.run(
        command,
        cwd=cwd,
        env=kept | VARIABLES | variables,
        capture_output=True,
        text=True,
        timeout=60,
    )


RIGHT = VARIABLES | {"SECRET_KEY": "x" * 60, "ALLOWED_HOSTS": "www.example.org"}
WRONG = {
    "SECRET_KEY": {"SECRET_KEY": ""},
    "ALLOWED_HOSTS": {"ALLOWED_HOSTS": ""},
    "SITE_URL": {"SITE_URL": "www.example.org/portal"},
    "HTTPS": {"HTTPS": "maybe"},
    "DEBUG": {"DEBUG": "2"},
    "LANGUAGE_CODE": {"LANGUAGE_CODE": "xx"},
    "DATABASE_URL": {"DATABASE_URL": "nonsense"},
    "TIME_ZONE": {"TIME_ZONE": "Nowhere"},
    "PHONE_REGION": {"PHONE_REGION": "XX"},
    "EDGE_MEGABYTES": {"EDGE_MEGABYTES": "x"},
    "PICTURE_MEGABYTES": {"PICTURE_MEGABYTES": ""},
    "WEB_CONCURRENCY": {"WEB_CONCURRENCY": ""},
    "BACKUP_URL": {"BACKUP_URL": "backups"},
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_setting_is_refused_with_one_sentence_that_names_it(name):
    done = run(sys.executable, "manage.py", "check", **RIGHT | WRONG[name])

    assert done.returncode != 0
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stderr.startswith("The portal cannot start: ")
    assert name in done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgres://portal:hush/secret@database/portal"),
        ("DATABASE_URL", "postgres://portal:hush?secret@database/portal"),
        ("EMAIL_URL", "smtp+tls://portal:hush/secret@mail.example.org:587"),
        ("CACHE_URL", "redis://:hush/secret@valkey:6379/0"),
        ("BACKUP_URL", "sftp://portal:hush@secret.example.org/backups"),
    ],
)
def test_an_address_that_cannot_be_read_is_named_and_not_quoted(name, value):
    done = run(sys.executable, "manage.py", "check", **RIGHT | {name: value})

    assert done.returncode != 0
    assert done.stderr.startswith(f"The portal cannot start: {name} ")
    assert len(done.stderr.strip().splitlines()) == 1
    assert "hush" not in done.stderr
    assert "secret" not in done.stderr


def test_for_monitoring_wrong_settings_are_an_error_of_the_doctor():
    """Its exit code 1 means that there are warnings only."""
    done = run(sys.executable, "manage.py", "doctor", **RIGHT | WRONG["HTTPS"])

    assert done.returncode == 2
    assert done.stderr.startswith("The portal cannot start: HTTPS")


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"ALLOWED_HOSTS": "www.example.org,example.org"}, "http://www.example.org"),
        ({"HTTPS": "true"}, "https://www.example.org"),
        ({"ALLOWED_HOSTS": ".example.org"}, "http://example.org"),
        ({"SITE_URL": "https://clinic.example.org"}, "https://clinic.example.org"),
    ],
)
def test_absolute_addresses_come_from_the_settings(variables, expected):
    show = "from django.conf import settings; print(settings.SITE_URL)"

    given = RIGHT | {"SITE_URL": ""} | variables
    done = run(sys.executable, "manage.py", "shell", "-c", show, **given)

    assert done.stdout.splitlines()[-1] == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", "http://127.0.0.1:8000"), ("::1", "http://[::1]:8000")],
)
def test_make_run_knows_its_own_address(host, expected):
    assert launch.site_url(host, "8000") == expected


@pytest.mark.skipif(connection.vendor != "sqlite", reason="is about the file of SQLite")
def test_the_data_folder_need_not_be_there(tmp_path):
    data_dir = tmp_path / "not" / "yet"

    done = run(sys.executable, "manage.py", "migrate", DATA_DIR=str(data_dir), **RIGHT)

    assert done.returncode == 0, done.stderr
    assert (data_dir / "portal.sqlite3").exists()


@pytest.mark.parametrize("options", [[], ["--check-config"]], ids=["start", "check"])
def test_the_server_refuses_missing_settings_with_one_sentence(options):
    gunicorn = [sys.executable, "-m", "gunicorn", "-c", "python:clinic.gunicorn"]

    done = run(*gunicorn, "clinic.wsgi", *options, SECRET_KEY="")

    assert done.returncode != 0
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stderr.startswith("The portal cannot start: SECRET_KEY")


def test_the_configuration_of_the_server_refuses_a_wrong_number_with_one_sentence():
    """As it stands in .env: that of the environment gunicorn reads before."""
    wrong = RIGHT | {"WEB_CONCURRENCY": "two"}

    done = run(sys.executable, "-c", "import clinic.gunicorn", **wrong)

    assert done.returncode == 1
    assert done.stderr == (
        "The portal cannot start: WEB_CONCURRENCY is “two”, not a number.\n"
    )


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"PORT": "abc"}, "PORT is “abc”"),
        ({"BACKUP_KEEP": "7,4"}, "BACKUP_KEEP is “7,4”; it must be the numbers of"),
        (
            {"BACKUP_KEY_FILE": "backup.key"},
            "BACKUP_KEY_FILE is “backup.key”; it must be a whole path, such as",
        ),
        ({"DATA_DIR": "/dev/null/x"}, "the folder /dev/null/x cannot be written"),
    ],
)
def test_make_run_refuses_a_wrong_start_with_one_sentence(wrong, sentence):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])

    done = run(sys.executable, "-m", "clinic.launch", **{"PORT": port} | wrong)

    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stderr.startswith(f"The portal cannot start: {sentence}")


def test_production_settings_pass_every_deployment_check():
    production = RIGHT | {
        "SECRET_KEY": "zK3-_9dQwErTyUiOpAsDfGhJkLzXcVbNm1234567890qWeRtYuIoP",
        "HTTPS": "true",
        "SECOND_FACTOR": "on",
    }

    done = run(
        *(sys.executable, "-W", "error", "manage.py"),
        *("check", "--deploy", "--fail-level", "WARNING"),
        **production,
    )

    assert done.returncode == 0, done.stderr


# make #######################################################################


def test_an_old_python_is_refused_by_make(tmp_path):
    shutil.copy(BASE_DIR / "Makefile", tmp_path)
    (tmp_path / "requirements.lock").touch()
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("python3", "python3.11", "python3.12", "python3.13", "python3.14"):
        old = programs / name
        old.write_text(
            '#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2"; exit 1\n'
        )
        old.chmod(0o755)

    done = run(
        *("make", "run"),
        cwd=tmp_path,
        PATH=f"{programs}{os.pathsep}{os.environ['PATH']}",
    )

    assert done.returncode != 0
    assert "The portal needs Python 3.11 or newer" in done.stdout + done.stderr
    assert "3.9.2" in done.stdout + done.stderr
    assert not Path(tmp_path / ".venv").exists()
