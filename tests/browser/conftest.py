"""The real portal, started as `make run` starts it, and a real browser."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.sync_api import sync_playwright

from tests import ensure_browser

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "test-results"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def pytest_collection_modifyitems(items):
    """One server and one browser: all of these tests on one worker."""
    for item in items:
        if "tests/browser" in item.path.as_posix():
            item.add_marker(pytest.mark.xdist_group("browser"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Portal:
    """A running portal: its address, its data folder and what it said at the start."""

    address: str
    data_dir: Path
    log: Path
    environment: dict

    @property
    def password(self):
        return re.search(r"password  (\S+)", self.log.read_text())[1]

    def manage(self, *arguments, stdin=""):
        """Run a command of manage.py against the portal's data."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            input=stdin,
            text=True,
            capture_output=True,
            check=True,
        ).stdout


@contextmanager
def running_portal(data_dir, **variables):
    """Start the portal with its own data, wait until it answers, stop it at the end."""
    port = free_port()
    environment = {
        name: value
        for name, value in os.environ.items()
        if name in {"HOME", "LANG", "PATH", "TMPDIR"}
    } | {"DATA_DIR": str(data_dir), "PORT": str(port), "PYTHONWARNINGS": "error"}
    environment |= variables
    environment.pop("PYTHONWARNINGS")
    log = data_dir / "server.log"
    address = f"http://127.0.0.1:{port}"
    with log.open("w") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "clinic.launch"],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + 120
        while True:
            try:
                urllib.request.urlopen(f"{address}/healthz", timeout=5).close()
                break
            except OSError:
                if server.poll() is not None or time.monotonic() > deadline:
                    pytest.fail(f"The portal did not start:\n{log.read_text()}")
                time.sleep(0.1)
        known = environment | {
            "SECRET_KEY": (data_dir / "secret-key").read_text(),
            "ALLOWED_HOSTS": "127.0.0.1",
            "HTTPS": "false",
        }
        yield Portal(address, data_dir, log, known)
    finally:
        server.terminate()
        server.wait(timeout=30)


@pytest.fixture(scope="session")
def portal(tmp_path_factory):
    """The portal with its sample content, and an account that may do everything."""
    with running_portal(tmp_path_factory.mktemp("portal")) as portal:
        portal.manage(
            "shell",
            "-c",
            "from clinic.models import User; "
            "User.objects.create_superuser('manager', password='manager-of-tests')",
        )
        yield portal


# Where no link of another page leads.
UNLINKED = ["/not-there/", "/it/not-there/", "/healthz", "/robots.txt"]


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "a" or attributes.get("rel") == "alternate":
            self.found.append(attributes.get("href", ""))


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


opener = urllib.request.build_opener(NoRedirect)


def get(url):
    """Return status, headers and text, redirects not followed."""
    try:
        with opener.open(url, timeout=30) as response:
            return (
                response.status,
                response.headers,
                response.read().decode(errors="replace"),
            )
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode(errors="replace")


@pytest.fixture(scope="session")
def pages(portal):
    """Every public address that can be reached, with what it answers."""
    found = {}
    waiting = ["/", "/it/", *UNLINKED]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found[path] = get(portal.address + path)
        status, headers, text = found[path]
        if headers.get_content_type() == "text/html" and status < 300:
            links = Links()
            links.feed(text)
            for href in links.found:
                target = urlsplit(urljoin(portal.address + path, href))
                if target.netloc == urlsplit(portal.address).netloc:
                    query = f"?{target.query}" if target.query else ""
                    waiting.append(target.path + query)
    return found


def html_pages(pages):
    return {
        path: answer
        for path, answer in pages.items()
        if answer[1].get_content_type() == "text/html" and answer[0] != 302
    }


@pytest.fixture(scope="session")
def chromium():
    path = ensure_browser.find()
    if not path:
        pytest.fail(ensure_browser.MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


class Watch:
    """Notes what no page may do: break the policy, throw, ask another host."""

    def __init__(self, context, address, watched):
        self.problems = []
        self.address = address
        if not watched:
            return
        context.on("console", self.console)
        context.on("request", self.request)
        context.on("weberror", lambda error: self.problems.append(str(error.error)))

    def console(self, message):
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.problems.append(message.text)

    def request(self, request):
        own = request.url.startswith(
            (self.address, "blob:", "data:", "mailto:", "tel:")
        )
        if not own:
            self.problems.append(f"foreign request: {request.url}")


@pytest.fixture
def browse(chromium, portal, request):
    """Open a browser window: ``browse(320, javascript=False, locale="it-IT")``.

    At the end of the test it fails for whatever ``Watch`` noted, unless ``watched``
    was off: axe itself writes styles into pages of the desk.
    """
    contexts = []

    def open_window(
        width=1280, *, javascript=True, locale="en-GB", watched=True, **options
    ):
        context = chromium.new_context(
            base_url=options.pop("base_url", portal.address),
            viewport={"width": width, "height": 800},
            java_script_enabled=javascript,
            locale=locale,
            **options,
        )
        context.set_default_timeout(15000)
        contexts.append((context, Watch(context, portal.address, watched)))
        return context.new_page()

    yield open_window
    failed = request.node.stash.get(FAILED, False)
    for context, watch in contexts:
        for number, page in enumerate(context.pages):
            if failed:
                keep(page, f"{request.node.name}-{number}")
        context.close()
        assert watch.problems == []


FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


def keep(page, name):
    """Leave a screenshot and the HTML behind for whoever looks into a failure."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / re.sub(r"[^\w-]+", "-", name)
    page.screenshot(path=f"{path}.png", full_page=True)
    path.with_suffix(".html").write_text(page.content())


@pytest.fixture(scope="session")
def sessions(chromium, portal):
    """Signed-in browser states, one sign-in for each account."""
    states = {}
    for name, password in (
        ("editor", portal.password),
        ("manager", "manager-of-tests"),
    ):
        context = chromium.new_context(base_url=portal.address)
        page = context.new_page()
        page.goto("/admin/")
        page.locator("#id_username").fill(name)
        page.locator("#id_password").fill(password)
        page.locator("#id_password").press("Enter")
        page.wait_for_selector("#user-tools")
        states[name] = context.storage_state()
        context.close()
    return states


@pytest.fixture(scope="session")
def axe_script():
    import axe_playwright_python

    folder = Path(axe_playwright_python.__file__).parent
    return (folder / "axe.min.js").read_text()


@pytest.fixture
def violations(axe_script):
    """Run axe on a page: ``violations(page)`` -> list of readable findings."""

    def run(page, tags=WCAG):
        page.evaluate(axe_script)
        result = page.evaluate(
            "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})",
            tags,
        )
        return [
            f"{found['id']}: {json.dumps(node['target'])} {node['failureSummary']}"
            for found in result["violations"]
            for node in found["nodes"]
        ]

    return run
