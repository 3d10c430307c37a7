"""What readers take along: the square, a mail, and the sheet of paper."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.utils import timezone
from selectolax.lexbor import LexborHTMLParser

from clinic import qr
from tests import factories

pytestmark = pytest.mark.django_db

LANGUAGES = [
    ("en", "/articles/fever/", "by-mail/", "Telephone"),
    ("it", "/it/articoli/fever/", "per-posta/", "Telefono"),
]


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(datetime(2026, 12, 1, 12, tzinfo=UTC), tick=False):
        yield


def published(at=None, **kwargs):
    article = factories.ArticleFactory(slug="fever", title="Fever & you", **kwargs)
    factories.publish(article, at=at)
    return article


def words(node):
    return " ".join(node.text().split())


@pytest.mark.parametrize(("language", "page", "mail", "word"), LANGUAGES)
def test_a_page_is_sent_by_the_mail_of_the_device(
    client, practice, settings, language, page, mail, word
):
    settings.SITE_URL = "https://www.example.org"
    published(language=language)

    response = client.get(page + mail)
    sent = urlsplit(response.headers["Location"])

    assert (sent.scheme, sent.path) == ("mailto", "")
    assert parse_qs(sent.query) == {
        "subject": ["Fever & you"],
        "body": [
            f"Fever & you\r\nhttps://www.example.org{page}\r\n\r\n"
            f"Dr. Test\r\n{word}: +39 331 761 2698"
        ],
    }
    assert response.headers["X-Robots-Tag"] == "noindex, nofollow"


@pytest.mark.parametrize(("language", "page", "mail", "word"), LANGUAGES)
def test_the_page_leads_there_without_a_script(
    client, practice, language, page, mail, word
):
    published(language=language)

    box = LexborHTMLParser(client.get(page).content).css_first(".handout")

    assert [a.attrs["href"] for a in box.css("a")] == [page + mail]
    square = box.css_first("img").attributes
    assert (square["src"], square["loading"]) == (f"{page}qr.svg", "lazy")
    assert page in words(box)


def test_the_square_holds_the_address_of_the_page(client, settings):
    settings.SITE_URL = "https://www.example.org"
    published()

    response = client.get("/articles/fever/qr.svg")

    assert response.headers["Content-Type"] == "image/svg+xml"
    assert response.content == qr.svg("https://www.example.org/articles/fever/")


@pytest.mark.parametrize("end", ["qr.svg", "by-mail/"])
def test_nothing_is_handed_on_before_its_time_nor_after(client, end):
    article = published(at=timezone.now() + timedelta(days=1))
    address = f"/articles/fever/{end}"
    before = client.get(address).status_code
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        live = client.get(address).status_code
        article.withdraw()
        after = client.get(address).status_code

    assert (before, live in {200, 302}, after) == (404, True, 404)


def test_a_cited_edition_leads_nowhere_but_to_itself(client, practice):
    published()

    page = LexborHTMLParser(client.get("/articles/fever/editions/1/").content)

    box = page.css_first(".handout")
    assert box.css("img, a") == []
    assert "/articles/fever/editions/1/" in words(box)
