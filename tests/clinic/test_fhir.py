"""The bundle is valid FHIR.

``fhir.resources`` carries R4B (4.3.0) and no longer R4 (4.0.1). For the five resources
here R4B changed nothing, so what is valid there is valid in R4.
"""

import json
import re
from datetime import date, time

import pytest
import time_machine
from django.utils import timezone, translation
from fhir.resources.R4B.bundle import Bundle
from pydantic import BaseModel

from clinic import fhir
from clinic.models import Practice
from tests import factories
from tests.clinic.test_structured_data import (
    MONDAY,
    absolute,
    whole_practice,
    without_email,
)
from tests.factories import both


@pytest.fixture
def whole(db):
    return whole_practice()


@pytest.fixture(autouse=True)
def on_a_monday():
    with time_machine.travel(MONDAY, tick=False):
        yield


def bundle():
    return fhir.bundle(Practice.objects.current(), absolute)


def of_type(name, data):
    found = [entry["resource"] for entry in data["entry"]]
    return [resource for resource in found if resource["resourceType"] == name]


def values(data, key):
    """Every value under a key, however deep."""
    if isinstance(data, list):
        return [value for item in data for value in values(item, key)]
    if not isinstance(data, dict):
        return []
    own = [data[key]] if key in data else []
    return own + [v for inner in data.values() for v in values(inner, key)]


def unknown_codes(element):
    """Codes outside FHIR's lists: ``fhir.resources`` knows them, but lets all pass."""
    found = []
    for name, field in type(element).model_fields.items():
        value = getattr(element, name)
        allowed = (field.json_schema_extra or {}).get("enum_values")
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, BaseModel):
                found += unknown_codes(one)
            elif allowed and one is not None and one not in allowed:
                found.append(f"{name}: {one}")
    return found


def check(data):
    """Raise unless it is a bundle of FHIR, as it is after its way through JSON."""
    assert unknown_codes(Bundle.model_validate(json.loads(json.dumps(data)))) == []


def test_the_check_finds_a_code_that_fhir_does_not_have():
    location = {"resourceType": "Location", "status": "open"}
    data = {"resourceType": "Bundle", "type": "heap", "entry": [{"resource": location}]}

    with pytest.raises(AssertionError, match=r"status: open(?s:.*)type: heap"):
        check(data)


@pytest.mark.parametrize("language", ["en", "it"])
@pytest.mark.parametrize("places", [0, 1, 2])
def test_the_bundle_is_valid_and_holds_together(whole, language, places):
    if places == 0:
        whole.hours.all().delete()
        whole.locations.all().delete()
    if places == 2:
        factories.LocationFactory(name=both("Second"))

    with translation.override(language):
        data = bundle()

    check(data)
    urls = values(data, "fullUrl")
    assert len(set(urls)) == len(urls)
    assert set(values(data, "reference")) <= set(urls)
    assert data["language"] == language
    assert len(of_type("Location", data)) == places


def test_the_bundle_holds_the_five_kinds(whole):
    data = bundle()

    assert [entry["resource"]["resourceType"] for entry in data["entry"]] == [
        "Organization",
        "Location",
        "HealthcareService",
        "HealthcareService",
        "Practitioner",
        "PractitionerRole",
    ]
    assert data["type"] == "collection"
    updated = Practice.objects.get().updated_at.isoformat(timespec="seconds")
    assert data["meta"] == {"lastUpdated": updated}


def test_the_same_rows_give_the_same_bundle_and_ids_in_every_language(whole):
    english = bundle()
    with translation.override("it"):
        italian = bundle()

    assert json.dumps(bundle()) == json.dumps(english)
    for key in ("fullUrl", "reference", "system"):
        assert values(italian, key) == values(english, key)
    assert of_type("Location", italian)[0]["name"] == "The practice (it)"


def test_no_profile_is_claimed(whole):
    data = bundle()

    assert values(data, "profile") == []
    assert "mcsd" not in json.dumps(data).lower()


@pytest.mark.parametrize("language", ["en", "it"])
def test_the_e_mail_address_is_nowhere(whole, language):
    with translation.override(language):
        data = bundle()

    assert without_email(data) is True
    assert "email" not in values(data, "system")


def test_the_organization_has_its_numbers(whole):
    (organization,) = of_type("Organization", bundle())

    assert organization["identifier"][0]["value"] == f"urn:uuid:{whole.uid}"
    assert organization["identifier"][1]["system"] == "http://hl7.it/sid/partitaIva"
    assert organization["identifier"][1]["value"] == "00000000000"
    assert organization["alias"] == ["Test s.r.l."]
    assert organization["telecom"] == [
        {"system": "phone", "value": "+393317612698", "use": "work", "rank": 1},
        {"system": "fax", "value": "+390612345678", "use": "work", "rank": 2},
        {
            "system": "url",
            "value": "https://wa.me/393317612699",
            "use": "work",
            "rank": 3,
        },
        {"system": "phone", "value": "+390687654321", "use": "work", "rank": 4},
        {"system": "url", "value": "https://clinic.test/contact/", "use": "work"},
    ]
    assert organization["contact"][1]["purpose"] == {"text": "Reports"}


def test_of_several_places_each_has_its_own_numbers(whole):
    factories.LocationFactory(name=both("Second"))

    data = bundle()

    (organization,) = of_type("Organization", data)
    first, second = of_type("Location", data)
    assert "+390687654321" not in values(organization, "value")
    assert values(first["telecom"], "value") == ["+390687654321"]
    assert "telecom" not in second


