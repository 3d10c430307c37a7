"""E-mail that people can use and harvesters cannot: over everything the portal says."""

import json
import re
import urllib.error
import urllib.robotparser
from urllib.parse import urljoin, urlsplit

import pytest
from selectolax.lexbor import LexborHTMLParser

from tests.browser.conftest import opener
from tests.browser.harvesters import (
    CLEAN,
    FINDERS,
    FLATTEN,
    base64_tokens,
    entities,
    harvest,
    rotated,
    shallow,
    spaced,
    words,
    xor,
)

ADDRESS = "studio@example.org"
FOOTER = "footer a[rel=nofollow]"
LINKS = {"en": "/contact/email/1/", "it": "/it/contatti/email/1/"}
HOME = {"en": "/", "it": "/it/"}
# Where harvesters look although nothing links there.
GUESSED = [
    "/.well-known/security.txt", "/atom.xml", "/favicon.ico", "/feed/",
    "/humans.txt", "/it/feed/", "/llms.txt", "/manifest.webmanifest", "/rss.xml",
    "/security.txt", "/sitemap.xml", "/it/sitemap.xml", "/static/", "/media/",
]  # fmt: skip
# Compressed: what is in there in words is metadata, at most.
COMPRESSED = re.compile(r"image/(?!svg)|font/|application/(?:zip|pdf|octet-stream)")
# Anything in quotes, brackets or between spaces that could be an address of a page.
REFERENCE = re.compile(
    r"(?:(?<=[\"'(=\s,])|^)(?:https?://[\w.:-]+)?/(?!/)[^\s\"'<>()\\,;{}]*"
)


def fetch(url):
    """Return status, headers and bytes, redirects not followed."""
    try:
        with opener.open(url, timeout=30) as response:
            return response.status, response.headers, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


@pytest.fixture(scope="module")
def responses(portal, pages):
    """Everything public, whatever it is: pages, and all that any of them names."""
    site = urlsplit(portal.address).netloc
    found = {}
    asked = {*pages, *GUESSED}
    waiting = list(asked)
    while waiting:
        path = waiting.pop()
        if path in found or path.startswith("/admin/"):
            continue
        status, headers, data = fetch(portal.address + path)
        if status == 404 and path not in asked:
            continue  # it looked like an address and was none
        found[path] = status, headers, data
        if status == 200 and not COMPRESSED.match(headers.get_content_type()):
            text = data.decode(errors="replace")
            if headers.get_content_type() == "text/html":
                waiting += same_site(site, portal.address + path, named(text))
            waiting += same_site(site, portal.address, REFERENCE.findall(text))
    for page in (portal.data_dir / "errors").iterdir():
        found[page.name] = 500, {}, page.read_bytes()
    return found


def named(page):
    """What the elements of a page lead to or load."""
    for node in LexborHTMLParser(page).css("[href], [src], [action]"):
        for attribute in ("href", "src", "action"):
            if value := node.attrs.get(attribute):
                yield value


def same_site(site, base, references):
    for reference in references:
        try:
            target = urlsplit(urljoin(base, reference))
        except ValueError:
            continue
        if target.netloc == site and target.scheme == "http":
            yield target.path + (f"?{target.query}" if target.query else "")


def told(headers, data):
    """What an answer says, as one text; of compressed data the bytes as they are.

    The one header that has to hold the address is left out: where ``mailto:`` begins.
    """
    lines = [
        f"{name}: {value}"
        for name, value in headers.items()
        if not (name.lower() == "location" and value.startswith("mailto:"))
    ]
    return "\n".join(lines), data.decode(errors="replace")


@pytest.fixture(scope="module")
def addresses(portal):
    """The addresses that staff entered."""
    code = "print(*Email.objects.values_list('address', flat=True))"
    code = f"from clinic.models import Email; {code}"
    return portal.manage("shell", "-v", "0", "-c", code).split()


def test_there_is_an_address_to_be_found(addresses):
    assert addresses == [ADDRESS]


def test_everything_public_is_looked_at(responses):
    types = {
        urlsplit(path).path.rpartition(".")[2]
        for path, (status, _headers, _data) in responses.items()
        if status == 200 and "." in path
    }

    assert {"avif", "css", "png", "svg", "txt"} <= types
    assert {"500.en.html", "500.it.html", *LINKS.values()} <= set(responses)


def test_no_harvester_finds_the_address_in_anything_public(responses, addresses):
    domains = {address.rpartition("@")[2].lower() for address in addresses}
    caught = {}
    for path, (_status, headers, data) in responses.items():
        head, body = told(headers, data)
        found = harvest(head)
        if headers and COMPRESSED.match(headers.get_content_type()):
            found |= shallow(data.decode("latin-1"))
            found |= shallow(data.decode("utf-16-le", errors="replace"))
        else:
            found |= harvest(body)
        # Nothing at all at this very domain, nor with a word stuck to its end.
        leaks = {a for a in found for domain in domains if f"@{domain}" in a}
        if leaks:
            caught[path] = leaks

    assert caught == {}


