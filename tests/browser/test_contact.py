"""Finding the practice: by keyboard, on a phone, on paper, at the next request."""

import io
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import get, running_portal

OLD, NEW = "+39 331 761 2698", "+39 331 761 2699"
# One address of each kind of answer; the QR code is compared as a whole.
KINDS = [
    "/",
    "/articles/",
    "/articles/liver-metastases/",
    "/topics/liver/",
    "/doctors/carlo-pastore/",
    "/contact/",
    "/legal/",
    "/privacy/",
    "/accessibility/",
    "/not-there/",
    "/it/contatti/",
    "/contact/practice.vcf",
    "/contact/practice-4.vcf",
    "/doctors/carlo-pastore/card.vcf",
    "/contact/practice.json",
    "/contact/fhir.json",
]
CHANGE = (
    "from clinic.models import Phone; "
    "phone = Phone.objects.get(number='+393317612698'); "
    "phone.number = '+393317612699'; phone.save()"
)


# An article that is gone shows its readers the numbers all the same.
WITHDRAWN = "/articles/first-visit/"
WITHDRAW = (
    "from articles.models import Article; "
    "Article.objects.get(slug='first-visit').withdraw()"
)


def cited_edition(portal):
    """The address under which an edition of an article is cited."""
    page = get(f"{portal.address}/articles/liver-metastases/")[2]
    return re.search(r'class="changes__link" href="([^"]+)"', page)[1]


def digits(text):
    return "".join(char for char in text if char.isdigit())


def test_a_changed_number_is_in_the_next_answer_of_every_worker(tmp_path):
    with (
        running_portal(tmp_path, WEB_CONCURRENCY="3") as portal,
        ThreadPoolExecutor(6) as pool,
    ):
        portal.manage("shell", "-c", WITHDRAW)
        code = get(f"{portal.address}/contact/practice.svg")[2]
        kinds = [*KINDS, cited_edition(portal), WITHDRAWN]
        for path in kinds:
            assert digits(OLD) in digits(get(portal.address + path)[2]), path

        portal.manage("shell", "-c", CHANGE)

        for path in kinds:
            addresses = [portal.address + path] * 50
            for _status, _headers, text in pool.map(get, addresses):
                assert digits(NEW) in digits(text), path
                assert digits(OLD) not in digits(text), path
        addresses = [f"{portal.address}/contact/practice.svg"] * 50
        codes = {answer[2] for answer in pool.map(get, addresses)}
        assert len(codes) == 1
        assert code not in codes
        for page in (tmp_path / "errors").iterdir():
            assert digits(NEW) in digits(page.read_text()), page.name


def read_code(screenshot):
    """Read a QR code from a picture of the screen, as a phone does."""
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(screenshot)))
    assert len(found) == 1
    return found[0].text


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/contact/", "/it/medici/carlo-pastore/"])
def test_a_phone_reads_the_card_from_the_screen(browse, width, scheme, path):
    page = browse(width, color_scheme=scheme, javascript=False)
    page.goto(path)

    text = read_code(page.locator(".qr").screenshot())

    assert text.startswith("BEGIN:VCARD\r\nVERSION:3.0\r\n")
    assert "+393317612698" in text
    assert "+393319584817" in text
    assert text.endswith("END:VCARD\r\n")


def test_a_phone_reads_the_card_from_paper(browse, tmp_path):
    page = browse(javascript=False)
    page.goto("/contact/")
    page.pdf(path=tmp_path / "contact.pdf", format="A4")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 680, "height": 960})  # A4 within its margins

    text = read_code(page.locator(".qr").screenshot())

    assert "+393317612698" in text
    assert (tmp_path / "contact.pdf").read_bytes().startswith(b"%PDF")


def test_the_code_opens_large_for_the_screen_of_a_waiting_room(browse):
    page = browse()
    page.goto("/contact/")
    page.locator("a:has(> .qr)").click()

    assert page.url.endswith("/contact/practice.svg")
    assert "+393319584817" in read_code(page.screenshot())


def tab_to(page, name):
    """Press Tab until the link of that name has the focus, as people do."""
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement.textContent.trim()")
        if focused == name:
            return
    pytest.fail(f"“{name}” cannot be reached by keyboard.")


def test_everything_about_the_contact_is_reached_by_keyboard(browse):
    page = browse(320, javascript=False, accept_downloads=True)
    page.goto("/")
    tab_to(page, "Contact")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Contact the practice")

    links = []
    for _ in range(60):
        page.keyboard.press("Tab")
        links.append(page.evaluate("document.activeElement.getAttribute('href')"))
    assert "tel:+393317612698" in links
    assert "geo:41.900000,12.500000" in links
    assert "/contact/email/1/" in links
    assert "/contact/practice.svg" in links
    assert "/legal/" in links

    page.goto("/contact/")
    tab_to(page, "Save to phone")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename == "dr-carlo-pastore.vcf"


def test_a_number_is_read_aloud_as_it_is_grouped(browse):
    """Nothing replaces the text of the link: a screen reader speaks its groups."""
    page = browse(320, javascript=False)
    page.goto("/contact/")
    for link in page.locator("a[href^='tel:+']").all():
        assert link.get_attribute("aria-label") is None
        assert "+39 331 " in link.inner_text()


def test_without_style_sheets_pages_are_complete_and_in_order(browse):
    page = browse(320, javascript=False)
    page.route("**/*.css", lambda route: route.abort())
    for path in ("/", "/articles/fever-during-chemotherapy/", "/contact/"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    text = page.locator("body").inner_text()
    order = ["+39 331 761 2698", "Contact the practice", "Via Esempio 00", "Hours"]
    positions = [text.index(words) for words in order]
    assert positions == sorted(positions)


def test_a_printed_article_has_its_square_and_a_screen_never_asks_for_it(browse):
    page, asked = browse(), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/articles/liver-metastases/", wait_until="networkidle")
    square = page.locator(".handout img")
    square.evaluate("image => image.closest('.handout').scrollIntoView()")
    expect(square).to_be_hidden()
    on_screen = [url for url in asked if url.endswith("qr.svg")]

    page.emulate_media(media="print")
    square.scroll_into_view_if_needed()
    expect(square).to_be_visible()
    square.evaluate("image => image.decode()")

    assert on_screen == []
    assert len([url for url in asked if url.endswith("qr.svg")]) == 1
    assert square.evaluate("image => image.naturalWidth") > 0
    expect(page.locator(".handout a")).to_be_hidden()
