"""Two machines with folders of their own, one database, one cache, one bucket."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import boto3
import psycopg
import pytest
from django.conf import settings as django_settings
from moto.server import ThreadedMotoServer
from selectolax.lexbor import LexborHTMLParser

from tests import postgresql
from tests.browser.conftest import free_port
from tests.test_server import ARTICLE, ROOT, Load, Server, environment

pytestmark = [
    pytest.mark.xdist_group("machines"),
    pytest.mark.skipif(
        not shutil.which("redis-server"),
        reason="There is no redis-server here (Debian: apt install redis-server).",
    ),
]

PAGES = [
    "/",
    "/it/",
    "/articles/",
    "/articles/liver-metastases/",
    "/articles/liver-metastases/editions/1/",
    "/articles/feed.atom",
    "/a-to-z/",
    "/contact/",
    "/contact/practice.json",
    "/doctors/carlo-pastore/",
    "/glossary/",
    "/it/articoli/metastasi-epatiche/",
    "/search/?q=fever",
    "/it/cerca/?q=febbre",
    "/sitemap.xml",
    "/not-there/",
]

# Somebody of the staff, already signed in: prints the cookie of the session.
SIGN_IN = """
from django.conf import settings
from django.test import Client
from clinic.models import User
client = Client()
client.force_login(User.objects.get_or_create(
    username="anna", is_staff=True, is_superuser=True)[0])
