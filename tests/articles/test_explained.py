"""Words in articles that are explained: which are found, and how they are marked."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from articles import markup
from articles.markup.glossary import TAG, keys_of
from clinic.accents import composed
from tests import factories
from tests.clinic.test_roles import doctor_account

MARK = re.compile(
    r'<button type="button" class="term" popovertarget="word--\d+">(.*?)</button>'
    r'<span class="note" role="note" id="word--\d+" popover>.*?</span>',
    re.DOTALL,
)


def glossary(*names, language="en"):
    """Terms with these names; "CT = CT scan" has a synonym."""
    notes = []
    for words in names:
        name, *others = words.split(" = ")
        notes.append(markup.Note(name, f"What {name} is.", "", tuple(others)))
    return markup.Glossary(language, notes)


def found(html, *names, language="en"):
    """The words of the text that are marked, in their order."""
    return MARK.findall(markup.explain(html, glossary(*names, language=language)).html)


def unmarked(html):
    return MARK.sub(r"\1", html)


# Which words ##################################################################


@pytest.mark.parametrize(
    ("language", "term", "text", "expected"),
    [
        ("en", "biopsy", "Two biopsies.", ["biopsies"]),
        ("en", "lymph node", "The lymph nodes.", ["lymph nodes"]),
        ("en", "scan", "Two scans.", ["scans"]),
        ("en", "metastasis", "Many metastases.", ["metastases"]),
        ("en", "diagnosis", "Two diagnoses.", ["diagnoses"]),
        ("en", "Neutropenia", "NEUTROPENIA is", ["NEUTROPENIA"]),
        ("en", "tumour", "a tumor", ["tumor"]),
        ("en", "follow-up", "a follow up, a follow-up", ["follow up"]),
        ("it", "biopsia", "Due biopsie.", ["biopsie"]),
        ("it", "linfonodo", "I linfonodi.", ["linfonodi"]),
        ("it", "vena porta", "Le vene porte.", ["vene porte"]),
        ("it", "arteria epatica", "nell’arteria epatica", ["arteria epatica"]),
        ("it", "arteria epatica", "le arterie epatiche", ["arterie epatiche"]),
        ("it", "chemioterapia", "i chemioterapici", ["chemioterapici"]),
        ("it", "metastasi", "METÀSTASI", ["METÀSTASI"]),
        # An accent that is a sign of its own, as some machines write it.
        ("it", "biopsia", "La biopsia e\u0300 breve.", ["biopsia"]),
        ("de", "Leber", "Die Leber", ["Leber"]),
    ],
)
def test_the_forms_of_a_word_count(language, term, text, expected):
    assert found(f"<p>{text}</p>", term, language=language) == expected


@pytest.mark.parametrize(
    ("language", "term", "text"),
    [
        ("en", "PET", "A pet at home."),
        ("en", "AIDS", "It aids you."),
        ("it", "port", "Porti le carte."),
        ("en", "CT scan", "A CT, a scan"),
        ("en", "CT scan", "A CT. Scan it."),
        ("en", "biopsy", "micro<em>biopsy</em>"),
        ("en", "biopsy", "<strong>biopsy</strong>like"),
        ("en", "amp", "This &amp; that"),
        ("en", "gt", "a &gt; b"),
        ("en", "lymph node", "lymph"),
        ("en", "???", "What??? This"),
        ("en", "span", "<span data-contact='phone-1'></span>"),
    ],
)
def test_other_words_do_not(language, term, text):
    html = f"<p>{text}</p>".replace("'", '"')

    assert markup.explain(html, glossary(term, language=language)).html == html


def test_an_abbreviation_is_found_in_capitals():
    assert found("<p>A pet, a PET, a Pet.</p>", "PET") == ["PET"]


def test_a_note_behind_a_word_is_no_part_of_it():
    assert found("<p>A biopsy<sup>1</sup>.</p>", "biopsy") == ["biopsy"]


def test_words_are_found_beside_marks_of_emphasis():
    html = "<p><strong>Biopsy:</strong> a <em>CT</em>&nbsp;scan, a CT&nbsp;scan</p>"

    assert found(html, "biopsy", "CT scan") == ["Biopsy", "CT&nbsp;scan"]


def test_only_the_first_use_is_marked():
    html = "<p>A biopsy.</p><p>Biopsies. A CT scan, a CT.</p>"

    assert found(html, "biopsy", "CT = CT scan") == ["biopsy", "CT scan"]


def test_the_longest_term_is_found_first():
    html = "<p>Stereotactic body radiotherapy, a stereotactic frame, radiotherapy</p>"
    names = ("stereotactic", "radiotherapy", "stereotactic body radiotherapy")

    assert found(html, *names) == [
        "Stereotactic body radiotherapy",
        "stereotactic",
        "radiotherapy",
    ]


def test_a_part_of_an_explained_term_is_not_explained_within_it():
    html = "<p>A CT scan. Another CT scan.</p>"

    assert found(html, "CT scan", "scan") == ["CT scan"]


def test_of_two_terms_with_one_name_the_first_is_meant():
    notes = [markup.Note("biopsy", "First."), markup.Note("Biopsy", "Second.")]

    explained = markup.explain("<p>biopsy</p>", markup.Glossary("en", notes))

    assert explained.notes == notes[:1]


# Where ########################################################################


@pytest.mark.parametrize(
    "html",
    [
        '<p><a href="/x">A biopsy</a></p>',
        '<p><a href="/x">A <em>biopsy</em></a></p>',
        "<h2>Biopsy</h2>",
        "<h3>A <em>biopsy</em></h3>",
        "<table><caption>Biopsy</caption></table>",
        '<table><tbody><tr><th scope="row">Biopsy</th></tr></tbody></table>',
        "<p><button>Biopsy</button></p>",
        '<section class="care care--emergency"><h3 class="care__title">Now</h3>'
        "<p>biopsy</p></section>",
    ],
)
def test_nothing_is_marked_in_links_headings_and_emergencies(html):
    assert found(f"{html}<p>One biopsy.</p>", "biopsy") == ["biopsy"]
    assert markup.explain(html, glossary("biopsy")).html == html


def test_words_are_marked_in_lists_tables_boxes_and_other_care_cards():
    for html in (
        "<ul><li>biopsy</li></ul>",
        '<table><tr><td data-label="biopsy > x">biopsy</td></tr></table>',
        '<div class="callout flow"><p>biopsy</p></div>',
        '<section class="care care--urgent"><p>biopsy</p></section>',
    ):
        assert found(html, "biopsy") == ["biopsy"]


def test_a_mark_is_a_button_with_the_note_that_it_opens():
    note = markup.Note("CT", "X-rays & <more>.", 'see "TEE"')

    explained = markup.explain("<p>A CT.</p>", markup.Glossary("en", [note]))

    assert explained.notes == [note]
    assert explained.html == (
        '<p>A <button type="button" class="term" popovertarget="word--1">CT</button>'
        '<span class="note" role="note" id="word--1" popover> <b>CT</b> '
        "(see &quot;TEE&quot;): X-rays &amp; &lt;more&gt;.</span>.</p>"
    )


# Whatever stands in a text ####################################################

NAMES = ["biopsy", "CT = CT scan", "lymph node", "port", "neutropenia", "amp", "b", "p"]
WORDS = st.sampled_from(
    ["biopsy", "biopsies", "CT", "scan", "lymph", "nodes", "port", "neutropenia", "amp"]
    + ["&", "<", ">", '"', "'", "é", "e\u0301"]
)
INLINE = st.recursive(
    WORDS | st.text(max_size=8),
    lambda inner: st.builds(
        lambda tag, parts: f"<{tag}>{' '.join(parts)}</{tag.split()[0]}>",
        st.sampled_from(["em", "strong", 'a href="/x"', "sup", "sub"]),
        st.lists(inner, max_size=4),
    ),
    max_leaves=12,
)
BLOCKS = st.lists(
    st.builds(
        lambda tag, parts: f"<{tag}>{' '.join(parts)}</{tag.split()[0]}>",
        st.sampled_from(
            ["p", "h2", "h3", "li", "td", "th", "aside", "blockquote"]
            + [f'aside class="care{kind}"' for kind in ("", " care--emergency")]
        ),
        st.lists(INLINE, max_size=6),
    ),
    max_size=6,
).map("".join)


@given(BLOCKS | st.text(alphabet="<>&;\"'/ab CTscan=\n"))
def test_no_text_is_broken_and_nothing_but_marks_is_added(body):
    html = markup.render(markup.sanitise(body)).html

    explained = markup.explain(html, glossary(*NAMES))
    pieces = TAG.split(html)
    pieces[::2] = map(composed, pieces[::2])
    html = "".join(pieces)
    tree = LexborHTMLParser(f"<div>{explained.html}</div>", is_fragment=True)
    for node in tree.css(".note"):
        node.decompose()

    plain = LexborHTMLParser(f"<div>{html}</div>", is_fragment=True)
    assert unmarked(explained.html) == html
    assert tree.css_first("div").text() == plain.css_first("div").text()
    assert len(explained.notes) == len(set(explained.notes)) == len(tree.css(".term"))
    for place in ("a", "h2", "h3", "th", "caption", "button", ".care--emergency"):
        assert tree.css(f"{place} .term") == []


def test_words_and_their_forms_are_compared_quickly():
    """A word is looked up once; five hundred terms cost what five do."""
    terms = glossary(*(f"word{n} other" for n in range(500)))
    keys_of.cache_clear()

    markup.explain("<p>biopsy</p>" * 100, terms)

    assert keys_of.cache_info().misses == 1


# On the pages of articles #####################################################

pytestmark = pytest.mark.django_db


def marked(client, article):
    text = client.get(article.get_absolute_url()).content.decode()
    return MARK.findall(text)


def about(**kwargs):
    """A published article that speaks of a biopsy."""
    article = factories.ArticleFactory(body="<p>Two biopsies.</p>", **kwargs)
    factories.publish(article)
    return article


def test_an_article_explains_what_a_doctor_has_checked(client, practice):
    article = about()
    term = factories.TermFactory(name="biopsy", definition="A piece.")
    assert marked(client, article) == []

    term.check_definition(by=doctor_account())

    page = LexborHTMLParser(client.get(article.get_absolute_url()).content.decode())
    assert page.css_first(".note").text() == " biopsy: A piece."
    assert [node.text() for node in page.css(".explained li")] == ["biopsy: A piece."]
    assert "print-only" in page.css_first(".explained").attributes["class"]


def test_an_article_without_such_words_has_no_list(client, practice):
    factories.entry(name="neutropenia")

    assert b"explained" not in client.get(about().get_absolute_url()).content


def test_an_article_keeps_the_checked_words_and_loses_those_taken_back(
    client, practice
):
    article = about()
    entry = factories.entry(name="biopsy", definition="Checked words.")
    entry.term.definition = "New words."
    entry.term.save()

    assert b"Checked words." in client.get(article.get_absolute_url()).content
    assert b"New words." not in client.get(article.get_absolute_url()).content

    entry.term.take_back()

    assert marked(client, article) == []


def test_a_word_is_explained_in_its_language_only(client, practice):
    factories.entry(name="biopsies", language="it")

    assert marked(client, about()) == []
    assert marked(client, about(language="it")) == ["biopsies"]


def test_what_nobody_has_checked_explains_nothing_but_a_sample(client, practice):
    factories.TermFactory(name="biopsy").show_as_sample()

    assert marked(client, about()) == []
    assert marked(client, about(is_sample=True)) == ["biopsies"]


def test_through_the_edge_a_checked_word_is_in_the_very_next_answer(
    visitor, transactional_db
):
    factories.PracticeFactory()
    article = about()
    assert MARK.findall(visitor.get(article.get_absolute_url()).content.decode()) == []

    factories.entry(name="biopsy")

    answer = visitor.get(article.get_absolute_url()).content.decode()
    assert MARK.findall(answer) == ["biopsies"]
