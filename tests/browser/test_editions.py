"""Writer, reviewer and reader: from a change to its edition, and off the site.

Everything is found by address, name or place, not by words: so the same journeys run
in every language of the desk.
"""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import (
    doubled_hour,
    move_caret,
    see_focus,
    sticking_out,
    tab_to,
    text_editor,
)

LOCALES = {"en": "en-GB", "it": "it-IT"}
BEFORE = "article.publish_unreviewed(at=timezone.now() - timedelta(days=3))"
SUBMITTED = "article.submit(by=users['anna'])"
NUMBERS = ["tel:+393317612698", "tel:+393319584817"]

languages = pytest.mark.parametrize("language", LOCALES)


def from_the_desk(page, word, work):
    """Follow what waits, from the desk's first page to the form of the article."""
    page.goto("/admin/")
    page.locator(f".waiting__link[href$='waiting={word}']").click()
    page.locator("#result_list").get_by_role(
        "link", name=work.title, exact=True
    ).click()


def press(page, name):
    """Press a button of the form and arrive where it leads."""
    with page.expect_navigation():
        page.locator(f"input[name={name}]").click()


def follow(page, step):
    """Go from the form to the page that asks before a step."""
    page.locator(f".submit-row a[href$='/{step}/']").click()
    page.locator("form.step").first.wait_for()


def send(page):
    """Press the first button of a page that asks."""
    with page.expect_navigation():
        page.locator("form.step .submit-row input[type=submit]").first.click()


def confirm(page):
    """Do what the page asks; the desk says that it was done."""
    send(page)
    expect(page.locator(".messagelist .success")).to_be_visible()


def write(page, words):
    move_caret(page, "ControlOrMeta+End")
    page.keyboard.type(words)


@languages
def test_from_the_writer_to_the_reader_and_off_the_site(
    at_desk, browse, article, language
):
    work = article(steps=BEFORE, title="Fever", language=language)
    anna = at_desk("anna", locale=LOCALES[language])
    carlo = at_desk("carlo", locale=LOCALES[language])
    reader = browse(320, javascript=False, locale="de-DE")

    # The writer changes what is published and sends it for review.
    anna.goto(work.at())
    write(anna, " Call us at once.")
    anna.locator("#id_change_note").fill("It says when to call.")
    press(anna, "_submit")
    anna.locator("[name=note]").fill("Is that right at night?")
    confirm(anna)
    expect(anna.locator(".submit-row [name=_sign]")).to_have_count(0)

    # The reviewer finds it, and sends it back.
    from_the_desk(carlo, "to-sign", work)
    expect(carlo.locator(".state__note")).to_contain_text("Is that right at night?")
    expect(carlo.locator(".state__note")).to_contain_text("anna")
    follow(carlo, "return")
    expect(carlo.locator("[name=note]:invalid")).to_have_count(1)
    carlo.locator("[name=note]").fill("At night they call 112.")
    confirm(carlo)

    # The writer finds that, mends it and sends it again.
    from_the_desk(anna, "to-finish", work)
    expect(anna.locator(".state__note")).to_contain_text("At night they call 112.")
    write(anna, " At night call 112.")
    press(anna, "_submit")
    confirm(anna)

    # The reviewer looks at the differences, signs, and has it published some night.
    from_the_desk(carlo, "to-sign", work)
    text_editor(carlo)
    press(carlo, "_sign")
    carlo.locator(".step__changes summary").click()
    inserted = carlo.locator(".step__changes ins").filter(has_text="At night call 112.")
    expect(inserted).to_be_visible()
    press(carlo, "_publish")
    carlo.locator("[name=when][value=later]").check()
    carlo.locator("[name=moment]").fill(doubled_hour())
    expect(carlo.locator("[name=occurrence]")).to_have_count(0)
    send(carlo)
    expect(carlo.locator(".step .errorlist")).to_be_visible()
    expect(carlo.locator("[name=moment]")).to_have_value(doubled_hour())
    carlo.locator("[name=occurrence][value='2']").check()
    confirm(carlo)
    reader.goto(work.address)
    expect(reader.locator(".prose")).not_to_contain_text("112.")
    expect(reader.locator(".changes li")).to_have_count(1)
    expect(reader.locator(".byline time")).to_have_count(1)
    expect(reader.locator(".review")).to_have_count(0)

    # On second thoughts it is not planned but published at once.
    from_the_desk(carlo, "scheduled", work)
    follow(carlo, "call-off")
    confirm(carlo)
    follow(carlo, "publish")
    expect(carlo.locator("[name=when][value=now]")).to_be_checked()
    confirm(carlo)

    # The reader is told: updated, what has changed, who has reviewed it.
    reader.reload()
    expect(reader.locator(".prose")).to_contain_text("At night call 112.")
    days = reader.locator(".byline time")
    expect(days).to_have_count(2)
    assert days.nth(0).get_attribute("datetime") < days.nth(1).get_attribute("datetime")
    expect(reader.locator(".changes li")).to_have_count(2)
    expect(reader.locator(".changes li").first).to_contain_text("It says when to call.")
    expect(reader.locator(".review")).to_contain_text("Carlo Pastore")
    expect(reader.locator(".review time")).to_have_count(2)

    # He opens the edition that somebody has cited, and comes back from it.
    with reader.expect_navigation() as opened:
        reader.locator(".changes__link").last.click()
    assert opened.value.headers["x-robots-tag"] == "noindex"
    edition = reader.url
    assert edition.endswith("/1/")
    expect(reader.locator("#cited")).to_contain_text("1")
    expect(reader.locator(".prose")).not_to_contain_text("112.")
    reader.locator("aside[aria-labelledby=cited] a").click()
    assert reader.url.endswith(work.address)

    # The reviewer withdraws it, and whoever looks for it reads why.
    follow(carlo, "withdraw")
    carlo.locator("[name=note]").fill("The advice on fever has changed.")
    confirm(carlo)
    for address in (work.address, edition):
        assert reader.goto(address).status == 410
        main = reader.get_by_role("main")
        expect(main).to_contain_text("The advice on fever has changed.")
        links = main.locator("a[href^='tel:']")
        expect(links).to_have_count(2)
        hrefs = [link.get_attribute("href") for link in links.all()]
        assert hrefs == NUMBERS


