"""vCards: two versions written by hand, read back by two independent parsers."""

import io
import re
import unicodedata
from base64 import b64decode, b64encode
from dataclasses import fields, replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
import segno
import vobject
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar.parser import Contentlines
from icalendar.parser.property import split_on_unescaped_semicolon
from PIL import Image

from clinic.vcard import Address, Card, Photo, Tel, compact, vcard3, vcard4

derandomised = settings(deadline=None, derandomize=True, database=None)

SECRETARY = Tel(
    "+393317612698", "Appuntamenti: la segretaria", kind="cell", preferred=True
)
DOCTOR = Tel("+393319584817", "Urgenze, il dottore", kind="cell")
ROOMS = Address(
    street="Via Esempio 1; scala B",
    city="Roma",
    province="RM",
    postal_code="00100",
    country="Italia",
    latitude=Decimal("41.9028"),
    longitude=Decimal("12.49636551"),
    label="Studio, Prati",
)
REVISED = datetime(2026, 1, 31, 10, tzinfo=timezone(timedelta(hours=1)))
PERSON = Card(
    uid=UUID("0f3c0f6e-5a0f-4d0e-9a52-0c6a4b1f2d3e"),
    revised=REVISED,
    name="Dott. Mario Rossi",
    family="Rossi",
    given="Mario",
    prefix="Dott.",
    organisation="Studio Medico Rossi",
    title="Medico chirurgo, oncologo",
    tels=(
        SECRETARY,
        DOCTOR,
        Tel("+390669871234"),
        Tel("+390669871235", kind="fax"),
        Tel("+393317612699", "Ricette", kind="whatsapp"),
    ),
    addresses=(ROOMS,),
    url="https://example.org/medici/rossi/?da=qr,1",
    note="Lunedì 9–13\nGiovedì 15–19",
    language="it",
    photo=Photo(b"not really a photo", "JPEG"),
)
PRACTICE = Card(
    uid=UUID("7d1d1f52-6f0a-4a77-8e51-3a1f0d9b6c11"),
    revised=REVISED,
    name="Studio Medico Rossi",
    tels=(SECRETARY, DOCTOR),
    addresses=(ROOMS,),
    url="https://example.org/contatti/",
)

