"""Words explained in place: by keyboard, by touch, aloud, on paper, without scripts."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import see_focus, sticking_out, tab_to

ARTICLE, ITALIAN = "/articles/liver-metastases/", "/it/articoli/metastasi-epatiche/"


def open_note(page):
    return page.locator(".note:popover-open")


@pytest.mark.parametrize("width", [320, 1280])
def test_the_keyboard_opens_and_closes_a_note_without_scripts(browse, width):
    page = browse(width, javascript=False, reduced_motion="reduce")
    page.goto(ARTICLE)
    tab_to(page, ".term")
    see_focus(page)
    word = page.locator(".term").first

    page.keyboard.press("Enter")

    expect(open_note(page)).to_contain_text("metastasis (meh-TAS-ta-sis): A growth of")
    assert sticking_out(page) == []
    page.keyboard.press("Escape")
    expect(open_note(page)).to_have_count(0)
    expect(word).to_be_focused()
    page.keyboard.press("Space")
    expect(open_note(page)).to_have_count(1)


@pytest.mark.parametrize("address", [ARTICLE, ITALIAN])
def test_a_finger_opens_each_note_beside_its_word_and_closes_it(browse, address):
    page = browse(320, javascript=False, has_touch=True)
    page.goto(address)
    words = page.locator(".term").all()
    assert len(words) == 7

    for word in words:
        size = word.bounding_box()
        assert min(size["width"], size["height"]) >= 24  # WCAG 2.2, 2.5.8
        word.tap()
        expect(open_note(page)).to_have_count(1)
        note, seen = open_note(page).bounding_box(), word.bounding_box()
        assert note["x"] >= 0
        assert note["x"] + note["width"] <= 320
        below = note["y"] - (seen["y"] + seen["height"])
        above = seen["y"] - (note["y"] + note["height"])
        assert 0 <= max(below, above) < 40
        page.touchscreen.tap(300, 5 if above < 0 else 600)
        expect(open_note(page)).to_have_count(0)


def test_who_hears_the_page_is_told_that_a_word_opens_a_note(browse, violations):
    page = browse(320)
    page.goto(ARTICLE)
    word = page.get_by_role("button", name="biopsy")
    assert page.get_by_role("note").count() == 0

    word.click()

    note = page.get_by_role("note")
    expect(note).to_have_count(1)
    # It is read next, behind the word, and the word says that it is open.
    assert word.evaluate("word => word.nextElementSibling.matches(':popover-open')")
    assert heard(page, "button", "biopsy") == {"focusable": True, "expanded": True}
    assert violations(page) == []
    page.keyboard.press("Escape")
    assert heard(page, "button", "biopsy")["expanded"] is False


def heard(page, role, name):
    """What the browser tells assistive technology of the state of an element."""
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")
    found = next(
        node
        for node in tree["nodes"]
        if not node["ignored"]
        and node["role"]["value"] == role
        and node["name"]["value"] == name
    )
    told = {p["name"]: p["value"].get("value") for p in found["properties"]}
    return {name: told[name] for name in ("focusable", "expanded")}


def test_a_browser_that_knows_no_popovers_shows_the_notes_in_brackets(browse):
    page = browse(320, javascript=False)

    def of_then(route):
        """Send the style sheet as if the browser could not."""
        answer = route.fetch()
        text = answer.text().replace("selector(:popover-open)", "selector(:unknown)")
        text = text.replace(":popover-open", ":unknown")
        route.fulfill(response=answer, body=f"{text}\n[popover] {{ all: revert }}")

    page.route("**/*.css", of_then)
    page.goto(ARTICLE)
    # Of the sheet of this browser only what hides closed popovers is left.
    look = "e => ['::before', '::after'].map(p => getComputedStyle(e, p).content)"

    assert page.locator(".note").first.evaluate(look) == ['"("', '")"']


def test_on_paper_the_words_have_the_numbers_of_a_list(browse, tmp_path):
    page = browse(680, javascript=False)
    page.goto(ITALIAN)
    expect(page.locator(".explained")).to_be_hidden()
    page.locator(".term").first.click()

    page.emulate_media(media="print")

    words = page.locator(".term").all_inner_texts()
    listed = page.locator(".explained li").all_inner_texts()
    assert [word.lower() for word in words[:3]] == ["metastasi", "ecografia", "tac"]
    assert [line.partition(":")[0] for line in listed][:3] == [
        "metastasi",
        "ecografia",
        "TAC",
    ]
    assert len(words) == len(listed)
    expect(page.locator(".explained")).to_be_visible()
    expect(page.locator(".note").first).to_be_hidden()
    look = "e => getComputedStyle(e, '::after').content"
    assert page.locator(".term").first.evaluate(look) == "counter(term)"


def test_the_words_can_be_told_where_all_colours_are_the_same(browse):
    page = browse(320, forced_colors="active")
    page.goto(ARTICLE)
    word = page.locator(".term").first
    word.click()

    line = word.evaluate("e => getComputedStyle(e).textDecorationLine")
    border = open_note(page).evaluate("e => getComputedStyle(e).borderTopWidth")

    assert (line, border) == ("underline", "2px")


def test_the_glossary_is_found_and_leads_to_the_other_language(browse):
    page = browse(320, javascript=False)
    page.goto("/")
    page.get_by_role("link", name="Glossary").click()
    page.get_by_role("link", name="biopsia").click()

    assert page.url.endswith("/it/glossario/#biopsia")
    expect(page.locator("#biopsia")).to_be_in_viewport()
