"""How hard a text is to read: sentences, words, syllables, scores."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from articles.markup import sanitise
from articles.readability import (
    Readability,
    flesch,
    grade_of,
    gulpease,
    measure,
    minutes_to_read,
    sentences_of,
    syllables,
    words_of,
)

derandomised = settings(deadline=None, derandomize=True, database=None)

EASY = (
    "Le metastasi epatiche sono tumori che si formano nel fegato. Le cellule arrivano "
    "da un altro organo. Il medico le vede con la TAC o con la risonanza. La cura "
    "dipende dal numero delle metastasi."
)
HARD = (
    "Le metastasi epatiche rappresentano la più frequente manifestazione di "
    "disseminazione ematogena delle neoplasie del tratto gastroenterico, condizionando "
    "in maniera determinante la prognosi dei pazienti e richiedendo un approccio "
    "terapeutico multidisciplinare personalizzato."
)


# Scores #####################################################################


def test_an_easy_text_in_italian():
    assert measure(f"<p>{EASY}</p>", "it") == Readability(
        formula="Gulpease", score=79.0, grade="EASY", words=35, sentences=4, longest=[]
    )


def test_a_hard_text_in_italian():
    assert measure(f"<p>{HARD}</p>", "it") == Readability(
        formula="Gulpease",
        score=20.6,
        grade="VERY_HARD",
        words=31,
        sentences=1,
        longest=[HARD],
    )


def test_an_easy_text_in_english():
    body = "<p>The cat sat on the mat.</p>" * 4

    # 24 words, 4 sentences, 24 syllables: 206.835 - 1.015 * 6 - 84.6
    assert measure(body, "en") == Readability(
        formula="Flesch", score=116.1, grade="EASY", words=24, sentences=4, longest=[]
    )


def test_the_formulas_are_those_of_their_authors():
    assert gulpease(letters=155, words=35, sentences=4) == 89 + (1200 - 1550) / 35
    assert flesch(words=100, sentences=5, syllables=150) == pytest.approx(
        206.835 - 1.015 * 20 - 84.6 * 1.5
    )


def test_gulpease_goes_from_0_to_100_and_flesch_below():
    assert gulpease(letters=200, words=10, sentences=1) == 0
    assert gulpease(letters=10, words=10, sentences=10) == 100
    assert flesch(words=30, sentences=1, syllables=120) < 0


@pytest.mark.parametrize(
    ("letters", "grade"),
    [(4, "EASY"), (5, "FAIR"), (6, "HARD"), (7, "VERY_HARD")],
)
def test_grades_of_gulpease(letters, grade):
    # One sentence of 20 words: 104 less ten times the letters of a word.
    assert measure(("a" * letters + " ") * 20, "it").grade == grade


@pytest.mark.parametrize(
    ("score", "grade"),
    [
        (60.0, "EASY"), (59.9, "FAIR"), (50.0, "FAIR"), (49.9, "HARD"), (30.0, "HARD"),
        (29.9, "VERY_HARD"), (-40.0, "VERY_HARD"),
    ],
)  # fmt: skip
def test_grades_of_flesch(score, grade):
    assert grade_of("Flesch", score) == grade


@pytest.mark.parametrize("language", ["it", "en"])
def test_fewer_than_twenty_words_have_no_score(language):
    few, enough = measure("a " * 19, language), measure("a " * 20, language)

    assert (few.score, few.grade, few.words) == (None, "", 19)
    assert enough.score is not None


def test_a_score_is_stable_from_a_hundred_words():
    assert measure("a " * 99, "it").is_stable is False
    assert measure("a " * 100, "it").is_stable is True


def test_a_language_without_formula_is_counted_and_not_scored():
    assert measure(f"<p>{HARD}</p>", "de") == Readability(
        formula="", score=None, grade="", words=31, sentences=1, longest=[HARD]
    )


def test_a_regional_language_has_the_formula_of_its_language():
    assert measure("<p>One.</p>", "en-gb").formula == "Flesch"


@pytest.mark.parametrize("body", ["", "<p></p>", "<p>…</p>", "<p>— 42 % —</p>"])
def test_an_empty_text_is_measured_too(body):
    assert measure(body, "it") == Readability("Gulpease", None, "", 0, 0, [])


# Long sentences #############################################################


def test_a_sentence_of_twenty_words_is_not_too_long():
    assert measure("a " * 20, "en").longest == []
    assert measure("a " * 21, "en").longest == ["a " * 20 + "a"]


def test_the_five_longest_sentences_come_longest_first():
    body = "".join(f"<p>{'a ' * n}</p>" for n in (25, 22, 27, 23, 26, 24, 21))

    longest = measure(body, "it").longest

    assert [len(sentence.split()) for sentence in longest] == [27, 26, 25, 24, 23]


# Sentences ##################################################################


@pytest.mark.parametrize("language", ["it", "en"])
@pytest.mark.parametrize("end", ".!?…:;")
def test_a_full_stop_and_its_kin_end_a_sentence(end, language):
    assert sentences_of(f"<p>Una{end} Due</p>", language) == [f"Una{end}", "Due"]


def test_parts_of_a_page_end_a_sentence():
    body = (
        "<h2>Uno</h2><p>due</p><ul><li>tre</li><li>quattro<ol><li>cinque</li></ol>"
        "</li></ul><table><tbody><tr><th>sei</th><td>sette</td></tr></tbody></table>"
        '<aside class="callout"><h3>otto</h3><blockquote>nove</blockquote></aside>'
    )

    assert sentences_of(body, "it") == (
        ["Uno", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove"]
    )


def test_emphasis_links_and_line_breaks_do_not_end_a_sentence():
    body = (
        '<p>Una <strong>sola</strong> <a href="/x">frase</a><br>in <em>tut</em>to</p>'
    )

    assert sentences_of(body, "it") == ["Una sola frase in tutto"]


def test_a_reference_to_a_contact_is_no_word():
    body = (
        '<p>Chiami il <span data-contact="phone-2"></span>. Subito.</p>'
        '<aside data-contact="phone-2"></aside>'
    )

    assert sentences_of(body, "it") == ["Chiami il .", "Subito."]


def test_closing_quotes_belong_to_the_sentence():
    assert sentences_of(
        "<p>“I have a fever.” Then say «sì!» (Dopo.) Ora</p>", "en"
    ) == [
        "“I have a fever.”",
        "Then say «sì!»",
        "(Dopo.)",
        "Ora",
    ]


def test_the_number_of_a_source_does_not_hide_the_end():
    body = "<p>Funziona.<sup>3</sup> Poi basta.<sup>4</sup></p>"

    assert sentences_of(body, "it") == ["Funziona.", "3 Poi basta."]


@pytest.mark.parametrize(
    "sentence",
    [
        "Il dott. Rossi e il prof. Bianchi.",
        "La sig.ra Verdi e la Dott.ssa Neri al n. 5.",
        "Un farmaco (es. Tachipirina) prima di cena.",
        "Frutta, pane, ecc. vanno bene.",
        "Come dice l’art. 1 c. 525 a pag. 3, cfr. D.Lgs. 70.",
        "Il dott. M. Rossi, S.p.A. di cure.",
        "M. Rossi.",
        "12. Chiamare.",
        "Pesa 3.5 kg, 1.000 volte, alle 10:30.",
        "Su www.example.it e su https://example.it/x.",
    ],
)
def test_an_abbreviation_does_not_end_a_sentence_in_italian(sentence):
    assert sentences_of(f"<p>{sentence} Poi</p>", "it") == [sentence, "Poi"]


@pytest.mark.parametrize(
    "sentence",
    [
        "Dr. Rossi, Prof. Smith and Mrs. J. Brown.",
        "Herbs, e.g. St. John’s wort, i.e. hypericum.",
        "Bread, rice etc. are fine, cf. fig. 2 and no. 3.",
        "At 8 a.m. or 9 p.m. each day.",
        "It weighs 3.5 kg, 1,000 times, at 10:30.",
        "J. Smith et al. say more.",
    ],
)
def test_an_abbreviation_does_not_end_a_sentence_in_english(sentence):
    assert sentences_of(f"<p>{sentence} Then</p>", "en") == [sentence, "Then"]


@pytest.mark.parametrize(
    ("text", "first", "language"),
    [
        ("Riso, pane, ecc. Poi riposi.", "Riso, pane, ecc.", "it"),
        ("Prenda vitamina C. Poi riposi.", "Prenda vitamina C.", "it"),
        ("Ha l’epatite B. Non è grave.", "Ha l’epatite B.", "it"),
        ("Prenda 5 mg. Poi riposi.", "Prenda 5 mg.", "it"),
        ("Rice, bread, etc. Then rest.", "Rice, bread, etc.", "en"),
        ("You may say no. Then rest.", "You may say no.", "en"),
        ("Come at 8 a.m. Do not eat.", "Come at 8 a.m.", "en"),
    ],
)
def test_a_capital_behind_an_abbreviation_begins_a_sentence(text, first, language):
    assert sentences_of(f"<p>{text}</p>", language)[0] == first


def test_the_abbreviations_of_one_language_are_words_of_the_other():
    assert len(sentences_of("<p>Do it as is. It tells me no. And ok.</p>", "en")) == 3
    assert sentences_of("<p>Vada al cap. Poi</p>", "it") == ["Vada al cap.", "Poi"]


# Words ######################################################################


def test_words_are_counted_as_people_write_them():
    sentence = "L’ora: 37,5 °C – un follow-up di 1.000 mg/l, 42% e perche\u0301 no…"

    assert words_of(sentence) == [
        "L’ora", "37,5", "C", "un", "follow-up", "di", "1.000", "mg", "l", "42", "e",
        "perche\u0301", "no",
    ]  # fmt: skip


# Syllables ##################################################################

COUNTED = {
    1: "a the care take takes called asked clothes through eye tongue vague build "
    "fruit breathe friends you stopped scales mass 38",
    2: "disease table tables needed wanted nurses doctor cancer tumour liver science "
    "fluid every going being patient surgeon headaches people isn't couldn't safely "
    "spasm business something homework centre CT",
    3: "medicine infection hospital area idea biopsy nausea diarrhoea creation medium "
    "vomiting influence appointment diagnose medically DNA MRI",
    4: "oncologist metastasis metastases anaemia leukaemia diabetes temperature "
    "diagnosis usually bacteria society anxiety",
    5: "chemotherapy neutropenia stereotactic radiologist",
    6: "radiotherapy",
}


@pytest.mark.parametrize(
    ("word", "count"),
    [(word, count) for count, words in COUNTED.items() for word in words.split()],
)
def test_syllables_are_counted_as_they_are_spoken(word, count):
    assert syllables(word) == count


@pytest.mark.parametrize(
    ("word", "count"),
    [("follow-up", 3), ("X-rays", 2), ("St", 1), ("You’ve", 1), ("café", 1), ("7", 1)],
)
def test_compounds_are_counted_part_by_part(word, count):
    assert syllables(word) == count


# Properties #################################################################


@given(st.text(), st.sampled_from(["it", "en", "fr", ""]))
@settings(derandomised, max_examples=500)
def test_any_text_can_be_measured(text, language):
    for body in (text, sanitise(text)):
        found = measure(body, language)

        assert 0 <= found.sentences <= found.words
        assert (found.score is None) == (found.words < 20 or not found.formula)
        assert (found.grade == "") == (found.score is None)
        assert all(len(words_of(sentence)) > 20 for sentence in found.longest)


@given(st.lists(st.sampled_from(["parola", "dott.", "fine.", "c’è:", "E", "ecc."])))
@settings(derandomised, max_examples=200)
def test_no_word_is_lost_between_sentences(words):
    sentences = sentences_of(" ".join(words), "it")

    assert " ".join(sentences) == " ".join(words)


@given(st.text(st.characters(codec="ascii")))
@settings(derandomised, max_examples=300)
def test_every_word_has_a_syllable(word):
    assert 1 <= syllables(word) <= max(1, len(word) * 4)


@given(st.integers(1, 400), st.integers(1, 40))
@settings(derandomised, max_examples=100)
def test_longer_words_never_make_a_text_easier(letters, sentences):
    scores = [gulpease(letters * n, 100, sentences) for n in range(1, 5)]

    assert all(easier >= harder for easier, harder in pairwise(scores))


@pytest.mark.parametrize("language", ["it", "en"])
@pytest.mark.parametrize(
    "piece",
    [
        ".", "a", "(", "<p>", "<", "<a", "<a ", "&", "&#9", "a.", "a. ", "A. ",
        "dott. ", ".<sup>", "<em>x", "e", "quiet", "'", "’a", "\u0301", "e\u0301",
        "1,", "\n", " -", '<a href="x">y</a>', "ﷺ", "<li>a",
    ],
)  # fmt: skip
def test_a_long_text_is_measured_in_no_time(piece, language):
    body = piece * (200_000 // len(piece))

    assert measure(body, language).words >= 0


def test_a_run_of_accents_is_measured_in_no_time():
    assert measure("a" + "\u0301" * 100_000 + "\u0327" * 100_000, "en").words == 1


# Time #########################################################################


@pytest.mark.parametrize(
    ("language", "words", "minutes"),
    [
        ("en", 0, 1), ("en", 238, 1), ("en", 239, 2), ("en-gb", 476, 2),
        ("it", 285, 1), ("it", 286, 2), ("de", 239, 2),
    ],
)  # fmt: skip
def test_the_time_to_read_is_rounded_up(language, words, minutes):
    body = f"<h2>{'word ' * (words // 2)}</h2><p>{'<b>word</b> ' * -(-words // 2)}</p>"

    assert minutes_to_read(body, language) == minutes
