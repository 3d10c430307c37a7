"""Several people at one article at once: doctors at the desk, readers on the site.

Doctors are processes of their own. They share nothing but the database and work through
the pages of the desk; whoever loses a race is told so and begins again. Readers come
between any two queries of a page. R19_ROUNDS is how often each doctor publishes.
"""

import json
import os
import random
import shutil
import sys
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from pathlib import Path
from traceback import format_exception

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from selectolax.lexbor import LexborHTMLParser

from articles.models import Article, Edition
from clinic.models import User
from tests import factories
from tests.test_house_rules import PORTAL, output, run

NAMES = ["ada", "bruno"]
ROUNDS = int(os.environ.get("R19_ROUNDS", "30"))
PLANNED = datetime(2040, 1, 1, 8, tzinfo=UTC)
TICK, HOUR = timedelta(microseconds=1), timedelta(hours=1)


# What the processes do #######################################################


class Visitor:
    """Whoever asks for pages, and keeps how they were answered."""

    def __init__(self):
        self.client = Client(raise_request_exception=False)
        self.statuses = set()
        self.errors = []

    def get(self, address):
        return self.noted(self.client.get(address))

    def post(self, address, data):
        return self.noted(self.client.post(address, data))

    def noted(self, response):
        self.statuses.add(response.status_code)
        if response.status_code >= 500:
            self.errors.append("".join(format_exception(*response.exc_info)))
        return response

    def tell(self, **found):
        tell(**found, statuses=sorted(self.statuses), errors=self.errors)


class Doctor(Visitor):
    """A doctor at the desk, with the one article before him."""

    def __init__(self, name):
        super().__init__()
        self.name = name
        self.random = random.Random(name)
        self.client.force_login(User.objects.get(username=name))
        self.desk = Article.objects.get().get_desk_url()
        self.form = typed(self.get(f"{self.desk}change/"), "#article_form")

    def send(self, step, data):
        """Send the form of a page; return whether it led on to another one."""
        return self.post(f"{self.desk}{step}/", data).status_code == 302

    def confirm(self, step, title, **more):
        """Answer the question of a step, if it is asked, and asked of those words."""
        page = self.get(f"{self.desk}{step}/")
        form = typed(page, "form.step")
        if not form or f"<strong>{title}</strong>" not in page.content.decode():
            return False
        return self.send(step, form | more)

    def write(self, title):
        """Open the form, so to speak, and send it with other words."""
        words = {
            "seen_version": Article.objects.get().version,
            "title": title,
            "body": f"<p>As {title} has it.</p>",
            "change_kind": "CONTENT",
            "change_note": f"What {title} says is new.",
        }
        return self.send("change", self.form | words | {"_sign": "Sign"})

    def was_told(self, words):
        """Whether the desk says that it is done, on whichever page comes next."""
        page = LexborHTMLParser(self.get("/admin/password_change/").content)
        said = [node.text() for node in page.css(".messagelist .success")]
        return any(words in sentence for sentence in said)

    def publish(self, title, **when):
        """Take the words the whole way; return whether the desk says it is done."""
        return (
            self.write(title)
            and self.confirm("sign", title)
            and self.confirm("publish", title, **when)
            and self.was_told(title)
        )

    def withdraw(self):
        """Withdraw whatever is live; return whether the desk says it is done."""
        title = Article.objects.get().title
        return self.confirm("withdraw", title, when="now") and self.was_told(title)

    def pause(self, most):
        """Look around a little, for a colleague may need the time to finish."""
        for _ in range(self.random.randint(0, most)):
            self.get("/articles/")


def typed(response, form):
    """What a browser sends of a form, without its buttons; empty if it is not there."""
    data = {}
    page = LexborHTMLParser(response.content)
    for node in page.css(f"{form} input, {form} select, {form} textarea"):
        name, kind = node.attrs.get("name"), node.attrs.get("type")
        chosen = kind not in {"checkbox", "radio"} or "checked" in node.attrs
        if not name or not chosen or kind in {"file", "submit"}:
            continue
        if node.tag == "select":
            option = node.css_first("option[selected]")
            data[name] = (option.attrs.get("value") or "") if option else ""
        elif node.tag == "textarea":
            data[name] = node.text().removeprefix("\n")
        else:
            data[name] = node.attrs.get("value") or ""
    return data


def fill():
    """A published article and two reviewers, who are no superusers."""
    doctors = [factories.DoctorFactory() for _ in NAMES]
    for name, doctor in zip(NAMES, doctors, strict=True):
        user = factories.UserFactory(username=name, is_superuser=False, doctor=doctor)
        user.groups.add(Group.objects.get(name="reviewer"))
    article = factories.ArticleFactory(slug="fever", title="first", author=doctors[0])
    factories.publish(article)


def publish_many(name, rounds, **when):
    """Publish so many times, each under a title of its own, and tell how it went."""
    doctor = Doctor(name)
    done = []
    for attempt in count():
        if len(done) == rounds:
            break
        title = f"{name} {attempt}."
        if doctor.publish(title, **when):
            done.append(title)
            doctor.pause(2)
        else:
            doctor.pause(5)
    doctor.tell(done=done, lost=attempt - rounds)


