"""Nothing that is not published stands on any public page, nor who works at the desk.

A site is filled with everything that readers must not see, each marked with a word that
exists nowhere else. Then every public address is fetched: all that the patterns of the
site can make, and all that a link leads to.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin, urlsplit

import pytest
import time_machine
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from django.utils import translation
from reversion.models import Version
from selectolax.lexbor import LexborHTMLParser

from articles.alphabet import LETTERS
from articles.models import Article, Edition, Review, Topic
from clinic import error_pages, old_addresses, views
from clinic.models import Doctor, Email, Picture
from tests import factories
from tests.conftest import upload

pytestmark = pytest.mark.usefixtures("kept")

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
SOON = NOW + timedelta(days=1)
TICK, MINUTE = timedelta(microseconds=1), timedelta(minutes=1)
DAY = timedelta(days=1)
LANGUAGES = ("en", "it")
HIDDEN = re.compile(r"(?i)xqz[\w-]*")
VISIBLE = re.compile(r"vvz-[\w-]*?-(?:en|it)\b")

# The site ####################################################################

TEXTS = (
    "title", "summary", "picture_alt", "picture_caption", "picture_credit",
    "key_phrases", "disclosure", "change_note",
)  # fmt: skip


class Desk:
    """Two people at the desk, and what they do to the articles of one language."""

    def __init__(self, clock, language, topic, picture):
        self.clock, self.language = clock, language
        self.topic, self.picture = topic, picture
        self.writer = self.account("writer", factories.UserFactory)
        self.reviewer = self.account("reviewer", factories.ReviewerFactory)

    def account(self, role, factory):
        """Somebody whose names and address are on no page."""
        name = f"xqz-{role}-{self.language}"
        return factory(
            username=name,
            first_name=f"{name}-first",
            last_name=f"{name}-last",
            email=f"{name}@example.org",
        )

    def article(self, words):
        """A draft that says those words in every field."""
        article = factories.ArticleFactory(
            language=self.language,
            slug=f"{words}-{self.language}",
            topic=self.topic,
            author=self.reviewer.doctor,
            picture=self.picture,
        )
        return self.write(article, words)

    def write(self, article, words):
        words = f"{words}-{self.language}"
        article.refresh_from_db()
        for name in TEXTS:
            setattr(article, name, f"{words} {name}")
        article.body = f"<h2>{words} heading</h2><p>{words} text</p>"
        article.slug = words
        article.sources.all().delete()
        factories.SourceFactory(
            article=article,
            title=f"{words} source",
            url=f"https://www.example.org/{words}",
        )
        article.written(self.writer)
        return article

    def submit(self, article):
        article.submit(by=self.writer, note="xqz-note-of-the-writer")

    def sign(self, article):
        self.submit(article)
        article.sign(by=self.reviewer, note="xqz-note-of-the-reviewer")

    def publish(self, article, at=None):
        self.clock.shift(MINUTE)
        self.sign(article)
        return article.publish(by=self.reviewer, at=at)

    def published(self, words):
        article = self.article(words)
        self.publish(article)
        return article

    # What there is, one article for each.

    def begin(self):
        """A draft, one that waits, one sent back, one signed, one deleted."""
        self.article("xqz-draft")
        self.submit(self.article("xqz-submitted"))
        returned = self.article("xqz-returned")
        self.submit(returned)
        returned.send_back(by=self.reviewer, note="xqz-what-is-wrong")
        self.sign(self.article("xqz-signed"))
        self.article("xqz-deleted").delete()
        saved = self.article("xqz-saved-before")
        self.write(saved, "xqz-saved-last")

    def live(self):
        """What readers see, with words behind it that they do not see."""
        for number in range(9):
            self.published(f"vvz-{number}")
        changed = self.published("vvz-changed")
        self.write(changed, "xqz-changed-since")
        corrected = self.published("vvz-first")
        self.write(corrected, "vvz-second")
        self.publish(corrected)
        planned = self.published("vvz-to-be-replaced")
        self.write(planned, "xqz-replacement")
        self.publish(planned, at=SOON)
        kept = self.published("vvz-kept")
        self.write(kept, "xqz-called-off")
        self.publish(kept, at=SOON)
        kept.call_off(by=self.reviewer)
        objected = self.published("vvz-objected")
        objected.review(
            by=self.reviewer,
            outcome=Review.Outcome.NEEDS_CHANGES,
            note="xqz-what-the-review-found",
        )

    def not_yet(self):
        """What readers shall see for the first time, or were to see."""
        self.publish(self.article("xqz-planned"), at=SOON)
        never = self.article("xqz-never")
        self.publish(never, at=SOON)
        never.call_off(by=self.reviewer)
        early = self.article("xqz-withdrawn-early")
        self.publish(early, at=SOON)
        early.withdraw(by=self.reviewer, note="xqz-note-that-nobody-needs")

    def no_more(self):
        """What readers saw once: they are told its title and that it is gone."""
        gone = self.article("xqz-gone")
        gone.slug = f"gone-{self.language}"
        gone.title = f"vvz-gone-{self.language} title"
        gone.written(self.writer)
        found = self.article("xqz-found-wrong")
        found.title = f"vvz-found-wrong-{self.language} title"
        found.slug = f"found-wrong-{self.language}"
        found.written(self.writer)
        self.publish(gone)
        self.publish(found)
        self.clock.shift(DAY)
        gone.withdraw(by=self.reviewer, note=f"vvz-why-{self.language}")
        self.write(gone, "xqz-gone-and-changed")
        found.review(
            by=self.reviewer,
            outcome=Review.Outcome.WITHDRAW,
            note="xqz-why-it-had-to-go",
        )


@pytest.fixture
def clock():
    with time_machine.travel(NOW - 9 * DAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def desks(practice, clock, settings, tmp_path):
    """The site, filled with all of it in both languages, at noon of the day NOW."""
    settings.DATA_DIR = tmp_path
    topic = factories.TopicFactory(slug="liver")
    picture = Picture.objects.create_from_upload(upload(name="xqz-photo.jpg"))
    factories.NoticeFactory(text=factories.both("xqz-notice"), starts_at=SOON)
    factories.NoticeFactory(text=factories.both("xqz-old-notice"), ends_at=NOW - DAY)
    desks = [Desk(clock, language, topic, picture) for language in LANGUAGES]
    for desk in desks:
        desk.begin()
        desk.live()
        desk.not_yet()
        desk.no_more()
    pair_drafts()
    LogEntry.objects.create(
        user=desks[0].writer,
        content_type=ContentType.objects.get_for_model(Article),
        object_id=str(Article.objects.first().pk),
        object_repr="xqz-entry",
        action_flag=CHANGE,
        change_message="xqz-message",
    )
    clock.move_to(NOW)
    error_pages.write()
    return desks


def pair_drafts():
    """Let a draft be the translation of a live article, and the other way round."""
    for original, other in (
        ("vvz-0-en", "xqz-draft-it"),
        ("xqz-draft-en", "vvz-0-it"),
        ("vvz-1-en", "xqz-planned-it"),
    ):
        article = Article.objects.get(slug=other)
        article.translation_of = Article.objects.get(slug=original)
        article.save()


# The addresses ###############################################################


def slugs():
    """Every address that an article, an edition or a save has ever had."""
    found = {"not-there"}
    for model in (Article, Edition):
        found |= set(model.objects.values_list("slug", flat=True))
    saves = Version.objects.get_for_model(Article)
    return sorted(found | {save.field_dict["slug"] for save in saves})


def citations():
    """The first ten editions in the language of the page, one in the other."""
    ending = f"-{translation.get_language()}"
    return [
        {"slug": slug, "number": number}
        for slug in slugs()
        for number in range(1, 11 if slug.endswith(ending) else 2)
    ]


def of(model):
    return [
        *({"slug": slug} for slug in model.objects.values_list("slug", flat=True)),
        {"slug": "not-there"},
    ]


# What an address with a variable part may be asked for; the others need nothing.
ARGUMENTS = {
    "articles:article": lambda: [{"slug": slug} for slug in slugs()],
    "articles:article_banner": lambda: [{"slug": slug} for slug in slugs()],
    "articles:edition": citations,
    "articles:glossary_letter": lambda: [{"letter": letter} for letter in LETTERS],
    "articles:letter": lambda: [{"letter": letter} for letter in LETTERS],
    "articles:qr": lambda: [{"slug": slug} for slug in slugs()],
    "articles:by_mail": lambda: [{"slug": slug} for slug in slugs()],
    "articles:topic": lambda: of(Topic),
    "articles:topic_banner": lambda: of(Topic),
    "articles:topic_feed": lambda: of(Topic),
    "clinic:doctor": lambda: of(Doctor),
    "clinic:doctor_card": lambda: of(Doctor),
    "clinic:doctor_card4": lambda: of(Doctor),
    "clinic:doctor_qr": lambda: of(Doctor),
    "clinic:email": lambda: [
        {"pk": pk} for pk in [*Email.objects.values_list("pk", flat=True), 999]
    ],
    "picture": lambda: [
        {"key": picture.key, "width": width, "extension": extension}
        for picture in Picture.objects.all()
        for width in picture.widths
        for extension in ("avif", "jpg", "png")
    ],
    "sitemap_articles": lambda: [{"part": part} for part in (0, 1)],
}


def patterns(resolver, namespace=""):
    """Every pattern of an address outside of the desk, by its name."""
    for entry in resolver.url_patterns:
        if not isinstance(entry, URLPattern):
            inner = f"{entry.namespace}:" if entry.namespace else namespace
            yield from patterns(entry, inner)
        elif namespace != "admin:" and not str(entry.pattern).startswith("admin/"):
            yield f"{namespace}{entry.name}", entry


def has_variables(entry):
    return bool(entry.pattern.converters or entry.pattern.regex.groups)


def made_addresses():
    """Every address that the patterns of the site can make of what there is."""
    for language in LANGUAGES:
        with translation.override(language):
            for name, entry in patterns(get_resolver()):
                choices = ARGUMENTS[name]() if has_variables(entry) else [{}]
                for kwargs in choices:
                    yield reverse(name, kwargs=kwargs)
    for folder in ("/", "/it/"):
        yield from (f"{folder}not-there/", f"{folder}?page=2", f"{folder}xqz/")
    for page in ("0", "1", "2", "3", "last", "xqz"):
        for address in ("articles/", "it/articoli/", "topics/liver/"):
            yield f"/{address}?page={page}"


@dataclass(frozen=True)
class Answer:
    """Everything that the portal says to a request."""

    status: int
    headers: dict[str, str]
    cookies: str
    body: bytes

    @classmethod
    def to(cls, response):
        return cls(
            response.status_code,
            dict(response.headers),
            response.cookies.output(),
            response.getvalue(),
        )

    @property
    def text(self):
        headers = [f"{name}: {value}" for name, value in self.headers.items()]
        body = self.body.decode("utf-8", "replace")
        return "\n".join([*headers, self.cookies, body])


def links(address, answer):
    """Every address of this site to which an answer leads."""
    found = [answer.headers.get("Location", "")]
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        for node in LexborHTMLParser(answer.body).css("[href], [src], [srcset]"):
            found += [node.attrs.get("href"), node.attrs.get("src")]
            sources = (node.attrs.get("srcset") or "").split(",")
            found += [source.split()[0] for source in sources if source.strip()]
    for link in filter(None, found):
        parts = urlsplit(urljoin(f"https://testserver{address}", link))
        is_ours = parts.netloc in {"testserver", "www.example.org"}
        if is_ours and not parts.path.startswith(("/admin/", "/static/")):
            yield f"{parts.path}?{parts.query}" if parts.query else parts.path


def walk(client):
    """Fetch whatever is made or linked; every answer by its address."""
    answers = {}
    waiting = [*made_addresses(), "/", "/it/"]
    while waiting:
        address = waiting.pop()
        if address not in answers:
            answers[address] = Answer.to(client.get(address))
            waiting += links(address, answers[address])
    return answers


def said(address, answer):
    """What an answer says by itself: a 404 offers to search for the address's words."""
    echo = old_addresses.words(urlsplit(address).path)
    return answer.text.replace(echo, "") if answer.status == 404 else answer.text


