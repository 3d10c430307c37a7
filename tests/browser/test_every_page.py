"""Promises made everywhere, kept everywhere: every public and every desk page."""

import html5lib
import pytest

from tests.browser.conftest import WCAG, html_pages

DESK_MODELS = [
    ("articles", "article"),
    ("articles", "statement"),
    ("articles", "topic"),
    ("auth", "group"),
    ("clinic", "picture"),
    ("clinic", "practice"),
    ("clinic", "user"),
]
NEVER_ADDED = {("articles", "statement"), ("clinic", "practice")}


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
        "/legal/",
        "/privacy/",
        "/topics/liver/",
        "/it/",
        "/it/accessibilita/",
        "/it/articoli/",
        "/it/articoli/metastasi-epatiche/",
        "/it/contatti/",
        "/it/medici/carlo-pastore/",
        "/it/privacy/",
        "/it/argomenti/liver/",
    }

    assert expected <= set(pages)
    assert len(pages) > 30


def test_every_page_answers_as_it_should(pages):
    answers = {path: answer[0] for path, answer in pages.items()}
    unusual = {path: status for path, status in answers.items() if status != 200}

    assert unusual == {
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


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_public_page_is_accessible(pages, browse, violations, width, scheme):
    page = browse(width, color_scheme=scheme)
    for path in html_pages(pages):
        page.goto(path)
        assert violations(page, [*WCAG, "best-practice"]) == [], path
        # WCAG 2.2, 1.4.10: nothing to scroll sideways at 320 px
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert page.evaluate("localStorage.length + sessionStorage.length") == 0


def settle(page):
    """Wait until the desk's scripts have built the editor and the search fields."""
    page.wait_for_function(
        "!document.querySelector('textarea[data-editor]:not([hidden])')"
    )
    page.wait_for_function(
        "[...document.querySelectorAll('select.admin-autocomplete')].every("
        "select => select.name.includes('__prefix__')"
        " || select.nextElementSibling?.querySelector('[aria-labelledby*=label]'))"
    )


def desk_paths(portal):
    """Every page of the desk, with the first object of each kind."""
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
    for step in ("preview", "publish", "withdraw"):
        yield f"/admin/articles/article/1/{step}/"


@pytest.mark.parametrize("locale", ["en-GB", "it-IT"])
def test_every_desk_page_is_valid_and_keeps_to_the_policy(
    portal, browse, sessions, locale
):
    page = browse(storage_state=sessions["manager"], locale=locale)
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    titles = {}
    for path in desk_paths(portal):
        response = page.goto(path)
        assert response.status == 200, path
        assert "no-store" in response.headers.get("cache-control", ""), path
        assert "default-src 'none'" in response.headers["content-security-policy"], path
        document = parser.parse(response.text())
        assert len(document.findall(".//h1")) == 1, path
        title = document.findtext(".//title").strip()
        assert titles.setdefault(title, page.url) == page.url
        settle(page)
        language = page.locator("html").get_attribute("lang")
        preview = path.endswith("/preview/")
        assert preview or language == locale[:2], path
    # The walk itself is watched: see the fixture.


@pytest.mark.parametrize(
    ("width", "scheme"), [(320, "light"), (1280, "light"), (1280, "dark")]
)
def test_every_desk_page_is_accessible(
    portal, browse, sessions, violations, width, scheme
):
    page = browse(
        width,
        storage_state=sessions["manager"],
        color_scheme=scheme,
        watched=False,
        bypass_csp=True,
    )
    for path in desk_paths(portal):
        page.goto(path)
        settle(page)
        assert violations(page) == [], path


def test_the_sign_in_page_is_accessible(browse, violations):
    page = browse(320)
    page.goto("/admin/")

    assert violations(page) == []
