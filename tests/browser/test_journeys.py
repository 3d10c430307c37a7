"""The whole path in a real browser, in both languages of the desk and the site."""

import re

import pytest
from django.utils.translation import gettext, override
from playwright.sync_api import expect

from tests.browser.conftest import move_caret, see_focus, text_editor
from tests.conftest import picture_bytes

LANGUAGES = {"en": "en-GB", "it": "it-IT"}


@pytest.fixture(params=LANGUAGES)
def language(request):
    return request.param


@pytest.fixture
def word(language):
    """What the portal calls something in the language of this journey."""

    def translate(message):
        with override(language):
            return gettext(message)

    return translate


@pytest.fixture
def field(word):
    """Find an input by its label."""

    def find(page, label, **options):
        name = re.compile(f"^{re.escape(word(label))}:?$", re.IGNORECASE)
        return page.get_by_label(name, **options).filter(visible=True)

    return find


@pytest.fixture
def secretary(browse, portal, language, field, word):
    """A page of the desk; she has just signed in."""
    page = browse(locale=LANGUAGES[language])
    page.goto("/admin/")
    field(page, "username").fill("editor")
    field(page, "password").fill(portal.password)
    page.get_by_role("button", name=word("Log in")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        word("What would you like to do?")
    )
    return page


def site(language, path=""):
    return f"/it/{path}" if language == "it" else f"/{path}"


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def save_draft(page):
    """Save in English, and wait until the next page has its editor."""
    with page.expect_navigation():
        press(page, "Save draft")
    return text_editor(page)


def write_body(page, word):
    """Type a heading, a list, a link and a table into the editor."""
    text_editor(page)
    body = page.get_by_role("textbox", name=word("text").capitalize(), exact=True)
    body.click()
    press(page, word("Heading"))
    page.keyboard.type("What it is")
    page.keyboard.press("Enter")
    page.keyboard.type("It passes. See the guide")
    page.keyboard.press("Shift+ControlOrMeta+ArrowLeft")
    press(page, word("Link"))
    page.get_by_label(word("Address of the page")).fill("www.example.org/guide")
    press(page, word("Apply"))
    expect(body).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    press(page, word("List"))
    page.keyboard.type("rest")
    page.keyboard.press("Enter")
    page.keyboard.type("drink")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    press(page, word("Table"))
    for cell in ("When", "What", "Who"):
        page.keyboard.type(cell)
        page.keyboard.press("Tab")
    page.keyboard.type("today")


