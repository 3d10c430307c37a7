"""A third language is a line in the settings and a ``.po`` file: tried with German."""

from io import StringIO

import polib
import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.urls import clear_url_caches, get_resolver, reverse
from django.utils.translation import override

from articles.models import Article
from clinic import error_pages
from tests import factories
from tests.clinic.test_admin import parsed
from tests.clinic.test_alternates import alternates

pytestmark = pytest.mark.django_db

WORDS = {
    (None, "Skip to the content"): "Zum Inhalt",
    (None, "Articles"): "Artikel",
    (None, "All articles"): "Alle Artikel",
    (None, "Not in English"): "Nicht auf Deutsch",
    (None, "The page in %(language)s is newer"): "Die Seite auf %(language)s ist neuer",
    (None, "Translate into %(language)s"): "Auf %(language)s übersetzen",
    ("address", "articles/"): "artikel/",
    ("address", "articles/<slug:slug>/"): "artikel/<slug:slug>/",
}


@pytest.fixture
def german(settings, tmp_path):
    """The settings line, and the file with a few words."""
    folder = tmp_path / "locale" / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    catalogue = polib.POFile()
    catalogue.metadata = {"Content-Type": "text/plain; charset=utf-8"}
    for (context, words), translation in WORDS.items():
        catalogue.append(
            polib.POEntry(msgctxt=context, msgid=words, msgstr=translation)
        )
    catalogue.save_as_mofile(str(folder / "django.mo"))
    settings.LANGUAGES = [*django_settings.LANGUAGES, ("de", "German")]
    settings.LOCALE_PATHS = [tmp_path / "locale", *django_settings.LOCALE_PATHS]
    forget_addresses()
    yield
    forget_addresses()


def forget_addresses():
    """Let Django read the addresses of every language anew."""
    clear_url_caches()
    waiting = [get_resolver()]
    while waiting:
        entry = waiting.pop()
        waiting += getattr(entry, "url_patterns", [])
        vars(entry.pattern).get("_regex_dict", {}).pop("de", None)
    clear_url_caches()


@pytest.fixture
def three(german, practice):
    """An article in three languages, each before readers."""
    english = factories.ArticleFactory(slug="fever", title="Fever")
    factories.publish(english)
    for language, slug in (("it", "febbre"), ("de", "fieber")):
        article = factories.ArticleFactory(
            language=language, slug=slug, title=slug.capitalize(),
            translation_of=english, topic=english.topic, author=english.author,
        )  # fmt: skip
        factories.publish(article)
    return english


ADDRESSES = {
    "en": "/articles/fever/",
    "it": "/it/articoli/febbre/",
    "de": "/de/artikel/fieber/",
}


def switch(response):
    """Each language that the header leads to."""
    links = parsed(response).css(".languages a")
    return {link.attributes["lang"]: link.attributes["href"] for link in links}


def test_the_public_pages_answer_in_german(client, three):
    topic = three.topic.slug
    for address in ("/de/", "/de/artikel/", "/de/contact/", f"/de/topics/{topic}/"):
        response = client.get(address)

        page = parsed(response)
        assert response.status_code == 200, address
        assert page.css_first("html").attributes["lang"] == "de"
        assert page.css_first(".skip-link").text() == "Zum Inhalt"
        assert "x-default" in alternates(response)
    assert client.get("/de/nicht-da/").status_code == 404


@pytest.mark.parametrize("language", ADDRESSES)
def test_translations_in_three_languages_lead_to_each_other(client, three, language):
    response = client.get(ADDRESSES[language])

    others = {c: address for c, address in ADDRESSES.items() if c != language}
    site = django_settings.SITE_URL
    assert switch(response) == others
    assert alternates(response) == {
        code: site + address for code, address in ADDRESSES.items()
    } | {"x-default": site + ADDRESSES["en"]}


def test_an_article_without_german_says_so_in_german(client, german, practice):
    factories.publish(factories.ArticleFactory(slug="fever"))

    page = parsed(client.get("/articles/fever/"))

    absent = page.css_first(".language--none[lang=de]")
    assert absent.text() == "Nicht auf Deutsch"


def test_german_readers_are_told_that_the_original_is_newer(client, three):
    three.body += "<p>More words.</p>"
    three.save()
    factories.publish(three)

    title = parsed(client.get("/de/artikel/fieber/")).css_first("#newer")

    assert title.text() == "Die Seite auf Englisch ist neuer"


def test_the_desk_offers_every_language_that_is_missing(staff, german):
    article = factories.ArticleFactory(title="Fever")
    address = reverse("admin:articles_article_change", args=[article.pk])

    def offered():
        buttons = parsed(staff.get(address)).css(".in-languages [type=submit]")
        return [button.attributes["value"] for button in buttons]

    both = offered()
    staff.post(reverse("admin:articles_article_translate", args=[article.pk, "de"]))

    assert both == ["Translate into Italian", "Translate into German"]
    assert offered() == ["Translate into Italian"]
    assert article.translations.get().language == "de"


def test_the_desk_speaks_german(staff, german):
    staff.cookies[django_settings.LANGUAGE_COOKIE_NAME] = "de"
    article = factories.ArticleFactory(language="de", title="Fieber")

    page = parsed(
        staff.get(reverse("admin:articles_article_change", args=[article.pk]))
    )

    buttons = page.css(".in-languages [type=submit]")
    assert [button.attributes["value"] for button in buttons] == [
        "Auf Englisch übersetzen",
        "Auf Italienisch übersetzen",
    ]
    assert page.css_first("html").attributes["lang"] == "de"


def test_a_draft_in_german_is_advised_on_and_previewed(staff, three):
    article = three.translations.get(language="de")

    shown = staff.get(reverse("admin:articles_article_preview", args=[article.pk]))

    assert shown.status_code == 200
    assert parsed(shown).css_first("html").attributes["lang"] == "de"


def test_the_sample_loads_without_german_words(german):
    call_command("load_sample", stdout=StringIO())

    assert set(Article.objects.values_list("language", flat=True)) == {"en", "it"}


def test_the_page_of_a_server_error_is_written_in_german(german, practice, settings):
    error_pages.write()

    with override("de"):
        assert 'lang="de"' in error_pages.read("de")
    error_pages.path("de").unlink()
