"""Promises made everywhere, kept everywhere: every public and every desk page."""

import json
import re
from urllib.parse import urlsplit

import html5lib
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import (
    COLOURS,
    WCAG,
    Watch,
    doubled_hour,
    html_pages,
    sticking_out,
    text_editor,
)

DESK_MODELS = [
    ("articles", "article"),
    ("articles", "linkplace"),
    ("articles", "redirect"),
    ("articles", "statement"),
    ("articles", "synonym"),
    ("articles", "term"),
    ("articles", "topic"),
    ("articles", "unfound"),
    ("articles", "wording"),
    ("articles", "condition"),
    ("auth", "group"),
    ("clinic", "auditentry"),
    ("clinic", "missedaddress"),
    ("clinic", "picture"),
    ("clinic", "practice"),
    ("clinic", "user"),
]
NEVER_ADDED = {
    ("articles", "linkplace"),
    ("articles", "statement"),
    ("articles", "unfound"),
    ("clinic", "auditentry"),
    ("clinic", "missedaddress"),
    ("clinic", "practice"),
}


def test_the_walk_reaches_every_kind_of_page(pages):
    expected = {
        "/",
        "/accessibility/",
        "/articles/",
        "/articles/liver-metastases/",
        "/contact/",
        "/contact/fhir.json",
        "/contact/practice.json",
        "/contact/practice.svg",
        "/contact/practice.vcf",
        "/contact/practice-4.vcf",
        "/doctors/carlo-pastore/",
        "/glossary/",
        "/legal/",
        "/privacy/",
        "/articles/updated-once/",
        "/it/articoli/detto-in-due-lingue/",
        "/topics/liver/",
        "/it/",
        "/it/accessibilita/",
        "/it/articoli/",
        "/it/articoli/metastasi-epatiche/",
        "/it/contatti/",
        "/it/glossario/",
        "/it/medici/carlo-pastore/",
        "/it/privacy/",
        "/it/argomenti/liver/",
    }

    assert expected <= set(pages)
    assert len(pages) > 30


def test_every_article_leads_to_its_editions_under_their_numbers(pages):
    numbers = {}
    for path, (_status, _headers, text) in html_pages(pages).items():
        for address in re.findall(r'class="changes__link" href="([^"]+)"', text):
            assert pages[address][0] == 200
            assert pages[address][1]["X-Robots-Tag"] == "noindex"
            numbers.setdefault(path, []).append(address.split("/")[-2])

    assert numbers["/articles/updated-once/"] == ["2", "1"]
    assert numbers["/it/articoli/metastasi-epatiche/"] == ["1"]


# An article is sent by the mail of the reader's own device.
SENT = ("/by-mail/", "/per-posta/")


def test_every_article_leads_to_the_mail_of_the_device(pages):
    answers = [answer[0] for path, answer in pages.items() if path.endswith(SENT)]

    assert len(answers) > 10
    assert set(answers) == {302}


def test_every_page_answers_as_it_should(pages):
    answers = {
        path: answer[0] for path, answer in pages.items() if not path.endswith(SENT)
    }
    unusual = {path: status for path, status in answers.items() if status != 200}

    assert unusual == {
        "/articles/taken-away/": 410,
        "/not-there/": 404,
        "/it/not-there/": 404,
        "/contact/email/1/": 302,
        "/it/contatti/email/1/": 302,
    }


def test_no_public_page_sets_a_cookie_or_varies_by_one(pages):
    for path, (_status, headers, _text) in pages.items():
        assert headers["Set-Cookie"] is None, path
        assert "cookie" not in (headers["Vary"] or "").lower(), path


def test_every_page_carries_the_security_headers(pages):
    for path, (_status, headers, _text) in pages.items():
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy, path
        assert "unsafe" not in policy, path
        assert "nonce" not in policy, path
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["X-Frame-Options"] == "DENY", path
        assert headers["Referrer-Policy"] == "same-origin", path
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin", path
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin", path
        assert "camera=()" in headers["Permissions-Policy"], path


