"""Cards for address books, their squares, and the facts for machines, over HTTP."""

import base64
import json
import re

import pytest
import vobject
import zxingcpp
from PIL import Image, ImageDraw
from selectolax.lexbor import LexborHTMLParser

from clinic.models import Picture, Practice
from tests import factories
from tests.conftest import picture_bytes, stored_files, upload

pytestmark = pytest.mark.django_db

PRACTICE = ["/contact/practice.vcf", "/contact/practice-4.vcf"]
DOCTOR = ["/doctors/ada/card.vcf", "/doctors/ada/card-4.vcf"]
SQUARES = ["/contact/practice.svg", "/doctors/ada/card.svg"]
MACHINES = ["/contact/practice.json", "/contact/fhir.json"]


@pytest.fixture
def doctor(practice):
    return factories.DoctorFactory(
        slug="ada", last_name="Lovelace", registration_number="M-1"
    )


def italian(client, address):
    """The address of the same thing in Italian, found as a visitor finds it."""
    page = "/it/medici/ada/" if "doctors" in address else "/it/contatti/"
    kind = "svg" if address.endswith("svg") else "vcf"
    links = LexborHTMLParser(client.get(page).content).css(f"main a[href$='.{kind}']")
    return links["-4" in address].attrs["href"]


def read(response):
    """The card as an address book reads it."""
    assert response.status_code == 200
    assert response["Content-Type"] == "text/vcard; charset=utf-8"
    text = response.content.decode()
    assert text.replace("\r\n", "").count("\n") == 0
    assert "\r\n" in text
    return vobject.readOne(text)


def numbers(card):
    return [tel.value.removeprefix("tel:") for tel in card.contents["tel"]]


# Cards #######################################################################


@pytest.mark.parametrize("address", PRACTICE + DOCTOR)
def test_a_card_is_a_file_to_save(client, doctor, address):
    response = client.get(address)
    card = read(response)

    name = "dr-ada-lovelace" if "doctors" in address else "dr-test"
    assert response["Content-Disposition"] == f'attachment; filename="{name}.vcf"'
    assert response["Cache-Control"] == "public, no-cache"
    assert card.version.value == ("4.0" if "-4" in address else "3.0")
    assert card.fn.value == ("Dr. Ada Lovelace" if "doctors" in address else "Dr. Test")
    assert numbers(card) == ["+393317612698"]
    page = "/doctors/ada/" if "doctors" in address else "/contact/"
    assert card.url.value == f"https://www.example.org{page}"
    assert "Monday 9:00–13:00" in card.note.value
    assert ("M-1" in card.note.value) is ("doctors" in address)


@pytest.mark.parametrize("address", PRACTICE + DOCTOR)
def test_a_card_speaks_the_language_of_its_page(client, doctor, address):
    card = read(client.get(italian(client, address)))

    labels = [label.value for label in card.contents["x-ablabel"]]
    assert "Appointments (it): the secretary (it)" in labels
    assert "Lunedì 9:00–13:00" in card.note.value
    if "doctors" in address:
        assert card.title.value == "oncologist (it)"


@pytest.mark.parametrize("address", PRACTICE + DOCTOR + SQUARES)
def test_a_changed_number_is_in_the_next_card(visitor, doctor, address):
    before = visitor.get(address)
    phone = practice_phone()
    phone.number = "+390612345678"
    phone.save()

    after = visitor.get(address, HTTP_IF_NONE_MATCH=before["ETag"])

    assert after.status_code == 200
    if address not in SQUARES:
        assert numbers(read(after)) == ["+390612345678"]


def practice_phone():
    return Practice.objects.get().phones.get()


@pytest.mark.parametrize("address", DOCTOR)
def test_a_doctor_with_numbers_of_their_own_is_called_there(client, doctor, address):
    other = factories.DoctorFactory(slug="other")
    factories.PhoneFactory(number="+393319584817", doctor=other)

    without = numbers(read(client.get(address)))
    factories.PhoneFactory(number="+390612345678", doctor=doctor)
    with_own = numbers(read(client.get(address)))

    assert without == ["+393317612698"]
    assert with_own == ["+390612345678"]


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ('"; filename=evil.exe', "filenameevilexe"),
        ("../../etc/passwd", "etcpasswd"),
        ("Dr. Niccolò à l’Étoile", "dr-niccolo-a-letoile"),
        ("診療所", "contact"),
        ("x\r\nSet-Cookie: a=1", "x-set-cookie-a1"),
    ],
)
def test_the_file_of_a_card_has_a_plain_name(client, name, file):
    factories.PracticeFactory(name=name)

    response = client.get("/contact/practice.vcf")

    assert response["Content-Disposition"] == f'attachment; filename="{file}.vcf"'


@pytest.mark.parametrize("address", DOCTOR)
@pytest.mark.parametrize("format", ["JPEG", "PNG"])
def test_a_portrait_is_in_the_card_of_its_doctor(client, doctor, address, format):
    mode = "RGBA" if format == "PNG" else "RGB"
    file = upload(picture_bytes(format, mode=mode))
    doctor.portrait = portrait = Picture.objects.create_from_upload(file)
    doctor.save()

    text = client.get(address).content.decode().replace("\r\n ", "")

    (line,) = [line for line in text.splitlines() if "PHOTO" in line]
    assert portrait.fallback.replace("jpg", "jpeg") in line.casefold()
    (smallest,) = [
        path
        for path in stored_files()
        if path.name == f"{portrait.widths[0]}.{portrait.fallback}"
    ]
    data = base64.b64decode(re.split("[:,]", line)[-1])
    assert data == smallest.read_bytes()


