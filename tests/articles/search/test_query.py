import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.search.query import LONGEST, MOST, parse


def stems(text, language="en"):
    return [part.phrases for part in parse(text, language).parts]


def test_every_word_is_a_part():
    assert stems("liver pain") == [(("liver",),), (("pain",),)]


@pytest.mark.parametrize("marks", ['""', "“”", "«»", "„“"])
def test_words_between_quotation_marks_are_one_part(marks):
    assert stems(f"{marks[0]}first visit{marks[1]} liver") == [
        (("first", "visi"),),
        (("liver",),),
    ]


def test_a_quotation_mark_alone_means_nothing():
    assert stems('"first visit') == stems("first visit")
    assert stems('liver "') == stems("liver")
    assert stems('"" liver') == stems("liver")


def test_words_that_say_nothing_are_left_out():
    assert stems("what is the liver") == stems("liver")
    assert stems('"pain of the liver"') == [(("pain", "liver"),)]


def test_without_others_they_are_looked_for():
    assert stems("to be or not") == stems('"to" "be" "or" "not"')
    assert len(stems("to be")) == 2


def test_a_part_knows_its_place():
    query = parse("  My   LIVER, please", "en")

    assert query.text == "My LIVER, please"
    assert [query.text[part.start : part.end] for part in query.parts] == [
        "LIVER",
        "please",
    ]


@pytest.mark.parametrize(
    ("text", "was_cut"),
    [
        ("liver", False),
        (" ".join("abcdefgh"), False),
        (" ".join(["liver"] * (MOST + 1)), True),
        ("x" * LONGEST, False),
        ("x" * (LONGEST + 1), True),
    ],
)
def test_what_is_too_long_is_cut_and_says_so(text, was_cut):
    query = parse(text, "en")

    assert query.was_cut is was_cut
    assert len(query.parts) <= MOST
    assert len(query.text) <= LONGEST


def test_what_cannot_be_seen_is_not_kept():
    assert parse("li\x00ver\u202e\n pain", "en").text == "li ver pain"


SIGNS = st.text("\"“”«»'()*:^-+ \\%_\x00\n;ANDORNEAR{}àß中🫀", max_size=300)


@given(st.text(max_size=500) | SIGNS, st.sampled_from(["en", "it", "bg"]))
def test_every_text_is_a_query_of_bounded_size(text, language):
    query = parse(text, language)

    assert len(query.text) <= LONGEST
    assert len(query.parts) <= MOST
    assert query.text.isprintable()
    for part in query.parts:
        assert part.words
        assert 0 <= part.start < part.end <= len(query.text)
        assert all(all(phrase) for phrase in part.phrases)
        assert all(stem.isalnum() for phrase in part.phrases for stem in phrase)