def test_a_reviewer_signs_and_publishes_by_keyboard_alone(at_desk, browse, article):
    work = article(steps=SUBMITTED, title="By keyboard")
    page = at_desk("carlo", reduced_motion="reduce")
    page.goto("/admin/")

    for stop in (
        ".waiting__link[href$='waiting=to-sign']",
        f"#result_list a[href*='/{work.key}/change/']",
        "[name=_sign]",
        "[name=_publish]",
        "form.step .submit-row input",
    ):
        tab_to(page, stop, see_focus)
        with page.expect_navigation():
            page.keyboard.press("Enter")

    expect(page.locator(".messagelist .success")).to_contain_text(work.title)
    assert browse().goto(work.address).status == 200


def test_every_step_works_without_javascript(at_desk, browse, article):
    work = article(title="Without a script")
    old = article(steps=BEFORE, title="Never reviewed")
    anna = at_desk("anna", 320, javascript=False)
    carlo = at_desk("carlo", 320, javascript=False)
    reader = browse(320, javascript=False)

    anna.goto(work.at())
    anna.locator("#id_body").fill("<p>Typed without the editor.</p>")
    press(anna, "_submit")
    anna.locator("[name=note]").fill("Please.")
    confirm(anna)
    from_the_desk(carlo, "to-sign", work)
    press(carlo, "_sign")
    press(carlo, "_publish")
    # Who forgets to say when is asked: it never means "now".
    carlo.locator("[name=moment]").fill("2099-10-01T08:30")
    send(carlo)
    expect(carlo.locator(".step .errorlist")).to_be_visible()
    carlo.locator("[name=when][value=later]").check()
    confirm(carlo)
    assert reader.goto(work.address).status == 404

    carlo.goto(old.at())
    follow(carlo, "review")
    with carlo.expect_navigation():
        carlo.locator(".step--once input[type=submit]").click()
    expect(carlo.locator(".messagelist .success")).to_be_visible()
    reader.goto(old.address)
    expect(reader.locator(".review")).to_contain_text("Carlo Pastore")
    expect(reader.locator(".changes li")).to_have_count(1)


@pytest.fixture
def four_eyes(at_desk):
    """The manager asks for four eyes; in the end no longer."""
    paola = at_desk("paola")

    def ask(switched):
        paola.goto("/admin/clinic/practice/1/change/")
        paola.locator("#id_four_eyes").set_checked(switched)
        paola.locator("[name=_save]").click()
        expect(paola.locator(".messagelist .success")).to_be_visible()

    ask(True)
    yield
    ask(False)


