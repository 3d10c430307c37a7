"""Nobody's work is lost, and help while writing: the form of an article."""

import pytest
from playwright.sync_api import expect

from clinic.signing_in import sessions
from tests.browser.conftest import move_caret, password_of, sign_in, text_editor

ADD = "/admin/articles/article/add/"
LONG = (
    "If you are in treatment with us and you have a fever in the night or during the "
    "weekend you should not wait until the morning but call the number of the practice."
)


def open_form(page, address):
    """Open the form of an article and wait until all of its scripts have run."""
    page.goto(address)
    text_editor(page)
    page.locator("#sources-group .add-row a").wait_for()


def type_words(page, words):
    """Write into the text behind what stands there."""
    move_caret(page, "ControlOrMeta+End")
    page.keyboard.type(words)


def add_source(page, title, url):
    number = page.locator("#sources-group .dynamic-sources").count()
    page.locator("#sources-group .add-row a").click()
    page.locator(f"[name=sources-{number}-title]").fill(title)
    page.locator(f"[name=sources-{number}-url]").fill(url)


def choose_picture(page, words):
    """Search for a picture and choose the first that is found; return its name."""
    page.locator(".field-picture .select2-selection").click()
    page.locator(".select2-search__field").fill(words)
    option = page.locator(".select2-results__option--highlighted")
    expect(option).to_contain_text(words)
    name = option.inner_text()
    option.click()
    return name


def picture_shown(page):
    return page.locator(".field-picture .select2-selection__rendered")


def save(page):
    """Save the draft, and wait until the form of what was saved is there."""
    page.locator("[name=_continue]").click()
    expect(page.locator(".messagelist .success")).to_be_visible()
    text_editor(page)


def hold(page, address, method):
    """Let the next request to that address wait; it is in the list that is returned."""
    held = []

    def answer(route):
        if route.request.method == method and not held:
            held.append(route)
        else:
            route.continue_()

    page.route(address, answer)
    return held


def kept(page):
    """Whose words this browser has kept, as the names under which they lie."""
    return page.evaluate(
        "Object.keys(localStorage).filter((name) => name.startsWith('words:'))"
    )


def wait_until_kept(page):
    page.wait_for_function(
        "() => Object.keys(localStorage).some((name) => name.startsWith('words:'))"
    )


def close(page):
    """Close the window, whatever it asks; return a new one of the same browser."""
    context = page.context
    page.on("dialog", lambda dialog: dialog.accept())
    with page.expect_event("close"):
        page.close(run_before_unload=True)
    return context.new_page()


def expect_both(page, theirs, mine):
    """See what a colleague has saved beside what was typed."""
    texts = page.locator(".conflict .comparison").first
    expect(texts.locator("del")).to_contain_text(theirs)
    expect(texts.locator("ins")).to_contain_text(mine)


def offer(page):
    return page.locator("#keep")


@pytest.fixture
def writer(browse):
    """Sign in anna in a browser of her own, in which her session can end."""

    def at(address, name="anna"):
        page = browse()
        page.goto(address)
        sign_in(page, name, password_of(name))
        open_form(page, address)
        return page

    return at


# Two people ##################################################################


def test_the_second_save_is_refused_with_both_texts_and_loses_neither(at_desk, article):
    work = article(summary="As it was.")
    first, second = at_desk("carlo"), at_desk("anna")
    open_form(first, work.at())
    open_form(second, work.at())
    first.locator("#id_summary").fill("As Carlo wrote it.")
    save(first)

    second.locator("#id_summary").fill("As Anna wrote it.")
    type_words(second, " And more.")
    second.locator("[name=_continue]").click()

    expect_both(second, "Carlo", "Anna")
    expect(second.locator(".conflict")).to_contain_text("And more.")
    expect(second.locator("#id_summary")).to_have_value("As Anna wrote it.")
    expect(text_editor(second)).to_contain_text("Short words. And more.")
    open_form(first, work.at())
    expect(first.locator("#id_summary")).to_have_value("As Carlo wrote it.")

    second.locator("[name=overwrite]").click()

    expect(second.locator(".messagelist .success")).to_be_visible()
    expect(offer(second)).to_be_hidden()
    open_form(first, work.at())
    expect(first.locator("#id_summary")).to_have_value("As Anna wrote it.")
    first.goto(work.at("history"))
    theirs = first.locator(".history tr", has=first.locator("[value^=save-]"))
    theirs.filter(has_text="carlo").locator("a").click()
    expect(first.locator(".comparison ins")).to_contain_text("Carlo")