def test_every_page_is_valid_html_with_one_h1(pages):
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    for path, (_status, _headers, text) in html_pages(pages).items():
        document = parser.parse(text)
        assert len(document.findall(".//h1")) == 1, path
        ids = [e.get("id") for e in document.iter() if e.get("id")]
        assert len(ids) == len(set(ids)), path


def test_every_title_is_unique_in_its_language(pages):
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    titles = {}
    for path, (status, _headers, text) in html_pages(pages).items():
        if status == 200:
            document = parser.parse(text)
            language = document.get("lang")
            title = document.findtext(".//title").strip()
            assert titles.setdefault((language, title), path) == path


def test_every_page_says_the_language_of_its_address(pages):
    for path, (_status, headers, text) in html_pages(pages).items():
        language = "it" if path.startswith("/it/") else "en"
        assert f'<html lang="{language}">' in text, path
        assert headers["Content-Language"] == language, path


def test_both_numbers_are_one_tap_away_on_every_page(pages):
    for path, (_status, _headers, text) in html_pages(pages).items():
        header = text.partition("<main")[0]
        assert 'href="tel:+393317612698"' in header, path
        assert 'href="tel:+393319584817"' in header, path


def test_the_email_address_stands_in_no_page(pages):
    for path, (_status, _headers, text) in pages.items():
        assert "studio@" not in text, path
        assert "mailto:" not in text, path


def look_at(page, *looks, as_a_whole=False):
    """Show the page at each width and in each scheme, without loading it again.

    ``as_a_whole``: in a window so high that nothing lies under what sticks to its end.
    """
    for width, scheme in looks:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        if as_a_whole:
            height = page.evaluate("document.documentElement.scrollHeight")
            page.set_viewport_size({"width": width, "height": height})
        # Colours that are on their way are those of neither scheme.
        page.evaluate("document.getAnimations().forEach((change) => change.finish())")
        yield width, scheme


# WCAG 2.2, 2.5.5 asks for 44 px; what stands within a sentence is exempt.
SMALL_TARGETS = """() => [...document.querySelectorAll('a, button, summary')]
  .filter((target) => {
    const around = target.parentElement
      .closest('p, li, td, figcaption, div, dd, dt, body')
    const own = target.textContent.trim().length
    const isInline = getComputedStyle(target).display === 'inline'
    const inSentence = (isInline || target.matches('.term'))
      && around.textContent.trim().length > own + 12
    const box = target.getBoundingClientRect()
    const visible = box.width > 0 && target.checkVisibility()
    const small = Math.round(box.height) < 44 || Math.round(box.width) < 24
    return visible && small && !inSentence && !target.matches('.skip-link')
  })
  .map((target) => target.outerHTML.slice(0, 120))"""

# What helps, and where it stands.
HELP = """() => [
  document.querySelector(".callbar").getBoundingClientRect().toJSON(),
  [...document.querySelectorAll(
    ".callbar a, .nav__link:last-of-type, .footer__phones a"
  )].map((link) => link.getAttribute("href")),
]"""
LOOKS = [(320, "light"), (320, "dark"), (1280, "light"), (1280, "dark")]


@pytest.fixture(scope="module")
def seen(chromium, portal, pages, violations):
    """What every public page shows in every look; each page is loaded once."""
    context = chromium.new_context(base_url=portal.address)
    watch = Watch(context, portal.address, watched=True)
    page = context.new_page()
    found = {"problems": watch.problems, "stored": {}, "looks": {}}
    for path in html_pages(pages):
        page.goto(path)
        for look in look_at(page, *LOOKS):
            rules = COLOURS if "dark" in look else None
            found["looks"][path, *look] = {
                "violations": violations(page, [*WCAG, "best-practice"], rules),
                "sticking out": sticking_out(page),
                "small": page.evaluate(SMALL_TARGETS),
                "help": page.evaluate(HELP),
            }
        stored = page.evaluate("localStorage.length + sessionStorage.length")
        found["stored"][path] = stored
    yield found
    context.close()


