"""The real portal, started as `make run` starts it, and a real browser."""

import itertools
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
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.sync_api import expect, sync_playwright

from tests import ensure_browser, postgresql

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "test-results"
PATIENCE = 15_000  # milliseconds, of a machine that has other things to do as well
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

expect.set_options(timeout=PATIENCE)


# Those that walk over all pages; they take as long as all of the others together.
WALKS = {"test_contact.py", "test_edge.py", "test_email.py", "test_every_page.py"}


def group_of(path):
    return "walks" if path.name in WALKS else "journeys"


def pytest_generate_tests(metafunc):
    """A portal for each group: a walk would meet what a journey has left behind."""
    if "portal" in metafunc.fixturenames:
        metafunc.parametrize(
            "portal",
            [group_of(metafunc.definition.path)],
            ids=[pytest.HIDDEN_PARAM],
            indirect=True,
            scope="session",
        )


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks for the groups
def pytest_collection_modifyitems(items):
    """Two servers and two browsers at most: one worker walks, one goes on journeys."""
    for item in items:
        if "tests/browser" in item.path.as_posix():
            item.add_marker(pytest.mark.xdist_group(group_of(item.path)))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# Runs each line of its input, which is Python as a string of JSON.
LISTEN = """
import contextlib, io, json, sys
for line in sys.stdin:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(json.loads(line), {})
    print(json.dumps(said.getvalue()), flush=True)
"""


