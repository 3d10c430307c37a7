"""What readers see at every instant, whatever was planned, withdrawn or called off.

Random schedules are lived through by a stopped clock. Beside them stands an oracle: a
list of moments, each with the edition that readers see from then on, or none.
"""

import re
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import transaction
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from articles.models import Article, Edition
from tests import factories

pytestmark = pytest.mark.django_db

derandomised = settings(
    deadline=None,
    derandomize=True,
    database=None,
    # Every example is undone in the database; fixtures only prepare what all share.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

ROME = ZoneInfo("Europe/Rome")
TICK = timedelta(microseconds=1)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

# The clocks of Rome go back at 3:00 on 25 October 2026 and forward at 2:00 on 28 March
# 2027; 2028 has a 29 February.
AUTUMN = datetime(2026, 10, 25, 1, tzinfo=UTC)
SPRING = datetime(2027, 3, 28, 1, tzinfo=UTC)
LEAP = datetime(2028, 2, 28, 23, tzinfo=UTC)


@pytest.fixture
def clock():
    """The time, which stands still until a test moves it."""
    with time_machine.travel(AUTUMN - DAY, tick=False) as traveller:
        yield traveller


@contextmanager
def undone():
    """Undo in the database whatever happens within."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


# The oracle ##################################################################


@dataclass(frozen=True)
class Text:
    """A text as it stands in the working copy, and as an edition shows it.

    ``content`` is the number of the edition that brought what it says; ``signer``
    who answers for it.
    """

    slug: str = "fever"
    marker: str = ""
    kind: str = "CONTENT"
    note: str = ""
    content: int = 0
    number: int = 0
    signer: Any = None


@dataclass
class Timeline:
    """What readers see from each moment on.

    Publishing from a moment on replaces whatever was planned from that moment on; what
    is before stays. Withdrawing likewise. Calling off removes everything planned after
    now.
    """

    entries: list[tuple[datetime, Text | None]] = field(default_factory=list)

    def publish(self, at, text):
        self.entries = [*self.before(at), (at, text)]

    def withdraw(self, at):
        self.entries = self.before(at)
        if self.entries and self.entries[-1][1]:
            self.entries.append((at, None))

    def call_off(self, now):
        self.entries = self.until(now)

    def before(self, at):
        return [entry for entry in self.entries if entry[0] < at]

    def until(self, at):
        return [entry for entry in self.entries if entry[0] <= at]

    def seen(self, at):
        """The text that readers see at that moment, or None."""
        return self.until(at)[-1][1] if self.until(at) else None

    def ever_seen(self, at):
        """Every text that readers have seen until then, the oldest first."""
        return [text for _start, text in self.until(at) if text]

    def planned(self, now):
        return [text for start, text in self.entries if start > now and text]

    def starts(self):
        return [start for start, text in self.entries if text]

    def start_of(self, content):
        """When readers first see that content."""
        return next(s for s, text in self.entries if text and text.content == content)


def instants(*timelines):
    """Every boundary, the instants beside it, and one between each two."""
    moments = sorted({start for line in timelines for start, _text in line.entries})
    if not moments:
        return [AUTUMN]
    around = [moment + tick for moment in moments for tick in (-TICK, 0 * TICK, TICK)]
    between = [one + (other - one) / 2 for one, other in pairwise(moments)]
    return sorted({*around, *between, moments[0] - DAY, moments[-1] + DAY})


# An article that is led through a schedule ###################################


@dataclass
class Led:
    """An article and, beside it, what the oracle expects of it.

    ``text`` is the working copy, ``published`` every text in the order of its number.
    """

    article: Article
    signers: list[Any]
    timeline: Timeline = field(default_factory=Timeline)
    text: Text = Text()
    state: str = "DRAFT"
    published: list[Text] = field(default_factory=list)
    written: int = 0

    def write(self, kind, slug=None):
        """Change the words; a correction of form says nothing of itself."""
        self.written += 1
        marker = f"{self.article.pk}w{self.written}"
        self.text = replace(
            self.text,
            slug=slug or self.text.slug,
            marker=f"text-{marker}",
            kind=kind,
            note="" if kind == "FORM" else f"note-{marker}",
        )
        if self.state != "SUBMITTED":
            self.state = "DRAFT"
        self.article.refresh_from_db()
        self.article.slug = self.text.slug
        self.article.title = f"Title {self.text.marker}"
        self.article.summary = f"Summary {self.text.marker}"
        self.article.body = f"<p>Body {self.text.marker}</p>"
        self.article.change_kind = kind
        self.article.change_note = self.text.note
        self.article.written(self.signers[0])

    def publish(self, now, at, taken=()):
        """Have it signed and publish it; ``taken`` are the addresses of others."""
        at = now if at is None else max(at, now)
        refusal = self.refusal(now, taken)
        if refusal:
            with pytest.raises(ValidationError, match=refusal):
                self.sign_and_publish(at)
            return
        edition = self.sign_and_publish(at)
        self.expect(at)
        assert edition.number == self.published[-1].number

    def refusal(self, now, taken):
        """What the portal says to publishing now; empty if it publishes."""
        past = self.timeline.ever_seen(now)
        if self.state == "PUBLISHED" and self.stands(now):
            return "Nothing has changed since it was published"
        if self.text.slug in taken:
            return "has stood at this address"
        same = not past or past[-1].marker == self.text.marker
        if self.text.kind == "CONTENT" and not self.text.note and not same:
            return "say in one sentence what has changed"
        return ""

    def sign_and_publish(self, at):
        """Take every step that is still missing."""
        writer = self.signers[0]
        if self.state in {"DRAFT", "PUBLISHED"}:
            self.article.submit(by=writer)
            self.state = "SUBMITTED"
        if self.state == "SUBMITTED":
            signer = self.signers[self.written % len(self.signers)]
            self.article.sign(by=signer)
            self.text, self.state = replace(self.text, signer=signer), "SIGNED"
        return self.article.publish(by=writer, at=written_as(at))

    def expect(self, at):
        """Let the oracle know of an edition from that moment on."""
        number = len(self.published) + 1
        last = self.published[-1] if self.published else None
        text = replace(self.text, number=number, content=number, kind="CONTENT")
        if last and self.text.kind == "FORM":
            known = {text.content for _at, text in self.timeline.before(at) if text}
            text = replace(text, content=last.content)
            if last.content in known:
                text = replace(text, kind="FORM")
            else:  # readers never saw what is corrected here: to them it is new
                brought = self.published[last.content - 1]
                text = replace(text, note=text.note or brought.note)
        self.timeline.publish(at, text)
        self.published.append(text)
        self.text = replace(self.text, kind="CONTENT", note="")
        self.state = "PUBLISHED"

    def withdraw(self, now, at):
        at = now if at is None else max(at, now)
        if not self.stands(now):
            with pytest.raises(ValidationError, match="is not published"):
                self.article.withdraw(at=at)
            return
        self.article.withdraw(at=written_as(at))
        self.timeline.withdraw(at)

    def call_off(self, now):
        if not self.timeline.entries[len(self.timeline.until(now)) :]:
            with pytest.raises(ValidationError, match="Nothing is planned"):
                self.article.call_off(by=self.signers[0])
            return
        self.article.call_off(by=self.signers[0])
        if self.timeline.planned(now) and self.state == "PUBLISHED":
            self.text, self.state = self.published[-1], "SIGNED"
        self.timeline.call_off(now)

    def stands(self, now):
        """Whether readers see it or shall see it."""
        return bool(self.timeline.seen(now) or self.timeline.planned(now))


def written_as(moment):
    """The same moment by the clock of Rome for one minute out of two."""
    return moment.astimezone(ROME) if moment.minute % 2 else moment


def assert_editions(led):
    """Every edition is what the oracle says of it; numbers have no gap."""
    line = led.timeline
    shown = {text.number: start for start, text in line.entries if text}
    editions = {edition.number: edition for edition in led.article.editions.all()}

    assert sorted(editions) == [text.number for text in led.published]
    for text in led.published:
        edition = editions[text.number]
        assert (edition.change_kind, edition.change_note) == (text.kind, text.note)
        assert edition.content_number == text.content
        assert edition.signed_by == text.signer
        assert edition.is_called_off is (text.number not in shown)
        if text.number in shown:
            assert edition.live_from == shown[text.number]
            assert edition.first_published_at == line.starts()[0]
            assert edition.content_since == line.start_of(text.content)


def assert_live(led, at):
    """At that instant the oracle's edition is live, and no other."""
    expected = led.timeline.seen(at)

    live = Edition.objects.live(at).filter(article=led.article)

    assert [edition.number for edition in live] == (
        [expected.number] if expected else []
    )


def assert_page(client, led, at):
    """The page of an article that kept its address shows what the oracle says."""
    expected, past = led.timeline.seen(at), led.timeline.ever_seen(at)

    response = client.get("/articles/fever/")

    html = response.content.decode()
    texts = set(re.findall(r"text-\w+", html))
    notes = set(re.findall(r"note-\w+", html))
    if expected:
        assert (response.status_code, texts) == (200, {expected.marker})
        assert notes == {text.note for text in past} - {""}
    elif past:
        assert (response.status_code, texts) == (410, {past[-1].marker})
        assert notes == set()
    else:
        assert (response.status_code, texts, notes) == (404, set(), set())


def assert_address(client, slug, leds, at):
    """An address leads to the one article that has stood there, or nowhere."""
    owners = [
        led
        for led in leds
        if slug in {text.slug for text in led.timeline.ever_seen(at)}
    ]
    assert len(owners) < 2
    live = owners[0].timeline.seen(at) if owners else None

    response = client.get(f"/articles/{slug}/")

    texts = set(re.findall(r"text-\w+", response.content.decode()))
    if live and live.slug == slug:
        assert (response.status_code, live.marker in texts) == (200, True)
    elif live:
        assert (response.status_code, response.url) == (301, f"/articles/{live.slug}/")
    else:
        assert response.status_code == (410 if owners else 404)


# Random schedules ############################################################

# Beside each turn of the clocks: neighbours, the same minute, the doubled half hours.
NEAR = [
    -HOUR, -30 * MINUTE, -MINUTE, -TICK, 0 * TICK, TICK, timedelta(seconds=59), MINUTE,
    30 * MINUTE, HOUR, 26 * HOUR,
]  # fmt: skip
TURNS = st.sampled_from([AUTUMN, SPRING, LEAP])
KINDS = st.sampled_from(["CONTENT", "FORM"])
MOMENTS = st.sampled_from([None, *NEAR])
WAIT = st.one_of(
    st.tuples(st.just("wait until"), st.sampled_from(NEAR)),
    st.tuples(st.just("wait until"), st.sampled_from(NEAR)),
    st.tuples(st.just("wait"), st.sampled_from([TICK, MINUTE, HOUR])),
)
BACK = st.tuples(st.just("go back"), st.sampled_from([TICK, MINUTE, HOUR, DAY]))
RELEASE = st.tuples(st.just("release"), KINDS, MOMENTS)
STEP = st.one_of(
    RELEASE,
    st.tuples(st.just("withdraw"), MOMENTS),
    st.tuples(st.just("call off")),
    st.tuples(st.just("write"), KINDS),
    st.tuples(st.just("publish"), MOMENTS),
)


def rounds(*steps):
    """Schedules of some rounds, each of these steps, in one list."""
    return st.lists(st.tuples(*steps), min_size=3, max_size=5).map(
        lambda rounds: [step for of_round in rounds for step in of_round]
    )


def in_order(schedule):
    """The same steps, their moments one after the other: a long row of editions."""
    planned = [step[-1] in NEAR and step[0] != "wait" for step in schedule]
    nears = iter(
        sorted(
            step[-1]
            for step, is_planned in zip(schedule, planned, strict=True)
            if is_planned
        )
    )
    return [
        (*step[:-1], next(nears)) if is_planned else step
        for step, is_planned in zip(schedule, planned, strict=True)
    ]


MANY = rounds(RELEASE, WAIT, STEP)
SCHEDULES = MANY | MANY.map(in_order)


def take(led, now, turn, verb, *args, slug=None, taken=()):
    """Take one step and return what time it is then."""
    *kind, last = args or [None]
    near = None if last is None or verb == "write" else last
    at = None if near is None else turn + near
    if verb == "write":
        led.write(last, slug)
    elif verb == "publish":
        led.publish(now, at, taken)
    elif verb == "release":
        led.write(*kind, slug)
        led.publish(now, at, taken)
    elif verb == "withdraw":
        led.withdraw(now, at)
    elif verb == "call off":
        led.call_off(now)
    elif verb == "wait until":
        return max(now, at)
    elif verb == "wait":
        return now + last
    elif verb == "go back":
        return now - last
    return now


def lead(led, clock, turn, schedule):
    """Lead a new article through the whole schedule."""
    now = turn - 2 * HOUR
    clock.move_to(now)
    led.write("CONTENT")
    for step in schedule:
        now = take(led, now, turn, *step)
        clock.move_to(now)


@pytest.fixture
def led(practice):
    """A function that makes an article with its oracle; two doctors sign in turn."""
    topic = factories.TopicFactory()
    signers = [factories.ReviewerFactory() for _ in range(2)]

    def make(slug="fever"):
        article = factories.ArticleFactory(
            slug=slug, topic=topic, author=signers[0].doctor
        )
        return Led(article, signers, text=Text(slug))

    return make


@given(turn=TURNS, schedule=SCHEDULES)
@settings(derandomised, max_examples=100)
@example(
    turn=AUTUMN,  # two planned in a row are called off: the signature is the last one's
    schedule=[
        ("release", "CONTENT", 0 * TICK),
        ("release", "CONTENT", HOUR),
        ("call off",),
        ("publish", None),
    ],
)
@example(
    turn=SPRING,  # a correction of what was called off is new to readers
    schedule=[
        ("release", "CONTENT", None),
        ("release", "CONTENT", 0 * TICK),
        ("release", "FORM", HOUR),
        ("call off",),
        ("publish", None),
    ],
)
def test_at_every_instant_the_edition_planned_last_is_live(clock, led, turn, schedule):
    with undone():
        article = led()

        lead(article, clock, turn, schedule)

        event("editions", payload=len(article.published))
        event("boundaries", payload=len(article.timeline.entries))
        assert_editions(article)
        for at in instants(article.timeline):
            assert_live(article, at)


@given(turn=TURNS, schedule=SCHEDULES)
@settings(derandomised, max_examples=30)
@example(
    turn=LEAP,  # planned, withdrawn before it begins, and back as it was
    schedule=[
        ("release", "CONTENT", TICK),
        ("withdraw", 0 * TICK),
        ("publish", -TICK),
        ("wait until", -TICK),
        ("release", "FORM", None),
        ("withdraw", TICK),
        ("call off",),
        ("withdraw", None),
        ("publish", None),
    ],
)
def test_at_every_instant_the_page_is_that_edition(client, clock, led, turn, schedule):
    with undone():
        article = led()

        lead(article, clock, turn, schedule)

        for at in instants(article.timeline):
            clock.move_to(at)
            assert_page(client, article, at)


@given(turn=TURNS, schedule=rounds(RELEASE, WAIT | BACK, STEP))
@settings(derandomised, max_examples=30)
@example(
    turn=AUTUMN,  # what readers had seen before the clock was set back
    schedule=[
        ("release", "CONTENT", None),
        ("go back", DAY),
        ("release", "FORM", None),
    ],
)
def test_r13_a_clock_that_goes_back_changes_no_rule(clock, led, turn, schedule):
    with undone():
        article = led()

        lead(article, clock, turn, schedule)

        assert_editions(article)
        for at in instants(article.timeline):
            assert_live(article, at)


SLUGS = ["fever", "cough", "cold"]


def scene(step):
    """Which of two articles takes the step, and the address that it asks for."""
    return st.tuples(st.integers(0, 1), st.sampled_from(SLUGS), step)


@given(turn=TURNS, schedule=rounds(*(scene(step) for step in (RELEASE, WAIT, STEP))))
@settings(derandomised, max_examples=30)
def test_no_two_live_editions_ever_share_an_address(client, clock, led, turn, schedule):
    with undone():
        leds = [led("fever"), led("cough")]
        now = turn - 2 * HOUR
        clock.move_to(now)
        for one in leds:
            one.write("CONTENT")

        for index, slug, step in schedule:
            one, other = leds[index], leds[1 - index]
            # The form refuses the address of another working copy.
            free = slug if slug != other.text.slug else None
            taken = {text.slug for _at, text in other.timeline.entries if text}
            now = take(one, now, turn, *step, slug=free, taken=taken)
            clock.move_to(now)

        for one in leds:
            assert_editions(one)
        for at in instants(*(one.timeline for one in leds)):
            for one in leds:
                assert_live(one, at)
            addresses = [edition.slug for edition in Edition.objects.live(at)]
            assert len(addresses) == len(set(addresses))
        for at in instants(*(one.timeline for one in leds))[::4]:
            clock.move_to(at)
            for slug in SLUGS:
                assert_address(client, slug, leds, at)


# Plain examples ##############################################################


@pytest.fixture
def article(practice):
    """An article that is ready, and whose author signs for himself."""
    doctor = factories.DoctorFactory()
    return factories.ArticleFactory(slug="fever", title="Fever", author=doctor)


@pytest.fixture
def reviewer(article):
    return factories.ReviewerFactory(doctor=article.author)


@pytest.fixture
def publish(article, reviewer):
    """A function that publishes new words from a moment on, by default now."""

    def act(words, at=None):
        article.refresh_from_db()
        article.body = f"<p>{words}</p>"
        article.save()
        return factories.publish(article, by=reviewer, at=at)

    return act


def seen(article, at):
    """The number of the one edition that readers see at that moment, or None."""
    numbers = [edition.number for edition in article.editions.live(at)]
    assert len(numbers) < 2
    return numbers[0] if numbers else None


def test_of_two_published_at_one_instant_the_second_counts(clock, article, publish):
    now = AUTUMN - DAY
    publish("First.")

    publish("Second.")

    assert [seen(article, now + tick) for tick in (-TICK, 0 * TICK, TICK)] == [
        None,
        2,
        2,
    ]
    assert article.editions.get(number=1).is_called_off is True


def test_what_begins_with_the_planned_edition_replaces_it(clock, article, publish):
    publish("Live.")
    publish("Planned.", at=AUTUMN)

    publish("For the same moment.", at=AUTUMN)

    assert [seen(article, AUTUMN + tick) for tick in (-TICK, 0 * TICK)] == [1, 3]
    assert article.editions.get(number=2).is_called_off is True


def test_what_begins_later_follows_the_planned_edition(clock, article, publish):
    publish("Live.")
    publish("Planned.", at=AUTUMN)

    publish("Planned behind it.", at=AUTUMN + TICK)

    assert [seen(article, AUTUMN + tick) for tick in (-TICK, 0 * TICK, TICK)] == [
        1,
        2,
        3,
    ]


def test_publishing_now_calls_off_what_was_planned(clock, article, publish):
    publish("Planned.", at=AUTUMN)

    publish("Now.")

    assert [seen(article, AUTUMN + tick) for tick in (-TICK, 0 * TICK)] == [2, 2]
    article.refresh_from_db()
    assert article.planned_edition() is None


@pytest.mark.parametrize("before", [0 * TICK, TICK, HOUR])
def test_a_planned_edition_that_is_withdrawn_before_it_begins_never_appears(
    client, clock, article, publish, reviewer, before
):
    publish("Planned.", at=AUTUMN)

    article.withdraw(by=reviewer, at=AUTUMN - before, note="Too early.")

    clock.move_to(AUTUMN + DAY)
    response = client.get("/articles/fever/")
    assert [seen(article, AUTUMN + tick) for tick in (-TICK, 0 * TICK)] == [None, None]
    assert response.status_code == 404
    assert "Too early." not in response.content.decode()


def test_a_withdrawal_before_the_planned_edition_ends_both(
    client, clock, article, publish, reviewer
):
    publish("Live.")
    publish("Planned.", at=AUTUMN)

    article.withdraw(by=reviewer, at=AUTUMN - HOUR, note="Given no longer.")

    assert seen(article, AUTUMN - HOUR - TICK) == 1
    assert [seen(article, AUTUMN + after) for after in (-HOUR, 0 * TICK)] == [
        None,
        None,
    ]
    clock.move_to(AUTUMN)
    response = client.get("/articles/fever/")
    assert response.status_code == 410
    assert "Given no longer." in response.content.decode()


def test_calling_off_keeps_what_is_live_and_ends_both_plans(
    clock, article, publish, reviewer
):
    publish("Live.")
    publish("Planned.", at=AUTUMN)
    article.withdraw(by=reviewer, at=AUTUMN + HOUR, note="For a reason.")

    article.call_off(by=reviewer)

    live = article.editions.get(number=1)
    assert [seen(article, AUTUMN + after) for after in (0 * TICK, 2 * HOUR)] == [1, 1]
    assert (live.live_until, live.withdrawal_note) == (None, "")
    assert article.editions.get(number=2).is_called_off is True
    with pytest.raises(ValidationError, match="Nothing is planned for it"):
        article.call_off(by=reviewer)


def test_calling_off_gives_the_text_back_as_its_own_reviewer_signed_it(
    clock, article, publish, reviewer
):
    colleague = factories.ReviewerFactory()
    publish("Live.")
    publish("Planned.", at=AUTUMN)
    article.refresh_from_db()
    article.body = "<p>Planned behind it.</p>"
    article.save()
    factories.publish(article, by=colleague, at=AUTUMN + HOUR, note="A second change.")

    article.call_off(by=reviewer)

    article.refresh_from_db()
    assert (article.state, article.signed_by) == ("SIGNED", colleague)
    assert article.change_note == "A second change."


def test_a_withdrawn_article_comes_back_as_it_was_by_one_signature(
    clock, article, publish, reviewer
):
    publish("Live.")
    clock.shift(HOUR)
    article.withdraw(by=reviewer)

    article.sign(by=reviewer)
    article.publish(by=reviewer, at=AUTUMN)

    assert [seen(article, AUTUMN + tick) for tick in (-TICK, 0 * TICK)] == [None, 2]


def test_a_text_that_readers_never_saw_is_not_as_it_was(
    clock, article, publish, reviewer
):
    publish("Live.")
    publish("Planned.", at=AUTUMN)
    clock.shift(HOUR)
    article.withdraw(by=reviewer)

    with pytest.raises(ValidationError, match="say in one sentence what has changed"):
        article.sign(by=reviewer)


def test_r13_a_clock_that_was_ahead_stops_nobody_from_publishing(
    client, clock, article, publish
):
    publish("Live, as a clock said that was a day ahead.")
    clock.move_to(AUTUMN - 2 * DAY)

    publish("Right.")

    assert [seen(article, AUTUMN - days * DAY) for days in (3, 2, 1, 0)] == [
        None,
        2,
        2,
        2,
    ]
    page = LexborHTMLParser(client.get("/articles/fever/").content)
    assert page.css_first(".prose p").text() == "Right."


# The clock of the practice ###################################################


@pytest.fixture
def desk(client, article, reviewer):
    """A function that opens a page of the article at the desk, or sends its form."""

    def act(step, **data):
        client.force_login(reviewer)  # the clock may have outlived a session
        address = f"/admin/articles/article/{article.pk}/{step}/"
        if not data:
            return client.get(address)
        article.refresh_from_db()
        return client.post(address, {"version": article.standing(), **data})

    return act


def sentences(response):
    """What the page says in its errors and its messages, field by field."""
    page = LexborHTMLParser(response.content)
    return [
        " ".join(node.text().split())
        for node in page.css(".errorlist li, .messagelist li")
    ]


def sign_and_plan(article, reviewer, desk, moment, **more):
    factories.sign(article, by=reviewer)
    return desk("publish", when="later", moment=moment, **more)


def test_r13_a_time_that_the_clocks_skip_is_refused(clock, article, reviewer, desk):
    clock.move_to(SPRING - DAY)

    response = sign_and_plan(article, reviewer, desk, "2027-03-28T02:30")

    assert response.status_code == 200
    assert sentences(response) == [
        "On 28 March 2027 the clocks go forward from 2:00 to 3:00: 2:30 does not "
        "exist. Please choose 3:00 or later."
    ]
    assert article.editions.count() == 0


@pytest.mark.parametrize(
    ("occurrence", "moment", "told"),
    [
        ("1", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "first of two, summer time"),
        ("2", datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "second of two, winter time"),
    ],
)
def test_r13_a_time_that_comes_twice_is_asked_for_and_meant(
    client, clock, article, reviewer, desk, occurrence, moment, told
):
    asked = sign_and_plan(article, reviewer, desk, "2026-10-25T02:30")
    answered = desk(
        "publish", when="later", moment="2026-10-25T02:30", occurrence=occurrence
    )

    assert sentences(asked) == [
        "On 25 October 2026 the clocks go back from 3:00 to 2:00: 2:30 comes twice. "
        "Please choose below which of the two you mean."
    ]
    assert 'name="occurrence"' in asked.content.decode()
    edition = article.editions.get()
    assert edition.live_from == moment
    assert sentences(client.get(answered.url)) == [
        f"Readers see edition 1 of “Fever” from 25 October 2026, 2:30 (the {told}) on."
    ]
    for tick, status in ((-TICK, 404), (0 * TICK, 200)):
        clock.move_to(moment + tick)
        assert client.get("/articles/fever/").status_code == status


def test_r13_a_withdrawal_asks_too_which_of_the_two_is_meant(
    client, clock, article, publish, desk
):
    publish("Live.")
    asked = desk("withdraw", when="later", moment="2026-10-25T02:30", note="")

    desk("withdraw", when="later", moment="2026-10-25T02:30", note="", occurrence="2")

    assert 'name="occurrence"' in asked.content.decode()
    assert article.editions.get().live_until == AUTUMN + 30 * MINUTE


def test_times_are_told_by_the_clock_of_the_practice(
    client, clock, article, publish, desk
):
    publish("Live.")
    publish("Planned.", at=datetime(2026, 12, 31, 23, 30, tzinfo=UTC))

    page = LexborHTMLParser(desk("change").content)
    asked = desk("withdraw").content.decode()

    state = " ".join(page.css_first(".state").text().split())
    assert "readers see edition 2 from 1 January 2027, 0:30 on." in state
    assert "By the clock of the practice (Europe/Rome)." in asked


def test_the_day_of_publication_is_that_of_the_practice(
    client, clock, article, publish
):
    clock.move_to(datetime(2028, 2, 28, 23, 30, tzinfo=UTC))
    publish("On the leap day.")

    html = client.get("/articles/fever/").content.decode()

    assert "29 February 2028" in html
    assert "28 February 2028" not in html
    # Three years later there is no such day.
    assert "28 February 2031" in html


def test_r13_the_leap_day_can_be_planned_and_the_other_years_have_none(
    clock, article, reviewer, desk
):
    refused = sign_and_plan(article, reviewer, desk, "2027-02-29T09:00")
    desk("publish", when="later", moment="29/02/2028 09:00")

    assert sentences(refused) == [
        "Please type the day and the time like 27/03/2027 14:30."
    ]
    assert article.editions.get().live_from == datetime(2028, 2, 29, 8, tzinfo=UTC)


def test_r13_a_clock_that_jumps_a_day_shows_what_it_says_and_nothing_twice(
    client, clock, article, publish
):
    """What is planned comes at its time by the clock, also the second time round."""
    publish("Seen.")
    before = AUTUMN - DAY
    publish("Planned.", at=AUTUMN)

    def shown():
        page = LexborHTMLParser(client.get("/articles/fever/").content)
        return page.css_first(".prose p").text()

    found = []
    for moment in (before, before + DAY, before, AUTUMN - TICK, AUTUMN, AUTUMN + DAY):
        clock.move_to(moment)
        found.append(shown())

    assert found == ["Seen.", "Planned.", "Seen.", "Seen.", "Planned.", "Planned."]
    assert [(e.number, e.live_from) for e in article.editions.order_by("number")] == [
        (1, before),
        (2, AUTUMN),
    ]


# The second after the last that 32 bits can count.
LATE = datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC)


def test_r13_the_year_2038_is_a_year_like_any_other(
    client, clock, article, reviewer, desk
):
    clock.move_to(LATE - HOUR)
    sign_and_plan(article, reviewer, desk, "2038-01-19T04:15")

    statuses = []
    for moment in (LATE, LATE + 52 * timedelta(seconds=1), LATE + 400 * DAY):
        clock.move_to(moment)
        statuses.append(client.get("/articles/fever/").status_code)

    assert article.editions.get().live_from == LATE + timedelta(seconds=52)
    assert statuses == [404, 200, 200]
    assert client.get("/contact/").status_code == 200
