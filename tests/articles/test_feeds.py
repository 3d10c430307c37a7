"""The feeds: valid, whole, and never more than readers may see."""

from datetime import UTC, datetime, timedelta
from html import unescape

import feedparser
import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from articles import feeds
from tests import factories
from tests.factories import both

pytestmark = pytest.mark.django_db

SITE = "https://testserver"
ADDRESSES = {"en": "/articles/feed.atom", "it": "/it/articoli/feed.atom"}


@pytest.fixture(autouse=True)
def site(settings):
    settings.SITE_URL = SITE


def feed(client, address=ADDRESSES["en"]):
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
    found = feedparser.parse(answer.content)
    assert (found.bozo, found.version) == (False, "atom10")
    return found


def published(at=None, **fields):
    article = factories.ArticleFactory(**fields)
    factories.publish(article, at=at)
    return article


def content(entry):
    (whole,) = entry.content
    assert whole.type == "text/html"
    return whole.value


@pytest.mark.parametrize("language", ["en", "it"])
def test_a_feed_is_valid_atom_in_its_language(client, practice, language):
    published(language=language, title="Più febbre & <dolore>", slug="x")
    other = "it" if language == "en" else "en"
    published(language=other, title="Other")

    found = feed(client, ADDRESSES[language])

    (entry,) = found.entries
    prefix, name = {"en": ("", "All articles"), "it": ("/it", "Tutti gli articoli")}[
        language
    ]
    folder = {"en": "articles", "it": "articoli"}[language]
    assert found.feed.language == language
    assert found.feed.title == f"{name} – Dr. Test"
    assert found.feed.link == f"{SITE}{prefix}/{folder}/"
    assert [
        link.href for link in found.feed.links if link.rel == "self"
    ] == [SITE + ADDRESSES[language]]  # fmt: skip
    assert entry.title == "Più febbre & <dolore>"
    assert entry.link == f"{SITE}{prefix}/{folder}/x/"


def test_an_entry_has_the_whole_text_with_its_sources(client, practice):
    article = factories.ArticleFactory(
        summary="What it is.", body="<h2>Part</h2><p>Every word.</p>", is_sample=True
    )
    factories.SourceFactory(article=article, title="A study", doi="10.1234/x")
    factories.publish(article)

    text = content(feed(client).entries[0])

    assert "<strong>What it is.</strong>" in text
    assert "Sample text. It is no medical advice." in text
    assert "<h2>Part</h2><p>Every word.</p>" in text
    assert '<a href="https://www.example.org/page">A study</a>' in text
    assert '<a href="https://doi.org/10.1234/x">DOI 10.1234/x</a>' in text
    assert f'<a href="{SITE}{article.get_absolute_url()}">The page itself' in text


def test_every_address_in_a_text_is_absolute(client, practice):
    published(
        slug="liver",
        body='<p><a href="/contact/">Us</a> <a href="#part-1">Below</a> '
        '<a href="https://example.org/">There</a></p>',
    )

    text = content(feed(client).entries[0])

    assert f'<a href="{SITE}/contact/">Us</a>' in text
    assert f'<a href="{SITE}/articles/liver/#part-1">Below</a>' in text
    assert '<a href="https://example.org/">There</a>' in text


@pytest.mark.parametrize("place", ["<p>Call {}.</p>", "<p>Call:</p>{}"])
def test_a_contact_is_its_number_and_an_e_mail_address_is_nowhere(
    client, practice, place
):
    phone, email = practice.phones.get(), practice.emails.get()
    tag = "span" if "Call {}" in place else "aside"
    references = "".join(
        f'<{tag} data-contact="{key}"></{tag}>'
        for key in (f"phone-{phone.pk}", f"email-{email.pk}")
    )
    published(body=place.format(references))

    whole = client.get(ADDRESSES["en"]).content.decode()
    text = unescape(whole)  # feedparser would drop what no browser opens by itself

    assert 'href="tel:+393317612698"' in text
    assert "+39 331 761 2698" in text
    assert f'<a href="{SITE}/contact/">our contact page</a>' in text
    assert not any(
        trace in whole for trace in ("studio", "example.org", "front-desk", "mailto")
    )


def test_who_signs_is_named_without_an_address_of_his(client, practice):
    doctor = practice.doctors.get()
    published(author=doctor)

    author = feed(client).entries[0].author_detail

    assert author == {
        "name": str(doctor),
        "href": f"{SITE}/doctors/{doctor.slug}/",
    }


def test_only_a_change_of_content_is_an_update(client):
    first = datetime(2026, 6, 1, 8, tzinfo=UTC)
    article = published(at=first)
    article.change_kind = "FORM"
    article.save()
    factories.publish(article)

    found = feed(client)

    assert found.entries[0].updated == found.feed.updated == first.isoformat()
    assert found.entries[0].published == first.isoformat()