def test_every_public_page_is_accessible(seen):
    for look, found in seen["looks"].items():
        assert found["violations"] == [], look
        # WCAG 2.2, 1.4.10: nothing to scroll sideways at 320 px
        assert found["sticking out"] == [], look
    assert len(seen["looks"]) > 4 * 30


def test_no_public_page_stores_a_thing_or_breaks_the_policy(seen):
    assert seen["problems"] == []
    assert set(seen["stored"].values()) == {0}


def test_every_target_is_large_enough_for_a_thumb(seen):
    for look, found in seen["looks"].items():
        assert found["small"] == [], look


@pytest.mark.parametrize("width", [320, 1280])
def test_help_stands_in_the_same_place_on_every_page(seen, width):
    """WCAG 2.2, 3.2.6: the numbers and the way to the contact page."""
    places = {"en": [], "it": []}
    for (path, at, _scheme), found in seen["looks"].items():
        if at == width:
            places["it" if path.startswith("/it/") else "en"].append(found["help"])
    for found in places.values():
        assert len(found) > 5
        assert all(place == found[0] for place in found)


# The desk ####################################################################

# One article in every state.
ADD_STATES = """
import json
from datetime import timedelta
from django.utils import timezone
from articles.links import checking
from articles.models import Article, Link, Redirect, Topic, Unfound
from clinic.models import Doctor, MissedAddress, User
names = ("anna", "carlo", "manager")
anna, carlo, manager = (User.objects.get(username=name) for name in names)
later = timezone.now() + timedelta(days=30)
made = {}

def write(state):
    article = Article.objects.create(
        language="en", title=f"In the state {state}", slug=f"in-the-state-{state}",
        summary="A guaranteed result.",
        body="<h2>What it is</h2><p>If you are in treatment with us and you have a "
             "fever in the night you should not wait until the morning but call the "
             "number of the practice: 331 761 2698.</p>",
        topic=Topic.objects.first(), author=Doctor.objects.first(),
    )
    article.sources.create(title="A page, 2026", url="https://www.example.org/")
    article.written(anna)
    made[state] = article.pk
    return article

def submit(state):
    article = write(state)
    article.submit(by=anna, note="Please look at the number.")
    return article

def sign(state):
    article = submit(state)
    article.sign(by=carlo)
    return article

def publish(state):
    article = sign(state)
    article.publish(by=carlo)
    return article

def change(article):
    article.body = article.body.replace("call", "telephone") + "<p>New.</p>"
    article.change_note = "The end is new."
    article.written(manager)
    return article

write("draft")
write("unwanted")
submit("submitted")
submit("returned").send_back(by=carlo, note="The number is wrong.")
sign("signed")
change(publish("changed"))
planned = change(publish("planned"))
planned.submit(by=manager)
planned.sign(by=carlo)
planned.publish(by=carlo, at=later)
publish("ending").withdraw(by=carlo, at=later)
publish("withdrawn").withdraw(by=carlo, note="No longer given.")
publish("doubted").review(by=carlo, outcome="CHANGES", note="The dose is wrong.")
original = publish("original")
original.body += "<p>Only in the working copy.</p>"
original.written(anna)
made["begun"] = original.translate("it", by=anna)[0].pk
made["behind"] = Article.objects.get(slug="detto-in-due-lingue").pk
checking.gather()
Link.objects.filter(kind="WEB").first().gone("404")
Redirect.objects.create(path="/old-page.html", topic=Topic.objects.first())
Unfound.objects.add({"en " + "hyperthermia" * 8: (3, "")})
MissedAddress.objects.add({"/terapie/" + "ipertermia" * 9: (3, "www.example.org")})
print(json.dumps(made))
"""


@pytest.fixture(scope="module")
def states(portal):
    """The key of an article in every state."""
    return json.loads(portal.run(ADD_STATES))


def settle(page):
    """Wait until the desk's scripts have built the editor and the search fields."""
    page.wait_for_function(
        "() => !document.querySelector('textarea[data-editor]:not([hidden])')"
    )
    page.wait_for_function(
        "() => [...document.querySelectorAll('select.admin-autocomplete')].every("
        "select => select.name.includes('__prefix__')"
        " || select.nextElementSibling?.querySelector('[aria-labelledby*=label]'))"
    )


