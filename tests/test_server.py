"""The portal in real processes: nothing old, nothing lost, whatever happens to them."""

import http.client
import itertools
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.browser.conftest import free_port

ROOT = Path(__file__).resolve().parents[1]
ARTICLE = "/articles/liver-metastases/"
WORKERS = 3
SERVERS = {
    "asgi": [],
    "gthread": ["--worker-class", "gthread", "--threads", "4", "clinic.wsgi"],
}

pytestmark = pytest.mark.xdist_group("server")


def environment(data_dir, **variables):
    known = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}
    return (
        known
        | {
            "DATA_DIR": str(data_dir),
            "SECRET_KEY": "only for tests",
            "ALLOWED_HOSTS": "127.0.0.1",
            "HTTPS": "false",
            "SECOND_FACTOR": "off",
            "WEB_CONCURRENCY": str(WORKERS),
        }
        | variables
    )


def manage(data_dir, *arguments):
    subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment(data_dir),
        check=True,
        capture_output=True,
    )


@pytest.fixture(scope="module")
def data_dir(filled, tmp_path_factory):
    return shutil.copytree(filled, tmp_path_factory.mktemp("server") / "data")


class Server:
    def __init__(self, process, port, data_dir):
        self.process, self.port, self.data_dir = process, port, data_dir
        self.is_to_fail = False

    def get(self, path, connection=None, **headers):
        """Return status, headers and body, over a connection of its own or a given."""
        if connection is None:
            with closing(self.connect()) as connection:
                return self.get(path, connection, **headers)
        connection.request("GET", path, headers=headers)
        with connection.getresponse() as response:
            return response.status, response.headers, response.read()

    def wait(self):
        """Wait until it answers; say what its log says if it does not."""
        deadline = time.monotonic() + 60
        while True:
            try:
                assert self.get("/healthz")[0] == 200
                return
            except OSError:
                assert self.process.poll() is None, self.log()
                assert time.monotonic() < deadline, self.log()
                time.sleep(0.1)

    def log(self):
        return (self.data_dir / "server.log").read_text()

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def execute(self, sql, parameters=()):
        """Run it in a transaction of its own, as another process does."""
        with closing(sqlite3.connect(self.data_dir / "portal.sqlite3")) as database:
            rows = database.execute(sql, parameters).rowcount
            database.commit()
        return rows

    def workers(self):
        children = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        return [int(pid) for pid in Path(children).read_text().split()]


@contextmanager
def serving(data_dir, kind, under=(), **variables):
    """Serve until the end of the block; ``under`` is a command that starts others."""
    port = free_port()
    with (data_dir / "server.log").open("w") as output:
        process = subprocess.Popen(
            [
                *(*under, sys.executable, "-m", "gunicorn"),
                *("-c", "python:clinic.gunicorn"),
                *SERVERS[kind],
            ],
            cwd=ROOT,
            env=environment(data_dir, PORT=str(port), **variables),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    server = Server(process, port, data_dir)
    try:
        server.wait()
        yield server
    finally:
        process.terminate()
        process.wait(timeout=60)
    assert process.returncode == 0
    assert ("Traceback" in server.log()) is server.is_to_fail


@pytest.fixture(params=SERVERS)
def server(request, data_dir):
    with serving(data_dir, request.param) as server:
        yield server


class Load:
    """Clients that read, without a pause by default, over connections kept open."""

    def __init__(self, server, path, clients=8, pause=0):
        self.server, self.path, self.pause = server, path, pause
        self.statuses, self.failures, self.bodies = [], [], set()
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=self.run) for _ in range(clients)]

    def run(self):
        connection, is_fresh = self.server.connect(), True
        while not self.stop.is_set():
            try:
                status, headers, body = self.server.get(self.path, connection)
            except OSError as error:
                self.failures.append((is_fresh, error))
            except http.client.HTTPException as error:
                self.failures.append((is_fresh, error))
            else:
                self.statuses.append(status)
                self.bodies.add(body)
                is_fresh = False
                time.sleep(self.pause)
                if headers.get("Connection", "").lower() != "close":
                    continue
            connection.close()
            connection, is_fresh = self.server.connect(), True
        connection.close()

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *error):
        self.stop.set()
        for thread in self.threads:
            thread.join()


# Never old ###################################################################


def test_no_worker_gives_an_old_answer_once_a_change_is_committed(server):
    """Changes by another process, each asked for at once, under load: 1,000 in all."""
    with ExitStack() as stack, Load(server, "/legal/", clients=2) as load:
        connections = [stack.enter_context(closing(server.connect())) for _ in range(6)]
        for number, connection in zip(range(500), itertools.cycle(connections)):
            name, before = f"P{number:04}", f"P{number - 1:04}".encode()
            # The name stands in the title, the other in the footer of every page.
            sql = "UPDATE clinic_practice SET name = ?, legal_name = ?"
            server.execute(sql, [name, name])
            status, _headers, body = server.get("/legal/", connection)
            assert status == 200
            assert f" – {name}</title>".encode() in body, number
            assert body.count(name.encode()) >= 3, number
            assert before not in body, number
    assert load.failures == []
    assert set(load.statuses) == {200}


def test_a_withdrawal_is_in_the_next_answer_of_every_worker(server):
    for _ in range(30):
        assert server.get(ARTICLE)[0] == 200
    sql = "UPDATE articles_edition SET live_until = ? WHERE slug = 'liver-metastases'"
    assert server.execute(sql, [now()]) > 0
    try:
        assert {server.get(ARTICLE)[0] for _ in range(50)} == {410}
    finally:
        server.execute(sql, [None])
    assert {server.get(ARTICLE)[0] for _ in range(50)} == {200}


