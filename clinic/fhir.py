"""What the pages say of the practice, as FHIR R4 (hl7.org/fhir/R4).

A file that other systems may read, not the interface of a server: it claims no
profile, mCSD's neither. E-mail addresses are left out, as in everything that is no
page.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import get_language, gettext, override

from clinic import pictures
from clinic.hours import Schedule, Stretch, Week
from clinic.models import Doctor, Location, Phone, Practice
from clinic.models.practice import Place
from clinic.structured_data import (
    YEAR,
    Absolute,
    by_stretch,
    filled,
    phones_at,
    shared_phones,
    text,
)

Resource = dict[str, Any]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
# HL7 Italia's system for VAT numbers (hl7-it/base); the digits alone, without "IT".
PARTITA_IVA = "http://hl7.it/sid/partitaIva"


def bundle(practice: Practice, url: Absolute) -> Resource:
    """Return a Bundle of type collection, in the language in use.

    ``url`` makes a path absolute. The same rows give the same bundle on the same day,
    and the same ids for ever. A portal that nobody has filled in gives an empty one.
    """
    if practice.updated_at is None:
        return {"resourceType": "Bundle", "type": "collection"}
    resources = [organization(practice, url)]
    for place in practice.places:
        resources += location(place, practice)
        resources += services(place, practice)
    for doctor in practice.doctors.all():
        resources += [practitioner(doctor, practice, url), role(doctor, practice)]
    return filled(
        {
            "resourceType": "Bundle",
            "meta": {
                "lastUpdated": practice.updated_at.astimezone(UTC).isoformat(
                    timespec="seconds"
                )
            },
            "language": get_language(),
            "type": "collection",
            "entry": [
                {"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource}
                for resource in resources
            ],
        }
    )


def organization(practice: Practice, url: Absolute) -> Resource:
    phones = shared_phones(practice)
    website = {"system": "url", "value": url(reverse("clinic:contact")), "use": "work"}
    return filled(
        {
            "resourceType": "Organization",
            "id": str(practice.uid),
            "identifier": [
                {
                    "system": "urn:ietf:rfc:3986",
                    "value": f"urn:uuid:{practice.uid}",
                },
                *vat_number(practice),
            ],
            "active": True,
            "type": [concept("organization-type", "prov", "Healthcare Provider")],
            "name": practice.name,
            "alias": [practice.legal_name] if practice.legal_name else [],
            "telecom": [*telecom(phones), website],
            "contact": [
                {"purpose": {"text": text(phone.purpose)}, "telecom": telecom([phone])}
                for phone in in_order(phones)
                if text(phone.purpose)
            ],
        }
    )


def practitioner(doctor: Doctor, practice: Practice, url: Absolute) -> Resource:
    """Return the human being. The codice fiscale is nobody's business."""
    number = registration(doctor, practice)
    papers = [
        text(doctor.degree),
        text(doctor.licence),
        *doctor.diplomas,
    ]
    return filled(
        {
            "resourceType": "Practitioner",
            "id": str(doctor.uid),
            "identifier": [number] if number else [],
            "active": True,
            "name": [
                filled(
                    {
                        "use": "official",
                        "text": str(doctor),
                        "family": doctor.last_name,
                        "given": [doctor.first_name] if doctor.first_name else [],
                        "prefix": [text(doctor.title)] if doctor.title else [],
                    }
                )
            ],
            "photo": photo(doctor, url),
            "qualification": [
                *registered(doctor, number),
                *({"code": {"text": paper}} for paper in papers if paper),
            ],
        }
    )


def registered(doctor: Doctor, number: Resource | None) -> list[Resource]:
    """Return what the register says: the number, and who keeps it."""
    code = text(doctor.speciality)
    if not number or not code:
        return []
    issuer = number.get("assigner")
    return [filled({"identifier": [number], "code": {"text": code}, "issuer": issuer})]


