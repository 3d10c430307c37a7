"""Accents are put into their letters, and too many of them are left out."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.accents import composed

# Marks of several scripts that have to be put into an order, and signs that have none.
MARKS = "\u0300\u0316\u0327\u0591\u05b0\u0651\u1dc4\u20d0\u302a\U0001d165"


@pytest.mark.parametrize("text", ["perché", "perche\u0301", "a\u0327\u0300", "שָׁ", "가"])
def test_what_people_write_is_composed_as_unicode_says(text):
    assert composed(text) == unicodedata.normalize("NFC", text)


@given(st.text() | st.text("ae" + MARKS, max_size=30))
def test_composing_twice_changes_nothing(text):
    assert composed(composed(text)) == composed(text)


@given(st.text(st.sampled_from("ae…“🫀" + MARKS), max_size=80))
def test_signs_that_are_no_marks_stay(text):
    bare = [c for c in text if not unicodedata.combining(c) and c not in "ae"]

    assert [c for c in composed(text) if c in bare] == bare


@pytest.mark.parametrize("mark", MARKS)
def test_a11_no_run_of_marks_stays_long(mark):
    for other in MARKS:
        assert len(composed("a" + (mark + other) * 20_000)) < 100
