"""What is done before a release serves: nothing that is lost is made anew."""

import subprocess
import sys

import pytest

from clinic import integrity
from tests.test_house_rules import PORTAL, ROOT
from tests.test_server import environment


def prepare(folder, *options, **variables):
    """Run the command on the data in ``folder``, as a server does."""
    return subprocess.run(
        [sys.executable, "manage.py", "prepare", "-v0", *options],
        cwd=ROOT,
        env=environment(folder, **PORTAL, **variables),
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, "There is no database at {}."), (b"", "The database {} is empty.")],
    ids=["missing", "empty"],
)
def test_r11_a_lost_database_is_not_made_anew_unless_the_portal_is_new(
    tmp_path, content, sentence
):
    path = tmp_path / "portal.sqlite3"
    if content is not None:
        path.write_bytes(content)

    lost = prepare(tmp_path)
    was_made = path.exists() and path.stat().st_size > 0

    assert lost.returncode == 1
    assert lost.stderr.splitlines() == [
        f"CommandError: {sentence.format(path)} {integrity.FIRST}"
    ]
    assert "manage.py prepare --first" in integrity.FIRST
    assert (was_made, path.exists()) == (False, content is not None)

    new = prepare(tmp_path, "--first")
    again = prepare(tmp_path)

    assert [(done.returncode, done.stderr) for done in (new, again)] == [(0, "")] * 2
    assert path.read_bytes().startswith(integrity.HEADER)
    assert {"errors", "static"} <= {found.name for found in tmp_path.iterdir()}