# A session that ends while one types #########################################


def end_by_cookie(page, portal):
    page.context.clear_cookies(name="session")


def end_at_the_server(page, portal):
    (key,) = (
        cookie["value"]
        for cookie in page.context.cookies()
        if cookie["name"] == "session"
    )
    portal.run(
        "from clinic.models import Session; "
        f"Session.objects.get(session_key={sessions.kept(key)!r}).delete()"
    )


@pytest.mark.parametrize("end", [end_by_cookie, end_at_the_server])
def test_r20_a_session_that_ran_out_gives_the_text_back_after_signing_in(
    writer, portal, article, end
):
    work = article(title="While the session ended")
    page = writer(work.at())
    page.locator("#id_title").fill(f"{work.title}, longer")
    type_words(page, " Typed for an hour.")
    add_source(page, "Institute: a page, 2026", "https://www.example.org/page")
    picture = choose_picture(page, "liver")
    page.locator("#id_picture_alt").fill("A liver.")
    end(page, portal)

    page.locator("[name=_continue]").click()
    page.locator("#id_username").wait_for()
    sign_in(page, "anna", password_of("anna"))

    sentence = page.locator("#keep").get_attribute("data-arrived-late")
    expect(offer(page)).to_have_text(sentence)
    expect(page.locator("#id_title")).to_have_value(f"{work.title}, longer")
    expect(text_editor(page)).to_contain_text("Short words. Typed for an hour.")
    expect(page.locator("[name=sources-0-title]")).to_have_value(
        "Institute: a page, 2026"
    )
    expect(picture_shown(page)).to_contain_text(picture)

    save(page)

    expect(offer(page)).to_be_hidden()
    page.reload()
    expect(text_editor(page)).to_contain_text("Short words. Typed for an hour.")
    expect(page.locator("#id_title")).to_have_value(f"{work.title}, longer")
    expect(page.locator("[name=sources-0-url]")).to_have_value(
        "https://www.example.org/page"
    )
    expect(picture_shown(page)).to_contain_text(picture)
    expect(page.locator("#id_picture_alt")).to_have_value("A liver.")
    expect(offer(page)).to_be_hidden()


def test_r20_a_new_article_survives_the_end_of_the_session_too(writer, portal):
    page = writer(ADD)
    page.locator("#id_title").press_sequentially("Begun before the session ended")
    type_words(page, "Typed for an hour.")
    add_source(page, "Institute: a page, 2026", "https://www.example.org/page")
    end_by_cookie(page, portal)

    page.locator("[name=_continue]").click()
    page.locator("#id_username").wait_for()
    sign_in(page, "anna", password_of("anna"))

    sentence = page.locator("#keep").get_attribute("data-arrived-late")
    expect(offer(page)).to_have_text(sentence)
    expect(page.locator("#id_slug")).to_have_value("begun-before-the-session-ended")
    expect(text_editor(page)).to_contain_text("Typed for an hour.")

    save(page)

    expect(page.locator("[name=sources-0-title]")).to_have_value(
        "Institute: a page, 2026"
    )
    expect(offer(page)).to_be_hidden()
    open_form(page, ADD)
    expect(offer(page)).to_be_hidden()
    expect(page.locator("#id_title")).to_have_value("")
    assert kept(page) == []


@pytest.mark.parametrize("end", [end_by_cookie, end_at_the_server])
def test_r20_every_other_form_waits_until_somebody_has_signed_in_again(
    browse, portal, end
):
    page = browse()
    page.goto("/admin/clinic/practice/1/change/")
    sign_in(page, "manager", password_of("manager"))
    page.goto("/admin/clinic/practice/1/change/")
    page.locator("#id_vat_number").fill("IT00000000000")
    end(page, portal)

    page.locator("[name=_continue]").click()
    page.locator("#session a").wait_for()
    expect(page.locator("#session")).to_contain_text("still there")
    with page.expect_popup() as opened:
        page.locator("#session a").click()
    sign_in(opened.value, "manager", password_of("manager"))
    opened.value.close()
    page.locator("[name=_continue]").click()

    page.locator(".messagelist .success").wait_for()
    expect(page.locator("#id_vat_number")).to_have_value("IT00000000000")