def now(ahead=0):
    """The moment so many seconds ahead, as the database writes it."""
    moment = datetime.now(UTC) + timedelta(seconds=ahead)
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")


def test_r14_what_is_planned_begins_by_itself_in_every_worker(server):
    moment = int(time.time()) + 4
    at = datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S")
    server.execute(
        "INSERT INTO clinic_notice (practice_id, text, starts_at, ends_at) "
        "VALUES (1, ?, ?, '2099-01-01 00:00:00')",
        ['{"en": "It begins by itself."}', at],
    )
    told = set()
    try:
        while time.time() < moment + 1:
            asked = time.time()
            is_told = b"It begins by itself." in server.get("/contact/")[2]
            if asked >= moment:
                assert is_told
            elif time.time() < moment:
                assert not is_told
            told.add(is_told)
    finally:
        server.execute("DELETE FROM clinic_notice")
    assert told == {True, False}


# Whatever happens to the processes ###########################################


def reloads(server, times):
    """Have all workers replaced, so many times."""
    for _ in range(times):
        before = set(server.workers())
        server.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 30
        while before & set(server.workers()) or len(server.workers()) < WORKERS:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        time.sleep(0.3)


def test_r04_reloads_under_load_lose_nothing(server):
    with Load(server, ARTICLE) as load:
        reloads(server, 4)
    assert load.failures == []
    assert set(load.statuses) == {200}
    assert len(load.bodies) == 1
    assert len(load.statuses) > 500


def test_r03_a_killed_worker_costs_its_open_connections_and_no_more(server):
    with Load(server, ARTICLE) as load:
        for _ in range(5):
            os.kill(server.workers()[0], signal.SIGKILL)
            deadline = time.monotonic() + 30
            while len(server.workers()) < WORKERS:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            time.sleep(0.5)
    # Eight connections at most are open at each of five kills.
    assert len(load.failures) <= 5 * 8
    assert set(load.statuses) == {200}
    assert len(load.bodies) == 1


def test_r05_who_stops_finishes_what_was_begun(server):
    with Load(server, ARTICLE) as load:
        time.sleep(0.5)
        server.process.terminate()
        server.process.wait(timeout=40)
        load.stop.set()
    refused = [error for is_fresh, error in load.failures if not is_fresh]
    assert refused == []  # whoever had a connection was answered on it to the end
    assert server.process.returncode == 0


@pytest.mark.parametrize("kind", SERVERS)
def test_r11_the_database_goes_and_visitors_keep_reading(data_dir, kind):
    path = data_dir / "portal.sqlite3"
    gone = path.with_name("gone")
    # One worker: each keeps the pages that it was asked for.
    with serving(data_dir, kind, WEB_CONCURRENCY="1") as server:
        server.is_to_fail = True
        assert server.get(ARTICLE)[0] == 200
        path.rename(gone)
        try:
            time.sleep(1.1)  # the file is looked for once in a second
            answers = [server.get(ARTICLE) for _ in range(9)]
            assert not path.exists()  # nobody has made an empty one
        finally:
            gone.rename(path)
        time.sleep(1.1)
        status, headers, _body = server.get(ARTICLE)
        assert (status, headers["Cache-Status"]) == (200, None)
    assert {status for status, _, _ in answers} == {200}
    assert all("portal; hit" in headers["Cache-Status"] for _, headers, _ in answers)


# Slow clients, and for a long time ###########################################


def test_a47_four_hundred_slow_clients_keep_nobody_out(data_dir):
    """gthread has a thread for each, so this is what a proxy is needed for there."""
    with serving(data_dir, "asgi") as server, ExitStack() as slow:
        for _ in range(400):
            connection = slow.enter_context(closing(server.connect()))
            connection.connect()
            connection.sock.sendall(b"GET /articles/ HTTP/1.1\r\nHost: 127.0")
        assert [server.get(ARTICLE)[0] for _ in range(60)] == [200] * 60


def memory(pid):
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.partition("VmRSS:")[2].split()[0])


def test_r21_memory_and_files_do_not_grow(data_dir):
    with serving(data_dir, "asgi", WEB_CONCURRENCY="1", EDGE_MEGABYTES="1") as server:
        (worker,) = server.workers()
        sizes, files = [], []
        with closing(server.connect()) as connection:
            for number in range(6000):
                kind = (f"/invented-{number}/", f"{ARTICLE}?x={number}")
                server.get(kind[number % 2], connection)
                if number % 100 == 99:
                    sizes.append(memory(worker))
                    files.append(len(os.listdir(f"/proc/{worker}/fd")))
        threads = len(os.listdir(f"/proc/{worker}/task"))
    assert sizes[-1] < 1.1 * sizes[19]
    # The fewest: what is counted is written each minute, by a file more for a moment. A
    # thread that begins when the others are busy keeps one connection to the database.
    assert min(files[-10:]) <= min(files[10:20]) + threads


@pytest.mark.parametrize("kind", SERVERS)
def test_what_was_counted_is_written_down_when_the_portal_stops(data_dir, kind):
    path = f"/not-there-{kind}"
    with serving(data_dir, kind) as server:
        for _time in range(5):
            assert server.get(path)[0] == 404

    with closing(sqlite3.connect(data_dir / "portal.sqlite3")) as database:
        asked = "SELECT count FROM clinic_missedaddress WHERE path = ?"
        assert database.execute(asked, [path]).fetchall() == [(5,)]
