"""Signing in with both factors, as staff do where the portal is served for real."""

import os
import re
import subprocess
import sys
import time
import urllib.request
from base64 import b32decode

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import expect

from clinic.signing_in import codes
from tests.browser.conftest import (
    PATIENCE,
    ROOT,
    Watch,
    free_port,
    sticking_out,
    tab_to,
)

PASSWORD = "lamp river often cinnamon"
ADD_STAFF = f"""
from clinic.models import Authenticator, User
for name in ("lucia", "marco", "nora", "piero"):
    User.objects.create_user(name, password={PASSWORD!r}, is_staff=True)
user = User.objects.get(username="piero")
Authenticator.objects.create(user=user, key=bytes(20))
"""
PHONE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module")
def strict(portal, tmp_path_factory):
    """The same data behind a server that wants both factors; under a name, not a
    number: browsers make passkeys for names only."""
    portal.run(ADD_STAFF)
    port = free_port()
    with (tmp_path_factory.mktemp("strict") / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "python:clinic.gunicorn"],
            cwd=ROOT,
            env=os.environ
            | portal.environment
            | {
                "ALLOWED_HOSTS": "localhost",
                "PORT": str(port),
                "SECOND_FACTOR": "on",
                "WEB_CONCURRENCY": "1",
            },
            stdout=log,
            stderr=log,
        )
    address = f"http://localhost:{port}"
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{address}/healthz", timeout=5).close()
                break
            except OSError:
                assert server.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)


@pytest.fixture
def window(chromium, strict):
    """Open a browser there; whatever breaks the policy fails the test."""
    contexts = []

    def open_window(width=1280, *, watched=True, **options):
        context = chromium.new_context(
            base_url=strict, viewport={"width": width, "height": 800}, **options
        )
        context.set_default_timeout(PATIENCE)
        contexts.append((context, Watch(context, strict, watched)))
        return context.new_page()

    yield open_window
    for context, watch in contexts:
        context.close()
        assert watch.problems == []


def type_password(page, name):
    page.locator("#id_username").fill(name)
    page.locator("#id_password").fill(PASSWORD)
    page.locator("#id_password").press("Enter")


def kept_codes(page):
    return page.locator(".own__codes code").all_inner_texts()


def test_the_app_and_a_recovery_code_need_no_script(window, tmp_path):
    page = window(320, java_script_enabled=False, locale="it-IT")
    page.goto("/admin/password_change/")
    type_password(page, "lucia")
    expect(page.locator("h1")).to_have_text("Mettere al sicuro l’account")
    assert fits_without_script(page)

    # What a phone reads, and what somebody types who has no camera.
    square = page.locator(".signing-in__square")
    square.screenshot(path=tmp_path / "square.png")
    (read,) = zxingcpp.read_barcodes(Image.open(tmp_path / "square.png"))
    page.locator("summary").click()
    spoken = page.locator(".signing-in__key").inner_text().replace(" ", "")
    assert f"secret={spoken}" in read.text
    key = b32decode(spoken)
    page.locator("#id_code").fill(code_now(key))
    page.locator("#id_code").press("Enter")

    given = kept_codes(page)
    assert len(given) == 10
    page.locator(".own__go a").click()
    expect(page).to_have_url(re.compile("/admin/password_change/$"))

    page.locator("#logout-form button").click()
    page.goto("/admin/")
    type_password(page, "lucia")
    page.locator("#id_code").fill(given[0])
    page.locator("#id_code").press("Enter")
    expect(page.locator(".messagelist")).to_contain_text("9")


def fits_without_script(page):
    """Where no script runs, the browser still says how wide a thing is."""
    box = page.locator("#container").bounding_box()
    return box["x"] >= 0 and box["x"] + box["width"] <= 320


def code_now(key):
    return codes.code_at(key, int(time.time()) // codes.STEP)


def test_a_passkey_from_the_first_sign_in_to_the_next(window):
    page = window(320)
    browser = page.context.new_cdp_session(page)
    browser.send("WebAuthn.enable")
    browser.send("WebAuthn.addVirtualAuthenticator", {"options": PHONE})
    page.goto("/admin/")
    type_password(page, "marco")
    expect(page.locator("h1")).to_have_text("Make your account safe")
    assert sticking_out(page) == []

    tab_to(page, "[data-passkey] [type=submit]")
    page.keyboard.press("Enter")

    expect(page.locator("h1")).to_have_text("Print your recovery codes")
    assert len(kept_codes(page)) == 10
    assert sticking_out(page) == []
    page.locator(".own__go a").click()
    page.locator("#logout-form button").click()

    page.goto("/admin/you/")
    type_password(page, "marco")
    expect(page.locator("h1")).to_have_text("One more step")
    assert sticking_out(page) == []
    page.locator("[data-passkey] [type=submit]").click()

    expect(page).to_have_url(re.compile("/admin/you/$"))
    expect(page.locator(".own__item em")).to_have_text("this one")
    assert sticking_out(page) == []

    # A second one, which this browser refuses to make twice for one account.
    page.goto("/admin/you/passkey/")
    page.locator("#id_name").fill("The same again")
    page.locator("[data-passkey] [type=submit]").click()
    expect(page.locator("[data-failed]")).to_be_visible()
    assert sticking_out(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_steps_of_signing_in_are_accessible(window, violations, scheme):
    for name, title in (("nora", "Make your account safe"), ("piero", "One more step")):
        page = window(320, watched=False, bypass_csp=True, color_scheme=scheme)
        page.goto("/admin/")
        type_password(page, name)
        expect(page.locator("h1")).to_have_text(title)

        assert violations(page) == []
        assert sticking_out(page) == []


@pytest.mark.parametrize("theme", ["auto", "dark"])
def test_the_desk_is_printed_black_on_white(window, theme):
    """Recovery codes are printed; a dark screen must not make pale letters of them."""
    page = window(320, color_scheme="dark")
    page.goto("/admin/")
    page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)

    page.emulate_media(media="print")

    assert page.evaluate(
        "[getComputedStyle(document.body).color, "
        "getComputedStyle(document.body).backgroundColor]"
    ) == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]
