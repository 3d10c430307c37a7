"""What the pages say of the practice, for search engines: JSON-LD of schema.org 30.0.

Only terms that are not pending there: so ``hasOccupation`` and not ``jobTitle``, and
no ``knowsLanguage`` or ``hasCredential``. E-mail addresses are left out on purpose:
harvesters read JSON-LD first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils import timezone

from clinic.hours import Closing, Schedule, Stretch
from clinic.models import Doctor, Location, Phone, Practice
from clinic.models.practice import Place

Absolute = Callable[[str], str]
Node = dict[str, Any]

CONTEXT = "https://schema.org"
DAYS = (
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
)  # fmt: skip
# How far ahead hours that differ, closures and public holidays are told.
YEAR = 366


def practice(practice: Practice, url: Absolute) -> Node:
    """Return the graph of the practice, its places and its doctors.

    ``url`` makes a path absolute. Texts are in the language in use, ``@id``s are the
    same in all. With everything that ``Practice.objects.current()`` loads it asks the
    database for nothing.
    """
    nodes = [organization(practice, url)]
    if not practice.is_one_place:
        nodes += [branch(place, practice, url) for place in practice.places]
    for doctor in practice.doctors.all():
        nodes += [physician(doctor, practice, url), person(doctor, url)]
    return graph(nodes)


def doctor(doctor: Doctor, practice: Practice, url: Absolute) -> Node:
    """Return the graph of a doctor's page: ``Physician``, ``Person``, the practice.

    A ``Physician`` is an organisation in schema.org, so the human being is a second
    node. Of the practice there is only what names it.
    """
    about = [physician(doctor, practice, url), person(doctor, url)]
    return graph([*about, named(practice, url)])


def person(doctor: Doctor, url: Absolute) -> Node:
    """Return the ``Person`` who signs, without context: it stands in a graph."""
    return named_person(doctor, url) | filled(
        {
            "honorificPrefix": text(doctor.title),
            "givenName": doctor.first_name,
            "familyName": doctor.last_name,
            "hasOccupation": occupation(doctor),
            "identifier": registration(doctor),
            "image": portrait(doctor, url),
            "worksFor": {"@id": practice_id(url)},
        }
    )


def named_person(doctor: Doctor, url: Absolute) -> Node:
    """Return of a doctor what names him; his ``url`` is where the rest stands."""
    return {
        "@type": "Person",
        "@id": person_id(doctor, url),
        "name": f"{doctor.first_name} {doctor.last_name}".strip(),
        "url": url(doctor.get_absolute_url()),
    }


def organization(practice: Practice, url: Absolute) -> Node:
    """Return the practice itself.

    With one place it is a ``MedicalClinic`` with address and hours. With several, or
    none yet, it is a ``MedicalOrganization``, which needs no address, and each place
    is a ``MedicalClinic`` of its own: see ``branch``.
    """
    one = practice.places[0] if practice.is_one_place else None
    first = practice.first_phones
    first = [phone for phone in first if not phone.doctor_id] or first
    ids = [{"@id": person_id(doctor, url)} for doctor in practice.doctors.all()]
    places = [] if one else [{"@id": place_id(p, url)} for p in practice.places]
    return named(practice, url) | filled(
        {
            "legalName": practice.legal_name,
            "description": text(practice.tagline),
            "vatID": practice.vat_number,
            **reachable(shared_phones(practice), first),
            **(situated(one, practice, url) if one else {}),
            "location": places,
            "employee": ids,
        }
    )


def named(practice: Practice, url: Absolute) -> Node:
    """Return of the practice what names it; its ``url`` is where the rest stands."""
    return filled(
        {
            "@type": "MedicalClinic"
            if practice.is_one_place
            else "MedicalOrganization",
            "@id": practice_id(url),
            "name": practice.name,
            "url": url(reverse("clinic:contact")),
        }
    )


def branch(place: Place, practice: Practice, url: Absolute) -> Node:
    """Return one of several places, with the numbers that belong to it."""
    phones = phones_at(place.location, practice)
    return filled(
        {
            "@type": "MedicalClinic",
            "@id": place_id(place, url),
            "name": text(place.location and place.location.name) or practice.name,
            "url": url(reverse("clinic:contact")),
            **reachable(phones, callable_ones(phones)),
            **situated(place, practice, url),
            "parentOrganization": {"@id": practice_id(url)},
        }
    )


def physician(doctor: Doctor, practice: Practice, url: Absolute) -> Node:
    """Return the doctor as somewhere to go: own numbers, or else the practice's.

    The address only if there is no doubt which; no hours, they are the practice's.
    """
    phones = practice.phones_of(doctor)
    location = practice.places[0].location if practice.is_one_place else None
    return filled(
        {
            "@type": "Physician",
            "@id": doctor_id(doctor, url),
            "name": str(doctor),
            "url": url(doctor.get_absolute_url()),
            "image": portrait(doctor, url),
            "identifier": registration(doctor),
            **reachable(phones, callable_ones(phones)),
            "address": address(location, practice),
            "geo": coordinates(location),
            "parentOrganization": {"@id": practice_id(url)},
            "employee": {"@id": person_id(doctor, url)},
        }
    )


def shared_phones(practice: Practice) -> list[Phone]:
    """Return the numbers that belong to no doctor and to none of several places."""
    return [
        phone
        for phone in practice.phones.all()
        if not phone.doctor_id and (practice.is_one_place or not phone.location_id)
    ]


def phones_at(location: Location | None, practice: Practice) -> list[Phone]:
    """Return the numbers that belong to a place and to no doctor."""
    return [
        phone
        for phone in practice.phones.all()
        if not phone.doctor_id and location and phone.location_id == location.pk
    ]


def callable_ones(phones: Iterable[Phone]) -> list[Phone]:
    return [phone for phone in phones if phone.can_be_called]


def reachable(phones: Iterable[Phone], first: Iterable[Phone]) -> Node:
    """Return how to reach somebody: ``first`` are the numbers to show at once."""
    phones = list(phones)
    return {
        "telephone": one_or_many(phone.number.as_e164 for phone in first),
        "faxNumber": one_or_many(
            phone.number.as_e164 for phone in phones if phone.kind == Phone.Kind.FAX
        ),
        "contactPoint": [contact_point(phone) for phone in phones],
    }


def contact_point(phone: Phone) -> Node:
    """Return a number with its purpose; one that only chats is an address to open."""
    said = [text(phone.answered_by), text(phone.answered_when)]
    key = {Phone.Kind.FAX: "faxNumber", Phone.Kind.WHATSAPP: "url"}
    is_chat = phone.kind == Phone.Kind.WHATSAPP
    return filled(
        {
            "@type": "ContactPoint",
            "contactType": text(phone.purpose),
            "description": ", ".join(filter(None, said)),
            key.get(Phone.Kind(phone.kind), "telephone"): (
                phone.link if is_chat else phone.number.as_e164
            ),
            "availableLanguage": list(phone.languages or []),
        }
    )


def situated(place: Place, practice: Practice, url: Absolute) -> Node:
    """Return where a place is and when it is open."""
    today = timezone.localdate(timezone=place.schedule.zone)
    location = place.location
    picture = location.map_picture if location else None
    return {
        "address": address(location, practice),
        "geo": coordinates(location),
        "hasMap": url(picture.src) if picture else None,
        "openingHoursSpecification": openings(place.schedule, today),
        "specialOpeningHoursSpecification": [
            closed(closing) for closing in place.schedule.exceptions(today, YEAR)
        ],
    }


def address(location: Location | None, practice: Practice) -> Node | None:
    if location is None:
        return None
    return filled(
        {
            "@type": "PostalAddress",
            "streetAddress": location.street,
            "postalCode": location.postal_code,
            "addressLocality": location.city,
            "addressRegion": location.province,
            "addressCountry": str(practice.country or ""),
        }
    )


def coordinates(location: Location | None) -> Node | None:
    if location is None or location.latitude is None or location.longitude is None:
        return None
    return {
        "@type": "GeoCoordinates",
        "latitude": float(location.latitude),
        "longitude": float(location.longitude),
    }


def openings(schedule: Schedule, today: date) -> list[Node]:
    """Return the hours to which anybody may come.

    What is by appointment only is left out: schema.org has no word for it, and "open"
    would bring people before a closed door. Stretches of time with different weeks
    never overlap, so readers need not know which rule wins.
    """
    return [
        filled(
            {
                "@type": "OpeningHoursSpecification",
                "dayOfWeek": [f"{CONTEXT}/{DAYS[day]}" for day in days],
                "opens": stretch.opens.isoformat("minutes"),
                "closes": stretch.closes.isoformat("minutes"),
                "validFrom": first and first.isoformat(),
                "validThrough": last and last.isoformat(),
            }
        )
        for first, last, weekly in schedule.weeks(today, YEAR)
        for stretch, days in by_stretch(weekly).items()
        if not stretch.by_appointment
    ]


def closed(closing: Closing) -> Node:
    """Return days without hours, as Google documents it: from 00:00 to 00:00."""
    return filled(
        {
            "@type": "OpeningHoursSpecification",
            "name": text(closing.reason),
            "opens": "00:00",
            "closes": "00:00",
            "validFrom": closing.first_day.isoformat(),
            "validThrough": closing.last_day.isoformat(),
        }
    )


def by_stretch(weekly: list[tuple[Stretch, ...]]) -> dict[Stretch, list[int]]:
    """Return each stretch of a week with its days; Monday is 0."""
    days: dict[Stretch, list[int]] = {}
    for weekday, stretches in enumerate(weekly):
        for stretch in stretches:
            days.setdefault(stretch, []).append(weekday)
    return days


def registration(doctor: Doctor) -> Node | None:
    """Return the number in the register, which only with it identifies anybody."""
    if not doctor.registration_number:
        return None
    return filled(
        {
            "@type": "PropertyValue",
            "propertyID": text(doctor.registration_body),
            "value": doctor.registration_number,
        }
    )


def occupation(doctor: Doctor) -> Node | None:
    name = text(doctor.speciality)
    return {"@type": "Occupation", "name": name} if name else None


def portrait(doctor: Doctor, url: Absolute) -> str | None:
    return url(doctor.portrait.src) if doctor.portrait else None


def practice_id(url: Absolute) -> str:
    return url("/#practice")


def place_id(place: Place, url: Absolute) -> str:
    return url(f"/#place-{place.location.pk if place.location else 0}")


def doctor_id(doctor: Doctor, url: Absolute) -> str:
    return url(f"/#doctor-{doctor.pk}")


def person_id(doctor: Doctor, url: Absolute) -> str:
    return url(f"/#person-{doctor.pk}")


def graph(nodes: list[Node]) -> Node:
    return {"@context": CONTEXT, "@graph": nodes}


def filled(node: Node) -> Node:
    """Leave out what nobody has filled in."""
    return {k: value for k, value in node.items() if value not in (None, "", [], {})}


def text(value: Any) -> str:
    """Return a text of several languages in the one in use."""
    return str(value) if value else ""


def one_or_many(values: Iterable[str]) -> str | list[str]:
    found = list(values)
    return found[0] if len(found) == 1 else found