def desk_paths(states):
    """Every page of the desk that has an address, with the first of each kind."""
    for app, model in DESK_MODELS:
        yield f"/admin/{app}/{model}/"
        if (app, model) not in NEVER_ADDED:
            yield f"/admin/{app}/{model}/add/"
        if (app, model) != ("auth", "group"):
            yield f"/admin/{app}/{model}/1/change/"
            yield f"/admin/{app}/{model}/1/history/"
    for app in ("articles", "clinic", "auth"):
        yield f"/admin/{app}/"
    yield "/admin/"
    yield "/admin/auth/group/1/change/"
    yield "/admin/articles/topic/4/delete/"
    yield "/admin/clinic/user/2/delete/"
    yield "/admin/clinic/user/1/password/"
    yield "/admin/clinic/picture/1/delete/"
    yield "/admin/password_change/"
    yield "/admin/you/"
    yield "/admin/you/app/"
    yield "/admin/you/sure/"
    yield "/admin/clinic/user/3/reset/"
    yield "/admin/clinic/missedaddress/?shown=ignored"
    yield "/admin/articles/linkplace/?state=every"
    yield "/admin/articles/redirect/add/?path=/lost-page"
    for word in ("to-sign", "scheduled", "behind"):
        yield f"/admin/articles/article/?waiting={word}"
    for state in (
        "draft", "returned", "signed", "planned", "withdrawn", "doubted", "original",
        "begun", "behind",
    ):  # fmt: skip
        yield f"/admin/articles/article/{states[state]}/change/"
    for state, step in (
        ("draft", "submit"),
        ("draft", "preview"),
        ("draft", "delete"),
        ("submitted", "submit"),  # refused: it is submitted already
        ("submitted", "sign"),
        ("submitted", "return"),
        ("signed", "publish"),
        ("changed", "publish"),  # refused: nobody has signed the change
        ("changed", "sign"),
        ("changed", "review"),
        ("changed", "withdraw"),
        ("changed", "history"),
        ("changed", "compare/?before=edition-1&after=draft"),
        ("changed", "restore/edition-1"),
        ("withdrawn", "replace"),
        ("changed", "replace"),  # refused: readers see it
        ("planned", "call-off"),
        ("planned", "withdraw"),
        ("planned", "history"),
        ("ending", "call-off"),
        ("doubted", "history"),
    ):
        path = f"/admin/articles/article/{states[state]}/{step}"
        yield path if "?" in path else f"{path}/"


def press(page, selector):
    with page.expect_navigation() as answered:
        page.locator(selector).click()
    return answered.value


def answers_of_the_form(page, states):
    """What the form says where it cannot save, and where it has kept words."""
    path = f"/admin/articles/article/{states['draft']}/change/"
    page.goto(path)
    text_editor(page)
    page.locator("#id_summary").fill("Typed, and nobody has seen it.")
    page.wait_for_function("() => Object.keys(localStorage).join().includes('words:')")
    page.once("dialog", lambda dialog: dialog.accept())
    yield page.reload()
    page.get_by_role("status").get_by_role("button").last.click()

    page.locator("#id_summary").fill("Typed in a second window.")
    page.locator("[name=seen_version]").evaluate("field => { field.value = 99 }")
    answer = press(page, "[name=_continue]")
    expect(page.locator(".conflict ins")).to_be_visible()
    yield answer
    page.locator("#id_title").fill("")
    yield press(page, "[name=_continue]")
    page.evaluate("localStorage.clear()")


def answers_of_a_step(page, states):
    """A step that asks again: which of the two hours, and what is wrong."""
    page.goto(f"/admin/articles/article/{states['signed']}/publish/")
    page.locator("[name=moment]").fill(doubled_hour())
    yield press(page, "form.step .submit-row input")
    page.goto(f"/admin/articles/article/{states['changed']}/review/")
    page.locator("[type=radio][name=outcome]").first.check()
    yield press(page, "form.step:not(.step--once) .submit-row input")


