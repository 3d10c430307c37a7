"""A01, A05, A20, A22: what does harm elsewhere does none in a real browser."""

import pytest

from articles.markup import sanitise
from tests.articles.test_markup import PAYLOADS, REFUSED_ADDRESSES

# With contacts that are not there, or two care cards, nothing is published at all.
PUBLISHABLE = [
    text for text in PAYLOADS if "contact" not in text and "care" not in text
]
# Each by itself, then all in one breath: some swallow what follows them.
BODIES = ["".join(map(sanitise, PUBLISHABLE)), "".join(PUBLISHABLE)]
LINKS = "".join(
    f'<p><a href="{address}">words</a></p>' for address in REFUSED_ADDRESSES
)
PUBLISHED = "article.publish_unreviewed(at=timezone.now())"
TEXTS = dict.fromkeys(
    ("summary", "picture_caption", "key_phrases"),
    "</title></script><script>alert(1)</script><img src=x onerror=alert(1)>",
)


def listen(page):
    """Note every dialog, which only a script of an attacker's opens."""
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    return dialogs


@pytest.mark.parametrize("body", [*BODIES, LINKS], ids=["each", "all", "links"])
def test_a01_no_text_opens_a_dialog_for_readers_or_for_staff(
    browse, at_desk, article, body
):
    work = article(steps=PUBLISHED, body=body, title="<svg onload=alert(1)>", **TEXTS)
    reader, writer = browse(), at_desk("anna", watched=False)
    dialogs = listen(reader), listen(writer)

    for address in (work.address, "/articles/", "/", f"/search/?q={work.title}"):
        reader.goto(address)
    reader.goto(work.address)
    for step in ("change", "preview", "history"):
        writer.goto(work.at(step))
    writer.goto(work.at())
    writer.locator(".editor .ProseMirror").wait_for()

    assert dialogs == ([], [])
    assert reader.locator("main [onerror], main [onload], main script").count() == 0
    assert "alert(1)" in reader.request.get(work.address).text() or body == LINKS


FORCED = [
    "<script>window.ran = 'inline'</script>",
    "<script src='data:text/javascript,window.ran=1'></script>",
    "<script src='https://evil.example/x.js'></script>",
    "<img src='/nothing.png' onerror=\"window.ran = 'handler'\">",
    "<svg onload=\"window.ran = 'svg'\"></svg>",
    "<iframe srcdoc=\"<script>parent.ran = 'frame'</script>\"></iframe>",
    "<a id=forced href=\"javascript:window.ran='link'\">x</a>",
    "<object data=\"data:text/html,<script>parent.ran = 'object'</script>\"></object>",
    "<link rel=stylesheet href='data:text/css,body{display:none}'>",
    "<p style='display:none'>x</p>",
    "<base href='https://evil.example/'>",
    "<form id=forced-form action='https://evil.example/'></form>",
]


def force(page, markup):
    """Put markup into every page that this window opens, as a hole would."""

    def answer(route):
        if route.request.resource_type != "document":
            return route.fallback()
        response = route.fetch()
        text = response.text().replace("</main>", f"{markup}</main>", 1)
        if markup not in text:
            text = text.replace("</body>", f"{markup}</body>", 1)
        return route.fulfill(response=response, body=text)

    page.route("**/*", answer)


@pytest.mark.parametrize("place", ["/", "/articles/", "/contact/", "desk", "sign in"])
def test_a05_a_script_that_got_into_a_page_does_not_run(browse, at_desk, place):
    page = at_desk("anna", watched=False) if place == "desk" else browse(watched=False)
    address = {"desk": "/admin/", "sign in": "/admin/login/"}.get(place, place)
    dialogs, said = listen(page), []
    page.on("console", lambda message: said.append(message.text))
    force(page, "".join(FORCED))

    response = page.goto(address)
    page.locator("#forced").dispatch_event("click")
    page.evaluate("document.querySelector('#forced-form').submit()")
    page.wait_for_timeout(300)

    policy = response.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert page.evaluate("window.ran") is None
    assert page.evaluate("document.baseURI").startswith(
        page.url.split("/admin")[0][:16]
    )
    assert "evil.example" not in page.url
    assert dialogs == []
    refused = "".join(text for text in said if "Content Security Policy" in text)
    for directive in ("script-src", "style-src", "base-uri", "form-action"):
        assert directive in refused, said


def test_a20_a_picture_that_is_opened_is_a_picture(browse):
    page = browse(watched=False)  # the browser’s own viewer has styles
    page.goto("/articles/liver-metastases/")
    shown = page.locator("main img").first
    address = shown.evaluate("image => image.currentSrc || image.src")

    page.goto(address)

    assert page.evaluate("document.contentType") in {"image/avif", "image/png"}
    assert page.evaluate("document.scripts.length") == 0


def test_a22_a_file_that_is_too_large_is_refused_before_it_is_sent(at_desk):
    page = at_desk("anna")
    page.goto("/admin/clinic/picture/add/")
    field = page.locator("input[type=file]")

    def told(size):
        file = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": bytes(size)}
        field.set_input_files(file)
        return field.evaluate("field => field.validationMessage")

    assert told(25 * 1024 * 1024 + 1).startswith("This file is larger than 25 MB.")
    assert told(1000) == ""