PERSON_3 = r"""BEGIN:VCARD
VERSION:3.0
N:Rossi;Mario;;Dott.;
FN:Dott. Mario Rossi
ORG:Studio Medico Rossi
TITLE:Medico chirurgo\, oncologo
item1.TEL;TYPE=CELL,VOICE,PREF:+393317612698
item1.X-ABLabel:Appuntamenti: la segretaria
item2.TEL;TYPE=CELL,VOICE:+393319584817
item2.X-ABLabel:Urgenze\, il dottore
TEL;TYPE=WORK,VOICE:+390669871234
TEL;TYPE=WORK,FAX:+390669871235
item3.TEL;TYPE=CELL:+393317612699
item3.X-ABLabel:WhatsApp: Ricette
item4.ADR;TYPE=WORK:;;Via Esempio 1\; scala B;Roma;RM;00100;Italia
item4.X-ABLabel:Studio\, Prati
item4.GEO:41.902800;12.496366
URL:https://example.org/medici/rossi/?da=qr,1
NOTE:Lunedì 9–13\nGiovedì 15–19
PHOTO;ENCODING=b;TYPE=JPEG:bm90IHJlYWxseSBhIHBob3Rv
REV:2026-01-31T09:00:00Z
UID:urn:uuid:0f3c0f6e-5a0f-4d0e-9a52-0c6a4b1f2d3e
END:VCARD
"""
PERSON_4 = r"""BEGIN:VCARD
VERSION:4.0
KIND:individual
N:Rossi;Mario;;Dott.;
FN:Dott. Mario Rossi
ORG:Studio Medico Rossi
TITLE:Medico chirurgo\, oncologo
item1.TEL;VALUE=uri;TYPE="cell,voice";PREF=1:tel:+393317612698
item1.X-ABLabel:Appuntamenti: la segretaria
item2.TEL;VALUE=uri;TYPE="cell,voice":tel:+393319584817
item2.X-ABLabel:Urgenze\, il dottore
TEL;VALUE=uri;TYPE="work,voice":tel:+390669871234
TEL;VALUE=uri;TYPE="work,fax":tel:+390669871235
item3.TEL;VALUE=uri;TYPE="cell,text":tel:+393317612699
item3.X-ABLabel:WhatsApp: Ricette
item4.ADR;TYPE=WORK:;;Via Esempio 1\; scala B;Roma;RM;00100;Italia
item4.X-ABLabel:Studio\, Prati
item4.GEO:geo:41.902800,12.496366
LANG:it
URL:https://example.org/medici/rossi/?da=qr,1
NOTE:Lunedì 9–13\nGiovedì 15–19
PHOTO:data:image/jpeg;base64,bm90IHJlYWxseSBhIHBob3Rv
REV:20260131T090000Z
UID:urn:uuid:0f3c0f6e-5a0f-4d0e-9a52-0c6a4b1f2d3e
END:VCARD
"""
PRACTICE_3 = r"""BEGIN:VCARD
VERSION:3.0
N:;;;;
FN:Studio Medico Rossi
ORG:Studio Medico Rossi
X-ABShowAs:COMPANY
item1.TEL;TYPE=CELL,VOICE,PREF:+393317612698
item1.X-ABLabel:Appuntamenti: la segretaria
item2.TEL;TYPE=CELL,VOICE:+393319584817
item2.X-ABLabel:Urgenze\, il dottore
item3.ADR;TYPE=WORK:;;Via Esempio 1\; scala B;Roma;RM;00100;Italia
item3.X-ABLabel:Studio\, Prati
item3.GEO:41.902800;12.496366
URL:https://example.org/contatti/
REV:2026-01-31T09:00:00Z
UID:urn:uuid:7d1d1f52-6f0a-4a77-8e51-3a1f0d9b6c11
END:VCARD
"""
PRACTICE_4 = r"""BEGIN:VCARD
VERSION:4.0
KIND:org
FN:Studio Medico Rossi
ORG:Studio Medico Rossi
item1.TEL;VALUE=uri;TYPE="cell,voice";PREF=1:tel:+393317612698
item1.X-ABLabel:Appuntamenti: la segretaria
item2.TEL;VALUE=uri;TYPE="cell,voice":tel:+393319584817
item2.X-ABLabel:Urgenze\, il dottore
item3.ADR;TYPE=WORK:;;Via Esempio 1\; scala B;Roma;RM;00100;Italia
item3.X-ABLabel:Studio\, Prati
item3.GEO:geo:41.902800,12.496366
URL:https://example.org/contatti/
REV:20260131T090000Z
UID:urn:uuid:7d1d1f52-6f0a-4a77-8e51-3a1f0d9b6c11
END:VCARD
"""


@pytest.mark.parametrize(
    ("write", "card", "expected"),
    [
        (vcard3, PERSON, PERSON_3),
        (vcard4, PERSON, PERSON_4),
        (vcard3, PRACTICE, PRACTICE_3),
        (vcard4, PRACTICE, PRACTICE_4),
    ],
)
def test_the_whole_card(write, card, expected):
    assert write(card) == expected.replace("\n", "\r\n")


def test_nothing_empty_is_written():
    card = Card(uid=None, revised=None, name="Studio", addresses=(Address("", ""),))

    assert vcard3(card).split("\r\n")[2:-2] == [
        "N:;;;;",  # mandatory in 3.0
        "FN:Studio",
        "ORG:Studio",
        "X-ABShowAs:COMPANY",
    ]
    assert vcard4(card).split("\r\n")[2:-2] == ["KIND:org", "FN:Studio", "ORG:Studio"]


@pytest.mark.parametrize("blank", [" ", "\n", "\x00", "\u2028\t"])
def test_a_text_of_nothing_visible_is_empty(blank):
    card = Card(uid=None, revised=None, name="Studio", note=blank, url=blank)

    assert vcard3(card) == vcard3(replace(card, note="", url=""))


def test_there_is_no_place_for_an_email_address():
    assert not [field.name for field in fields(Card) if "mail" in field.name]
    assert not {name for name, *_ in read_with_icalendar(vcard3(PERSON))} & {"EMAIL"}


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("", "WhatsApp"),
        ("Ricette", "WhatsApp: Ricette"),
        ("Solo whatsapp", "Solo whatsapp"),
    ],
)
def test_a_whatsapp_number_says_so_and_is_no_telephone(label, shown):
    card = replace(PRACTICE, tels=(Tel("+393317612698", label, kind="whatsapp"),))

    assert f"item1.TEL;TYPE=CELL:+393317612698\r\nitem1.X-ABLabel:{shown}\r\n" in (
        vcard3(card)
    )