@pytest.mark.parametrize("address", DOCTOR)
def test_a_portrait_whose_file_is_gone_is_left_out(client, doctor, address):
    doctor.portrait = Picture.objects.create_from_upload(upload())
    doctor.save()
    for path in stored_files():
        path.unlink()

    card = read(client.get(address))

    assert "photo" not in card.contents


@pytest.mark.parametrize("address", PRACTICE + DOCTOR + MACHINES)
def test_no_card_and_no_fact_holds_an_email_address(client, doctor, address):
    factories.EmailFactory(address="ada@doctors.example", doctor=doctor)

    text = client.get(address).content.decode().replace("\r\n ", "")

    for readable in ("@example", "@doctors", "mailto", "doctors.example", "studio"):
        assert readable not in text.casefold()
    assert "331" in text


@pytest.mark.parametrize("address", DOCTOR + SQUARES[1:])
def test_there_is_no_card_of_an_unknown_doctor(client, practice, address):
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("address", PRACTICE + DOCTOR + SQUARES)
def test_a_portal_that_nobody_filled_in_has_no_cards(client, db, address):
    assert client.get(address).status_code == 404


def test_a_page_without_a_card_offers_none(client, db):
    assert ".vcf" not in LexborHTMLParser(client.get("/contact/").content).body.html


@pytest.mark.parametrize("address", PRACTICE + DOCTOR + SQUARES + MACHINES)
def test_the_head_of_a_card_says_the_same_as_the_whole(client, doctor, address):
    whole, head = client.get(address), client.head(address)

    assert (head.status_code, head.content) == (200, b"")
    for name in ("Content-Type", "Cache-Control"):
        assert head[name] == whole[name]
    assert client.post(address).status_code == 405


# Squares #####################################################################


def drawn(svg):
    """Paint the square as a browser does: a ground, and runs of dark modules."""
    root = LexborHTMLParser(svg).css_first("svg")
    _x, _y, width, height = (int(n) for n in root.attrs["viewbox"].split())
    ground, runs = root.css("path")
    assert ground.attrs["fill"] == "#fff"
    assert runs.attrs["stroke"] == "#000"
    scale, x, y = 4, 0.0, 0.0
    image = Image.new("L", (width * scale, height * scale), 255)
    for command, numbers in re.findall(r"([Mmh])([-\d. ]+)", runs.attrs["d"]):
        values = [float(n) for n in re.findall(r"-?[\d.]+", numbers)]
        if command == "h":
            box = [x, y - 0.5, x + values[0], y + 0.5]
            left, top, right, bottom = (round(n * scale) for n in box)
            ImageDraw.Draw(image).rectangle([left, top, right - 1, bottom - 1], fill=0)
            x += values[0]
        elif command == "m":
            x, y = x + values[0], y + values[1]
        else:
            x, y = values
    return image


def scanned(response):
    assert response.status_code == 200
    assert response["Content-Type"] == "image/svg+xml"
    (code,) = zxingcpp.read_barcodes(drawn(response.content.decode()))
    return code.text


@pytest.mark.parametrize("address", SQUARES)
@pytest.mark.parametrize("language", ["en", "it"])
def test_a_phone_reads_the_card_from_its_square(client, doctor, address, language):
    name = "Lovelace" if "doctors" in address else "Test"
    if language == "it":
        address = italian_square(client, address)

    card = vobject.readOne(scanned(client.get(address)))

    assert card.fn.value.endswith(name)
    assert numbers(card) == ["+393317612698"]
    assert card.adr.value.street == "Via Esempio 00"
    assert f"Appointments{' (it)' * (language == 'it')}" in card.note.value
    assert "photo" not in card.contents


def italian_square(client, address):
    page = "/it/medici/ada/" if "doctors" in address else "/it/contatti/"
    image = LexborHTMLParser(client.get(page).content).css_first("main img.qr")
    assert image.attrs["alt"] != ""
    return image.attrs["src"]


def test_a_square_with_no_room_for_everything_leads_to_the_page(client, doctor):
    for number in range(40):
        factories.PhoneFactory(
            number=f"+3933195848{number:02}", purpose=factories.both("x" * 60)
        )

    assert (
        scanned(client.get("/contact/practice.svg"))
        == "https://www.example.org/contact/"
    )


# Facts #######################################################################


@pytest.mark.parametrize(
    ("address", "content_type"),
    [
        ("/contact/practice.json", "application/ld+json"),
        ("/contact/fhir.json", "application/fhir+json"),
    ],
)
@pytest.mark.parametrize("filled_in", [True, False])
def test_machines_get_the_facts_as_json(client, db, address, content_type, filled_in):
    if filled_in:
        factories.PhoneFactory()

    response = client.get(address)

    assert response.status_code == 200
    assert response["Content-Type"].partition(";")[0] == content_type
    assert response["Cache-Control"] == "public, no-cache"
    facts = json.loads(response.content)
    assert ("Dr. Test" in json.dumps(facts)) is filled_in