def test_with_four_eyes_nobody_signs_what_he_wrote(four_eyes, at_desk, article):
    work = article("carlo", title="Four eyes")
    carlo, other = at_desk("carlo"), at_desk("manager")

    carlo.goto(work.at())
    text_editor(carlo)
    expect(carlo.locator("[name=_submit]")).to_be_visible()
    expect(carlo.locator("[name=_sign]")).to_have_count(0)
    carlo.goto(work.at("sign"))
    expect(carlo.locator(".errornote")).to_have_text(
        "You wrote this last, and the practice asks for four eyes: somebody else has "
        "to sign it."
    )
    expect(carlo.locator("form.step")).to_have_count(0)

    carlo.goto(work.at("submit"))
    confirm(carlo)
    carlo.goto("/admin/articles/article/?waiting=to-sign")
    expect(carlo.get_by_role("link", name=work.title, exact=True)).to_have_count(0)
    from_the_desk(other, "to-sign", work)
    text_editor(other)
    press(other, "_sign")
    confirm(other)
    carlo.goto(work.at())
    expect(carlo.locator(".state")).to_contain_text("manager")


# History #####################################################################

OLD = "<h2>When to call</h2><p>Call us in the morning if the fever does not pass.</p>"
CHANGED = """
article.publish_unreviewed(at=timezone.now() - timedelta(days=3))
article.body = article.body.replace("in the morning", "at once")
article.body += "<p>At night call 112.</p>"
article.written(users["anna"])
"""
# WCAG 2.2, 1.4.11: the line under or through the words against what lies behind it.
LINE = """(mark) => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number)
  const light = (colour) => {
    const [r, g, b] = parts(colour).slice(0, 3)
      .map((c) => c / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const style = getComputedStyle(mark)
  let behind = mark.parentElement
  while (parts(getComputedStyle(behind).backgroundColor)[3] === 0) {
    behind = behind.parentElement
  }
  const line = light(style.textDecorationColor)
  const ground = light(getComputedStyle(behind).backgroundColor)
  const contrast = (Math.max(line, ground) + 0.05) / (Math.min(line, ground) + 0.05)
  return [style.textDecorationLine, contrast >= 3]
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_two_texts_are_told_apart_without_colour(at_desk, article, width, scheme):
    work = article(steps=CHANGED, body=OLD, title="Two texts")
    page = at_desk("carlo", width, color_scheme=scheme)
    page.goto(work.at("history"))
    page.locator("[name=before][value=edition-1]").check()
    page.locator("[name=after][value=draft]").check()
    assert sticking_out(page) == []

    page.locator("input[type=submit]").click()

    deleted, inserted = page.locator(".comparison del"), page.locator(".comparison ins")
    expect(deleted).to_have_text("deleted: in the morning end")
    expect(inserted).to_have_text(
        ["inserted: at once end", "inserted: At night call 112. end"]
    )
    assert deleted.evaluate(LINE) == ["line-through", True]
    assert inserted.first.evaluate(LINE) == ["underline", True]
    assert sticking_out(page) == []
    for hidden in page.locator(".comparison :is(ins, del) .visually-hidden").all():
        assert hidden.bounding_box()["width"] <= 1


def test_an_edition_is_restored_into_the_working_copy_only(at_desk, browse, article):
    work = article(steps=CHANGED, body=OLD, title="As it was")
    page, reader = at_desk("carlo"), browse(javascript=False)
    page.goto(work.at("history"))
    page.locator("a[href$='/restore/edition-1/']").click()
    expect(page.locator(".comparison ins")).to_contain_text("in the morning")

    with page.expect_navigation():
        page.locator(".submit-row input[type=submit]").click()

    expect(page.locator(".messagelist .success")).to_be_visible()
    expect(text_editor(page)).to_contain_text("Call us in the morning")
    reader.goto(work.address)
    expect(reader.locator(".changes li")).to_have_count(1)
    page.goto(work.at("history"))
    expect(page.locator("[name=before][value^=save-]")).to_have_count(3)


def test_a_deleted_draft_can_be_brought_back(at_desk, article):
    source = "article.sources.create(title='A source', pmid='1')"
    work = article(steps=source, title="Deleted by mistake")
    page = at_desk("anna")
    page.goto(work.at())
    move_caret(page, "ControlOrMeta+End")
    page.keyboard.type(" With its source.")
    press(page, "_continue")
    page.locator(".deletelink").click()
    page.locator("#content form input[type=submit]").click()
    expect(page.locator(".messagelist .success")).to_be_visible()

    page.locator(".object-tools a[href$='/deleted/']").click()
    page.get_by_role("link", name=work.title).click()
    expect(page.locator(".facts")).to_contain_text("A source")
    with page.expect_navigation():
        page.locator("input[type=submit]").click()

    expect(page.locator(".messagelist .success")).to_contain_text(work.title)
    assert page.url.endswith(work.at())
    expect(text_editor(page)).to_contain_text("Short words. With its source.")
    expect(page.locator("[name=sources-0-title]")).to_have_value("A source")