def withdraw_many(name, folder):
    """Withdraw whatever is live, until the other one is done; tell how often."""
    doctor = Doctor(name)
    done = 0
    while not (Path(folder) / "done").exists():
        done += doctor.withdraw()
        doctor.pause(3)
    doctor.tell(done=done)


def plan_many(name, rounds):
    """Publish so many times from a few milliseconds on, one writer at a time."""
    by, numbers = User.objects.get(username=name), random.Random(name)
    for number in range(rounds):
        with transaction.atomic():
            article = Article.objects.select_for_update().get()
            article.title, article.change_note = f"{name} {number}", "New."
            article.written(by)
            article.sign(by=by)
            later = timedelta(milliseconds=numbers.choice([0, 0, 5, 20, 60]))
            article.publish(by=by, at=timezone.now() + later)
    tell(done=rounds)


def sample(folder):
    """Read until the others are done; tell how many editions were live at once."""
    os.nice(10)  # those who work come first
    visitor, live = Visitor(), Counter()
    while not (Path(folder) / "done").exists():
        visitor.get("/articles/fever/")
        visitor.get("/articles/fever/editions/1/")
        live[Edition.objects.live().count()] += 1
    visitor.tell(live=live)


def look():
    """Tell what is in the database in the end, edition by edition."""
    people = ("written_by", "signed_by", "published_by")
    tell(
        editions=[
            {
                "number": edition.number,
                "title": edition.title,
                "from": edition.live_from.isoformat(),
                "until": edition.live_until and edition.live_until.isoformat(),
                "by": [str(getattr(edition, name)) for name in people],
            }
            for edition in Edition.objects.order_by("number")
        ]
    )


def tell(**found):
    """Give a result to the process that asked for it, in the last line."""
    sys.stdout.write(f"{json.dumps(found)}\n")


# Processes ###################################################################


class Crew:
    """Starts processes that work on the data of one folder, and waits for them."""

    def __init__(self, folder, stack):
        self.folder, self.stack = folder, stack

    def begin(self, work, *args, **kwargs):
        call = f"{work.__name__}(*{args!r}, **{kwargs!r})"
        script = (
            "import django; django.setup(); "
            f"from tests.articles.test_concurrency import {work.__name__}; {call}"
        )
        process = run(["-c", script], self.folder, **PORTAL)
        self.stack.callback(process.kill)
        return process

    def sampler(self):
        return self.begin(sample, str(self.folder))

    def stop(self):
        """Let those end who go on until the others are done."""
        (self.folder / "done").touch()

    def editions(self):
        return result(self.begin(look))["editions"]


def result(process):
    """Wait for the process and return what it tells."""
    said, _nothing = process.communicate(timeout=600)
    assert process.returncode == 0, said
    found = json.loads(said.splitlines()[-1])
    assert found.get("errors", []) == []
    return found


@pytest.fixture
def crew(bare, tmp_path):
    """Processes on a portal with one published article and two reviewers."""
    (tmp_path / "static").symlink_to(settings.STATIC_ROOT)
    shutil.copy(bare, tmp_path / "portal.sqlite3")
    with ExitStack() as stack:
        crew = Crew(tmp_path, stack)
        output(crew.begin(fill))
        yield crew


def shown(editions):
    """Those that were not called off, by the moment at which they begin."""
    kept = [edition for edition in editions if edition["from"] != edition["until"]]
    return sorted(kept, key=lambda edition: datetime.fromisoformat(edition["from"]))


def gaps(editions):
    """How often readers saw nothing from then on; fails if they ever saw two."""
    rows = shown(editions)
    for one, other in pairwise(rows):
        ends, begins = (
            datetime.fromisoformat(text) for text in (one["until"], other["from"])
        )
        assert ends <= begins
    return sum(
        edition["until"] != following["from"]
        for edition, following in pairwise([*rows, {"from": None}])
    )


def test_r19_two_doctors_publish_one_article_many_times_each(crew):
    reader = crew.sampler()
    doctors = [crew.begin(publish_many, name, ROUNDS, when="now") for name in NAMES]

    ada, bruno = (result(doctor) for doctor in doctors)
    crew.stop()

    seen, editions = result(reader), crew.editions()
    assert (len(ada["done"]), len(bruno["done"])) == (ROUNDS, ROUNDS)
    # No edition is missing that was acknowledged, and none is there that was not.
    assert [edition["number"] for edition in editions] == list(range(1, 2 * ROUNDS + 2))
    assert sorted(edition["title"] for edition in editions) == sorted(
        ["first", *ada["done"], *bruno["done"]]
    )
    # Nobody has published or signed the words of the other.
    for edition in editions[1:]:
        assert edition["by"] == [edition["title"].partition(" ")[0]] * 3
    assert shown(editions) == editions
    assert gaps(editions) == 0
    assert editions[-1]["until"] is None
    assert list(seen["live"]) == ["1"]
    assert seen["statuses"] == [200]
    assert ada["statuses"] == bruno["statuses"] == [200, 302]