def test_coordinates_stand_by_themselves():
    """Zero degrees are a place, and half a pair of coordinates is none."""
    somewhere = Address("", "", latitude=Decimal(0), longitude=Decimal("-0.5"))
    half = Address("", "", latitude=Decimal(1))
    card = replace(PRACTICE, tels=(), addresses=(somewhere, half))

    assert "\r\nGEO:0.000000;-0.500000\r\n" in vcard3(card)
    assert "\r\nGEO:geo:0.000000,-0.500000\r\n" in vcard4(card)
    assert vcard3(card).count("GEO") == 1


def test_an_address_of_a_page_stays_on_its_line():
    card = replace(PRACTICE, url="https://example.org/è\\?a=1,2\r\nNOTE:x y")

    for write in (vcard3, vcard4):
        assert "\r\nURL:https://example.org/%C3%A8%5C?a=1,2%0ANOTE:x%20y\r\n" in (
            write(card)
        )


@pytest.mark.parametrize(
    "number",
    ["", "331 761 2698", "3317612698", "+39\r\nNOTE:x", "+0", "+٣٩٣٣", "+39331761\n"],
)
def test_a_number_that_is_not_e164_is_refused(number):
    with pytest.raises(ValueError, match=r"is not in E\.164"):
        Tel(number)


def test_a_card_needs_a_name_and_an_aware_moment():
    with pytest.raises(ValueError, match="needs a name"):
        replace(PERSON, name=" \x00")
    with pytest.raises(ValueError, match="must be aware"):
        replace(PERSON, revised=datetime(2026, 1, 31))


def read_with_vobject(card):
    """Return (name, group, value) of every property, in the values' own order."""
    component = vobject.readOne(card)
    rows = []
    for child in component.getChildren():
        value = child.value
        if child.name == "N":
            value = [value.family, value.given, value.additional, value.prefix]
            value.append(child.value.suffix)
        elif child.name == "ADR":
            value = [value.box, value.extended, value.street, value.city]
            value += [child.value.region, child.value.code, child.value.country]
        rows.append((child.name, child.group, value))
    return sorted(rows, key=lambda row: (row[0], row[1] or ""))


def read_with_icalendar(card):
    """Return the same rows, and insist that the card begins and ends once."""
    first, *lines, last, _end = Contentlines.from_ical(card)
    assert (first, last) == ("BEGIN:VCARD", "END:VCARD")
    rows = []
    for line in lines:
        qualified, parameters, raw = line.raw_parts()
        group, _dot, name = qualified.upper().rpartition(".")
        if name in {"N", "ADR", "ORG"}:
            value = split_on_unescaped_semicolon(raw)
        elif parameters.get("ENCODING") == "b":
            value = b64decode(raw, validate=True)
        else:
            value = line.parts()[2]
        rows.append((name, group.lower() or None, value))
    return sorted(rows, key=lambda row: (row[0], row[1] or ""))


def test_both_parsers_read_the_same_from_a_card_3():
    # vobject takes every value for a text and would end the URL at its comma.
    card = vcard3(replace(PERSON, url="https://example.org/medici/rossi/"))

    rows = read_with_vobject(card)

    assert rows == read_with_icalendar(card)
    assert ("N", None, ["Rossi", "Mario", "", "Dott.", ""]) in rows
    assert ("X-ABLABEL", "item2", "Urgenze, il dottore") in rows
    assert ("PHOTO", None, b"not really a photo") in rows
    assert (
        "ADR",
        "item4",
        ["", "", "Via Esempio 1; scala B", "Roma", "RM", "00100", "Italia"],
    ) in rows


def test_both_parsers_read_the_same_from_a_card_4():
    # vobject knows 3.0 only: see above for the commas.
    card = vcard4(
        replace(
            PERSON,
            url="https://example.org/medici/rossi/",
            photo=None,
            addresses=(replace(ROOMS, latitude=None),),
        )
    )

    rows = read_with_vobject(card)

    assert rows == read_with_icalendar(card)
    assert ("TEL", "item1", "tel:+393317612698") in rows
    assert ("KIND", None, "individual") in rows