def marks(pattern, answers):
    """The marked words of every answer that holds any."""
    found = {
        address: sorted(set(pattern.findall(said(address, answer))))
        for address, answer in answers.items()
    }
    return {address: words for address, words in found.items() if words}


def statuses(answers):
    return {answer.status for answer in answers.values()}


# The tests ###################################################################


def test_every_public_address_is_walked():
    found = dict(patterns(get_resolver()))

    unnamed = [name for name in found if name.endswith("None")]
    variable = {name for name, entry in found.items() if has_variables(entry)}
    assert unnamed == []
    assert variable == set(ARGUMENTS)
    assert {"articles:home", "clinic:fhir", "health", "robots"} <= set(found)


def test_nothing_unpublished_stands_on_any_public_page_whoever_asks(staff, desks):
    """A member of staff walks, to whom the desk has something to say on the next page.

    A visitor then finds the same bytes everywhere.
    """
    article = Article.objects.get(slug="xqz-signed-en")
    address = f"/admin/articles/article/{article.pk}/publish/"
    planned = {
        "version": article.standing(),
        "when": "later",
        "moment": "2030-01-01T09:00",
    }
    assert staff.post(address, planned).status_code == 302
    visitor = Client()

    answers = walk(staff)

    assert marks(HIDDEN, answers) == {}
    for address, answer in answers.items():
        # The page for what is not there is one and the same, a thousand times.
        if answer.status != 404 or "not-there" in address:
            assert Answer.to(visitor.get(address)) == answer, address
    assert "xqz-signed-en" in staff.get("/admin/").content.decode()
    assert statuses(answers) == {200, 301, 302, 404, 410}
    # The walk sees what readers may see, in every language.
    public = Edition.objects.public().exclude(title__startswith="xqz")
    seen = {word for words in marks(VISIBLE, answers).values() for word in words}
    assert len(seen) > 30
    assert seen == {
        *(edition.title.split()[0] for edition in public),
        *(f"vvz-why-{language}" for language in LANGUAGES),
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_for_what_broke_tells_nothing_unpublished(desks, rf, language):
    written = error_pages.path(language).read_text(encoding="utf-8")

    with translation.override(language):
        response = views.server_error(rf.get("/"))

    assert response.getvalue().decode() == written
    assert HIDDEN.findall(written) == []
    assert "Dr. Test" in written


def test_no_refusal_tells_anything_unpublished(desks):
    visitor = Client(enforce_csrf_checks=True, raise_request_exception=False)
    article = Article.objects.get(slug="xqz-planned-en")
    desk = f"/admin/articles/article/{article.pk}/"

    steps = [f"{desk}{step}/" for step in ("change", "preview", "history", "sign")]

    answers = {
        "host": visitor.get("/articles/vvz-0-en/", headers={"host": "evil.example"}),
        "token": visitor.post("/admin/login/"),
        "method": Client().post("/articles/vvz-0-en/"),
        "many": visitor.get("/articles/?" + "&".join(f"a{n}" for n in range(3000))),
        **{
            page: visitor.get(page)
            for page in ("/admin/", "/admin/login/", "/admin/articles/article/", *steps)
        },
    }

    answers = {what: Answer.to(response) for what, response in answers.items()}
    assert marks(HIDDEN, answers) == {}
    assert statuses(answers) == {200, 302, 400, 403, 405}


def test_what_is_planned_appears_at_its_moment_and_not_before(client, clock, desks):
    addresses = ("/", "/articles/", "/articles/vvz-to-be-replaced-en/")
    planned = ("/articles/xqz-planned-en/", "/articles/xqz-planned-en/editions/1/")

    clock.move_to(SOON - TICK)
    before = {page: Answer.to(client.get(page)) for page in (*addresses, *planned)}
    clock.move_to(SOON)
    after = {page: Answer.to(client.get(page, follow=True)) for page in before}

    assert marks(HIDDEN, before) == {}
    assert [before[page].status for page in planned] == [404, 404]
    found = marks(HIDDEN, after)
    assert set(found) == set(before)
    assert all("xqz-notice" in words for words in found.values())
    for address in ("/articles/", *planned):
        assert "xqz-planned-en" in found[address]
    assert "xqz-replacement-en" in found["/articles/vvz-to-be-replaced-en/"]


def test_the_desk_shows_what_readers_do_not_see(staff, desks):
    hidden = Article.objects.exclude(slug__startswith="vvz")

    answers = {
        f"{article.slug}/{page}": Answer.to(
            staff.get(f"{article.get_desk_url()}{page}/")
        )
        for article in hidden
        for page in ("preview", "change", "history")
    }

    # Else the marks would prove nothing.
    assert set(marks(HIDDEN, answers)) == set(answers)
    words = {word for found in marks(HIDDEN, answers).values() for word in found}
    assert words >= {
        "xqz-note-of-the-reviewer",
        "xqz-note-of-the-writer",
        "xqz-what-is-wrong",
        "xqz-why-it-had-to-go",
        "xqz-writer-en",
        "xqz-reviewer-it",
    }