def role(doctor: Doctor, practice: Practice) -> Resource:
    """Return what the doctor does in the practice, and where."""
    own = [phone for phone in practice.phones.all() if phone.doctor_id == doctor.pk]
    locations = [p.location for p in practice.places if p.location]
    return filled(
        {
            "resourceType": "PractitionerRole",
            "id": str(uuid5(practice.uid, f"role {doctor.pk}")),
            "active": True,
            "practitioner": reference(doctor.uid),
            "organization": reference(practice.uid),
            "code": [{"text": text(doctor.speciality)}] if doctor.speciality else [],
            "location": [reference(location_uid(one, practice)) for one in locations],
            "telecom": telecom(own),
        }
    )


def location(place: Place, practice: Practice) -> list[Resource]:
    """Return the place, or nothing if it has no name yet."""
    row = place.location
    if row is None:
        return []
    weekly = place.schedule.weekly(today(place.schedule))
    return [
        filled(
            {
                "resourceType": "Location",
                "id": str(location_uid(row, practice)),
                "status": "active",
                "name": text(row.name) or practice.name,
                "mode": "instance",
                "type": [concept("v3-RoleCode", "PROFF", "Provider's Office")],
                "telecom": telecom(phones_at(row, practice)),
                "address": address(row, practice),
                "position": position(row),
                "managingOrganization": reference(practice.uid),
                "hoursOfOperation": [
                    {
                        "daysOfWeek": days,
                        "openingTime": opens,
                        "closingTime": closes,
                    }
                    for days, opens, closes in times(weekly, by_appointment=False)
                ],
            }
        )
    ]


def services(place: Place, practice: Practice) -> list[Resource]:
    """Return what can be had at a place: one service for each kind of hours.

    ``appointmentRequired`` belongs to a service, so hours by appointment are a second
    one. Where no hours are known it is left open.
    """
    ahead = place.schedule.weeks(today(place.schedule), YEAR)
    kinds = {s.by_appointment for week in ahead for s in by_stretch(week.weekly)}
    if not kinds:
        return [service(place, practice, "None", {})]
    return [
        service(place, practice, str(kind), availability(ahead, by_appointment=kind))
        for kind in sorted(kinds)
    ]


def service(place: Place, practice: Practice, kind: str, hours: Resource) -> Resource:
    row = place.location
    return filled(
        {
            "resourceType": "HealthcareService",
            "id": str(uuid5(practice.uid, f"service {row.pk if row else 0} {kind}")),
            "active": True,
            "providedBy": reference(practice.uid),
            "location": [reference(location_uid(row, practice))] if row else [],
            "name": text(row and row.name) or practice.name,
            "notAvailable": closures(place.schedule),
            **hours,
        }
    )


def availability(ahead: list[Week], *, by_appointment: bool) -> Resource:
    """Return when a service can be had.

    R4's times know no dates: they are those in force today, and where others follow
    within a year the words tell all of them.
    """
    return {
        "appointmentRequired": by_appointment,
        "availableTime": [
            {
                "daysOfWeek": days,
                "availableStartTime": opens,
                "availableEndTime": closes,
            }
            for days, opens, closes in times(
                ahead[0].weekly, by_appointment=by_appointment
            )
        ],
        "availabilityExceptions": weeks_as_text(ahead, by_appointment=by_appointment),
    }


def times(
    weekly: list[tuple[Stretch, ...]], *, by_appointment: bool
) -> list[tuple[list[str], str, str]]:
    """Return days, opening and closing of one kind of hours, as FHIR writes them."""
    return [
        (
            [DAYS[day] for day in days],
            stretch.opens.isoformat("seconds"),
            stretch.closes.isoformat("seconds"),
        )
        for stretch, days in by_stretch(weekly).items()
        if stretch.by_appointment == by_appointment
    ]


def weeks_as_text(ahead: list[Week], *, by_appointment: bool) -> str:
    """Tell weeks that differ, like "2026-08-01/2026-08-31: Mon 09:00–13:00"."""
    if len(ahead) == 1:
        return ""
    lines = []
    for first, last, weekly in ahead:
        hours = [
            f"{WEEKDAYS_ABBR[day]} {stretch.opens:%H:%M}–{stretch.closes:%H:%M}"
            for day, stretches in enumerate(weekly)
            for stretch in stretches
            if stretch.by_appointment == by_appointment
        ]
        # ISO 8601-2 writes an open end as two points.
        lines.append(f"{first or '..'}/{last or '..'}: {', '.join(hours) or '–'}")
    return "\n".join(lines)


