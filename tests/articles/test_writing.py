"""How a text is written: its sentences, headings, links and wording."""

import html

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from articles.markup import sanitise
from articles.markup.writing import (
    headings_out_of_order,
    phrases_in,
    plain_text,
    sentences_in,
    vague_links,
)

derandomised = settings(deadline=None, derandomize=True, database=None)


# Text #######################################################################


def test_the_text_has_a_line_for_each_part_of_the_page():
    body = (
        "<h2>Febbre</h2>\n<p>Chiami  <strong>su</strong>bito<br>noi &amp; loro.</p>"
        '<aside class="care" data-contact="phone-2"><h3>Chiami</h3></aside>'
        "<ul><li>uno<ol><li>due</li></ol></li></ul>"
        "<table><tbody><tr><th>A</th><td>H<sub>2</sub>O&nbsp;5</td></tr></tbody></table>"
    )

    assert plain_text(body).splitlines() == [
        "Febbre", "Chiami subito noi & loro.", "Chiami", "uno", "due", "A", "H2O 5",
    ]  # fmt: skip


def test_a_reference_to_a_contact_leaves_no_text():
    body = '<p>Chiami <span data-contact="phone-2"></span>.</p><aside></aside>'

    assert plain_text(body) == "Chiami ."


def test_what_looks_like_a_tag_in_the_text_stays():
    assert plain_text("<p>a &lt;p&gt; b &amp;lt; 3 < 4</p>") == "a <p> b &lt; 3 < 4"


@given(st.text())
@example("&#99999;")
@example("&#" + "9" * 5000 + ";")
@settings(derandomised, max_examples=500)
def test_text_without_tags_is_unchanged_but_for_spaces(text):
    assert plain_text(html.escape(text)) == " ".join(text.split())


@given(st.text())
@settings(derandomised, max_examples=300)
def test_sentences_put_together_are_the_text(text):
    for language in ("it", "en", "fr", ""):
        assert " ".join(sentences_in(text, language)) == " ".join(text.split())


# Headings ###################################################################


@pytest.mark.parametrize(
    ("body", "early"),
    [
        ("<p>a</p>", []),
        ("<h2>a</h2><h3>b</h3><h2>c</h2><h3>d</h3>", []),
        ("<h3>a <em>b</em></h3><p>c</p><h3>d</h3><h2>e</h2><h3>f</h3>", ["a b", "d"]),
        ("<h3>a</h3>", ["a"]),
    ],
)
def test_a_heading_of_the_third_level_waits_for_one_of_the_second(body, early):
    assert headings_out_of_order(body) == early


@pytest.mark.parametrize("kind", ["callout", "callout callout--ask", "care"])
@pytest.mark.parametrize("level", ["h2", "h3"])
def test_the_titles_of_boxes_are_outside_of_the_order(kind, level):
    box = f'<aside class="{kind}"><{level}>In breve</{level}><p>a</p></aside>'

    assert headings_out_of_order(box) == []
    assert headings_out_of_order(f"{box}<h3>b</h3>") == ["b"]


# Links ######################################################################


def link(text):
    return f'<p>Per la dieta <a href="/x" rel="noopener">{text}</a>.</p>'


@pytest.mark.parametrize(
    "text",
    [
        "here", "click here", "Click Here!", "CLICK&nbsp;HERE", "this link", "link",
        "read more", "Read more…", "more", "<em>more</em> »", "→",
        "https://www.example.org/a?b", "www.example.org", "HTTP://example.org",
    ],
)  # fmt: skip
def test_a_link_that_says_nothing_alone_is_found_in_english(text):
    body = link(text)

    assert vague_links(body, "en") == [plain_text(body)[len("Per la dieta ") : -1]]


@pytest.mark.parametrize(
    "text",
    [
        "qui", "Clicca qui", "clicchi  qui.", "QUI", "leggi", "Leggi tutto »", "vai",
        "questo link", "link", "continua…", "scopri di più", "scopri di piu’",
        "Leggi l’articolo", "www.example.it",
    ],
)  # fmt: skip
def test_a_link_that_says_nothing_alone_is_found_in_italian(text):
    assert vague_links(link(text), "it") == [" ".join(text.split())]


@pytest.mark.parametrize("language", ["it", "en"])
@pytest.mark.parametrize(
    "text",
    [
        "Read more about fever", "Fever: here is what to do", "leggi le regole", "AIFA",
        "qui si spiega la febbre", "site of the Ministry", "example.org", "1",
    ],
)  # fmt: skip
def test_a_link_that_says_where_it_leads_is_not_found(text, language):
    assert vague_links(link(text), language) == []


def test_vague_links_come_in_order_and_once():
    body = link("qui") + link("leggi") + link("qui") + link("Qui")

    assert vague_links(body, "it") == ["qui", "leggi", "Qui"]