def bulk_publishing(page, states):
    page.goto("/admin/articles/article/?q=state")
    for state in ("draft", "signed", "changed"):
        page.locator(f"[name=_selected_action][value='{states[state]}']").check()
    page.locator("[name=action]").select_option("publish_unreviewed")
    yield press(page, "[name=index]")


def what_was_deleted(page, states):
    """The list of what was deleted, empty and not, and the way back."""
    yield page.goto("/admin/articles/article/deleted/")
    page.goto(f"/admin/articles/article/{states['unwanted']}/delete/")
    press(page, "#content form [type=submit]")
    yield page.goto("/admin/articles/article/deleted/")
    yield press(page, ".log a")
    press(page, "#content form [type=submit]")


def desk_pages(at_desk, states, **options):
    """Open every page of the desk, one after the other; give it with its answer."""
    page = at_desk("manager", **options)
    for path in desk_paths(states):
        yield page, page.goto(path)
    for more in (
        answers_of_the_form,
        answers_of_a_step,
        bulk_publishing,
        what_was_deleted,
    ):
        for answer in more(page, states):
            yield page, answer
    # The desk's first page for whom something waits, and for whom nothing does.
    for name in ("anna", "paola"):
        page = at_desk(name, **options)
        yield page, page.goto("/admin/")


@pytest.mark.parametrize("locale", ["en-GB", "it-IT"])
def test_every_desk_page_is_valid_accessible_and_keeps_to_the_policy(
    at_desk, states, violations, locale
):
    """Each is loaded once in each language; axe reads those in Italian."""
    looks = [(320, "light"), (1280, "light"), (1280, "dark")] * (locale == "it-IT")
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    titles = {}
    for page, answer in desk_pages(at_desk, states, locale=locale):
        where = page.url
        assert answer.status == 200, where
        assert "no-store" in answer.headers.get("cache-control", ""), where
        assert "default-src 'none'" in answer.headers["content-security-policy"], where
        document = parser.parse(answer.text())
        assert len(document.findall(".//h1")) == 1, where
        ids = [e.get("id") for e in document.iter() if e.get("id")]
        assert len(ids) == len(set(ids)), where
        title = document.findtext(".//title").strip()
        path = urlsplit(where).path
        assert titles.setdefault(title, path) == path
        settle(page)
        language = page.locator("html").get_attribute("lang")
        assert path.endswith("/preview/") or language == locale[:2], where
        for look in look_at(page, *looks, as_a_whole=True):
            rules = COLOURS if "dark" in look else None
            assert violations(page, rules=rules) == [], (where, look)
            assert sticking_out(page) == [], (where, look)
    # The walk itself is watched: see the fixture.


def test_the_sign_in_page_is_accessible(browse, violations):
    page = browse(320)
    page.goto("/admin/")

    assert violations(page) == []


LEFT_BEHIND = """async () => [
    document.cookie,
    localStorage.length + sessionStorage.length,
    (await indexedDB.databases()).length,
    (await caches.keys()).length,
    (await navigator.serviceWorker?.getRegistrations() ?? []).length,
]"""


@pytest.mark.parametrize("who", ["visitor", "editor"])
def test_a30_no_public_page_leaves_anything_in_the_browser(
    pages, browse, sessions, who
):
    """Nothing is stored, no cookie is sent, nobody else is asked.

    What the desk has put there for an editor stays as it is.
    """
    state = sessions.get(who)
    page = browse(storage_state=state)
    of_desk = sum(len(o["localStorage"]) for o in (state or {"origins": []})["origins"])
    asked = []
    page.on("request", lambda request: asked.append(request))
    paths = sorted(html_pages(pages))
    before = page.context.cookies()

    for path in paths if who == "visitor" else paths[:6]:
        page.goto(path)
        assert page.evaluate(LEFT_BEHIND) == ["", of_desk, 0, 0, 0], path

    assert page.context.cookies() == before
    assert len({urlsplit(request.url).netloc for request in asked}) == 1
    assert [r.url for r in asked if "cookie" in r.all_headers()] == []
