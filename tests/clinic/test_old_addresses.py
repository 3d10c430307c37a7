"""One form for the many spellings of an address, and its words."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.old_addresses import asked, asked_in_bytes, typed, variants, words

JOOMLA = "/index.php?option=com_content&view=article&id=12&catid=3&itemid=45&lang=it"


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("/chi-siamo.html", "/chi-siamo.html"),
        ("chi-siamo.html", "/chi-siamo.html"),
        ("  /Chi-Siamo.html/ ", "/chi-siamo.html"),
        ("https://www.example.org/Chi-Siamo.html#top", "/chi-siamo.html"),
        ("www.example.org/chi-siamo.html", "/chi-siamo.html"),
        ("https://www.example.org", "/"),
        ("//a//b/./c/../d", "/a/b/d"),
        ("/../../etc", "/etc"),
        ("/perch%C3%A9", "/perché"),
        ("/perche\N{COMBINING ACUTE ACCENT}", "/perché"),
        ("/due%20parole", "/due%20parole"),
        ("/50%25", "/50%25"),
        ("/a%3Fb", "/a%3Fb"),
        ("/%FF", "/%25ff"),
        ("/page.html?utm_source=x&id=3", "/page.html"),
        (
            "/index.php?Itemid=45&lang=it&id=12:la-febbre&catid=3:cure&view=article"
            "&option=com_content&utm_source=x",
            JOOMLA,
        ),
        ("/index.php?option=<script>&id=-1", "/index.php"),
    ],
)
def test_an_address_has_one_form_however_it_is_typed(text, form):
    assert typed(text) == form


@given(st.text(max_size=60))
def test_what_has_the_one_form_keeps_it(text):
    assert typed(typed(text)) == typed(text)


@given(st.lists(st.text(st.characters(exclude_characters="/"), max_size=9), max_size=5))
def test_what_is_pasted_is_found_when_it_is_asked_for(segments):
    """A browser escapes the path; the server undoes that and knows bytes only."""
    path = "/" + "/".join(segment.replace("%", "") for segment in segments)
    if any("\ud800" <= letter <= "\udfff" for letter in path):
        return
    received = path.encode().decode("latin-1")

    assert asked_in_bytes(received) == asked(path) == typed(quote(path))


@given(st.text(max_size=40), st.text(max_size=60))
def test_no_path_and_no_query_is_too_odd(path, query):
    address = asked(path, query)

    assert address.startswith("/")
    assert variants(address)[0] == address


def test_what_stands_beside_a_page_is_left_out_bit_by_bit():
    page = "/index.php?option=com_content&view=article&id=12"
    found = variants(JOOMLA)

    assert found[0] == JOOMLA
    assert found[-1] == page
    assert len(found) == len(set(found)) == 8
    assert variants("/chi-siamo.html") == ["/chi-siamo.html"]


def test_a_script_alone_is_another_address_than_each_of_its_pages():
    assert "/index.php" not in variants(JOOMLA)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/articles/liver-metastases/", "liver metastases"),
        ("/it/articoli/12-la-febbre-alta.html", "la febbre alta"),
        ("/index.php/perché_no", "perché no"),
        ("/", ""),
        ("/2019/05/", ""),
        ("/call/0612345678/a1234567", "call"),
        ("/<script>alert(1)</script>", "script alert script"),
        ("/one/two/three/four/five/six/seven/eight/nine",
         "two three four five six seven eight nine"),
    ],
)  # fmt: skip
def test_an_address_says_words(path, said):
    assert words(path) == said


@given(st.text())
def test_the_words_are_few_and_plain(path):
    found = words(path).split()

    assert len(found) <= 8
    assert all(word.isalnum() and len(word) <= 40 for word in found)