def test_each_language_has_vague_words_of_its_own():
    assert vague_links(link("vai"), "en") == []
    assert vague_links(link("here"), "en-gb") == ["here"]
    assert vague_links(link("hier") + link("www.example.org"), "de") == [
        "www.example.org"
    ]


# Wording ####################################################################


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("offerta", "Una offerta."),
        ("offerta", "L’OFFERTA!"),
        ("prima visita gratuita", "La prima  visita\u00a0gratuita"),
        ("più bravi", "I piu bravi"),
        ("piu bravi", "I più bravi"),
        ("all'avanguardia", "Centro all’avanguardia"),
        ("all’avanguardia", "Centro all'avanguardia"),
        ("guarigion* garantit*", "Guarigioni garantite"),
        ("guarigion* garantit*", "Guarigion garantit"),
        ("leader nel*", "Leader nell’oncologia"),
        ("100 %", "Sicuro al 100%"),
        ("100%", "Sicuro al 100 %"),
        ("risk-free", "It is risk‑free"),
        ("n. 1 in Italia", "Il n. 1 in Italia"),
        ("subito!!!", "Prenoti subito!!!"),
        ("!!!", "subito!!!"),
        ("C++ (a|b)", "Il C++ (a|b)"),
        ("$5", "A $5 visit"),
        ("*", "a * b"),
        ("**", "a *b"),
    ],
)
def test_a_phrase_is_found(phrase, text):
    assert phrases_in(text, [phrase]) == [(phrase, " ".join(text.split()))]


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("offerta", "Il medico offre, offertati"),
        ("offerta", "controfferta"),
        ("sconto", "scontro, sconti"),
        ("garantit*", "ingarantito"),
        ("guarigion* garantit*", "Garantire un apporto di liquidi"),
        ("100 %", "2100 %"),
        ("a.c", "abc"),
        ("a|b", "a"),
        ("visita gratuita", "La visita. Gratuita"),
        ("visita gratuita", "La visita\ngratuita"),
        ("(", "a"),
    ],
)
def test_a_phrase_is_not_found(phrase, text):
    assert phrases_in(text, [phrase]) == []


def test_phrases_come_in_their_order_with_the_first_sentence_of_each():
    text = "Il dott. Rossi è qui. Uno sconto.\nGratis: uno sconto gratis!"

    assert phrases_in(text, ["gratis", "sconto", "offerta"]) == [
        ("gratis", "Gratis:"),
        ("sconto", "Uno sconto."),
    ]


@pytest.mark.parametrize("phrase", ["", "  ", "\u0301", "a" * 101])
def test_a_blank_or_endless_phrase_is_not_looked_for(phrase):
    assert phrases_in("a" * 101, [phrase]) == []
    assert phrases_in("", [phrase]) == []


@given(st.text(), st.lists(st.text(max_size=110)))
@example("aaa", ["(", "[a", "\\", "a**", "*+", "(?:", "{2}", "a{9999999}"])
@settings(derandomised, max_examples=500)
def test_no_phrase_is_a_pattern_that_fails(text, phrases):
    found = phrases_in(text, phrases)

    assert [phrase for phrase, _sentence in found] == [
        phrase for phrase in phrases if phrase in dict(found)
    ]


@given(st.lists(st.sampled_from(["più", "Il", "l’ora", "100", "è"]), min_size=1))
@settings(derandomised, max_examples=200)
def test_a_text_holds_its_own_words(words):
    text = " ".join(words[:20])

    assert phrases_in(f"Prima {text.upper()} dopo", [text]) == [
        (text, f"Prima {text.upper()} dopo")
    ]


# Long texts #################################################################

PIECES = [
    ".", "a", "(", "<p>", "<", "<a", "&", "&#9", "a.", "a. ", "A. ", "a b ", "aa* ",
    "'", "\u0301", "ﷺ", "\n", "%", " %", "!!! ", '<a href="/x">qui</a>', "<h3>a</h3>",
    '<aside class="callout">', "<em>a", "100 ",
]  # fmt: skip


@pytest.mark.parametrize("piece", PIECES)
def test_a_long_text_is_searched_in_no_time(piece):
    text = piece * (200_000 // len(piece))
    body = sanitise(text[:50_000])

    phrases = ["a* a* a* b", "100 %", "% %", "!!!", "' '", "a a a c", "(", "<*"]
    assert len(phrases_in(text, phrases)) <= len(phrases)
    assert len(plain_text(text)) <= len(text)
    assert len(vague_links(body, "it")) <= 1
    assert len(headings_out_of_order(body)) <= len(body)


def test_a_run_of_accents_is_searched_in_no_time():
    accents = "\u0301" * 100_000 + "\u0327" * 100_000

    assert len(phrases_in(f"a{accents} b", ["a b"])) == 1
