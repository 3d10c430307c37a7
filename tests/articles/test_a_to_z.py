"""The A to Z that visitors read: what stands in it, when, and page by page."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from selectolax.lexbor import LexborHTMLParser

from articles.alphabet import LETTERS
from articles.models import Change, Edition, Headword
from articles.paging import BY_ALPHABET
from articles.views import WHOLE_ALPHABET
from tests import factories

pytestmark = pytest.mark.django_db

A_TO_Z = {"en": "/a-to-z/", "it": "/it/dalla-a-alla-z/"}
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(datetime(2026, 12, 1, 12, tzinfo=UTC)) as clock:
        yield clock


def get(client, address, status=200):
    response = client.get(address)
    assert response.status_code == status, address
    return LexborHTMLParser(response.content)


def words(node):
    return " ".join(node.text().split())


def entries(page):
    return [words(item) for item in page.css(".entries__item")]


def linked(page):
    """The letters that lead somewhere, and where."""
    return {words(a): a.attrs["href"] for a in page.css("a.az__letter")}


def article(title, phrases="", at=None, **kwargs):
    article = factories.ArticleFactory(title=title, key_phrases=phrases, **kwargs)
    factories.publish(article, at=at)
    return article


def test_titles_and_key_phrases_stand_under_their_letters(client):
    article("Fever at home", "high temperature\n38 degrees", slug="fever")
    article("The liver", slug="liver")

    page = get(client, "/a-to-z/")

    assert linked(page) == {
        "F": "/a-to-z/f/",
        "H": "/a-to-z/h/",
        "L": "/a-to-z/l/",
        "0–9": "/a-to-z/0-9/",
    }
    assert [words(letter) for letter in page.css(".az li")] == [
        *"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0–9",
    ]  # fmt: skip
    assert [words(h2) for h2 in page.css("main h2")] == ["F", "H", "L", "0–9"]
    assert entries(page) == [
        "Fever at home",
        "High temperature see “Fever at home”",
        "The liver",
        "38 degrees see “Fever at home”",
    ]
    assert entries(get(client, "/a-to-z/f/")) == ["Fever at home"]
    assert [a.attrs["href"] for a in page.css(".entries__link")] == [
        "/articles/fever/", "/articles/fever/", "/articles/liver/", "/articles/fever/",
    ]  # fmt: skip


def test_each_language_has_its_own(client):
    article("Fever")
    article("L’èrnia", "èrnia inguinale", language="it", slug="ernia")

    english, italian = (get(client, address) for address in A_TO_Z.values())

    assert entries(english) == ["Fever"]
    assert entries(italian) == ["L’èrnia", "Èrnia inguinale vedi «L’èrnia»"]
    assert linked(italian) == {"E": "/it/dalla-a-alla-z/e/"}
    assert words(italian.css_first("h1")) == "Dalla A alla Z"
    assert words(get(client, "/it/dalla-a-alla-z/e/").css_first("title")).startswith(
        "Dalla A alla Z: E"
    )


def test_the_letter_that_is_shown_is_marked(client):
    article("Fever")
    article("Liver")

    page = get(client, "/a-to-z/f/")

    current = page.css("[aria-current]")
    assert [(words(a), a.attrs["aria-current"]) for a in current if "az__" in str(
        a.attrs["class"]
    )] == [("F", "page")]  # fmt: skip
    assert list(linked(page)) == ["F", "L"]


@pytest.mark.parametrize("letter", ["a", "0-9"])
def test_a_letter_without_words_says_so(client, letter):
    page = get(client, f"/a-to-z/{letter}/")

    assert entries(page) == []
    assert "Nothing begins with this letter yet." in words(page.css_first("main"))


@pytest.mark.parametrize("letter", ["A", "aa", "1", "-", "é", "%00"])
def test_what_is_no_letter_is_not_found(client, letter):
    get(client, f"/a-to-z/{letter}/", 404)


def test_nothing_stands_before_its_time_nor_after(client, today):
    planned = article("Fever", "hot", at=timezone.now() + DAY)
    factories.ArticleFactory(title="Draft")
    at = A_TO_Z["en"]
    before = entries(get(client, at)), linked(get(client, "/"))

    today.shift(DAY)
    live = entries(get(client, at)), list(linked(get(client, "/")))
    planned.withdraw(at=timezone.now() + DAY)
    still = entries(get(client, at))
    today.shift(DAY)

    assert before == ([], {})
    assert live == (["Fever", "Hot see “Fever”"], ["F", "H"])
    assert still == live[0]
    assert entries(get(client, at)) == []


def test_of_an_article_only_the_live_edition_stands_there(client, today):
    row = article("Fever", "hot")
    row.title, row.key_phrases = "Temperature", "heat"
    row.change_kind = Change.FORM
    row.save()
    factories.publish(row, at=timezone.now() + DAY)
    before = entries(get(client, "/a-to-z/"))

    today.shift(DAY)

    assert before == ["Fever", "Hot see “Fever”"]
    assert entries(get(client, "/a-to-z/")) == ["Heat see “Temperature”", "Temperature"]


@pytest.mark.django_db(transaction=True)
def test_what_was_not_published_after_all_left_no_word():
    row = factories.ArticleFactory()
    factories.sign(row)
    with transaction.atomic():
        row.publish(by=None)
        transaction.set_rollback(True)

    assert list(Headword.objects.all()) == []


@pytest.fixture
def many(db):
    """Two pages and one word of a third under one letter, the same word among them."""
    topic, doctor = factories.TopicFactory(), factories.DoctorFactory()
    names = [f"m{number:03}" for number in range(2 * BY_ALPHABET.per_page - 1)]
    for title, phrases in (("Nothing", names), ("Mzz", []), ("Mzz", [])):
        article(title, "\n".join(phrases), topic=topic, author=doctor)
    return [*(name.capitalize() for name in names), "Mzz", "Mzz"]


def listed(page):
    return [words(a) for a in page.css(".entries__link")]


def read_through(client, address, link):
    pages = [get(client, address)]
    while next_one := pages[-1].css_first(f'.pagination a[rel="{link}"]'):
        pages.append(get(client, next_one.attrs["href"]))
    return pages


def test_a_long_letter_is_read_page_by_page_and_back(client, many):
    pages = read_through(client, "/a-to-z/m/", "next")
    back = read_through(
        client, pages[-1].css_first('[rel="prev"]').attrs["href"], "prev"
    )

    assert sum(map(listed, pages), []) == many
    assert [len(listed(page)) for page in pages] == [50, 50, 1]
    assert [listed(page) for page in back] == [listed(pages[1]), listed(pages[0])]
    assert words(pages[0].css_first('[rel="next"]')) == "Words after these"
    assert len({page.css_first("title").text() for page in pages}) == 3


def test_the_place_of_what_was_withdrawn_is_still_a_place(client, many):
    second = get(client, "/a-to-z/m/").css_first('[rel="next"]').attrs["href"]
    before = listed(get(client, second))
    article("M000 again")
    Headword.objects.get(pk=second.rpartition("=")[2]).edition.article.withdraw()

    assert before == [*many[50:99], "Mzz"]
    assert listed(get(client, second)) == ["Mzz", "Mzz"]


@pytest.mark.parametrize("name", ["before", "after"])
@pytest.mark.parametrize("key", ["", "abc", "0", "-1", "%00", "²", "9" * 5000])
def test_a_place_that_does_not_exist_is_not_found(client, name, key):
    get(client, f"/a-to-z/m/?{name}={key}", 404)


def test_a_word_that_nobody_has_seen_is_no_place(client, many):
    article("Maybe", at=timezone.now() + DAY)
    word = Headword.objects.get(label="Maybe")

    get(client, f"/a-to-z/m/?after={word.pk}", 404)


def test_only_a_short_alphabet_stands_on_one_page(client, many):
    assert len(many) > WHOLE_ALPHABET

    page = get(client, "/a-to-z/")

    assert entries(page) == []
    assert list(linked(page)) == ["M", "N"]


def test_many_words_take_no_more_queries(client, many):
    with CaptureQueriesContext(connection) as queries:
        client.get("/a-to-z/m/")

    assert len([q for q in queries if "headword" in q["sql"]]) == 2


@pytest.mark.skipif(
    "connection.vendor == 'postgresql'",
    reason="PostgreSQL plans by its statistics, and a test has too few rows.",
)
def test_the_index_is_asked_by_its_letters(many):
    """Also where the database knows nothing of how many rows there are."""
    rows = Headword.objects.live().in_language("en").filter(letter="m").for_lists()[:51]

    assert "headword_by_letter" in rows.explain()


@pytest.mark.parametrize("address", ["/", "/articles/", "/contact/"])
def test_every_page_leads_to_it(client, address):
    links = get(client, address).css('footer a[href="/a-to-z/"]')

    assert [words(a) for a in links] == ["A to Z"]


def test_the_first_page_shows_the_letters_once_there_are_articles(client):
    empty = get(client, "/").css(".az")
    article("Fever")

    assert empty == []
    assert len(get(client, "/").css(".az li")) == len(LETTERS)


def test_the_index_is_written_anew_by_a_command(client, many, capsys):
    before = sorted(Headword.objects.values_list("edition", "label", "key", "letter"))
    Headword.objects.filter(letter="m").delete()
    Headword.objects.create(
        edition=Edition.objects.first(), language="en", letter="x", key="x", label="X",
        is_title=False,
    )  # fmt: skip

    call_command("rebuild_a_to_z")

    assert capsys.readouterr().out == f"The A to Z has {len(before)} words.\n"
    after = sorted(Headword.objects.values_list("edition", "label", "key", "letter"))
    assert after == before