def test_r20_every_other_form_waits_for_the_network(browse, portal):
    page = browse()
    page.goto("/admin/clinic/practice/1/change/")
    sign_in(page, "manager", password_of("manager"))
    page.goto("/admin/clinic/practice/1/change/")
    page.locator("#id_vat_number").fill("IT00000000001")
    page.context.set_offline(True)

    page.locator("[name=_continue]").click()

    expect(page.locator("#session")).to_contain_text("does not answer")
    expect(page.locator("#id_vat_number")).to_have_value("IT00000000001")


def test_r20_a_connection_that_breaks_while_saving_loses_nothing(writer, article):
    work = article(summary="As it was.")
    page = writer(work.at())
    open_form(page, work.at())
    page.route(
        f"**{work.at()}",
        lambda route: (
            route.abort() if route.request.method == "POST" else route.continue_()
        ),
    )
    page.locator("#id_summary").fill("Typed just before the line went down.")
    with page.expect_event("requestfailed"):
        page.locator("[name=_continue]").click(no_wait_after=True)
    page.unroute_all()

    open_form(page, work.at())

    sentence = page.locator("#keep").get_attribute("data-arrived-late")
    expect(offer(page)).to_have_text(sentence)
    expect(page.locator("#id_summary")).to_have_value(
        "Typed just before the line went down."
    )


def test_what_a_colleague_saved_meanwhile_is_not_overwritten_unseen(
    writer, at_desk, portal, article
):
    work = article(summary="As it was.")
    page = writer(work.at())
    page.locator("#id_summary").fill("As Anna wrote it.")
    end_by_cookie(page, portal)
    colleague = at_desk("carlo")
    open_form(colleague, work.at())
    colleague.locator("#id_summary").fill("As Carlo wrote it.")
    save(colleague)

    page.locator("[name=_continue]").click()
    page.locator("#id_username").wait_for()
    sign_in(page, "anna", password_of("anna"))

    expect(offer(page)).to_contain_text(
        page.locator("#keep").get_attribute("data-older")
    )
    expect(page.locator("#id_summary")).to_have_value("As Carlo wrote it.")
    offer(page).get_by_role("button").first.click()
    expect(page.locator("#id_summary")).to_have_value("As Anna wrote it.")
    page.locator("[name=_continue]").click()
    expect_both(page, "Carlo", "Anna")


# Words that were never saved #################################################


@pytest.fixture
def closed(writer, article):
    """A window opened again after it was closed with words that nobody saved."""
    work = article(title="Never saved")
    page = writer(work.at())
    page.locator("#id_title").fill("Typed and not saved")
    type_words(page, " Nor this.")
    add_source(page, "A source", "https://www.example.org/source")
    page = close(page)
    open_form(page, work.at())
    return page, work


def test_kept_words_are_offered_and_go_into_the_form(closed):
    page, work = closed
    expect(offer(page)).to_contain_text(
        page.locator("#keep").get_attribute("data-found")
    )
    expect(page.locator("#id_title")).to_have_value(work.title)

    offer(page).get_by_role("button").first.click()

    expect(page.locator("#id_title")).to_have_value("Typed and not saved")
    expect(text_editor(page)).to_contain_text("Short words. Nor this.")
    expect(page.locator("[name=sources-0-title]")).to_have_value("A source")
    expect(offer(page)).to_be_hidden()
    save(page)
    expect(page.locator("#id_title")).to_have_value("Typed and not saved")
    expect(page.locator("[name=sources-0-title]")).to_have_value("A source")
    assert kept(page) == []


def test_kept_words_can_be_thrown_away(closed):
    page, work = closed

    offer(page).get_by_role("button").last.click()

    expect(offer(page)).to_be_hidden()
    expect(page.locator("#id_title")).to_have_value(work.title)
    assert kept(page) == []
    open_form(page, work.at())
    expect(offer(page)).to_be_hidden()


