"""The rows of the practice as entries of an address book."""

from collections.abc import Iterable

from django.core.files.storage import default_storage
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.formats import time_format
from django.utils.translation import get_language, gettext
from django_countries import countries

from clinic.hours import Stretch
from clinic.models import Doctor, Phone, Picture, Practice
from clinic.models.practice import Place
from clinic.vcard import Address, Card, Kind, Photo, Tel

KINDS: dict[Phone.Kind, Kind] = {
    Phone.Kind.VOICE: "voice",
    Phone.Kind.MOBILE: "cell",
    Phone.Kind.FAX: "fax",
    Phone.Kind.WHATSAPP: "whatsapp",
}


def of_practice(practice: Practice, url: str) -> Card:
    """Return the card of the practice in the language in use.

    ``url`` is the absolute address of the page that tells more.
    """
    return Card(
        uid=practice.uid,
        revised=practice.updated_at or timezone.now(),
        name=practice.name,
        organisation=practice.name,
        tels=tels(practice.phones.all()),
        addresses=addresses(practice),
        url=url,
        note=note(practice),
        language=get_language() or "",
    )


def of_doctor(doctor: Doctor, practice: Practice, url: str) -> Card:
    """Return the card of one doctor: the own numbers, else those of the practice.

    Who has only a fax, or only a chat, is called under the practice's.
    """
    phones = [p for p in practice.phones.all() if p.doctor_id in {None, doctor.pk}]
    own = [phone for phone in phones if phone.doctor_id]
    if not any(phone.can_be_called for phone in own):
        own += [phone for phone in phones if not phone.doctor_id]
    return Card(
        uid=doctor.uid,
        revised=practice.updated_at or timezone.now(),
        name=str(doctor),
        family=doctor.last_name,
        given=doctor.first_name,
        prefix=str(doctor.title),
        organisation=practice.name,
        title=str(doctor.speciality),
        tels=tels(own),
        addresses=addresses(practice),
        url=url,
        note=note(practice, doctor),
        language=get_language() or "",
        photo=photo(doctor.portrait),
    )


def tels(phones: Iterable[Phone]) -> tuple[Tel, ...]:
    """The numbers with their purpose as a label; the first in view is preferred."""
    rows = list(phones)
    preferred = next((row for row in rows if row.in_header and row.can_be_called), None)
    return tuple(
        Tel(
            number=row.number.as_e164,
            label=label(row),
            kind=KINDS[Phone.Kind(row.kind)],
            preferred=row is preferred,
        )
        for row in rows
    )


def label(phone: Phone) -> str:
    return ": ".join(filter(None, [str(phone.purpose), str(phone.answered_by or "")]))


def addresses(practice: Practice) -> tuple[Address, ...]:
    return tuple(
        Address(
            street=place.street,
            city=place.city,
            province=place.province,
            postal_code=place.postal_code,
            country=countries.name(str(practice.country)),
            latitude=place.latitude,
            longitude=place.longitude,
            label=str(place.name),
        )
        for place in practice.locations.all()
    )


def note(practice: Practice, doctor: Doctor | None = None) -> str:
    """Who is registered where, when each number is answered, and the opening hours."""
    lines = [registration(doctor)] if doctor else []
    for phone in practice.phones.all():
        if phone.answered_when:
            lines.append(f"{phone.purpose}: {phone.answered_when}")
    for place in practice.places:
        lines += hours_of(place)
    return "\n".join(filter(None, lines))


def registration(doctor: Doctor) -> str:
    return " ".join(
        filter(None, [str(doctor.registration_body or ""), doctor.registration_number])
    )


def hours_of(place: Place) -> list[str]:
    """The regular week: a card stays in a phone for years."""
    schedule = place.schedule
    # Some practices write all their hours with a first day.
    lines = in_words(schedule.regular()) or in_words(
        schedule.weekly(timezone.localdate())
    )
    if not lines:
        return []
    name = str(place.location.name) if place.location else ""
    return [
        " – ".join(filter(None, [gettext("Opening hours"), name])),
        *lines,
    ]


def in_words(week: list[tuple[Stretch, ...]]) -> list[str]:
    """Return "Monday 9:00–13:00, 15:00–18:30" for each day that is open."""
    return [
        f"{str(WEEKDAYS[weekday]).capitalize()} "
        + ", ".join(stretch_in_words(stretch) for stretch in stretches)
        for weekday, stretches in enumerate(week)
        if stretches
    ]


def stretch_in_words(stretch: Stretch) -> str:
    opens, closes = (time_format(t, "G:i") for t in (stretch.opens, stretch.closes))
    suffix = f" ({gettext('by appointment')})" if stretch.by_appointment else ""
    return f"{opens}–{closes}{suffix}"


def photo(portrait: Picture | None) -> Photo | None:
    """The smallest rendition; a card goes without if its file is gone."""
    if portrait is None:
        return None
    name = f"pictures/{portrait.key}/{portrait.widths[0]}.{portrait.fallback}"
    try:
        with default_storage.open(name) as file:
            data = file.read()
    except FileNotFoundError:
        return None
    return Photo(data=data, type="PNG" if portrait.fallback == "png" else "JPEG")
