"""Disks, databases and processes that fail, under a portal in real processes."""

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from clinic.faults import Fault
from tests.articles.test_concurrency import typed
from tests.endure.desk import Desk
from tests.test_server import ARTICLE, ROOT, environment, manage, serving

pytestmark = pytest.mark.xdist_group("server")

SIGN_IN = """
import json
from articles.models import Article
from tests import factories
from tests.endure.desk import signed_in
factories.UserFactory(username="ada")
print(json.dumps([signed_in("ada"), Article.objects.get(slug="liver-metastases").pk]))
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A portal with sample content; a session of somebody who may do everything."""
    folder = tmp_path_factory.mktemp("faults")
    shutil.copytree(Path(os.environ["DATA_DIR"]) / "static", folder / "static")
    manage(folder, "migrate", "-v", "0")
    manage(folder, "load_sample")
    said = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", SIGN_IN],
        cwd=ROOT,
        env=environment(folder),
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    session, article = json.loads(said.splitlines()[-1])
    address = f"/admin/articles/article/{article}/change/"
    return SimpleNamespace(folder=folder, session=session, address=address)


class Person(Desk):
    """Somebody at the desk, who has the form of one article open."""

    def __init__(self, server, made):
        super().__init__(server.port, made.session)
        self.server, self.address = server, made.address
        self.data = self.form(self.address, "#article_form") | {"_continue": "Save"}

    def save(self, title, data=None, **more):
        """Send the form, or one that came back; return status and what came back."""
        data = data or self.data | {"title": title} | more
        status, headers, body = self.ask("POST", self.address, data)
        back = typed(SimpleNamespace(content=body), "#content form")
        return status, headers.get("Retry-After"), back

    def reads(self):
        """Whether visitors, and people at the desk, can read now."""
        statuses = [self.server.get(path)[0] for path in (ARTICLE, "/articles/")]
        pages = (self.address, "/admin/articles/article/", "/admin/")
        return {*statuses, *(self.ask("GET", page)[0] for page in pages)} == {200}

    def stored(self):
        path = self.server.data_dir / "portal.sqlite3"
        key = int(self.address.split("/")[4])
        sql = "SELECT title FROM articles_article WHERE id = ?"
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            return database.execute(sql, [key]).fetchone()[0]

    def log(self):
        return self.server.log()


def is_sound(folder):
    with closing(sqlite3.connect(folder / "portal.sqlite3")) as database:
        said = database.execute("PRAGMA integrity_check").fetchall()
        return (
            said == [("ok",)]
            and not database.execute("PRAGMA foreign_key_check").fetchall()
        )


# The database ################################################################


def test_r07_while_the_database_is_locked_everybody_reads_and_texts_are_kept(made):
    with (
        serving(made.folder, "asgi", WEB_CONCURRENCY="1") as server,
        closing(
            sqlite3.connect(made.folder / "portal.sqlite3", isolation_level=None)
        ) as other,
    ):
        server.is_to_fail = True
        person = Person(server, made)
        before = person.stored()
        came = []
        save = threading.Thread(target=lambda: came.append(person.save("Locked out")))

        other.execute("BEGIN IMMEDIATE")
        save.start()
        reads = []
        while save.is_alive():
            reads.append(person.reads())
            time.sleep(0.2)
        # It has come back though the lock is still there.
        (status, retry, back), *_none = came
        other.execute("ROLLBACK")

        assert (status, retry) == (503, "30")
        assert len(reads) > 2
        assert set(reads) == {True}
        assert person.stored() == before
        assert back["title"] == "Locked out"
        assert Fault.BUSY.value in person.log()
        assert person.save("", back)[0] == 302
        assert person.stored() == "Locked out"

        # And where nobody can even read, visitors have the last good copy.
        other.execute("BEGIN EXCLUSIVE")
        status, headers, _body = server.get(ARTICLE)
        other.execute("ROLLBACK")
        assert status == 200
        assert "portal; hit" in headers["Cache-Status"]


@pytest.mark.parametrize("content", [b"", random.Random(11).randbytes(8192)])
def test_r11_something_else_in_place_of_the_database_changes_no_page(made, content):
    path = made.folder / "portal.sqlite3"
    gone = path.with_name("gone")
    with serving(made.folder, "asgi", WEB_CONCURRENCY="1") as server:
        server.is_to_fail = True
        person = Person(server, made)
        whole = server.get(ARTICLE)[2]
        path.rename(gone)
        try:
            path.write_bytes(content)
            time.sleep(1.1)  # the file is looked for once in a second
            answers = [server.get(ARTICLE) for _ in range(3)]
            status, retry, back = person.save("Nowhere")
        finally:
            gone.rename(path)
        time.sleep(1.1)

        assert [(answer[0], answer[2]) for answer in answers] == [(200, whole)] * 3
        assert (status, retry) == (503, "30")
        assert back["title"] == "Nowhere"
        assert Fault.DAMAGED.value in person.log()
        assert person.save("", back)[0] == 302
        assert person.stored() == "Nowhere"


# The disk ####################################################################