def test_kept_words_are_offered_until_somebody_decides(closed):
    page, work = closed
    expect(offer(page)).to_be_visible()

    page.reload()

    text_editor(page)
    expect(offer(page)).to_be_visible()


def test_kept_words_are_offered_to_nobody_else(closed):
    page, work = closed
    page.context.clear_cookies()
    page.goto(work.at())
    sign_in(page, "carlo", password_of("carlo"))

    open_form(page, work.at())

    expect(offer(page)).to_be_hidden()
    expect(page.locator("#id_title")).to_have_value(work.title)
    page.context.clear_cookies()
    page.goto(work.at())
    sign_in(page, "anna", password_of("anna"))
    expect(offer(page)).to_be_visible()


@pytest.mark.parametrize("button", ["_continue", "_preview", "_submit"])
def test_nothing_is_offered_of_what_was_saved(at_desk, article, button):
    work = article()
    page = at_desk("anna")
    open_form(page, work.at())
    type_words(page, " Saved at once.")
    with page.expect_navigation():
        page.locator(f"[name={button}]").click()

    open_form(page, work.at())

    expect(text_editor(page)).to_contain_text("Saved at once.")
    expect(offer(page)).to_be_hidden()
    assert kept(page) == []


def test_a_new_article_is_not_offered_once_it_is_saved(at_desk):
    page = at_desk("anna")
    open_form(page, ADD)
    page.locator("#id_title").press_sequentially("Saved and looked at")
    with page.expect_navigation():
        page.locator("[name=_preview]").click()

    open_form(page, ADD)

    expect(offer(page)).to_be_hidden()
    expect(page.locator("#id_title")).to_have_value("")
    assert kept(page) == []


def test_a_chosen_picture_is_kept_like_typed_words(at_desk, article):
    work = article()
    page = at_desk("anna")
    open_form(page, work.at())
    picture = choose_picture(page, "fever")
    page = close(page)

    open_form(page, work.at())
    offer(page).get_by_role("button").first.click()

    expect(picture_shown(page)).to_contain_text(picture)


def test_a_form_that_was_refused_keeps_all_that_was_typed(at_desk, article):
    work = article()
    page = at_desk("anna")
    open_form(page, work.at())
    page.locator("#id_title").fill("")
    page.locator("#id_summary").fill("A better summary.")
    type_words(page, " More of it.")
    add_source(page, "A source", "https://www.example.org/source")
    page.locator("#id_key_phrases").fill("one\ntwo")

    page.locator("[name=_continue]").click()

    expect(page.locator("#id_title")).to_be_focused()
    expect(page.locator(".field-title .errorlist")).to_be_visible()
    expect(page.locator("#id_summary")).to_have_value("A better summary.")
    expect(text_editor(page)).to_contain_text("Short words. More of it.")
    expect(page.locator("[name=sources-0-title]")).to_have_value("A source")
    expect(page.locator("#id_key_phrases")).to_have_value("one\ntwo")
    expect(offer(page)).to_be_hidden()
    page.locator("#id_title").fill(work.title)
    save(page)
    expect(page.locator("#id_summary")).to_have_value("A better summary.")


def test_the_public_pages_keep_nothing_in_the_browser(browse, portal):
    page = browse()

    for path in ("/", "/articles/liver-metastases/", "/contact/"):
        page.goto(path)
        page.get_by_role("link").first.focus()
        page.keyboard.type("words")

        assert page.evaluate("localStorage.length + sessionStorage.length") == 0
        assert page.context.cookies() == []


# Advice while one writes #####################################################


def hints(page):
    return page.locator("#advice .advice__hints li")


def paste(page, html):
    text_editor(page).evaluate(
        """(element, html) => {
          const data = new DataTransfer()
          data.setData("text/html", html)
          element.dispatchEvent(
            new ClipboardEvent("paste", { clipboardData: data, bubbles: true }))
        }""",
        html,
    )