def closures(schedule: Schedule) -> list[Resource]:
    """Return the closures and public holidays of the year to come."""
    return [
        {
            "description": text(closing.reason) or gettext("Closed"),
            "during": {
                "start": closing.first_day.isoformat(),
                "end": closing.last_day.isoformat(),
            },
        }
        for closing in schedule.exceptions(today(schedule), YEAR)
    ]


def telecom(phones: Iterable[Phone]) -> list[Resource]:
    """Return numbers as ContactPoints, those of the header first.

    A number that only chats is an address: calling it leads nowhere.
    """
    return [
        {**contact_point(phone), "rank": rank}
        for rank, phone in enumerate(in_order(phones), start=1)
    ]


def contact_point(phone: Phone) -> Resource:
    use = "mobile" if phone.kind == Phone.Kind.MOBILE else "work"
    if phone.kind == Phone.Kind.WHATSAPP:
        return {"system": "url", "value": phone.link, "use": use}
    system = "fax" if phone.kind == Phone.Kind.FAX else "phone"
    return {"system": system, "value": phone.number.as_e164, "use": use}


def in_order(phones: Iterable[Phone]) -> list[Phone]:
    return sorted(phones, key=lambda phone: not phone.in_header)


def address(row: Location, practice: Practice) -> Resource:
    """Return the address; Italy's province is a district, its region a state."""
    country = str(practice.country or "")
    return filled(
        {
            "use": "work",
            "type": "physical",
            "line": [row.street] if row.street else [],
            "city": row.city,
            "district" if country == "IT" else "state": row.province,
            "postalCode": row.postal_code,
            "country": country,
        }
    )


def position(row: Location) -> Resource | None:
    if row.latitude is None or row.longitude is None:
        return None
    return {"longitude": float(row.longitude), "latitude": float(row.latitude)}


def vat_number(practice: Practice) -> list[Resource]:
    number = "".join(practice.vat_number.split())
    if not number:
        return []
    system = own_system(practice, "VAT number")
    if practice.country == "IT":
        system, number = PARTITA_IVA, number.upper().removeprefix("IT")
    kind = concept("v2-0203", "TAX", "Tax ID number")
    return [{"type": kind, "system": system, "value": number}]


def registration(doctor: Doctor, practice: Practice) -> Resource | None:
    """Return the number in the register, in a system of its own: Italy has none."""
    if not doctor.registration_number:
        return None
    with override(settings.LANGUAGE_CODE):
        register = own_system(practice, f"register {text(doctor.registration_body)}")
    body = text(doctor.registration_body)
    return filled(
        {
            "type": concept("v2-0203", "MD", "Medical License number"),
            "system": register,
            "value": doctor.registration_number,
            "assigner": {"display": body} if body else None,
        }
    )


def photo(doctor: Doctor, url: Absolute) -> list[Resource]:
    if not doctor.portrait:
        return []
    kind = pictures.CONTENT_TYPES[doctor.portrait.fallback]
    return [{"contentType": kind, "url": url(doctor.portrait.src)}]


def concept(system: str, code: str, display: str) -> Resource:
    """Return one code of HL7's own terminology."""
    coding = {"system": f"{TERMINOLOGY}/{system}", "code": code, "display": display}
    return {"coding": [coding]}


def own_system(practice: Practice, name: str) -> str:
    return f"urn:uuid:{uuid5(practice.uid, name)}"


def location_uid(row: Location, practice: Practice) -> UUID:
    return uuid5(practice.uid, f"location {row.pk}")


def reference(uid: UUID) -> Resource:
    return {"reference": f"urn:uuid:{uid}"}


def today(schedule: Schedule) -> date:
    return timezone.localdate(timezone=schedule.zone)
