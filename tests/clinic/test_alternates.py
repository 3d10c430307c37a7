"""Every page that exists in several languages names itself and all others."""

import re

import pytest
from django.conf import settings
from django.urls import clear_url_caches, reverse

from tests import factories
from tests.clinic.test_admin import parsed

pytestmark = pytest.mark.django_db

SITE = settings.SITE_URL


def alternates(response):
    """Each ``hreflang`` of the page with its address."""
    links = parsed(response).css("head link[rel=alternate][hreflang]")
    named = [(link.attributes["hreflang"], link.attributes["href"]) for link in links]
    assert len(dict(named)) == len(named)
    return dict(named)


def translated(original, **words):
    article = factories.ArticleFactory(
        language="it", translation_of=original, topic=original.topic,
        author=original.author, **words,
    )  # fmt: skip
    factories.publish(article)
    return article


@pytest.fixture
def site(practice):
    """Articles in one and two languages, renamed, withdrawn, with two editions."""
    doctor, topic = practice.doctors.first(), factories.TopicFactory(slug="liver")
    common = {"author": doctor, "topic": topic}
    pair = factories.ArticleFactory(slug="fever", **common)
    factories.publish(pair)
    translated(pair, slug="febbre")
    factories.publish(pair)
    alone = factories.ArticleFactory(slug="alone", **common)
    factories.publish(alone)
    draft = factories.ArticleFactory(language="it", translation_of=alone, **common)
    draft.written(None)
    gone = factories.ArticleFactory(slug="gone", **common)
    factories.publish(gone)
    left = translated(gone, slug="rimasto")
    gone.withdraw()
    for number in range(30):
        article = factories.ArticleFactory(slug=f"many-{number}", **common)
        factories.publish(article)
    return left


def test_an_article_names_itself_and_its_translations_with_the_language_of_the_site(
    client, site
):
    expected = {
        "en": f"{SITE}/articles/fever/",
        "it": f"{SITE}/it/articoli/febbre/",
        "x-default": f"{SITE}/articles/fever/",
    }

    assert alternates(client.get("/articles/fever/")) == expected
    assert alternates(client.get("/it/articoli/febbre/")) == expected


@pytest.fixture
def in_german(settings):
    """A site whose own language is a third one."""
    settings.LANGUAGES = [*settings.LANGUAGES, ("de", "German")]
    settings.LANGUAGE_CODE = "de"
    clear_url_caches()
    yield
    clear_url_caches()


def test_without_the_language_of_the_site_another_is_the_default(client, in_german):
    original = factories.ArticleFactory(slug="fever")
    factories.publish(original)
    translated(original, slug="febbre")

    named = alternates(client.get("/en/articles/fever/"))

    assert list(named) == ["en", "it", "x-default"]
    assert named["x-default"] == named["en"] == f"{SITE}/en/articles/fever/"


@pytest.mark.parametrize(
    "address",
    [
        "/not-there/",
        "/it/non-qui/",
        "/articles/gone/",
        "/articles/fever/editions/1/",
        "/articles/fever/editions/2/",
        "/it/articoli/febbre/editions/1/",
        "/articles/alone/",
        "/it/articoli/rimasto/",
        "/topics/nothing/",
        "/articles/?before=9999999",
    ],
)
def test_what_is_no_page_in_two_languages_names_none(client, site, address):
    response = client.get(address)

    assert response.status_code in {200, 404, 410}
    assert alternates(response) == {}


EMPTY_IN_ITALIAN = {
    "/topics/liver/": "/it/argomenti/liver/",
    "/articles/": "/it/articoli/",
    "/a-to-z/": "/it/dalla-a-alla-z/",
    "/glossary/": "/it/glossario/",
}


@pytest.mark.parametrize("address", EMPTY_IN_ITALIAN)
def test_a_list_without_anything_in_it_is_named_by_none(client, practice, address):
    """But readers can go there: it leads on to what is in their language."""
    topic = factories.TopicFactory(slug="liver")
    factories.publish(factories.ArticleFactory(topic=topic))
    factories.entry(language="en")
    other = EMPTY_IN_ITALIAN[address]

    full, empty = client.get(address), client.get(other)

    assert alternates(full) == alternates(empty) == {}
    assert f'href="{other}"' in full.text

    factories.publish(factories.ArticleFactory(topic=topic, language="it"))
    factories.entry(language="it")
    named = alternates(client.get(address))
    assert named == {
        "en": SITE + address, "it": SITE + other, "x-default": SITE + address
    }  # fmt: skip
    assert alternates(client.get(other)) == named


def test_a_preview_names_none(staff, site):
    response = staff.get(reverse("admin:articles_article_preview", args=[site.pk]))

    assert response.status_code == 200
    assert alternates(response) == {}


def test_of_two_articles_that_claim_a_language_one_is_meant(client, practice):
    """Linked anew, but the old edition still says otherwise."""
    original = factories.ArticleFactory(slug="fever")
    factories.publish(original)
    first = translated(original, slug="prima")
    first.link(None)
    first.save()
    translated(original, slug="seconda")

    names = alternates(client.get("/articles/fever/"))

    assert names["it"] == f"{SITE}/it/articoli/seconda/"
    assert alternates(client.get("/it/articoli/seconda/")) == names
    assert alternates(client.get("/it/articoli/prima/")) == {}


def test_whoever_is_named_names_all_others(client, site):
    pages, found = ["/", "/it/"], {}
    while pages:
        address = pages.pop()
        response = client.get(address)
        if "html" not in response.get("Content-Type", "") or response.status_code > 300:
            continue
        found[address] = alternates(response)
        links = re.findall(r'href="(/[^"#]*)', response.text)
        links += [a.removeprefix(SITE) for a in found[address].values()]
        pages += [a for a in {*links} - {*found, *pages} if "/static/" not in a]

    named = {address: names for address, names in found.items() if names}
    for address, names in named.items():
        own = {code for code, other in names.items() if other == SITE + address}
        assert own - {"x-default"}, address
        for other in names.values():
            assert found[other.removeprefix(SITE)] == names, (address, other)
    assert {
        "/",
        "/articles/",
        "/contact/",
        "/legal/",
        "/privacy/",
        "/topics/liver/",
    } <= {*named}
    assert any("?before=" in address for address in found)
    assert len(named) % 2 == 0
    assert len(found) > len(named) > 16