def test_from_the_first_word_to_the_withdrawal(
    secretary, browse, language, field, word
):
    page, title = secretary, f"Hiccups {language}"

    # She types the number of the practice, first a digit short.
    page.goto("/admin/clinic/practice/1/change/")
    number = field(page, "number").first
    number.fill("331 761")
    press(page, word("Save"))
    expect(number).to_be_focused()
    expect(page.locator(".errorlist").first).to_contain_text("331 761")
    expect(number).to_have_value("331 761")
    number.fill("3317612698")
    field(page, "number").nth(1).fill("+39 331-958 4817")
    press(page, word("Save"))
    expect(page.locator(".messagelist .success")).to_be_visible()

    # She writes an article with a picture, and forgets to describe it.
    page.goto("/admin/articles/article/add/")
    field(page, "language").select_option(language)
    field(page, "title").press_sequentially(title)
    expect(page.locator("#id_slug")).to_have_value(f"hiccups-{language}")
    field(page, "summary").fill("Why hiccups come and when to call.")
    write_body(page, word)
    page.locator("#id_topic").select_option(index=1)
    page.locator("#id_author").select_option(index=1)
    field(page, "or upload a picture").set_input_files(
        {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": picture_bytes()}
    )
    press(page, word("Save draft"))
    expect(page.locator(".field-picture_alt .errorlist")).to_be_visible()
    field(page, "description of the picture").fill("A glass of water.")
    press(page, word("Save and preview"))

    # The preview is the site's own page; nobody else sees it yet.
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    expect(page.get_by_role("img", name="A glass of water.")).to_be_visible()
    visitor = browse(320, javascript=False, locale="de-DE")
    address = site(
        language,
        ("articoli" if language == "it" else "articles") + f"/hiccups-{language}/",
    )
    assert visitor.goto(address).status == 404

    # She is a doctor too: she signs it and publishes it.
    page.locator(".preview-bar a[href$='/sign/']").click()
    press(page, word("Sign and go on to publishing…"))
    expect(page.locator(".messagelist .success")).to_be_visible()
    press(page, word("Publish"))
    expect(page.locator(".messagelist .success")).to_contain_text(title)

    # A visitor without JavaScript finds it on the first page.
    visitor.goto(site(language))
    visitor.get_by_role("link", name=title).click()
    assert visitor.url.endswith(address)
    main = visitor.get_by_role("main")
    expect(main.get_by_role("heading", level=1)).to_have_text(title)
    expect(main.get_by_role("heading", name="What it is")).to_be_visible()
    expect(main.get_by_role("listitem").filter(has_text="drink")).to_be_visible()
    expect(main.get_by_role("link", name="guide")).to_have_attribute(
        "href", "https://www.example.org/guide"
    )
    expect(main.get_by_role("columnheader", name="When")).to_have_count(1)
    expect(main.get_by_role("cell", name="today")).to_be_visible()
    expect(main.get_by_role("img", name="A glass of water.")).to_be_visible()
    phone = visitor.get_by_role("complementary").get_by_role(
        "link", name="+39 331 761 2698"
    )
    expect(phone).to_have_attribute("href", "tel:+393317612698")
    expect(phone).to_be_in_viewport(ratio=1)

    # She withdraws it, and it is gone everywhere.
    page.locator(".submit-row a[href$='/withdraw/']").click()
    press(page, word("Withdraw"))
    expect(page.locator(".messagelist .success")).to_contain_text(title)
    gone = visitor.goto(address)
    assert gone.status == 410
    expect(visitor.get_by_role("heading", level=1)).to_have_text(
        word("This page has been withdrawn")
    )
    expect(
        visitor.get_by_role("main").get_by_role("link", name="+39 331 761 2698")
    ).to_be_visible()
    lists = ["", "articoli/" if language == "it" else "articles/"]
    lists.append("argomenti/liver/" if language == "it" else "topics/liver/")
    for path in lists:
        visitor.goto(site(language, path))
        expect(visitor.get_by_text(title)).to_have_count(0)


def test_the_language_switch_leads_to_this_page_in_the_other_language(browse):
    page = browse(javascript=False)
    page.goto("/articles/liver-metastases/")

    page.get_by_role("link", name="Italiano").click()

    assert page.url.endswith("/it/articoli/metastasi-epatiche/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Metastasi epatiche")

    page.get_by_role("link", name="English").click()

    assert page.url.endswith("/articles/liver-metastases/")


def test_everything_is_reached_by_keyboard(browse):
    """Each stop of the Tab key is visible, marked and not covered by the callbar."""
    page = browse(320, reduced_motion="reduce")
    page.goto("/articles/liver-metastases/")
    stops = page.evaluate(
        "document.querySelectorAll('a[href], button, input, select').length"
    )

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip-link"
    for _stop in range(stops - 1):
        page.keyboard.press("Tab")
        see_focus(page)


def test_the_skip_link_moves_the_focus(browse):
    page = browse()
    page.goto("/")

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    assert page.evaluate("document.activeElement.id") == "content"


def test_a_page_is_complete_without_style_sheets(browse):
    page = browse(320, javascript=False)
    page.route("**/*.css", lambda route: route.abort())
    page.goto("/articles/liver-metastases/")

    assert page.get_by_role("link", name="+39 331 761 2698").first.is_visible()
    width = page.locator("html").bounding_box()["width"]
    assert width <= 320


def test_text_spacing_of_the_reader_cuts_nothing(browse):
    """WCAG 2.2, 1.4.12: with wider letters, words and lines nothing is clipped."""
    page = browse(320, bypass_csp=True)
    page.goto("/contact/")
    page.add_style_tag(
        content="* { line-height: 1.5 !important; letter-spacing: .12em !important; "
        "word-spacing: .16em !important } p { margin-bottom: 2em !important }"
    )

    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_desk_speaks_the_chosen_language(browse, sessions):
    page = browse(storage_state=sessions["editor"], locale="en-GB")
    page.goto("/admin/")

    page.get_by_role("button", name="Italiano").click()

    expect(page.locator("html")).to_have_attribute("lang", "it")
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    cookies = {cookie["name"]: cookie["path"] for cookie in page.context.cookies()}
    assert set(cookies.values()) == {"/admin/"}


def test_an_article_goes_through_the_editor_unchanged(browse, sessions):
    """Opening and saving the sample article in the editor loses nothing of it."""
    page = browse(storage_state=sessions["editor"])
    page.goto("/admin/articles/article/1/change/")
    text_editor(page)
    before = page.locator("#id_body").input_value()

    move_caret(page, "ControlOrMeta+Home")
    page.keyboard.type("x")
    page.keyboard.press("Backspace")
    save_draft(page)

    after = page.locator("#id_body").input_value()
    assert plain(after) == plain(before)


def plain(html):
    """Leave out what only says again what the cells say: thead and tbody."""
    return re.sub(r"</?(thead|tbody)>|\s+(?=<)|(?<=>)\s+", "", html)


def test_a_page_pasted_from_word_becomes_clean(browse, sessions):
    page = browse(storage_state=sessions["editor"])
    page.goto("/admin/articles/article/add/")
    body = text_editor(page)
    body.click()

    body.evaluate(
        """(element, html) => {
          const data = new DataTransfer()
          data.setData("text/html", html)
          element.dispatchEvent(
            new ClipboardEvent("paste", { clipboardData: data, bubbles: true }))
        }""",
        "<html><body><h1 style='color:red'>Title</h1>"
        "<p class=MsoNormal><b style='mso-x:1'>Bold</b> text<o:p></o:p></p>"
        "<p class=MsoList><span>·<span>&nbsp;&nbsp;&nbsp; </span></span>one</p>"
        "<p class=MsoList><span>·<span>&nbsp;&nbsp;&nbsp; </span></span>two</p>"
        "<img src='https://evil.example/x.png' onerror='alert(1)'>"
        "<p><a href='javascript:alert(1)'>link</a></p></body></html>",
    )
    page.locator("#id_title").fill("Pasted from Word")
    save_draft(page)

    assert page.locator("#id_body").input_value() == (
        "<h2>Title</h2><p><strong>Bold</strong> text</p>"
        "<ul><li>one</li><li>two</li></ul><p>link</p>"
    )


def test_leaving_unsaved_words_asks_first(browse, sessions):
    page = browse(storage_state=sessions["editor"])
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.goto("/admin/articles/article/1/change/")
    text_editor(page).click()
    page.keyboard.type("unsaved ")

    with page.expect_event("dialog"):
        page.close(run_before_unload=True)

    assert asked == ["beforeunload"]
    assert not page.is_closed()
