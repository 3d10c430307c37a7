"""The practice and its doctors as vCards. Pure: no models, no settings.

A card has no e-mail address, on purpose: anybody can fetch a card, a harvester too,
and the portal keeps the address out of everything that can be fetched.

Text from people reaches the file only as an escaped value, never as a parameter or
a property name, so it can neither break a line nor add a property.
"""

import re
import unicodedata
from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Literal
from uuid import UUID

from django.utils.encoding import iri_to_uri

Kind = Literal["voice", "cell", "fax", "whatsapp"]
# Lines that belong together; more than one of them share a group.
Block = list[str]

LINE_OCTETS = 75
E164 = re.compile(r"\+[1-9][0-9]{1,14}")
# RFC 2426 has no word for a number that only takes messages (its "msg" means voice
# mail); without VOICE it is at least not offered as a telephone.
TYPES_3: dict[Kind, str] = {
    "voice": "WORK,VOICE",
    "cell": "CELL,VOICE",
    "fax": "WORK,FAX",
    "whatsapp": "CELL",
}
TYPES_4: dict[Kind, str] = {
    "voice": "work,voice",
    "cell": "cell,voice",
    "fax": "work,fax",
    "whatsapp": "cell,text",
}


@dataclass(frozen=True)
class Tel:
    """A number in E.164 and its purpose, like "Appointments: the secretary"."""

    number: str
    label: str = ""
    kind: Kind = "voice"
    preferred: bool = False

    def __post_init__(self) -> None:
        if not E164.fullmatch(self.number):
            raise ValueError(
                f"{self.number!r} is not in E.164, which looks like +393317612698."
            )

    @property
    def shown_label(self) -> str:
        """The purpose, which also says WhatsApp where only that reaches somebody."""
        if self.kind != "whatsapp" or "whatsapp" in self.label.casefold():
            return self.label
        return f"WhatsApp: {self.label}" if clean(self.label) else "WhatsApp"


@dataclass(frozen=True)
class Address:
    """Where people go; ``country`` is its name in words, ``label`` the place's."""

    street: str
    city: str
    province: str = ""
    postal_code: str = ""
    country: str = ""
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    label: str = ""


@dataclass(frozen=True)
class Photo:
    data: bytes
    type: Literal["JPEG", "PNG"]


@dataclass(frozen=True, kw_only=True)
class Card:
    """What a card says; ``revised`` is aware, and None leaves a value out."""

    uid: UUID | None
    revised: datetime | None
    name: str
    family: str = ""
    given: str = ""
    prefix: str = ""
    organisation: str = ""
    title: str = ""
    tels: tuple[Tel, ...] = ()
    addresses: tuple[Address, ...] = ()
    url: str = ""
    note: str = ""
    language: str = ""
    photo: Photo | None = None

    def __post_init__(self) -> None:
        if not clean(self.name):
            raise ValueError("A card needs a name: FN is mandatory in every version.")
        if self.revised and self.revised.tzinfo is None:
            raise ValueError("`revised` must be aware: REV is written in UTC.")

    @property
    def is_organisation(self) -> bool:
        return not (self.family or self.given or self.prefix)


def vcard3(card: Card) -> str:
    """Write a vCard 3.0 (RFC 2426), which every phone reads.

    N is mandatory (section 3.1.2). An organisation leaves its parts empty and says
    X-ABShowAs, as Apple's own exports do: iOS then shows ORG and Android shows FN,
    while the practice's name in N would become somebody's surname.
    """
    return serialise(
        [
            ["VERSION:3.0"],
            [structured("N", card.family, card.given, "", card.prefix, "")],
            text("FN", card.name),
            text("ORG", organisation(card)),
            ["X-ABShowAs:COMPANY"] if card.is_organisation else [],
            text("TITLE", card.title),
            *(tel3(tel) for tel in card.tels),
            *(located(address, "{};{}") for address in card.addresses),
            uri("URL", card.url),
            text("NOTE", card.note),
            photo("PHOTO;ENCODING=b;TYPE={type}:", card.photo),
            moment("%Y-%m-%dT%H:%M:%SZ", card.revised),
            identifier(card.uid),
        ]
    )


def vcard4(card: Card) -> str:
    """Write a vCard 4.0 (RFC 6350), where N is optional (section 6.2.2)."""
    person = structured("N", card.family, card.given, "", card.prefix, "")
    return serialise(
        [
            ["VERSION:4.0"],
            ["KIND:org" if card.is_organisation else "KIND:individual"],
            [] if card.is_organisation else [person],
            text("FN", card.name),
            text("ORG", organisation(card)),
            text("TITLE", card.title),
            *(tel4(tel) for tel in card.tels),
            *(located(address, "geo:{},{}") for address in card.addresses),
            text("LANG", card.language),
            uri("URL", card.url),
            text("NOTE", card.note),
            photo("PHOTO:data:image/{subtype};base64,", card.photo),
            moment("%Y%m%dT%H%M%SZ", card.revised),
            identifier(card.uid),
        ]
    )


