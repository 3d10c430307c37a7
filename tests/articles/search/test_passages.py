import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.search.passages import LENGTH, Piece, marked, passage
from articles.search.words import stems_of
from clinic.accents import composed

STEMS = {"liver", "pain"}


def read(pieces):
    return "".join(f"[{text}]" if is_marked else text for text, is_marked in pieces)


def test_words_are_marked_in_whatever_form():
    assert read(marked("Livers, PAIN: a liver’s pains", STEMS, "en")) == (
        "[Livers], [PAIN]: a [liver]’s [pains]"
    )


@pytest.mark.parametrize(
    ("word", "looked_for"),
    [("Oedema", "edema"), ("edema", "oedema"), ("tumours", "tumor"),
     ("Biopsy", "biopsies"), ("haemoglobin", "hemoglobin"), ("leukaemic", "leukemia"),
     ("disability", "disability"), ("Caring", "care"), ("aging", "aging")],
)  # fmt: skip
def test_words_are_marked_however_they_are_spelled(word, looked_for):
    stems = stems_of(looked_for, "en")

    assert marked(word, stems, "en") == [Piece(word, True)]


@pytest.mark.parametrize("word", ["sopravvivenza", "Resistenza", "incontinenza"])
def test_words_whose_stem_ends_otherwise_are_marked(word):
    assert marked(word, stems_of(word, "it"), "it") == [Piece(word, True)]


def test_accents_do_not_move_the_marks():
    assert read(marked("Città è metà\u0300 città", {"citt"}, "it")) == (
        "[Città] è metà\u0300 [città]"
    )


def test_a_short_text_stands_whole():
    assert read(passage("It hurts. The liver is large.", STEMS, "en")) == (
        "It hurts. The [liver] is large."
    )


def test_a_text_without_the_words_has_no_passage():
    assert passage("Nothing of the kind.", STEMS, "en") == []


def test_the_part_with_most_of_the_words_is_chosen():
    text = (
        "The liver is an organ. "
        + "Here is something else. " * 30
        + "Then pain in the liver begins. "
        + "And so on. " * 30
    )

    shown = read(passage(text, STEMS, "en"))

    assert shown.startswith("Then [pain] in the [liver] begins.")
    assert shown.endswith(" …")


def test_a_passage_within_a_sentence_says_that_it_is_cut():
    text = "word " * 100 + "liver " + "word " * 100

    shown = read(passage(text, STEMS, "en"))

    assert shown.startswith("… word")
    assert shown.endswith("word …")
    assert "[liver]" in shown


@given(
    st.lists(
        st.sampled_from(["liver", "pain", "so", "è", ".", "A", "–", "<b>"]),
        max_size=150,
    )
)
def test_a_passage_is_a_part_of_its_text(words):
    text = composed(" ".join(words))

    pieces = passage(text, STEMS, "en")

    shown = "".join(piece.text for piece in pieces)
    assert shown.removeprefix("… ").removesuffix(" …") in text
    assert len(shown) <= LENGTH + len("…  …")
    assert any(piece.is_marked for piece in pieces) == bool(STEMS & set(words))


def test_marking_loses_nothing():
    text = "Liver & <b>pain</b>"

    assert marked(text, STEMS, "en") == [
        Piece("Liver", True),
        Piece(" & <b>", False),
        Piece("pain", True),
        Piece("</b>", False),
    ]
