"""Letters and order of the A to Z."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.alphabet import LETTERS, LONGEST_KEY, letter_of, sort_key, words_of


@pytest.mark.parametrize(
    ("language", "label", "letter", "key"),
    [
        ("en", "The liver", "l", "liver"),
        ("en", "An eye test", "e", "eye test"),
        ("en", "A to Z", "t", "to z"),
        ("en", "Then what?", "t", "then what"),
        ("en", "The", "t", "the"),
        ("en", "Il Sorpasso", "i", "il sorpasso"),
        ("en", "“The” liver", "t", "the liver"),
        ("en", "“The liver”", "l", "liver"),
        ("en", "CT, MRI & PET", "c", "ct mri pet"),
        ("en", "18F-FDG", "0-9", "18f fdg"),
        ("en", "β-blockers", "0-9", "β blockers"),
        ("en", "Œsophagus", "o", "oesophagus"),
        ("it", "Il fegato", "f", "fegato"),
        ("it", "Lo stomaco", "s", "stomaco"),
        ("it", "Gli occhi", "o", "occhi"),
        ("it", "L’ecografia", "e", "ecografia"),
        ("it", "L'ÈCHO", "e", "echo"),
        ("it", "Un’altra opinione", "a", "altra opinione"),
        ("it", "Una visita", "v", "visita"),
        ("it", "È grave?", "e", "e grave"),
        ("it", "Lavoro e cure", "l", "lavoro e cure"),
        ("it", "Illuminare", "i", "illuminare"),
        ("it", "The liver", "t", "the liver"),
        ("de", "Die Leber", "d", "die leber"),
    ],
)
def test_an_entry_stands_under_the_letter_that_one_looks_under(
    language, label, letter, key
):
    assert sort_key(label, language) == key
    assert letter_of(key) == letter


def test_key_phrases_stand_beside_the_title_each_once():
    phrases = "tumour of the liver\n\n  Tumour of the LIVER \npH\nLiver spread"

    assert list(words_of("Liver spread: what it is", phrases, "en")) == [
        ("l", "liver spread what it is", "Liver spread: what it is", True),
        ("t", "tumour of the liver", "Tumour of the liver", False),
        ("p", "ph", "pH", False),
    ]


def test_what_has_no_letter_stands_nowhere():
    assert [tuple(word)[2:] for word in words_of("?!", "…\nliver", "en")] == [
        ("Liver", False)
    ]


@given(st.text(), st.text(), st.sampled_from(["en", "it", "de"]))
def test_any_text_has_its_place(title, phrases, language):
    for word in words_of(title, phrases, language):
        assert word.letter in LETTERS
        assert 0 < len(word.key) <= LONGEST_KEY
        assert word.label