@pytest.mark.parametrize("country", ["", "FR"])
def test_a_vat_number_of_elsewhere_is_not_a_partita_iva(whole, country):
    Practice.objects.update(country=country, vat_number="FR 00 000000000")

    (organization,) = of_type("Organization", bundle())

    number = organization["identifier"][1]
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", number["system"])
    assert number["value"] == "FR00000000000"


def test_the_doctor_is_who_the_register_says(whole):
    data = bundle()
    (practitioner,) = of_type("Practitioner", data)
    (role,) = of_type("PractitionerRole", data)
    doctor = whole.doctors.get()

    assert practitioner["id"] == str(doctor.uid)
    assert practitioner["name"] == [
        {
            "use": "official",
            "text": "Dr. Ada Test",
            "family": "Test",
            "given": ["Ada"],
            "prefix": ["Dr."],
        }
    ]
    first = practitioner["qualification"][0]
    assert first["identifier"][0]["value"] == "00000"
    assert first["issuer"] == {"display": "Order of Rome"}
    assert [q["code"]["text"] for q in practitioner["qualification"]] == [
        "oncologist",
        "Medicine, Rome 1990",
        "Licence, Rome 1991",
        "Oncology, Rome 1995",
    ]
    assert practitioner["photo"][0]["contentType"] == "image/jpeg"
    assert role["code"] == [{"text": "oncologist"}]
    assert role["practitioner"] == {"reference": f"urn:uuid:{doctor.uid}"}
    assert role["telecom"] == [
        {"system": "phone", "value": "+393317612697", "use": "mobile", "rank": 1}
    ]


def test_numbers_of_one_register_share_a_system_and_others_do_not(whole):
    for number, body in (("1", "Order of Rome"), ("2", "Order of Pisa")):
        factories.DoctorFactory(
            registration_number=number, registration_body=both(body)
        )

    systems = [p["identifier"][0]["system"] for p in of_type("Practitioner", bundle())]

    assert systems[0] == systems[1] != systems[2]


def test_nobody_s_codice_fiscale_has_a_system(whole):
    assert "codicefiscale" not in json.dumps(bundle()).lower()


def test_the_location_tells_where_and_when_anybody_may_come(whole):
    (location,) = of_type("Location", bundle())

    assert location["status"] == "active"
    assert location["address"] == {
        "use": "work",
        "type": "physical",
        "line": ["Via Esempio 00"],
        "city": "Roma",
        "district": "RM",
        "postalCode": "00000",
        "country": "IT",
    }
    assert location["position"] == {"longitude": 12.4964, "latitude": 41.9028}
    assert location["telecom"][0]["value"] == "+390687654321"
    assert location["hoursOfOperation"] == [
        {
            "daysOfWeek": ["mon", "wed"],
            "openingTime": "09:00:00",
            "closingTime": "13:00:00",
        }
    ]


def test_hours_by_appointment_are_a_service_of_their_own(whole):
    free, booked = of_type("HealthcareService", bundle())

    assert free["appointmentRequired"] is False
    assert free["availableTime"] == [
        {
            "daysOfWeek": ["mon", "wed"],
            "availableStartTime": "09:00:00",
            "availableEndTime": "13:00:00",
        }
    ]
    assert booked["appointmentRequired"] is True
    assert booked["availableTime"][0]["daysOfWeek"] == ["thu"]


def test_hours_of_a_period_are_told_in_words(whole):
    free, booked = of_type("HealthcareService", bundle())

    assert free["availabilityExceptions"].splitlines() == [
        "../2027-08-01: Mon 09:00–13:00, Wed 09:00–13:00",
        "2027-08-02/2027-08-15: Mon 10:00–13:00",
        "2027-08-16/..: Mon 09:00–13:00, Wed 09:00–13:00",
    ]
    assert booked["availabilityExceptions"].splitlines()[1] == (
        "2027-08-02/2027-08-15: –"
    )


def test_closures_and_public_holidays_make_a_service_unavailable(whole):
    whole.closures.create(first_day=date(2027, 2, 1), last_day=date(2027, 2, 2))

    free, _booked = of_type("HealthcareService", bundle())

    closed = {c["during"]["start"]: c for c in free["notAvailable"]}
    assert closed["2027-01-04"] == {
        "description": "Holidays",
        "during": {"start": "2027-01-04", "end": "2027-01-05"},
    }
    assert closed["2027-01-06"]["description"] == "Epiphany"
    assert closed["2027-02-01"]["description"] == "Closed"


def test_a_service_without_known_hours_says_nothing_of_them(practice):
    practice.hours.all().delete()

    (service,) = of_type("HealthcareService", bundle())

    assert {"availableTime", "appointmentRequired"} & set(service) == set()


def test_hours_without_a_location_are_a_service_without_one(practice):
    practice.locations.all().delete()
    factories.HoursFactory(opens=time(15), closes=time(18), weekday=4)

    data = bundle()

    (service,) = of_type("HealthcareService", data)
    check(data)
    assert of_type("Location", data) == []
    assert len(service["availableTime"]) == 2


def test_a_practice_without_a_name_is_still_valid(db):
    factories.PracticeFactory(name="")

    data = bundle()

    check(data)
    assert "name" not in of_type("Organization", data)[0]


def test_a_portal_that_nobody_has_filled_in_has_an_empty_bundle(db):
    data = bundle()

    check(data)
    assert data == {"resourceType": "Bundle", "type": "collection"}


def test_the_bundle_asks_the_database_for_nothing_more(
    whole, django_assert_num_queries
):
    practice = Practice.objects.current()

    with django_assert_num_queries(0):
        fhir.bundle(practice, absolute)


def test_moments_are_in_utc(whole):
    moment = bundle()["meta"]["lastUpdated"]

    assert moment.endswith("+00:00")
    assert moment <= timezone.now().isoformat()