@dataclass
class Portal:
    """A running portal: its address, its data folder and what it said at the start."""

    address: str
    data_dir: Path
    log: Path
    environment: dict
    shell: subprocess.Popen | None = None

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

    def run(self, code):
        """Run lines of Python with the portal's models; return what they print.

        One process runs them all: Django takes a second to start.
        """
        if self.shell is None:
            self.shell = subprocess.Popen(
                [sys.executable, "manage.py", "shell", "-v", "0", "-c", LISTEN],
                cwd=ROOT,
                env=self.environment,
                text=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        self.shell.stdin.write(json.dumps(code) + "\n")
        self.shell.stdin.flush()
        answer = self.shell.stdout.readline()
        if not answer:
            pytest.fail("Lines that ran beside the portal failed: stderr says why.")
        return json.loads(answer).strip()

    def close(self):
        if self.shell is not None:
            self.shell.communicate()


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
    with postgresql.asked_for() as database:
        if database:
            environment["DATABASE_URL"] = database
        yield from started(data_dir, environment, port)


def started(data_dir, environment, port):
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
        portal = Portal(address, data_dir, log, known)
        yield portal
        portal.close()
    finally:
        server.terminate()
        server.wait(timeout=30)


# Who works at the desk beside the sample editor, and in which role. The superuser may
# do everything; he and the reviewer are linked to the sample doctor.
STAFF = {
    "manager": "superuser",
    "anna": "writer",
    "carlo": "reviewer",
    "paola": "manager",
}
ADD_STAFF = """
from django.contrib.auth.models import Group
from clinic.models import Doctor, User
doctor = Doctor.objects.get()
for name, role in {staff}.items():
    user = User.objects.create_user(
        name,
        password=f"{{name}}-of-tests",
        is_staff=True,
        is_superuser=role == "superuser",
        doctor=doctor if role in ("superuser", "reviewer") else None,
    )
    user.groups.set(Group.objects.filter(name=role))
"""


# The sample knows first editions only. These show readers what else there is: an
# edition after another, a page that is being revised, one not checked in time, one that
# was withdrawn, and a translation that is behind its original.
ADD_LIVES = """
from datetime import timedelta
from django.utils import timezone
from articles.models import Article, Topic
from clinic.models import Doctor, User
carlo, now = User.objects.get(username="carlo"), timezone.now()

def publish(language, title, original=None, **options):
    article = Article.objects.create(
        language=language, title=title, slug=title.lower().replace(" ", "-"),
        summary=title, body="<h2>Before</h2><p>Words.</p><h2>After</h2><p>Words.</p>",
        topic=Topic.objects.first(), author=Doctor.objects.first(),
    )
    article.sources.create(title="A page", url="https://www.example.org/", pmid="1")
    article.link(original)
    article.written(None)
    article.publish_unreviewed(at=now - timedelta(days=500), **options)
    return article

def update(article):
    article.body += "<p>More words.</p>"
    article.change_note = "There are more words."
    article.written(carlo)
    article.sign(by=carlo)
    article.publish(by=carlo, at=now - timedelta(days=3))

update(publish("en", "Updated once"))
original = publish("en", "Told in two languages")
publish("it", "Detto in due lingue", original)
update(original)
revised = publish("it", "Da rivedere")
revised.review(by=carlo, outcome="CHANGES", note="The dose.")
publish("it", "Da controllare", review_on=timezone.localdate() - timedelta(days=300))
publish("en", "Taken away").withdraw(by=carlo, note="The treatment is no longer given.")
"""


@pytest.fixture(scope="session")
def portal(tmp_path_factory):
    """The portal with its sample, accounts of every role, articles of every age."""
    with running_portal(tmp_path_factory.mktemp("portal")) as portal:
        portal.run(ADD_STAFF.format(staff=STAFF))
        portal.run(ADD_LIVES)
        yield portal


# Where no link of another page leads.
UNLINKED = [
    "/articles/taken-away/",
    "/not-there/",
    "/it/not-there/",
    "/healthz",
    "/robots.txt",
]


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
        context.set_default_timeout(PATIENCE)
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
    for name in ("editor", *STAFF):
        context = chromium.new_context(base_url=portal.address)
        page = context.new_page()
        page.goto("/admin/")
        sign_in(page, name, portal.password if name == "editor" else password_of(name))
        states[name] = context.storage_state()
        context.close()
    return states


def password_of(name):
    return f"{name}-of-tests"


def sign_in(page, name, password):
    """Fill in the page that asks who is there."""
    page.locator("#id_username").fill(name)
    page.locator("#id_password").fill(password)
    page.locator("#id_password").press("Enter")
    page.wait_for_selector("#user-tools")


@pytest.fixture
def at_desk(browse, sessions):
    """Open a window at the desk: ``at_desk("anna", 320, locale="it-IT")``."""

    def open_window(name, *args, **options):
        return browse(*args, storage_state=sessions[name], **options)

    return open_window


# What is written of an article before a journey begins, and the steps it has taken.
ADD_ARTICLE = """
from datetime import timedelta
from django.utils import timezone
from articles.models import Article, Topic
from clinic.models import Doctor, User
users = {{user.username: user for user in User.objects.all()}}
article = Article.objects.create(
    topic=Topic.objects.first(), author=Doctor.objects.first(), **{fields}
)
article.written(users[{by!r}])
{steps}
print(article.pk)
"""


@dataclass
class Work:
    """An article of a journey."""

    key: int
    title: str
    slug: str
    language: str

    def at(self, step="change"):
        """The page of the desk on which that is done with it."""
        return f"/admin/articles/article/{self.key}/{step}/"

    @property
    def address(self):
        """Where readers find it."""
        folder = {"en": "/articles", "it": "/it/articoli"}[self.language]
        return f"{folder}/{self.slug}/"


numbers = itertools.count(1)


@pytest.fixture
def article(portal):
    """Write an article of which nothing is missing; ``steps`` is what happens to it.

    ``article("anna", "article.submit(by=users['anna'])", title="Fever")``. Title and
    address end in a number of their own.
    """

    def write(by="anna", steps="", *, title="A journey", language="en", **fields):
        number = next(numbers)
        fields = {
            "language": language,
            "title": f"{title} {number}",
            "slug": f"journey-{number}",
            "summary": "What this page is about.",
            "body": "<h2>What it is</h2><p>Short words.</p>",
        } | fields
        code = ADD_ARTICLE.format(fields=fields, by=by, steps=steps)
        key = int(portal.run(code).splitlines()[-1])
        return Work(key, fields["title"], fields["slug"], language)

    return write


def text_editor(page):
    """The editor itself: before its script has run, a text area stands there."""
    editor = page.locator(".editor .ProseMirror")
    editor.wait_for()
    return editor


def move_caret(page, key):
    """Lead the caret through the editor by a key, no faster than a person could.

    20 ms after it was given the focus the editor puts its own selection back
    (prosemirror-view), and it notices a moment later where a key has led.
    """
    editor = text_editor(page)
    editor.focus()
    page.evaluate("new Promise(done => setTimeout(done, 25))")
    editor.press(key)
    page.wait_for_function("""() => {
        const {view} = document.querySelector(".ProseMirror").editor;
        return view.domObserver.currentSelection.eq(view.domSelectionRange());
    }""")


def tab_to(page, selector, look=lambda page: None):
    """Press Tab until what the selector names has the focus; look at every stop."""
    for _ in range(400):
        page.keyboard.press("Tab")
        look(page)
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    pytest.fail(f"{selector} cannot be reached by keyboard.")


def see_focus(page):
    """Fail unless what has the focus is marked and nothing covers it."""
    stop = page.evaluate(
        """() => {
          const element = document.activeElement
          const box = element.getBoundingClientRect()
          const style = getComputedStyle(element)
          const top = document.elementFromPoint(
            box.left + Math.min(box.width / 2, 20),
            box.top + Math.min(box.height / 2, 10),
          )
          return {
            element: element.outerHTML.slice(0, 200),
            visible: element === top || element.contains(top),
            outlined: style.outlineStyle !== "none" && style.outlineWidth !== "0px",
          }
        }"""
    )
    assert stop["visible"], stop
    assert stop["outlined"], stop


def doubled_hour():
    """02:30 of the next night in which it comes twice, as browsers send it."""
    last_sundays = (
        date(year, 10, 31 - (date(year, 10, 31).weekday() + 1) % 7)
        for year in range(date.today().year, date.today().year + 2)
    )
    return f"{next(day for day in last_sundays if day > date.today())}T02:30"


STICKING_OUT = """() => [...document.querySelectorAll("body *")]
  .filter((element) => {
    const box = element.getBoundingClientRect()
    const out = box.right > innerWidth + 1 || box.left < -1
    return out && box.width > 1 && element.checkVisibility({ visibilityProperty: true })
      && !element.closest(".skip-link, .visually-hidden, .select2-hidden-accessible")
      // wide tables scroll within themselves
      && !element.closest(".results, .tabular")
  })
  .map((element) => element.outerHTML.slice(0, 160))"""


def sticking_out(page):
    """What lies beside the window, also where the page itself does not scroll."""
    return page.evaluate(STICKING_OUT)


@pytest.fixture(scope="session")
def axe_script():
    import axe_playwright_python

    folder = Path(axe_playwright_python.__file__).parent
    return (folder / "axe.min.js").read_text()


# Dark pages are the same pages: all that can be wrong with them is a colour.
COLOURS = ["color-contrast", "link-in-text-block"]


@pytest.fixture(scope="session")
def violations(axe_script):
    """Run axe on a page: ``violations(page)`` -> list of readable findings."""

    def run(page, tags=WCAG, rules=None):
        if not page.evaluate("() => 'axe' in window"):
            page.evaluate(axe_script)
        only = {"type": "rule", "values": rules} if rules else {"values": tags}
        result = page.evaluate(
            "options => axe.run(document, options)",
            {
                "runOnly": {"type": "tag"} | only,
                "resultTypes": ["violations"],
                # Not the style sheets, for a rule that is not run: it would copy
                # them into the page, against the policy.
                "preload": {"assets": ["media"]},
            },
        )
        return [
            f"{found['id']}: {json.dumps(node['target'])} {node['failureSummary']}"
            for found in result["violations"]
            for node in found["nodes"]
        ]

    return run