@contextmanager
def small_disk(place, size):
    """A disk of so many bytes; skips where nobody may make one."""
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("nobody may mount a small disk here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(path):
    """Leave not a byte of the disk."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass


def test_r08_a_full_disk_costs_no_word_and_no_repair(made, tmp_path):
    size = sum(f.stat().st_size for f in made.folder.rglob("*") if f.is_file())
    with small_disk(tmp_path / "disk", 2 * size + 4_000_000) as disk:
        shutil.copytree(made.folder, disk, dirs_exist_ok=True)
        with serving(disk, "asgi", WEB_CONCURRENCY="1") as server:
            server.is_to_fail = True
            person = Person(server, made)
            before = person.stored()
            # Its log would be the first to suffer: its own answer is in these.
            fill(disk / "filler")
            long = "<p>" + "No room for these words. " * 9000 + "</p>"
            came = [person.save("Too long", body=long) for _ in range(3)]
            reads = person.reads()
            is_whole = is_sound(disk)

            assert [(status, retry) for status, retry, _ in came] == [(503, "30")] * 3
            assert {back["title"] for *_, back in came} == {"Too long"}
            assert (reads, is_whole) == (True, True)
            assert person.stored() == before

            (disk / "filler").unlink()
            assert person.save("", came[0][2])[0] == 302
            assert person.stored() == "Too long"
            person.save("Again")  # so that the log has a line that it can hold
        assert is_sound(disk)


def without_root():
    """Return the command that takes away root's right to write everywhere."""
    if os.getuid():
        return ()
    if not shutil.which("setpriv"):
        pytest.skip("root may write everything here")
    return ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")


@contextmanager
def unwritable(folder):
    path = folder / "portal.sqlite3"
    path.chmod(0o444)
    folder.chmod(0o555)
    try:
        yield
    finally:
        folder.chmod(0o755)
        path.chmod(0o644)


def test_r10_a_portal_that_can_only_read_starts_and_is_read(made, tmp_path):
    under = without_root()
    folder = tmp_path / "read-only"
    shutil.copytree(made.folder, folder)
    (folder / "server.log").touch()
    with serving_read_only(folder, under) as server:
        person = Person(server, made)
        before = person.stored()
        status, retry, back = person.save("Read only")

        assert person.reads()
        assert (status, retry) == (503, "30")
        assert back["title"] == "Read only"
        assert person.stored() == before
        assert "can be read and not written" in person.log()
        assert Fault.READ_ONLY.value in person.log()

        server.give_back()
        assert person.save("", back)[0] == 302
        assert person.stored() == "Read only"


@contextmanager
def serving_read_only(folder, under):
    with (
        unwritable(folder),
        serving(folder, "asgi", under, WEB_CONCURRENCY="1") as server,
    ):
        server.is_to_fail = True

        def give_back():
            folder.chmod(0o755)
            (folder / "portal.sqlite3").chmod(0o644)

        server.give_back = give_back
        yield server


# Processes ###################################################################


@pytest.mark.parametrize("kind", ["asgi", "gthread"])
def test_r24_a_worker_that_hangs_is_replaced_and_the_others_serve(made, kind):
    limits = {"WEB_CONCURRENCY": "2", "GUNICORN_CMD_ARGS": "--timeout 2"}
    with serving(made.folder, kind, **limits) as server:
        deadline = time.monotonic() + 60
        while len(server.workers()) < 2:  # one of them has answered
            assert time.monotonic() < deadline
        stuck, healthy = server.workers()
        os.kill(stuck, signal.SIGSTOP)
        statuses = set()
        while stuck in server.workers():
            assert time.monotonic() < deadline
            with closing(server.connect()) as connection:
                connection.timeout = 1
                try:
                    statuses.add(server.get(ARTICLE, connection)[0])
                except TimeoutError:
                    continue  # it was the stopped one that took it
        assert statuses == {200}
        assert healthy in server.workers()
        assert server.get(ARTICLE)[0] == 200


ROUNDS = 4


def test_r01_kills_lose_nothing_that_was_acknowledged():
    """A few rounds of `make endure`, each a kill at a random moment of saving."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.endure", str(ROUNDS)],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if k in {"HOME", "PATH", "TMPDIR"}},
        capture_output=True,
        text=True,
        timeout=400,
    )

    found = json.loads(done.stdout.splitlines()[-1])
    assert found["rounds"] == ROUNDS
    assert found["acknowledged"] >= ROUNDS
    bad = ("lost", "halves", "damaged", "refused")
    assert {name: found[name] for name in bad} == dict.fromkeys(bad, 0), found["told"]


def test_r01_the_count_of_losses_sees_them(tmp_path):
    """The judge of the rounds is no blind one: a text taken back is noticed."""
    told = subprocess.run(
        [sys.executable, "-c", FORGETFUL, str(tmp_path)],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if k in {"HOME", "PATH", "TMPDIR"}},
        check=True,
        capture_output=True,
        text=True,
    ).stdout

    assert json.loads(told.splitlines()[-1]) == {"lost": 2, "halves": 1, "damaged": 1}


FORGETFUL = """
import json, sys
from pathlib import Path
from pathlib import Path
from types import SimpleNamespace
from tests.endure.__main__ import Run, prepare
prepare(Path(sys.argv[1]))
from articles.models import Article
from django.db import connection
run = Run(Path(sys.argv[1]))
run.compare(run.articles[0], SimpleNamespace(saved=7, published=7))
with connection.cursor() as cursor:
    cursor.execute("UPDATE articles_edition SET title = 'Text 3' WHERE id = 1")
run.compare(run.articles[0], SimpleNamespace(saved=0, published=0))
run.examine()
print(json.dumps({name: run.found[name] for name in ("lost", "halves", "damaged")}))
"""