def test_what_harvesters_find_is_a_mailbox_of_nobody(responses, addresses):
    """A part of the practice's own domain that does not exist, never anybody else's."""
    (domain,) = {address.rpartition("@")[2].lower() for address in addresses}
    # What turns letters into others makes strangers of every address.
    scrambling = {rotated, xor, base64_tokens}
    found = set()
    for _status, headers, data in responses.values():
        if headers and headers.get_content_type() == "text/html":
            text = data.decode()
            readings = {
                step(seen)
                for seen in (text, entities(text))
                for step in CLEAN + FLATTEN
            }
            readings |= {step(seen) for seen in readings for step in (spaced, words)}
            for seen in {text, entities(text)} | readings:
                for finder in set(FINDERS) - scrambling:
                    found |= finder(seen)

    assert found
    assert {a for a in found if not a.endswith(f"@front-desk.{domain}")} == set()


def test_the_harvesters_are_awake(responses):
    """The same pages with the address put into them in the ways of other sites."""
    page = responses["/contact/"][2].decode()
    for leak in (
        ADDRESS,
        "studio&#64;example.org",
        "<a href='mailto:studio%40example.org'>x</a>",
        "studio<b class='decoy'>.office</b>@example<b class='decoy'>.mail</b>.org",
        "studio<b>.office</b>&#64;<b>front-desk.</b>example.org",
        '<script type=\'application/ld+json\'>{"email": "studio@example.org"}</script>',
    ):
        leaking = page.replace("</main>", f"<p>{leak}</p></main>")

        assert any(ADDRESS in found for found in harvest(leaking)), leak


# Robots ######################################################################


@pytest.mark.parametrize("language", LINKS)
def test_the_link_is_closed_to_robots_three_times(portal, responses, language):
    link = LINKS[language]
    rules = urllib.robotparser.RobotFileParser()
    rules.parse(responses["/robots.txt"][2].decode().splitlines())
    status, headers, data = responses[link]

    assert rules.can_fetch("Anybot", portal.address + link) is False
    assert rules.can_fetch("Anybot", portal.address + HOME[language]) is True
    assert "noindex" in headers["X-Robots-Tag"]
    assert (status, headers["Location"], data) == (302, f"mailto:{ADDRESS}", b"")
    for path, (_status, headers, data) in responses.items():
        if headers and headers.get_content_type() == "text/html":
            for node in LexborHTMLParser(data.decode()).css(f'a[href="{link}"]'):
                assert node.attrs["rel"] == "nofollow", path


# People ######################################################################

languages = pytest.mark.parametrize("language", LINKS)
scripts = pytest.mark.parametrize("javascript", [False, True])


@languages
@scripts
def test_a_screen_reader_says_the_address(browse, language, javascript):
    page = browse(320, javascript=javascript)
    page.goto(HOME[language])

    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")
    names = [
        node["name"]["value"]
        for node in tree["nodes"]
        if node.get("role", {}).get("value") == "link"
    ]

    assert ADDRESS in names
    assert "front-desk" not in json.dumps(tree)


@languages
@scripts
def test_the_address_is_read_and_printed_as_it_is(browse, language, javascript):
    page = browse(320, javascript=javascript)
    page.goto(HOME[language])
    link = page.locator(FOOTER)

    for medium in ("screen", "print"):
        page.emulate_media(media=medium)

        assert link.is_visible()
        assert link.inner_text() == ADDRESS
        assert page.locator("body").inner_text().count(ADDRESS) == 1
        assert "front-desk" not in page.locator("body").inner_text()


@languages
@scripts
@pytest.mark.parametrize("medium", ["screen", "forced colours", "dark"])
def test_the_address_is_copied_as_it_is(browse, portal, language, javascript, medium):
    options = {
        "forced colours": {"forced_colors": "active"},
        "dark": {"color_scheme": "dark"},
    }.get(medium, {})
    page = browse(320, javascript=javascript, **options)
    page.goto(HOME[language])

    page.locator(FOOTER).evaluate(
        "link => getSelection().selectAllChildren(link.parentElement)"
    )
    assert page.evaluate("getSelection().toString().trim()") == ADDRESS
    assert pasted(page, browse) == ADDRESS

    page.keyboard.press("Control+A")
    lines = pasted(page, browse).splitlines()
    assert lines.count(ADDRESS) == 1
    assert not [line for line in lines if "front-desk" in line]


def pasted(page, browse):
    """What comes out where the visitor pastes: his mail program's line for "to"."""
    page.keyboard.press("Control+C")
    other = browse()
    other.set_content("<textarea></textarea>")
    other.locator("textarea").focus()
    other.keyboard.press("Control+V")
    text = other.locator("textarea").input_value()
    other.close()
    page.bring_to_front()
    return text.strip()


@languages
@scripts
def test_the_link_ends_in_the_mail_program(browse, language, javascript):
    page = browse(320, javascript=javascript)
    page.goto(HOME[language])

    with page.expect_response(lambda answer: "/email/" in answer.url) as answered:
        page.locator(FOOTER).click(no_wait_after=True)

    assert answered.value.status == 302
    assert answered.value.headers["location"] == f"mailto:{ADDRESS}"
    assert urlsplit(answered.value.url).path == LINKS[language]


@languages
def test_the_address_stays_within_a_narrow_phone(browse, language):
    page = browse(320)
    page.goto(HOME[language])
    box = page.locator(FOOTER).bounding_box()

    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 320
    assert box["height"] >= 24  # WCAG 2.2, 2.5.8