def test_r19_publishing_and_withdrawing_at_once_leave_one_edition_or_none(crew):
    reader = crew.sampler()
    publisher = crew.begin(publish_many, "ada", 30, when="now")
    withdrawer = crew.begin(withdraw_many, "bruno", str(crew.folder))

    ada = result(publisher)
    crew.stop()

    bruno, seen, editions = result(withdrawer), result(reader), crew.editions()
    assert [edition["title"] for edition in editions] == ["first", *ada["done"]]
    assert [edition["number"] for edition in editions] == list(range(1, 32))
    # Every withdrawal that was acknowledged has ended one edition.
    assert gaps(editions) == bruno["done"]
    assert set(seen["live"]) <= {"0", "1"}
    assert set(seen["statuses"]) <= {200, 410}
    assert ada["statuses"] == bruno["statuses"] == [200, 302]


def test_r19_of_all_that_is_planned_for_one_instant_the_last_is_kept(crew):
    moment = timezone.localtime(PLANNED).strftime("%Y-%m-%dT%H:%M")
    doctors = [
        crew.begin(publish_many, name, 15, when="later", moment=moment)
        for name in NAMES
    ]

    ada, bruno = (result(doctor) for doctor in doctors)

    editions = crew.editions()
    assert [edition["number"] for edition in editions] == list(range(1, 32))
    assert sorted(edition["title"] for edition in editions) == sorted(
        ["first", *ada["done"], *bruno["done"]]
    )
    assert {edition["from"] for edition in editions[1:]} == {PLANNED.isoformat()}
    assert shown(editions) == [editions[0], editions[-1]]
    assert gaps(editions) == 0
    assert ada["statuses"] == bruno["statuses"] == [200, 302]


def test_r19_readers_see_one_edition_while_planned_ones_begin(crew):
    reader = crew.sampler()
    doctors = [crew.begin(plan_many, name, 60) for name in NAMES]

    for doctor in doctors:
        result(doctor)
    crew.stop()

    seen, editions = result(reader), crew.editions()
    assert [edition["number"] for edition in editions] == list(range(1, 122))
    assert gaps(editions) == 0
    assert list(seen["live"]) == ["1"]
    assert seen["statuses"] == [200]


# Between two queries #########################################################


class Meanwhile:
    """Does something before the nth query of a page that asks for articles."""

    def __init__(self, number, act):
        self.number, self.act, self.queries = number, act, 0

    def __call__(self, execute, *args):
        self.queries += "articles_" in args[0]
        if self.queries == self.number and self.act:
            act, self.act = self.act, None
            act()
        return execute(*args)


@pytest.fixture
def article(practice):
    """An article of two editions, which are some days old."""
    doctor = factories.DoctorFactory()
    topic = factories.TopicFactory(slug="liver")
    article = factories.ArticleFactory(slug="fever", author=doctor, topic=topic)
    for days in (3, 2):
        factories.publish(article, at=timezone.now() - timedelta(days=days))
    return article


def publish(article):
    factories.publish(article)


def move(article):
    article.slug = "high-fever"
    article.save()
    factories.publish(article)


def withdraw(article):
    article.withdraw()


READERS = [
    "/",
    "/articles/",
    "/topics/liver/",
    "/articles/fever/",
    "/articles/high-fever/",
    "/articles/fever/editions/1/",
    "/articles/fever/editions/2/",
    "/articles/fever/editions/3/",
]
STAFF = [
    "/admin/articles/article/",
    "/admin/articles/article/{pk}/preview/",
    "/admin/articles/article/{pk}/history/",
    "/admin/articles/article/{pk}/compare/?before=edition-1&after=draft",
]


@pytest.mark.django_db
@pytest.mark.parametrize("later", [0 * TICK, TICK], ids=["same instant", "later"])
@pytest.mark.parametrize(
    ("before", "act"),
    [
        ([], publish),
        ([], move),
        ([], withdraw),
        ([move], withdraw),
        ([withdraw], publish),
        ([withdraw], move),
    ],
    ids=["publish", "move", "withdraw", "withdraw moved", "bring back", "move back"],
)
def test_r19_no_page_breaks_by_what_happens_between_its_queries(
    client, staff, article, before, act, later
):
    addresses = READERS + [address.format(pk=article.pk) for address in STAFF]
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for step in before:
            step(article)
        clock.shift(HOUR)

        for address in addresses:
            for number in count(1):
                fresh = Article.objects.get()

                def happens(fresh=fresh):
                    clock.shift(later)
                    act(fresh)

                meanwhile = Meanwhile(number, happens)
                with transaction.atomic():
                    with connection.execute_wrapper(meanwhile):
                        response = client.get(address)
                    transaction.set_rollback(True)
                if meanwhile.act:
                    break
                assert response.status_code in {200, 301, 404, 410}
                assert response.headers.get("Location") != address
