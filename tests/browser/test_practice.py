"""The secretary looks after the practice: by keyboard alone, on a small screen."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.conftest import move_caret, running_portal, tab_to, text_editor


@pytest.fixture(scope="module")
def own_portal(tmp_path_factory):
    """A portal of these journeys' own: they change what every page shows."""
    with running_portal(tmp_path_factory.mktemp("practice")) as portal:
        yield portal


@pytest.fixture
def secretary(browse, own_portal):
    """Her page of the desk at 320 px; the portal she works at is watched."""
    page = browse(320, base_url=own_portal.address, watched=False)
    page.goto("/admin/")
    expect(page.locator("#id_username")).to_be_focused()
    page.keyboard.type("editor")
    page.keyboard.press("Tab")
    page.keyboard.type(own_portal.password)
    page.keyboard.press("Enter")
    page.wait_for_selector("#user-tools")
    page.goto("/admin/clinic/practice/1/change/")
    return page


@pytest.fixture
def visitor(browse, own_portal):
    return browse(320, base_url=own_portal.address, javascript=False, watched=False)


def save(page):
    tab_to(page, "[name=_save]")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator(".messagelist .success")).to_be_visible()


def add_row(page, name):
    """Open a new row; the desk then puts the caret into its first field."""
    page.goto(f"{page.url.partition('#')[0]}#{name}-group")
    tab_to(page, f"#{name}-group .add-row a")
    page.keyboard.press("Enter")
    page.wait_for_function(
        "name => document.activeElement.name?.startsWith(name + '-')", arg=name
    )


def test_she_posts_a_notice_and_every_page_begins_with_it(secretary, visitor):
    now = timezone.localtime()
    add_row(secretary, "notices")
    secretary.keyboard.type("New number from Monday.")
    secretary.keyboard.press("Tab")
    secretary.keyboard.type("Da lunedì un numero nuovo.")
    for name, at in (("starts_at", now), ("ends_at", now + timedelta(days=2))):
        tab_to(secretary, f"[name$={name}]")
        # The browser's own field for a moment is typed in parts, differently in each.
        secretary.locator(":focus").fill(at.strftime("%Y-%m-%dT%H:%M"))
    save(secretary)

    for path, language, words in (
        ("/", "en", "New number from Monday."),
        ("/articles/liver-metastases/", "en", "New number from Monday."),
        ("/it/contatti/", "it", "Da lunedì un numero nuovo."),
        ("/not-there/", "en", "New number from Monday."),
    ):
        visitor.goto(path)
        label = {"en": "Notice", "it": "Avviso"}[language]
        region = visitor.get_by_role("region", name=label, exact=True)
        expect(region).to_have_text(words)
        assert region.bounding_box()["y"] < 100
        visitor.keyboard.press("Tab")
        expect(visitor.locator(":focus")).to_have_class("skip-link")


def test_she_closes_the_practice_and_visitors_read_why(secretary, visitor):
    today = timezone.localdate()
    add_row(secretary, "closures")
    for name, day in (("first_day", today), ("last_day", today + timedelta(days=70))):
        if name == "last_day":
            tab_to(secretary, "[name$=last_day]")
        secretary.locator(":focus").fill(day.isoformat())
    tab_to(secretary, "[name$=reason_0]")
    secretary.keyboard.type("Works in the house")
    save(secretary)

    visitor.goto("/contact/")
    expect(visitor.locator(".status")).to_have_text("Closed (Works in the house)")
    expect(visitor.locator("[aria-current=date] td")).to_have_text(
        "closed (Works in the house)"
    )
    expect(visitor.locator(".hours__notes")).to_contain_text("Works in the house")
    visitor.goto("/it/contatti/")
    # In one language only: a screen reader is told which one.
    expect(visitor.locator("[aria-current=date] [lang=en]")).to_have_text(
        "Works in the house"
    )


def test_she_follows_the_list_of_what_is_missing_to_its_field(secretary, visitor):
    expect(secretary.locator(".missing")).to_have_count(0)
    tab_to(secretary, "#id_vat_number")
    secretary.keyboard.press("ControlOrMeta+a")
    secretary.keyboard.press("Delete")
    save(secretary)

    missing = secretary.locator(".missing")
    expect(missing).to_contain_text("DPR 633/1972, article 35")
    tab_to(secretary, ".missing a")
    with secretary.expect_navigation():
        secretary.keyboard.press("Enter")
    tab_to(secretary, "#id_vat_number")
    secretary.keyboard.type("IT11111111111")
    save(secretary)

    expect(secretary.locator(".missing")).to_have_count(0)
    visitor.goto("/")
    expect(visitor.locator(".footer__legal")).to_contain_text("IT11111111111")


def test_she_writes_her_own_words_on_privacy_and_takes_them_back(secretary, visitor):
    secretary.goto("/admin/articles/statement/")
    tab_to(secretary, "#result_list a")
    with secretary.expect_navigation():
        secretary.keyboard.press("Enter")
    text_editor(secretary)
    kind = "privacy" if "Privacy" in secretary.title() else "accessibility"
    tab_to(secretary, ".ProseMirror")
    move_caret(secretary, "ControlOrMeta+a")
    secretary.keyboard.type("Ask us at the desk.")
    save(secretary)

    visitor.goto(f"/{kind}/")
    expect(visitor.locator(".prose")).to_contain_text("Ask us at the desk.")

    secretary.go_back()
    secretary.reload()
    tab_to(secretary, "#id_restore")
    secretary.keyboard.press("Space")
    save(secretary)
    visitor.reload()
    expect(visitor.locator(".prose")).not_to_contain_text("Ask us at the desk.")


def test_she_changes_a_number_and_every_page_has_it_at_once(secretary, visitor):
    tab_to(secretary, "#id_phones-1-number")
    secretary.keyboard.press("ControlOrMeta+a")
    secretary.keyboard.type("331 958 4818")
    save(secretary)

    for path in ("/", "/it/contatti/", "/doctors/carlo-pastore/", "/not-there/"):
        visitor.goto(path)
        numbers = visitor.locator("a[href^='tel:+39']").all_inner_texts()
        assert any("+39 331 958 4818" in number for number in numbers), path
        assert not any("958 4817" in number for number in numbers), path
    # An article refers to it in a sentence and on a care card.
    visitor.goto("/articles/fever-during-chemotherapy/")
    expect(visitor.locator(".prose a[href='tel:+393319584818']")).to_have_count(2)