def test_the_advice_follows_what_is_typed_and_takes_no_focus(at_desk, article):
    work = article()
    page = at_desk("anna")
    open_form(page, work.at())
    expect(hints(page)).to_have_count(0)
    page.evaluate("window.sameDocument = true")

    type_words(page, f" {LONG}")
    expect(hints(page).filter(has_text="Long sentences")).to_contain_text(LONG[:60])
    expect(text_editor(page)).to_be_focused()

    page.keyboard.type(" We promise a guaranteed result.")
    expect(hints(page).filter(has_text="A result cannot be guaranteed")).to_be_visible()

    page.keyboard.type(" Call +39 331 761 2698.")
    expect(hints(page).filter(has_text="Phone numbers typed by hand")).to_contain_text(
        "+39 331 761 2698"
    )

    page.keyboard.press("Enter")
    paste(page, '<p><a href="https://www.example.org/">click here</a></p>')
    expect(hints(page).filter(has_text="where they lead")).to_contain_text("click here")

    page.locator("#id_title").fill("The best clinic")
    expect(hints(page)).to_have_count(5)
    expect(page.locator("#id_title")).to_be_focused()
    page.locator("#id_title").press("End")
    page.keyboard.type(" in town")
    expect(page.locator("#id_title")).to_have_value("The best clinic in town")
    assert page.evaluate("window.sameDocument") is True


def test_the_last_question_has_the_last_word(at_desk, article):
    work = article()
    page = at_desk("anna")
    open_form(page, work.at())
    held = hold(page, "**/advice/", "POST")
    with page.expect_request("**/advice/"):
        page.locator("#id_summary").fill("A guaranteed result.")
    with page.expect_response("**/advice/"):
        page.locator("#id_title").fill("The best clinic")
    page.locator("#id_summary").fill("Plain words.")
    expect(hints(page)).to_have_count(1)
    expect(hints(page)).not_to_contain_text("guaranteed")

    with page.expect_event("requestfinished"):
        held.pop().continue_()

    page.evaluate("() => new Promise((done) => requestAnimationFrame(done))")
    expect(hints(page)).to_have_count(1)
    expect(hints(page)).not_to_contain_text("guaranteed")


def test_a_source_and_a_picture_count_as_soon_as_they_are_there(at_desk, article):
    work = article()
    page = at_desk("anna")
    open_form(page, work.at())
    there = page.locator("#advice .advice__mark--there")
    before = there.count()

    add_source(page, "A source", "https://www.example.org/source")
    expect(there).to_have_count(before + 1)

    choose_picture(page, "liver")
    expect(hints(page).filter(has_text="The picture has no description")).to_have_count(
        1
    )
    page.locator("#id_picture_alt").fill("A liver.")
    expect(hints(page)).to_have_count(0)


def test_off_line_one_can_write_on(at_desk, article):
    work = article()
    page = at_desk("anna")
    open_form(page, work.at())
    page.context.set_offline(True)

    with page.expect_event("requestfailed"):
        type_words(page, f" {LONG}")
    wait_until_kept(page)

    expect(text_editor(page)).to_be_focused()
    page.context.set_offline(False)
    page.keyboard.type(" And on.")
    expect(hints(page)).to_have_count(1)
    save(page)
    expect(text_editor(page)).to_contain_text("And on.")


def test_the_preview_gives_the_same_advice(at_desk, article):
    work = article()
    page = at_desk("anna")
    open_form(page, work.at())
    type_words(page, f" {LONG}")

    page.locator("[name=_preview]").click()
    page.locator(".preview-bar summary").click()

    expect(page.locator(".preview-bar .advice__hints li")).to_contain_text(LONG[:60])


# A chosen time ###############################################################


def test_whoever_types_a_time_means_that_time(at_desk, article):
    signed = "article.submit(by=users['anna']); article.sign(by=users['carlo'])"
    work = article(steps=signed)
    page = at_desk("carlo")
    page.goto(work.at("publish"))
    expect(page.locator("[name=when][value=now]")).to_be_checked()

    page.locator("#id_moment").press("1")
    expect(page.locator("[name=when][value=now]")).to_be_checked()
    page.locator("#id_moment").fill("2099-10-01T08:30")

    expect(page.locator("[name=when][value=later]")).to_be_checked()