print("cookie", client.cookies[settings.SESSION_COOKIE_NAME].value)
"""


@dataclass
class Site:
    """What the machines share, and the folders that they do not."""

    database: str
    cache: str
    folders: list[Path]
    variables: dict
    redis: subprocess.Popen
    servers: list[Server] = field(default_factory=list)

    def manage(self, folder, *arguments):
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=environment(folder, **self.variables),
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout

    def shell(self, code):
        return self.manage(self.folders[0], "shell", "-v", "0", "-c", code)

    def stop_redis(self):
        self.redis.kill()
        self.redis.wait()

    def execute(self, sql, *parameters):
        with psycopg.connect(self.database) as connection:
            return connection.execute(sql, parameters).rowcount


def start_redis(port, folder):
    return subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""],
        cwd=folder,
        stdout=subprocess.DEVNULL,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("machines")
    store = ThreadedMotoServer(ip_address="127.0.0.1", port=free_port())
    with ExitStack() as stack:
        database = stack.enter_context(postgresql.running())
        store.start()
        stack.callback(store.stop)
        port = free_port()
        redis = start_redis(port, folder)
        account = {
            "AWS_ACCESS_KEY_ID": "portal",
            "AWS_SECRET_ACCESS_KEY": "only for tests",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{store._port}",
        }
        variables = account | {
            "DATABASE_URL": database,
            "CACHE_URL": f"redis://127.0.0.1:{port}/0",
            "MEDIA_STORAGE_URL": "s3://pictures/of-the-portal",
            "WEB_CONCURRENCY": "2",
            "SECOND_FACTOR": "local",  # a test has no telephone
        }
        bucket(account).create()
        folders = [folder / "one", folder / "two"]
        site = Site(database, variables["CACHE_URL"], folders, variables, redis)
        stack.callback(site.stop_redis)
        for one in folders:
            one.mkdir()
            shutil.copytree(django_settings.STATIC_ROOT, one / "static")
        site.manage(folders[0], "migrate", "-v", "0")
        site.manage(folders[0], "load_sample")
        yield site


def bucket(variables):
    store = boto3.resource(
        "s3",
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        region_name=variables["AWS_DEFAULT_REGION"],
    )
    return store.Bucket("pictures")


@contextmanager
def machine(site, folder):
    """A portal in a session of its own, so that all of it can be killed at once."""
    port = free_port()
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "python:clinic.gunicorn"],
            cwd=ROOT,
            env=environment(folder, PORT=str(port), **site.variables),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = Server(process, port, folder)
    try:
        server.wait()
        yield server
    finally:
        process.terminate()
        process.wait(timeout=60)


@pytest.fixture(scope="module")
def machines(site):
    with ExitStack() as stack:
        yield [stack.enter_context(machine(site, folder)) for folder in site.folders]


@pytest.fixture(scope="module")
def cookie(site):
    told = re.search(r"cookie (\S+)", site.shell(SIGN_IN))[1]
    return f"session={told}"


def pictures_of(server, path=ARTICLE):
    return re.findall(r"/media/pictures/\w+/\d+\.\w+", server.get(path)[2].decode())


# The same from both #########################################################


def test_both_machines_send_the_same_bytes(machines):
    for path in PAGES:
        one, two = (server.get(path) for server in machines)
        assert one[0] == two[0] == (404 if path == "/not-there/" else 200), path
        assert one[2] == two[2], path
        assert one[1]["ETag"] == two[1]["ETag"], path


def test_an_edit_on_one_machine_is_in_the_next_answer_of_the_other(site, machines):
    with ExitStack() as stack:
        connections = [
            stack.enter_context(closing(server.connect())) for server in machines
        ]
        for number in range(100):
            name = f"P{number:03}"
            sql = "UPDATE clinic_practice SET legal_name = %s"
            assert site.execute(sql, name) == 1
            for server, connection in zip(machines, connections, strict=True):
                body = server.get("/legal/", connection)[2]
                assert name.encode() in body, number
                assert f"P{number - 1:03}".encode() not in body, number


def test_what_staff_save_on_one_is_in_the_next_answer_of_the_other(machines, cookie):
    one, two = machines
    address = "/admin/articles/topic/1/change/"
    page = one.get(address, Cookie=cookie)
    assert page[0] == 200
    token = re.search(rb'csrfmiddlewaretoken" value="(\w+)"', page[2])[1].decode()
    before = two.get("/articles/")

    sent = {"csrfmiddlewaretoken": token} | fields(page[2].decode())
    sent |= {name: "Renamed" for name in sent if name.startswith("name")}
    csrf = re.search(r"csrf=(\w+)", page[1]["Set-Cookie"])[1]
    status, headers, body = post(one, address, sent, f"{cookie}; csrf={csrf}")

    assert (status, headers["Location"]) == (302, "/admin/articles/topic/"), body
    after = two.get("/articles/")
    assert b"Renamed" in after[2]
    assert b"Renamed" not in before[2]


def fields(page):
    found = {}
    for node in LexborHTMLParser(page).css("#content form [name]"):
        if node.tag == "select":
            chosen = node.css_first("option[selected]")
            found[node.attrs["name"]] = chosen.attrs["value"] if chosen else ""
        elif node.tag == "textarea":
            found[node.attrs["name"]] = node.text()
        elif node.attrs.get("type") not in {"submit", "checkbox", "file"}:
            found[node.attrs["name"]] = node.attrs.get("value") or ""
    return found


def post(server, path, sent, cookie):
    with closing(server.connect()) as connection:
        connection.request(
            "POST",
            path,
            urlencode(sent),
            {
                "Cookie": cookie,
                "Content-Type": "application/x-www-form-urlencoded",
                "Origin": f"http://127.0.0.1:{server.port}",
            },
        )
        with connection.getresponse() as response:
            return response.status, response.headers, response.read()


def test_the_search_finds_at_once_what_another_machine_published(site, machines):
    one, two = machines
    path = "/search/?q=fever"
    assert two.get(path)[2].count(b"fever-during-chemotherapy") > 0

    site.shell(
        "from articles.models import Article; "
        "Article.objects.get(slug='fever-during-chemotherapy').withdraw()"
    )

    answers = [server.get(path)[2] for server in machines]
    assert [b"/fever-during-chemotherapy/" in answer for answer in answers] == [
        False,
        False,
    ]
    assert answers[0] == answers[1]


def test_a_session_begun_on_one_machine_ends_on_both(machines, cookie, site):
    inside = [server.get("/admin/", Cookie=cookie)[0] for server in machines]

    site.shell("from clinic.models import User; User.objects.update(is_active=False)")
    outside = [server.get("/admin/", Cookie=cookie)[0] for server in machines]
    site.shell("from clinic.models import User; User.objects.update(is_active=True)")

    assert (inside, outside) == ([200, 200], [302, 302])


def test_wrong_passwords_are_counted_for_both_machines_together(machines):
    """Ten in all, not ten on each; and who is right waits too."""
    said = []
    for number in range(12):
        server = machines[number % 2]
        page = server.get("/admin/login/")
        token = re.search(rb'csrfmiddlewaretoken" value="(\w+)"', page[2])[1].decode()
        csrf = re.search(r"csrf=(\w+)", page[1]["Set-Cookie"])[1]
        sent = {"csrfmiddlewaretoken": token, "username": "nobody", "password": "no"}
        body = post(server, "/admin/login/", sent, f"csrf={csrf}")[2].decode()
        said.append("wrong too often" in body)

    assert said == [False] * 10 + [True] * 2


# The pictures ################################################################


def test_pictures_come_from_this_site_and_are_the_same_on_both(site, machines):
    one, two = machines
    names = pictures_of(one)
    assert len(names) > 3
    for name in names:
        (status, headers, body), other = one.get(name), two.get(name)
        assert (status, other[0], body) == (200, 200, other[2]), name
        assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert int(headers["Content-Length"]) == len(body)
    for server in machines:
        assert not (server.data_dir / "media").exists()
        store = site.variables["AWS_ENDPOINT_URL"].encode()
        assert store not in server.get(ARTICLE)[2]


def test_a_page_whose_pictures_are_gone_stays_a_page(site, machines):
    path = "/articles/first-visit/"
    names = pictures_of(machines[0], path)
    _media, _pictures, key, _file = names[0].strip("/").split("/")
    found = bucket(site.variables).objects.filter(
        Prefix=f"of-the-portal/pictures/{key}"
    )
    assert len(list(found)) >= len(set(names))
    found.delete()
    site.execute("UPDATE clinic_practice SET legal_name = 'Without pictures'")

    for server in machines:
        assert {server.get(name)[0] for name in names} == {404}
        assert server.get(path)[0] == 200
        assert b'alt="' in server.get(path)[2]


# One goes ####################################################################


def test_one_machine_dies_and_the_other_goes_on(site, machines, tmp_path):
    folder = tmp_path / "three"
    folder.mkdir()
    shutil.copytree(django_settings.STATIC_ROOT, folder / "static")
    two = machines[1]
    with machine(site, folder) as third, Load(two, ARTICLE, clients=2) as load:
        assert third.get(ARTICLE)[2] == two.get(ARTICLE)[2]
        os.killpg(third.process.pid, signal.SIGKILL)
        third.process.wait()
        site.execute("UPDATE clinic_practice SET legal_name = 'After the death'")
        assert b"After the death" in two.get("/legal/")[2]
        with pytest.raises(ConnectionRefusedError):
            third.get(ARTICLE)
    assert load.failures == []
    assert set(load.statuses) == {200}


def test_without_the_cache_nobody_notices(site, machines, cookie):
    site.stop_redis()
    site.execute("UPDATE clinic_practice SET legal_name = 'Without a cache'")
    try:
        for server in machines:
            for path in ["/", ARTICLE, "/legal/", *pictures_of(server)[:4]]:
                assert server.get(path)[0] == 200, path
            assert server.get("/admin/", Cookie=cookie)[0] == 200
            assert "CACHE_URL: ConnectionError; going on without." in server.log()
            assert "Traceback" not in server.log()
    finally:
        port = int(re.search(r":(\d+)/", site.cache)[1])
        site.redis = start_redis(port, site.folders[0])
    time.sleep(5.5)  # after a failure it is left alone for five seconds
    site.execute("UPDATE clinic_practice SET legal_name = 'With a cache again'")
    for server in machines:
        assert {server.get(name)[0] for name in pictures_of(server)} == {200}
    kept = subprocess.run(
        ["redis-cli", "-u", site.cache, "dbsize"], capture_output=True, text=True
    ).stdout
    assert int(kept) > 0
