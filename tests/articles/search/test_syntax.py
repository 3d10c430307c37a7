"""A10: what people type are words, whatever a database would read in them."""

from urllib.parse import quote, urlencode

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

pytestmark = pytest.mark.django_db

SYNTAX = [
    '"', '""', '"""', "'", "''", "*", "a*", "*a", '"a"*', "^a", "-a", "+a", "a-b",
    "NEAR(a b)", "NEAR(", "NEAR(a b, 5)", "NEAR/2", "a AND b", "AND", "OR", "NOT",
    "a NOT b", "a OR", "(a", "a)", "((((", "col:a", "text:a", "{a b}:c", "-text:a",
    "a:b:c", ":", "::", "{", "}", "a\\", "\\", "a\0b", "a;b", "a--", "/*", "%", "_",
    "&", "a & b", "|", "a | b", "!", "!a", "a <-> b", "<2>", "a:*", "a:A", "'a':*B",
    "' OR 1=1--", "' UNION SELECT 1,2,3--", "1; DROP TABLE articles_article", "$$",
    "') OR ('1'='1", '" OR ""="', "1 AND SLEEP(5)", "pg_sleep(5)", "||", "a'||'b",
    "randomblob(1000000000)", "${1}", "%s", "%(x)s", "%%", "?", "?1", ":a", "@a",
    "a" * 5000, '"' * 5000, "( " * 2000, "a OR " * 2000, "\ud7ff\ue000\uffff", "🫀",
]  # fmt: skip


def places_of_the_search(staff):
    """Every place of site and desk that looks for what somebody types."""
    complete = "/admin/autocomplete/?app_label=articles&model_name=article&field_name="
    return [
        (Client(), "/search/?q="),
        (Client(), "/it/cerca/?q="),
        (staff, "/admin/articles/article/?q="),
        (staff, "/admin/clinic/picture/?q="),
        (staff, f"{complete}translation_of&term="),
    ]


def test_a10_no_syntax_is_asked_of_the_database(staff, article):
    article("Fever")

    for number, (place, address) in enumerate(places_of_the_search(staff)):
        for typed in SYNTAX[::5] if number else SYNTAX:
            response = place.get(address + quote(typed))

            assert response.status_code in {200, 302}, (address, typed)


def test_a10_what_looks_like_syntax_are_words(client, article):
    """It finds what its words find, neither more nor less."""
    article("Fever", summary="What a fever does.")
    article("The spleen", summary="What a spleen does.")
    found = results(client, "fever")
    assert len(found) == 1

    for typed in ("fever*", '"fever', "fever)", "(fever", "-fever", "^fever"):
        assert results(client, typed) == found, typed
    for typed in ("fev*", "' OR 1=1--"):
        assert results(client, typed) != found, typed


def results(client, typed):
    page = LexborHTMLParser(client.get(f"/search/?q={quote(typed)}").text)
    return [link.attrs["href"] for link in page.css(".result a")]


SIGNS = st.text(st.sampled_from("ab\"'*^:-+(){}|&!<>\\%;,. \0"), max_size=40)


@given(SIGNS | st.text())
@settings(deadline=None, derandomize=True, database=None, max_examples=40)
def test_a10_no_string_breaks_the_search(typed):
    query = urlencode({"q": typed}, errors="replace")

    assert Client().get(f"/search/?{query}").status_code == 200
