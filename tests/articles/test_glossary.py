"""The pages of the glossary."""

from datetime import UTC, datetime

import pytest
import time_machine
from selectolax.lexbor import LexborHTMLParser

from articles.models import term as terms
from tests import factories
from tests.clinic.test_admin import queries_of

pytestmark = pytest.mark.django_db

PAGE, ITALIAN = "/glossary/", "/it/glossario/"


def page(client, address=PAGE):
    answer = client.get(address)
    assert answer.status_code == 200
    return LexborHTMLParser(answer.content.decode())


def text(node):
    return " ".join(node.text().split())


def names(tree):
    return [text(node) for node in tree.css("dfn")]


def test_an_empty_glossary_says_so(client, practice):
    tree = page(client)

    assert names(tree) == []
    assert "There are no words in this language yet." in text(tree.css_first("main"))


def test_entries_stand_in_the_order_of_the_alphabet_under_their_letters(
    client, practice
):
    for name in ("biopsy", "Ablation", "5-FU", "àncora", "bile", "ascites"):
        factories.entry(name=name)
    factories.entry(name="biopsia", language="it")
    factories.TermFactory(name="unchecked")

    tree = page(client)

    assert names(tree) == ["5-FU", "Ablation", "àncora", "ascites", "bile", "biopsy"]
    assert [text(node) for node in tree.css(".az__group h2")] == ["0–9", "A", "B"]
    assert [node.attributes["href"] for node in tree.css(".az a")] == [
        "#letter-0-9",
        "#letter-a",
        "#letter-b",
    ]
    assert names(page(client, ITALIAN)) == ["biopsia"]


def test_an_entry_tells_all_that_is_known_of_it(client, practice):
    doctor = factories.ReviewerFactory()
    name = str(doctor.doctor)
    english = factories.TermFactory(
        name="CT scan",
        synonyms="CT\ncomputed tomography",
        pronunciation="see-TEE scan",
        definition="X-rays & a computer.",
    )
    italian = factories.TermFactory(name="TAC", language="it", translation_of=english)
    with time_machine.travel(datetime(2026, 6, 8, 12, tzinfo=UTC), tick=False):
        english.check_definition(by=doctor)
        italian.check_definition(by=doctor)
        term = page(client).css_first("#ct-scan")
        other = page(client, ITALIAN).css_first("#tac a")

    assert text(term) == (
        "CT scan say: see-TEE scan X-rays & a computer. "
        "Also: CT, computed tomography Italian: TAC "
        f"Checked 8 June 2026, {name}"
    )
    link = term.css_first("a")
    assert link.attributes == {
        "href": "/it/glossario/#tac",
        "lang": "it",
        "hreflang": "it",
    }
    assert other.attributes["href"] == "/glossary/#ct-scan"


def test_an_unchecked_translation_is_not_linked(client, practice):
    entry = factories.entry(name="biopsy")
    factories.TermFactory(name="biopsia", language="it", translation_of=entry.term)

    assert page(client).css("main a[hreflang]") == []


def test_readers_are_told_that_a_check_is_overdue(client, practice):
    practice.review_months, practice.review_grace_days = 24, 30
    practice.save()
    with time_machine.travel(datetime(2026, 6, 8, 12, tzinfo=UTC), tick=False):
        factories.entry(name="biopsy")

    with time_machine.travel(datetime(2028, 7, 8, 12, tzinfo=UTC), tick=False):
        assert "overdue" not in text(page(client).css_first("main"))
    with time_machine.travel(datetime(2028, 7, 9, 12, tzinfo=UTC), tick=False):
        assert "overdue" in text(page(client).css_first("main"))


def test_a_sample_says_that_nobody_has_checked_it(client, practice):
    factories.entry(name="biopsy")
    assert "No doctor has checked" not in text(page(client).css_first("main"))

    factories.TermFactory(name="nodule").show_as_sample()

    assert "No doctor has checked" in text(page(client).css_first("main"))
    assert page(client).css_first("#nodule time") is None


# Long glossaries ##############################################################


@pytest.fixture
def long(practice, monkeypatch):
    """Seven words, where a page has room for three."""
    monkeypatch.setattr(terms, "PER_PAGE", 3)
    monkeypatch.setattr("articles.glossary.PER_PAGE", 3)
    for name in ("alpha", "beta", "bile", "bile duct", "biopsy", "bowel", "gamma"):
        factories.entry(name=name)
    factories.entry(name="betaitaliano", language="it")


def test_of_a_long_glossary_the_first_page_has_the_letters_only(client, long):
    tree = page(client)

    assert names(tree) == []
    assert [node.attributes["href"] for node in tree.css(".az a")] == [
        "/glossary/a/",
        "/glossary/b/",
        "/glossary/g/",
    ]


def test_the_page_of_a_letter_has_its_words_and_leads_to_the_rest(client, long):
    first = page(client, "/glossary/b/")
    more = first.css_first("main a[rel=next]").attributes["href"]
    second = page(client, more)

    assert names(first) == ["beta", "bile", "bile duct"]
    assert names(second) == ["biopsy", "bowel"]
    assert second.css("main a[rel=next]") == []
    current = first.css(".az a[aria-current=page]")
    assert [node.text() for node in current] == ["B"]
    assert first.css_first(".languages a").attributes["href"] == ITALIAN
    assert "words with B" in first.css_first("title").text()


def test_a_word_has_its_address_wherever_it_stands(client, long):
    found = {
        entry.name: entry.get_absolute_url()
        for entry in terms.Entry.objects.filter(name__startswith="beta")
    }

    assert found == {
        "beta": "/glossary/b/#beta",
        "betaitaliano": "/it/glossario/#betaitaliano",
    }


@pytest.mark.parametrize(
    "address",
    [
        "/glossary/z/",
        "/glossary/b/?after=",
        "/glossary/b/?after=x",
        "/glossary/b/?after=999999",
        f"/glossary/b/?after={'9' * 30}",
    ],
)
def test_there_is_no_page_where_no_word_stands(client, long, address):
    assert client.get(address).status_code == 404


def test_a_letter_of_a_short_glossary_leads_to_the_whole(client, practice):
    factories.entry(name="beta")

    assert client.get("/glossary/b/")["Location"] == PAGE


def test_a_page_costs_the_same_whatever_stands_on_it(client, practice):
    first = factories.entry(name="term a")
    other = factories.TermFactory(language="it", translation_of=first.term)
    other.check_definition(by=factories.ReviewerFactory())
    one = queries_of(client, PAGE)
    for number in range(20):
        factories.entry(name=f"term {number}")

    assert queries_of(client, PAGE) == one
