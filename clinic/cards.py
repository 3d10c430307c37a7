"""The rows of the practice as entries of an address book."""

from django.core.files.storage import default_storage
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.formats import time_format
from django.utils.translation import get_language, gettext
from django_countries import countries

from clinic import pictures
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
    phones = list(practice.phones.all())
    return Card(
        uid=practice.uid,
        revised=practice.updated_at or timezone.now(),
        name=practice.name,
        organisation=practice.name,
        tels=tels(phones),
        addresses=addresses(practice),
        url=url,
        note="\n".join(note(practice, phones)),
        language=get_language() or "",
    )


def of_doctor(doctor: Doctor, practice: Practice, url: str) -> Card:
    """Return the card of one doctor, with the numbers to reach this doctor."""
    phones = practice.phones_of(doctor)
    return Card(
        uid=doctor.uid,
        revised=practice.updated_at or timezone.now(),
        name=str(doctor),
        family=doctor.last_name,
        given=doctor.first_name,
        prefix=str(doctor.title),
        organisation=practice.name,
        title=str(doctor.speciality),
        tels=tels(phones),
        addresses=addresses(practice),
        url=url,
        note="\n".join([doctor.registration, *note(practice, phones)]).strip(),
        language=get_language() or "",
        photo=photo(doctor.portrait),
    )


def tels(phones: list[Phone]) -> tuple[Tel, ...]:
    """The numbers with their purpose as a label; the first in view is preferred."""
    preferred = next((p for p in phones if p.in_header and p.can_be_called), None)
    return tuple(
        Tel(
            number=phone.number.as_e164,
            label=label(phone),
            kind=KINDS[Phone.Kind(phone.kind)],
            preferred=phone is preferred,
        )
        for phone in phones
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


def note(practice: Practice, phones: list[Phone]) -> list[str]:
    """When each of these numbers is answered, and the opening hours, in lines."""
    lines = [f"{p.purpose}: {p.answered_when}" for p in phones if p.answered_when]
    for place in practice.places:
        lines += hours_of(place)
    return lines


def hours_of(place: Place) -> list[str]:
    """The regular week: a card stays in a phone for years."""
    schedule = place.schedule
    # Some practices write all their hours with a first day.
    week = schedule.regular()
    lines = week_lines(week) or week_lines(schedule.weekly(timezone.localdate()))
    if not lines:
        return []
    name = str(place.location.name) if place.location else ""
    return [
        " – ".join(filter(None, [gettext("Opening hours"), name])),
        *lines,
    ]


def week_lines(week: list[tuple[Stretch, ...]]) -> list[str]:
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
    name = pictures.path_of(portrait.key, portrait.widths[0], portrait.fallback)
    try:
        with default_storage.open(name) as file:
            data = file.read()
    except FileNotFoundError:
        return None
    return Photo(data=data, type="PNG" if portrait.fallback == "png" else "JPEG")
