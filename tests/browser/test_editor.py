"""Contacts and care cards in the rich-text editor, by keyboard and by mouse."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import move_caret, text_editor

NUMBER = "+39 331 761 2698"
APPOINTMENTS = f"Mobile phone: Appointments, {NUMBER}"
KINDS = {
    "non-urgent": "Not urgent: when to call the practice",
    "urgent": "Urgent: when to call the practice today",
    "emergency": "Emergency: when to call 112 at once",
}
STORED = (
    '<p>Call <span data-contact="phone-1"></span> today.</p>'
    '<aside data-contact="phone-2"></aside>'
    '<aside class="care"><h3>Call us if</h3><ul><li>a report</li></ul></aside>'
    '<aside class="care care--urgent" data-contact="phone-2"><h3>Call today if</h3>'
    "<ul><li>you shiver</li></ul></aside>"
    '<aside class="care care--emergency"><h3>Call now if</h3>'
    "<ul><li>it is hard to breathe</li></ul></aside>"
)


def stored(page):
    return re.sub(r"<p></p>$", "", page.locator("#id_body").input_value())


class Mouse:
    """Who clicks on everything."""

    width = 1280

    def __init__(self, page):
        self.page = page

    def tool(self, name):
        self.page.get_by_role("button", name=name, exact=True).click()

    def choose(self, name):
        self.page.get_by_role("radio", name=name).check()

    press = tool


class Keyboard:
    """Who has no mouse: Tab, Shift and Tab, the arrows, Space and Enter."""

    width = 320

    def __init__(self, page):
        self.page = page

    def go_to(self, target, key):
        for _stop in range(60):
            if target.evaluate("element => element === document.activeElement"):
                return
            self.page.keyboard.press(key)
        pytest.fail(f"{key} never reaches {target}")

    def tool(self, name):
        button = self.page.get_by_role("button", name=name, exact=True)
        self.go_to(button, "Shift+Tab")
        self.page.keyboard.press("Enter")

    def choose(self, name):
        radio = self.page.get_by_role("radio", name=name)
        group = self.page.locator(f"[name={radio.get_attribute('name')}]:checked")
        self.go_to(group, "Tab")
        self.go_to(radio, "ArrowDown")

    def press(self, name):
        self.go_to(self.page.get_by_role("button", name=name, exact=True), "Tab")
        self.page.keyboard.press("Enter")


def care(hand, kind, title, item, number=None):
    hand.tool("Care card")
    hand.choose(KINDS[kind])
    if number:
        hand.choose(number)
    hand.press("Insert")
    expect(text_editor(hand.page)).to_be_focused()
    hand.page.keyboard.type(title)
    move_caret(hand.page, "ArrowDown")
    hand.page.keyboard.type(item)
    # The second Enter ends the list, the third the card.
    for _line in range(3):
        hand.page.keyboard.press("Enter")


@pytest.mark.parametrize("kind_of_hand", [Mouse, Keyboard])
def test_contacts_and_care_cards_go_into_a_text_and_stay(
    browse, sessions, kind_of_hand
):
    page = browse(kind_of_hand.width, storage_state=sessions["editor"])
    hand = kind_of_hand(page)
    page.goto("/admin/articles/article/add/")
    page.locator("#id_title").fill(f"Contacts by {kind_of_hand.__name__}")
    page.locator("#id_slug").fill(f"contacts-by-{kind_of_hand.__name__.lower()}")
    editor = text_editor(page)
    editor.focus()

    page.keyboard.type("Call ")
    hand.tool("Contact")
    hand.choose(APPOINTMENTS)
    hand.press("In the sentence")
    expect(editor).to_be_focused()
    page.keyboard.type(" today.")
    hand.tool("Contact")
    hand.choose("Patients in treatment")
    hand.press("As a card")
    care(hand, "non-urgent", "Call us if", "a report")
    care(hand, "urgent", "Call today if", "you shiver", "Patients in treatment")
    care(hand, "emergency", "Call now if", "it is hard to breathe")

    # What she sees is live, and says so.
    expect(editor.locator("span.contact-reference")).to_have_text(APPOINTMENTS)
    expect(editor.locator("aside.contact-reference")).to_contain_text(
        "+39 331 958 4817"
    )
    expect(editor.locator(".care--urgent .care__kind")).to_contain_text(KINDS["urgent"])
    expect(editor.locator(".care--urgent .care__kind")).to_contain_text("958 4817")

    # Saved, opened, touched and saved again: the same.
    with page.expect_navigation():
        hand.press("Save draft")
    editor = text_editor(page)
    assert stored(page) == STORED
    move_caret(page, "ControlOrMeta+Home")
    page.keyboard.type("x")
    page.keyboard.press("Backspace")
    with page.expect_navigation():
        hand.press("Save and preview")

    main = page.get_by_role("main")
    call = main.get_by_role("link", name=f"Appointments: {NUMBER}")
    expect(call).to_have_attribute("href", "tel:+393317612698")
    expect(main.locator(".contact-card")).to_contain_text("Patients in treatment")
    urgent = main.get_by_role("region", name="Urgent: Call today if")
    expect(urgent.get_by_role("link")).to_have_attribute("href", "tel:+393319584817")
    calm = main.get_by_role("region", name="Not urgent: Call us if")
    expect(calm.get_by_role("link")).to_have_count(2)
    emergency = main.get_by_role("region", name="Emergency: Call now if")
    expect(emergency.get_by_role("link")).to_have_attribute("href", "tel:112")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.get_by_role("link", name="Back to editing").click()
    text_editor(page)
    assert stored(page) == STORED


@pytest.fixture
def written(browse, sessions, portal):
    """Open an article with that body in the editor."""

    def open_article(body, **options):
        key = portal.manage(
            "shell",
            "-v0",
            "-c",
            "import sys; from articles.models import Article; "
            "first = Article.objects.order_by('pk').first(); "
            "import uuid; "
            "article = Article.objects.create(title='Written', slug=uuid.uuid4().hex, "
            "language='en', summary='x', topic=first.topic, author=first.author, "
            "body=sys.stdin.read()); print(article.pk)",
            stdin=body,
        ).strip()
        page = browse(storage_state=sessions["editor"], **options)
        page.goto(f"/admin/articles/article/{key}/change/")
        text_editor(page)
        return page

    return open_article


def touch(page):
    """Make the editor write what it holds into the form."""
    move_caret(page, "ControlOrMeta+End")
    page.keyboard.type("x")
    page.keyboard.press("Backspace")


@pytest.mark.parametrize(
    "body",
    [
        STORED,
        '<h2>Call <span data-contact="phone-1"></span></h2><p>x</p>',
        '<p><a href="/x" rel="noopener">a </a><span data-contact="phone-1"></span>'
        '<a href="/x" rel="noopener"> b</a></p>',
        '<p><strong>Call <span data-contact="email-1"></span></strong> now</p>',
        '<ul><li><span data-contact="phone-1"></span></li></ul><p>x</p>',
        '<table><tbody><tr><td><span data-contact="phone-1"></span></td></tr></tbody>'
        "</table><p>x</p>",
        '<aside class="callout"><p><span data-contact="phone-1"></span></p></aside>'
        '<aside data-contact="phone-4711"></aside><p>x</p>',
        '<aside class="care"><aside class="callout"><p>x</p></aside></aside><p>x</p>',
    ],
)
def test_the_editor_gives_back_what_it_was_given(written, body):
    page = written(body)

    touch(page)
    with page.expect_navigation():
        page.get_by_role("button", name="Save draft").click()

    text_editor(page)
    assert stored(page) == body


def test_a_reference_is_deleted_by_backspace(written):
    page = written('<p>Call <span data-contact="phone-1"></span></p>')
    move_caret(page, "ControlOrMeta+End")

    page.keyboard.press("Backspace")
    page.keyboard.type("us")

    assert stored(page) == "<p>Call us</p>"


def test_a_reference_is_deleted_forwards(written):
    page = written('<p><span data-contact="phone-1"></span> now</p>')
    move_caret(page, "ControlOrMeta+Home")

    page.keyboard.press("Delete")

    assert stored(page) == "<p> now</p>"


def test_a_contact_card_is_deleted_by_keyboard(written):
    page = written('<p>One</p><aside data-contact="phone-1"></aside><p>Two</p>')
    move_caret(page, "ControlOrMeta+Home")

    move_caret(page, "ArrowDown")
    page.keyboard.press("Backspace")

    assert stored(page) == "<p>One</p><p>Two</p>"


def test_a_contact_that_is_gone_says_so(written):
    page = written('<p>Call <span data-contact="phone-4711"></span></p>')

    expect(page.locator(".contact-reference--lost")).to_have_text(
        "This contact no longer exists: please delete it here"
    )


def test_a_second_card_of_a_kind_is_not_offered(written):
    page = written('<aside class="care care--urgent"><p>x</p></aside><p>y</p>')
    move_caret(page, "ControlOrMeta+End")
    page.get_by_role("button", name="Care card", exact=True).click()

    urgent = page.get_by_role("radio", name=re.compile("^Urgent.*in the text already"))
    expect(urgent).to_be_disabled()
    expect(page.get_by_role("radio", name=KINDS["non-urgent"])).to_be_checked()

    page.get_by_role("radio", name=KINDS["emergency"]).check()
    expect(page.get_by_role("radio", name="view on every page")).to_be_disabled()


def test_all_three_cards_are_enough(written):
    page = written(STORED + "<p>y</p>")
    move_caret(page, "ControlOrMeta+End")

    page.get_by_role("button", name="Care card", exact=True).click()

    dialog = page.get_by_role("dialog", name="Care card")
    expect(dialog).to_contain_text("All three care cards are in the text already.")
    page.keyboard.press("Escape")
    expect(page.locator(".editor .ProseMirror")).to_be_focused()


def test_a_care_card_is_taken_out_and_brought_back(written):
    card = '<aside class="care care--urgent"><p>x</p></aside>'
    page = written(f"{card}<p>y</p>")
    move_caret(page, "ControlOrMeta+Home")

    page.get_by_role("button", name="Remove care card").click()
    assert stored(page) == "<p>y</p>"

    page.get_by_role("button", name="Undo").click()
    assert stored(page) == f"{card}<p>y</p>"


def test_a_card_is_never_put_into_a_call_out(written):
    page = written('<aside class="callout"><p>x</p></aside>')
    move_caret(page, "ControlOrMeta+Home")

    page.get_by_role("button", name="Contact", exact=True).click()
    page.get_by_role("button", name="As a card").click()

    assert stored(page) == (
        '<aside class="callout"><p>x</p></aside><aside data-contact="phone-1"></aside>'
    )
    page.keyboard.type("After")
    assert stored(page).endswith("</aside><p>After</p>")


CARE = '<aside class="care"><p>x</p>{}</aside>'
EMERGENCY = '<aside class="care care--emergency"><p>now</p></aside>'


@pytest.mark.parametrize(
    ("body", "lifted"),
    [
        (CARE.format(EMERGENCY), CARE.format("") + EMERGENCY),
        (
            CARE.format(f'<aside class="callout"><p>y</p>{EMERGENCY}</aside>'),
            CARE.format('<aside class="callout"><p>y</p></aside>') + EMERGENCY,
        ),
        (
            f"<table><tbody><tr><td><p>x</p>{EMERGENCY}</td></tr></tbody></table>",
            "<table><tbody><tr><td>x</td></tr></tbody></table>" + EMERGENCY,
        ),
    ],
)
def test_the_editor_lifts_a_care_card_out_of_another_box(written, body, lifted):
    page = written(body)

    touch(page)
    with page.expect_navigation():
        page.get_by_role("button", name="Save draft").click()

    text_editor(page)
    assert stored(page) == lifted


# The first as the editor itself copies a card that is selected.
@pytest.mark.parametrize(
    "pasted",
    [
        EMERGENCY.replace("<aside", '<aside data-pm-slice="0 0 []"'),
        f"<p>a</p>{EMERGENCY}<p>b</p>",
    ],
)
@pytest.mark.parametrize(
    "body",
    [
        CARE.format(""),
        '<aside class="callout"><p>x</p></aside>',
        "<ul><li>x</li></ul>",
        "<blockquote><p>x</p></blockquote>",
    ],
)
def test_a_care_card_is_never_pasted_into_another_box(written, body, pasted):
    page = written(body + "<p>y</p>")
    move_caret(page, "ControlOrMeta+Home")

    page.evaluate(
        "html => document.querySelector('.ProseMirror').editor.view.pasteHTML(html)",
        pasted,
    )

    expect(page.locator(".ProseMirror > .care--emergency")).to_contain_text("now")
    expect(page.locator(".ProseMirror * .care")).to_have_count(0)


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_editor_dialogs_and_cards_are_accessible(written, violations, width, scheme):
    page = written(
        STORED, width=width, color_scheme=scheme, watched=False, bypass_csp=True
    )
    move_caret(page, "ControlOrMeta+Home")

    assert violations(page) == []
    for tool in ("Contact", "Care card"):
        page.get_by_role("button", name=tool, exact=True).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.keyboard.press("Escape")

    page.goto(page.url.replace("/change/", "/preview/"))
    assert violations(page, ["wcag2a", "wcag2aa", "best-practice"]) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