@pytest.mark.parametrize("type", ["JPEG", "PNG"])
def test_a_photo_is_folded_and_comes_back_whole(type):
    data = bytes(range(256)) * 40
    card = replace(PERSON, photo=Photo(data, type))

    three = dict(row[::2] for row in read_with_icalendar(vcard3(card)))
    four = dict(row[::2] for row in read_with_icalendar(vcard4(card)))

    assert three["PHOTO"] == data
    assert dict(row[::2] for row in read_with_vobject(vcard3(card)))["PHOTO"] == data
    encoded = b64encode(data).decode()
    assert four["PHOTO"] == f"data:image/{type.lower()};base64,{encoded}"
    assert_well_formed(vcard3(card))
    assert_well_formed(vcard4(card))


def assert_well_formed(card):
    lines = card.encode().split(b"\r\n")
    assert lines.pop() == b""
    assert max(map(len, lines)) <= 75
    # Decodes each line by itself; no reader's idea of a line break finds another one.
    assert [line.decode() for line in lines] == card.splitlines()


LINE_BREAKS = ["\r\n", "\r", "\n", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029"]
PIECES = [
    *LINE_BREAKS,
    *("\\", "\\n", "\\N", ",", ";", ":", '"', "'", "^", "=", "\t", " ", "\x00", "\x7f"),
    *("\n ", "\r\nTEL:+39112\r\n", "\nEND:VCARD\n", "item1.NOTE:x", "\u2028URL:x"),
    *(
        "è",
        "e\u0301",
        "👩🏽\u200d⚕️",
        "🩺",
        "\u200f",
        "\ufeff",
        "中",
        "ENCODING=QUOTED-PRINTABLE=",
    ),
    *("Rossi", "x" * 74, "è" * 40, "\\" * 80),
]
ANYTHING = (
    st.text(max_size=60)
    | st.lists(st.sampled_from(PIECES), max_size=8).map("".join)
    | st.text("aè\u0301🩺\\,;\n", min_size=60, max_size=300)
)


def normal(text):
    r"""What must come back: line breaks as \n, tabs as spaces, no controls."""
    text = re.sub("\r\n|[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]", "\n", text)
    text = text.replace("\t", " ")
    kept = [c for c in text if c == "\n" or unicodedata.category(c) != "Cc"]
    return "".join(kept).strip()


SOMETHING = ANYTHING.filter(normal)


@st.composite
def cards(draw):
    return Card(
        uid=None,
        revised=None,
        name=draw(SOMETHING),
        family=draw(SOMETHING),
        given=draw(ANYTHING),
        prefix=draw(ANYTHING),
        organisation=draw(SOMETHING),
        title=draw(SOMETHING),
        tels=(Tel("+393317612698", draw(SOMETHING)),),
        addresses=(
            Address(
                street=draw(SOMETHING),
                city=draw(ANYTHING),
                province=draw(ANYTHING),
                postal_code=draw(ANYTHING),
                country=draw(SOMETHING),
                label=draw(SOMETHING),
            ),
        ),
        note=draw(SOMETHING),
    )


def expected_rows(card):
    """Every property that the card may have, and no other."""
    (tel,), (address,) = card.tels, card.addresses
    return {
        ("N", None): [
            normal(card.family),
            normal(card.given),
            "",
            normal(card.prefix),
            "",
        ],
        ("FN", None): normal(card.name),
        ("ORG", None): [normal(card.organisation)],
        ("TITLE", None): normal(card.title),
        ("TEL", "item1"): tel.number,
        ("X-ABLABEL", "item1"): normal(tel.label),
        ("ADR", "item2"): [
            "",
            "",
            normal(address.street),
            normal(address.city),
            normal(address.province),
            normal(address.postal_code),
            normal(address.country),
        ],
        ("X-ABLABEL", "item2"): normal(address.label),
        ("NOTE", None): normal(card.note),
    }


@given(cards())
@derandomised
def test_a07_any_text_comes_back_from_both_parsers_and_adds_no_property(card):
    three = expected_rows(card) | {("VERSION", None): "3.0"}
    four = expected_rows(card) | {
        ("VERSION", None): "4.0",
        ("KIND", None): "individual",
        ("TEL", "item1"): "tel:+393317612698",
    }

    for written, expected in ((vcard3(card), three), (vcard4(card), four)):
        assert_well_formed(written)
        rows = sorted(
            ((*key, value) for key, value in expected.items()),
            key=lambda row: (row[0], row[1] or ""),
        )
        assert read_with_icalendar(written) == rows
        assert read_with_vobject(written) == rows


@given(ANYTHING, ANYTHING)
@derandomised
def test_a07_any_address_or_language_adds_no_property(url, language):
    card = replace(PRACTICE, url=url, language=language, tels=(), addresses=())
    written = vcard4(card)

    assert_well_formed(written)
    names = {name for name, *_ in read_with_icalendar(written)}
    always = {"VERSION", "KIND", "FN", "ORG", "REV", "UID"}
    assert names == always | ({"URL"} if normal(url) else set()) | (
        {"LANG"} if normal(language) else set()
    )


def test_half_a_surrogate_pair_is_dropped():
    assert "\r\nNOTE:ab\r\n" in vcard3(replace(PRACTICE, note="a\ud83d\x07b"))


def test_a_fold_tears_neither_a_character_nor_an_escape():
    fits = replace(PRACTICE, note="x" * (75 - len("NOTE:")))
    emoji = replace(PRACTICE, note="x" * (74 - len("NOTE:")) + "🩺")
    comma = replace(PRACTICE, note="x" * (74 - len("NOTE:")) + ",y")

    assert f"\r\nNOTE:{'x' * 70}\r\nREV" in vcard3(fits)
    assert f"\r\nNOTE:{'x' * 69}\r\n 🩺\r\n" in vcard3(emoji)
    assert f"\r\nNOTE:{'x' * 69}\r\n \\,y\r\n" in vcard3(comma)


REALISTIC = replace(
    PRACTICE,
    name="Studio Medico Città",
    note="Lunedì 9–13 " * 40,
    photo=Photo(b"x" * 5000, "JPEG"),
    url="https://www.studiocitta.example/it/contatti/",
    addresses=(replace(ROOMS, street="Via Giuseppe Belli 122, scala B"),),
)


def test_a_compact_card_keeps_who_where_and_how_to_call():
    assert vcard3(compact(REALISTIC)) == (
        "BEGIN:VCARD\r\n"
        "VERSION:3.0\r\n"
        "N:;;;;\r\n"
        "FN:Studio Medico Città\r\n"
        "ORG:Studio Medico Città\r\n"
        "X-ABShowAs:COMPANY\r\n"
        "TEL;TYPE=CELL,VOICE,PREF:+393317612698\r\n"
        "TEL;TYPE=CELL,VOICE:+393319584817\r\n"
        "ADR;TYPE=WORK:;;Via Giuseppe Belli 122\\, scala B;Roma;RM;00100;Italia\r\n"
        "URL:https://www.studiocitta.example/it/contatti/\r\n"
        "NOTE:+393317612698 Appuntamenti: la segretaria\\n"
        "+393319584817 Urgenze\\, il \r\n dottore\r\n"
        "END:VCARD\r\n"
    )


def test_only_a_whatsapp_number_is_grouped_in_a_compact_card():
    """ZXing's reader skips properties with a group: people must not call this one."""
    written = vcard3(compact(PERSON))

    assert re.findall(r"item\d\.TEL.*?:(.*)\r", written) == ["+393317612699"]
    assert "+393317612699 WhatsApp: Ricette\r\n" in written.replace("\r\n ", "")


@pytest.mark.parametrize("encoding", [None, "utf-8"])
@pytest.mark.parametrize(
    ("name", "largest"),
    [
        (REALISTIC.name, 15),
        ("Studio Rossi è 🩺", 15),
        ("Studio Medico Associato 🩺 Città e Università, più café perché sì", 19),
    ],
)
def test_a_compact_card_is_read_from_its_qr_code(name, largest, encoding):
    text = vcard3(compact(replace(REALISTIC, name=name)))

    code = segno.make_qr(text, error="m", encoding=encoding)
    drawing = io.BytesIO()
    code.save(drawing, kind="png", scale=4)
    with Image.open(drawing) as picture:
        (found,) = zxingcpp.read_barcodes(picture)

    assert code.version <= largest
    assert found.format == zxingcpp.BarcodeFormat.QRCode
    assert found.text == text
