"""The page of results, as readers meet it and as the edge keeps it."""

import pytest
from django.urls import reverse
from django.utils import translation

from articles.models import Unfound
from articles.search.query import LONGEST
from clinic.edge.edge import known
from tests.clinic.test_admin import parsed

pytestmark = pytest.mark.django_db


def text_of(response, selector="main"):
    return " ".join(parsed(response).css_first(selector).text().split())


def test_every_page_has_one_field_that_leads_to_the_results(client, practice, article):
    for address in ("/", "/articles/", "/contact/", "/search/", "/not-there/", "/it/"):
        page = parsed(client.get(address))
        (form,) = page.css("form[role=search]")

        language = "it" if address == "/it/" else "en"
        with translation.override(language):
            assert form.attrs["action"] == reverse("articles:search")
        assert form.attrs.get("method", "get") == "get"
        (field,) = form.css("input")
        assert page.css_first(f"label[for={field.attrs['id']}]").text()


def test_what_was_typed_stays_in_the_field_and_nowhere_as_markup(client):
    page = client.get("/search/", {"q": '"><script>alert(1)</script>'})

    field = parsed(page).css_first("input[name=q]")
    assert field.attrs["value"] == '"><script>alert(1)</script>'
    assert b"<script" not in page.content


def test_results_say_how_many_there_are_and_mark_the_words(client, article):
    article("The spleen", summary="What a spleen does.")

    page = client.get("/search/?q=spleens")

    assert text_of(page, "[role=status]") == "1 page about “spleens”"
    result = parsed(page).css_first(".result")
    assert [mark.text() for mark in result.css("mark")] == ["spleen", "spleen"]
    assert result.css_first("a").attrs["href"].startswith("/articles/")


def test_the_contacts_come_with_their_numbers(client, practice):
    page = client.get("/search/?q=phone")

    assert parsed(page).css_first('.result a[href^="tel:"]')


def test_a_suggestion_comes_with_its_results(client, article):
    article("The spleen")

    page = client.get("/search/?q=splen")

    assert "Nothing found for “splen”. Did you mean: spleen?" in text_of(page)
    assert parsed(page).css_first(".result a").text() == "The spleen"
    assert (
        parsed(page).css_first("[role=status] a").attrs["href"] == "/search/?q=spleen"
    )


def test_where_nothing_is_found_the_numbers_help(client, practice):
    page = client.get("/search/?q=xqzvw")

    assert "Nothing found for “xqzvw”" in text_of(page)
    assert parsed(page).css_first('main a[href^="tel:"]')


def test_a_page_that_is_not_there_offers_to_search_for_the_words_of_its_address(client):
    page = parsed(client.get("/old/liver-metastases.html"))

    assert page.css_first("main input[name=q]").attrs["value"] == "old liver metastases"


def test_without_words_the_page_says_what_to_type(client, article):
    article("The spleen")

    for address in ("/search/", "/search/?q=", "/search/?q=%00"):
        assert "Type a word" in text_of(client.get(address))


def test_a_long_text_says_that_it_was_cut(client):
    page = client.get("/search/", {"q": "spleen " * 30})

    assert "only the first words" in text_of(page)


def test_results_go_on_page_by_page(client, article):
    for number in range(11):
        article(f"Spleen {number}")

    first, second = (client.get(f"/search/?q=spleen{more}") for more in ("", "&page=2"))

    assert len(parsed(first).css(".result")) == 10
    assert len(parsed(second).css(".result")) == 1
    links = {a.attrs["href"] for a in parsed(first).css(".pagination a")}
    assert links == {"/search/?q=spleen", "/search/?q=spleen&page=2"}
    assert parsed(second).css_first("[aria-current=page]").text() == "Page 2"


@pytest.mark.parametrize("page", ["0", "-1", "99", "x", "1e3", "²"])
def test_a_page_that_does_not_exist_is_the_nearest_one(client, article, page):
    article("Spleen")

    response = client.get("/search/", {"q": "spleen", "page": page})

    assert len(parsed(response).css(".result")) == 1


def test_search_engines_stay_out(client):
    assert parsed(client.get("/search/?q=x")).css_first('meta[content="noindex"]')


def test_it_speaks_italian(client, article):
    article("La milza", language="it")

    page = client.get("/it/cerca/?q=milza")

    assert text_of(page, "[role=status]") == "1 pagina su «milza»"


# The edge ####################################################################


def test_an_answer_is_kept_until_something_changes(visitor, article):
    article("The spleen")
    with_it = visitor.get("/search/?q=spleen").content
    visitor.get("/search/?utm_source=x&q=spleen")

    assert visitor.get("/search/?q=spleen").content == with_it
    assert with_it.count(b"<mark>") > 0


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("q=spleen", "?q=spleen"),
        ("q=++two%20%20words+", "?q=two+words"),
        ("page=2&x=1&q=a", "?page=2&q=a"),
        ("page=11&q=a", "?q=a"),
        ("q=", ""),
        ("q=%C3%A0", "?q=%C3%A0"),
        # As some links and programs write it: its bytes, each of them a character.
        ("q=\xc3\xa0", "?q=%C3%A0"),
        ("q=\xe0", "?q=%EF%BF%BD"),
    ],
)
def test_what_means_the_same_is_kept_once(query, kept):
    assert known("/search/", query) == kept


def test_the_edge_keeps_more_than_is_looked_for_and_not_much_more():
    kept = known("/search/", "q=" + "x" * 1000)

    assert LONGEST < len(kept) < 2 * LONGEST


def counts(visitor):
    return visitor.edge.edge.counts["unfound"].counts


def test_searches_in_vain_are_counted_each_time(visitor, article):
    article("The spleen")
    for text in ("q=Xqzvw", "q=xqzvw", "q=spleen", "q=splen", "q="):
        visitor.get(f"/search/?{text}")
    visitor.get("/it/cerca/?q=xqzvw")

    assert counts(visitor) == {"en xqzvw": (2, ""), "it xqzvw": (1, "")}


def test_to_turn_the_page_is_not_to_search_once_more(visitor, article):
    article("The spleen")
    for more in ("", "&page=2"):
        visitor.get(f"/search/?q=spleen+xqzvw{more}")

    assert counts(visitor) == {"en spleen xqzvw": (1, "")}


def test_no_answer_tells_visitors_what_is_counted(visitor, client):
    assert "Edge-Counted" not in visitor.get("/search/?q=xqzvw").headers
    assert "Edge-Counted" not in visitor.get("/search/?q=xqzvw").headers


@pytest.mark.parametrize(
    "text", ["ada@example.org xqzvw", "xqzvw 06 123 45", "RSSMRA80A01H501U"]
)
def test_what_may_be_somebodys_own_is_not_counted(visitor, text):
    visitor.get(f"/search/?q={text.replace(' ', '+')}")

    assert counts(visitor) == {}


def test_what_was_counted_is_written_down(visitor, db):
    for _time in range(2):
        visitor.get("/search/?q=xqzvw+city")
        visitor.edge.edge.flush()

    (row,) = Unfound.objects.all()
    assert (row.language, row.words, row.count) == ("en", "xqzvw city", 2)