def compact(card: Card) -> Card:
    """Leave out what a QR code has no room for.

    Names, numbers, addresses and the URL stay. Readers derived from ZXing see only
    properties without a group, and labels need one: so the purposes of the numbers
    move to the note, where every reader shows them, and take the place of the
    longer one. A WhatsApp number keeps its label (and is in the note too), because
    without it people would call it. Two numbers, an address and a URL make a code of
    77 modules a side (version 15, error correction M).
    """
    purposes = [
        f"{tel.number} {tel.shown_label}" for tel in card.tels if clean(tel.shown_label)
    ]
    return replace(
        card,
        uid=None,
        revised=None,
        tels=tuple(replace(tel, label="") for tel in card.tels),
        addresses=tuple(
            replace(address, latitude=None, longitude=None, label="")
            for address in card.addresses
        ),
        note="\n".join(purposes),
        language="",
        photo=None,
    )


def organisation(card: Card) -> str:
    """The organisation a person works for; of an organisation its own name."""
    if card.is_organisation and not clean(card.organisation):
        return card.name
    return card.organisation


def tel3(tel: Tel) -> Block:
    """TEL (RFC 2426, section 3.3.1). iOS shows quotes round a list of types."""
    types = TYPES_3[tel.kind] + (",PREF" if tel.preferred else "")
    return [f"TEL;TYPE={types}:{tel.number}", *label(tel.shown_label)]


def tel4(tel: Tel) -> Block:
    """TEL (RFC 6350, section 6.4.1)."""
    preference = ";PREF=1" if tel.preferred else ""
    name = f'TEL;VALUE=uri;TYPE="{TYPES_4[tel.kind]}"{preference}'
    return [f"{name}:tel:{tel.number}", *label(tel.shown_label)]


def located(address: Address, geo: str) -> Block:
    """ADR and GEO (RFC 2426, sections 3.2.1 and 3.4.2; RFC 6350, 6.3.1 and 6.5.2).

    The post office box and the extended address, the first two parts, stay empty.
    """
    parts = (
        address.street,
        address.city,
        address.province,
        address.postal_code,
        address.country,
    )
    block: Block = []
    if any(clean(part) for part in parts):
        adr = structured("ADR;TYPE=WORK", "", "", *parts)
        block += [adr, *label(address.label)]
    if address.latitude is not None and address.longitude is not None:
        degrees = (f"{address.latitude:.6f}", f"{address.longitude:.6f}")
        block.append("GEO:" + geo.format(*degrees))
    return block


def label(value: str) -> Block:
    """Apple's label of the property in the same group (described in RFC 9555)."""
    return text("X-ABLabel", value)


def photo(before: str, picture: Photo | None) -> Block:
    """PHOTO (RFC 2426, section 3.1.4; RFC 6350, section 6.2.4)."""
    if picture is None or not picture.data:
        return []
    before = before.format(type=picture.type, subtype=picture.type.lower())
    return [before + b64encode(picture.data).decode("ascii")]


def moment(format: str, revised: datetime | None) -> Block:
    """REV: extended format in RFC 2426 (3.6.4), basic in RFC 6350 (4.3.5, 6.7.4)."""
    return [f"REV:{revised.astimezone(UTC):{format}}"] if revised else []


def identifier(uid: UUID | None) -> Block:
    """UID (RFC 2426, section 3.6.7; RFC 6350, section 6.7.6)."""
    return [f"UID:{uid.urn}"] if uid else []


def text(name: str, value: str) -> Block:
    """A property that holds one text, or nothing at all."""
    escaped = escape(value)
    return [f"{name}:{escaped}"] if escaped else []


def structured(name: str, *parts: str) -> str:
    """A property of several texts, some of which may be empty."""
    return f"{name}:{';'.join(escape(part) for part in parts)}"


def uri(name: str, value: str) -> Block:
    """A property that holds an address: not escaped, but percent-encoded."""
    encoded = iri_to_uri(clean(value))
    return [f"{name}:{encoded}"] if encoded else []


def escape(value: str) -> str:
    r"""Escape a text (RFC 2426, section 4; RFC 6350, section 3.4)."""
    return re.sub(r"[\\,;]", r"\\\g<0>", clean(value)).replace("\n", r"\n")


def clean(value: str) -> str:
    r"""Return the text with every kind of line break as \n and without controls."""
    lines = "\n".join(value.replace("\t", " ").splitlines())
    return "".join(
        char for char in lines if char == "\n" or not is_control(char)
    ).strip()


def is_control(char: str) -> bool:
    """Tell control characters, and halves of a surrogate pair, from text."""
    return unicodedata.category(char) in {"Cc", "Cs"}


def serialise(blocks: Iterable[Block]) -> str:
    lines = ["BEGIN:VCARD", *grouped(blocks), "END:VCARD"]
    return "".join(fold(line) + "\r\n" for line in lines)


def grouped(blocks: Iterable[Block]) -> Iterator[str]:
    """Put lines that belong together into groups: item1, item2… (RFC 6350, 3.3)."""
    numbers = count(1)
    for block in blocks:
        group = f"item{next(numbers)}." if len(block) > 1 else ""
        yield from (group + line for line in block)


def fold(line: str) -> str:
    """Break a line at 75 octets (RFC 2426, section 2.6; RFC 6350, section 3.2).

    Neither a character nor an escape is torn: some readers unescape before they join
    the lines again.
    """
    folded, octets = [], 0
    for piece in re.findall(r"\\?.", line):
        size = len(piece.encode())
        if octets + size > LINE_OCTETS:
            folded.append("\r\n ")
            octets = 1
        folded.append(piece)
        octets += size
    return "".join(folded)