def test_an_article_keeps_its_id_under_a_new_address(client):
    first = datetime(2026, 6, 1, 8, tzinfo=UTC)
    article = published(at=first, slug="old")
    before = feed(client).entries[0].id

    article.slug = "new"
    article.save()
    factories.publish(article)

    after = feed(client).entries[0]
    assert before == after.id == f"tag:testserver,2026-06-01:article/{article.pk}"
    assert after.link.endswith("/articles/new/")


def test_a_translation_is_named_while_readers_see_it(client):
    article = published()
    translated = published(language="it", slug="fegato", translation_of=article)

    def alternates():
        links = feed(client).entries[0].links
        return {
            link.hreflang: link.href
            for link in links
            if link.rel == "alternate" and "hreflang" in link
        }

    assert alternates() == {"it": f"{SITE}/it/articoli/fegato/"}
    translated.withdraw()
    assert alternates() == {}


def test_a_topic_has_a_feed_of_its_own(client):
    article = published(topic__slug="liver", topic__name=both("The liver"))
    published()

    found = feed(client, "/topics/liver/feed.atom")

    assert [entry.title for entry in found.entries] == [article.title]
    assert found.feed.title == "The liver – Dr. Test"
    assert found.feed.link == f"{SITE}/topics/liver/"


@pytest.mark.parametrize("file", ["feed.atom", "banner.png"])
def test_whoever_has_an_older_address_of_a_topic_is_led_on(client, file):
    topic = published(topic__slug="liver").topic
    topic.slug = "the-liver"
    topic.save()

    answer = client.get(f"/topics/liver/{file}")

    assert answer.status_code == 301
    assert answer["Location"] == f"/topics/the-liver/{file}"
    assert client.get(f"/topics/never/{file}").status_code == 404


def test_what_is_no_address_breaks_no_feed():
    html = feeds.for_elsewhere(
        '<p><a href="https://a:b]@c.example/">here</a></p>', "https://x/"
    )

    assert html == "<p>here</p>"


def test_nothing_before_its_time_and_nothing_after(client):
    factories.ArticleFactory()
    planned = published(at=timezone.now() + timedelta(days=1))
    withdrawn = published()
    withdrawn.withdraw()
    seen = published()

    assert [e.title for e in feed(client).entries] == [seen.title]
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        assert [e.title for e in feed(client).entries] == [planned.title, seen.title]


@pytest.mark.parametrize(
    "address",
    [*ADDRESSES.values(), "/topics/empty/feed.atom", "/topics/none/feed.atom"],
)
def test_a_feed_without_articles_is_not_there(client, address):
    factories.TopicFactory(slug="empty")

    assert client.get(address).status_code == 404


def test_the_newest_thirty_stand_in_it(client, monkeypatch):
    monkeypatch.setattr(feeds, "NEWEST", 3)
    start = timezone.now() - timedelta(days=9)
    titles = [published(at=start + timedelta(days=number)).title for number in range(5)]

    assert [e.title for e in feed(client).entries] == titles[:1:-1]


def test_the_number_of_queries_does_not_grow(client, practice):
    doctor, numbers = practice.doctors.get(), []
    for count in (1, 5):
        for _ in range(count):
            published(author=doctor)
        with CaptureQueriesContext(connection) as queries:
            feed(client)
        numbers.append(len(queries))

    assert numbers[0] == numbers[1]


def test_the_edge_keeps_a_feed_until_the_next_edition_begins(visitor):
    published(title="First")
    begins = timezone.now() + timedelta(hours=1)
    published(at=begins, title="Second")
    address = ADDRESSES["en"]

    before = [visitor.get(address).content for _ in range(2)]
    kept = len(visitor.rendered)
    with time_machine.travel(begins + timedelta(seconds=1)):
        after = visitor.get(address).content

    assert (kept, before[0]) == (1, before[1])
    assert b"Second" not in before[0]
    assert b"Second" in after


@pytest.mark.parametrize("language", ["en", "it"])
def test_lists_name_their_feed_and_other_pages_none(client, practice, language):
    article = published(language=language, topic__slug="liver", slug="x")
    prefix = "" if language == "en" else "/it"
    folder, topics = {"en": ("articles", "topics"), "it": ("articoli", "argomenti")}[
        language
    ]
    contact = "/contact/" if language == "en" else "/it/contatti/"

    def named(address):
        page = client.get(address).content.decode()
        return page.count("application/atom+xml"), page

    for address, wanted in {
        f"{prefix}/": ADDRESSES[language],
        f"{prefix}/{folder}/": ADDRESSES[language],
        f"{prefix}/{topics}/liver/": f"{prefix}/{topics}/liver/feed.atom",
    }.items():
        count, page = named(address)
        assert (count, f'href="{wanted}"' in page) == (1, True)
        assert client.get(wanted).status_code == 200
    for address in (article.get_absolute_url(), contact):
        assert named(address)[0] == 0


def test_what_xml_refuses_breaks_no_feed(client, practice):
    article = factories.ArticleFactory(title="Fe\x0bver \x1f\ufffe", summary="\x08Hot")
    factories.publish(article)

    feed = feedparser.parse(client.get("/articles/feed.atom").content)

    assert not feed.bozo
    assert feed.entries[0].title == "Fever"
