"""The graph is held against schema.org 30.0.

The two tables are a part of that release (schemaorg/schemaorg on GitHub, folder
data/releases/30.0), with the types and properties in use and none that is pending.
They were read from the vocabulary's own file; so to use another term, look it up there.
"""

import json
import re
from datetime import date, time

import pytest
import time_machine
from django.template import Context, Template
from django.utils import translation

from clinic import structured_data
from clinic.models import Doctor, Picture, Practice
from tests import factories
from tests.conftest import upload
from tests.factories import both

MONDAY = "2026-11-23 10:00:00+01:00"
SITE = "https://clinic.test"

# Each type with the types above it.
TYPES = {
    "Thing": "",
    "Intangible": "Thing",
    "StructuredValue": "Intangible",
    "Occupation": "Intangible",
    "PropertyValue": "StructuredValue",
    "OpeningHoursSpecification": "StructuredValue",
    "GeoCoordinates": "StructuredValue",
    "ContactPoint": "StructuredValue",
    "PostalAddress": "ContactPoint",
    "Person": "Thing",
    "Place": "Thing",
    "Organization": "Thing",
    "LocalBusiness": "Place Organization",
    "MedicalOrganization": "Organization",
    "MedicalBusiness": "LocalBusiness",
    "MedicalClinic": "MedicalBusiness MedicalOrganization",
    "Physician": "MedicalBusiness MedicalOrganization",
    "CreativeWork": "Thing",
    "MedicalEntity": "Thing",
    "MedicalCondition": "MedicalEntity",
    "MedicalIntangible": "MedicalEntity",
    "MedicalCode": "MedicalIntangible",
    "WebPage": "CreativeWork",
    "MedicalWebPage": "WebPage",
}
# Each property with the types that have it and the types of its values.
PROPERTIES = {
    "about": ("CreativeWork", "Thing"),
    "address": ("Organization Person Place", "PostalAddress Text"),
    "addressCountry": ("PostalAddress", "Country Text"),
    "addressLocality": ("PostalAddress", "Text"),
    "addressRegion": ("PostalAddress", "AdministrativeArea Text"),
    "author": ("CreativeWork", "Organization Person"),
    "availableLanguage": ("ContactPoint", "Language Text"),
    "citation": ("CreativeWork", "CreativeWork Text"),
    "closes": ("OpeningHoursSpecification", "Time"),
    "code": ("MedicalEntity", "MedicalCode"),
    "codeValue": ("MedicalCode", "Text"),
    "codingSystem": ("MedicalCode", "Text"),
    "contactPoint": ("Organization Person", "ContactPoint"),
    "contactType": ("ContactPoint", "Text"),
    "dateModified": ("CreativeWork", "Date DateTime"),
    "datePublished": ("CreativeWork", "Date DateTime"),
    "dayOfWeek": ("OpeningHoursSpecification", "DayOfWeek"),
    "description": ("Thing", "Text TextObject"),
    "employee": ("Organization", "Person"),
    "familyName": ("Person", "Text"),
    "faxNumber": ("ContactPoint Organization Person Place", "Text"),
    "geo": ("Place", "GeoCoordinates GeoShape"),
    "givenName": ("Person", "Text"),
    "hasMap": ("Place", "Map URL"),
    "hasOccupation": ("Person", "Occupation"),
    "headline": ("CreativeWork", "Text"),
    "honorificPrefix": ("Person", "Text"),
    "identifier": ("Thing", "PropertyValue Text URL"),
    "image": ("Thing", "ImageObject URL"),
    "inLanguage": ("CreativeWork", "Language Text"),
    "lastReviewed": ("WebPage", "Date"),
    "latitude": ("GeoCoordinates Place", "Number Text"),
    "legalName": ("Organization", "Text"),
    "location": ("Organization", "Place PostalAddress Text VirtualLocation"),
    "longitude": ("GeoCoordinates Place", "Number Text"),
    "name": ("Thing", "Text"),
    "openingHoursSpecification": ("Place", "OpeningHoursSpecification"),
    "opens": ("OpeningHoursSpecification", "Time"),
    "parentOrganization": ("Organization", "Organization"),
    "postalCode": ("PostalAddress", "Text"),
    "propertyID": ("PropertyValue", "Text URL"),
    "publisher": ("CreativeWork", "Organization Person"),
    "reviewedBy": ("WebPage", "Organization Person"),
    "sameAs": ("Thing", "URL"),
    "specialOpeningHoursSpecification": ("Place", "OpeningHoursSpecification"),
    "streetAddress": ("PostalAddress", "Text"),
    "telephone": ("ContactPoint Organization Person Place", "Text"),
    "translationOfWork": ("CreativeWork", "CreativeWork"),
    "url": ("Thing", "URL"),
    "validFrom": ("OpeningHoursSpecification", "Date DateTime"),
    "validThrough": ("OpeningHoursSpecification", "Date DateTime"),
    "value": ("PropertyValue", "Boolean Number StructuredValue Text"),
    "vatID": ("Organization Person", "Text"),
    "workTranslation": ("CreativeWork", "CreativeWork"),
    "worksFor": ("Person", "Organization"),
}
# How a value that is no node is written.
WRITTEN = {
    "Text": r".*\S.*",
    "URL": r"https://[^\s@]+",
    "Date": r"\d{4}-\d\d-\d\d",
    "DateTime": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d",
    "Time": r"\d\d:\d\d",
    "DayOfWeek": r"https://schema\.org/(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day",
}


def kinds(name):
    """The type with all types above it."""
    above = TYPES[name].split()
    return {name}.union(*(kinds(one) for one in above))


def nodes(data):
    """Every node of a graph, however deep."""
    if isinstance(data, list):
        return [node for item in data for node in nodes(item)]
    if not isinstance(data, dict):
        return []
    inner = [node for value in data.values() for node in nodes(value)]
    return [data, *inner] if "@type" in data else inner


def faults(data, elsewhere=()):
    """What of a graph schema.org does not know; ``elsewhere``: ids of other pages."""
    assert data["@context"] == "https://schema.org"
    types = {n["@id"]: n["@type"] for n in nodes(data) if "@id" in n}
    types |= dict(elsewhere)
    return [fault for node in nodes(data) for fault in faults_of(node, types)]


def faults_of(node, types):
    if node["@type"] not in TYPES:
        return [f"{node['@type']} is no type"]
    found = []
    for name, value in node.items():
        if name.startswith("@"):
            continue
        if name not in PROPERTIES:
            found.append(f"{name} is no property")
            continue
        domains, ranges = (part.split() for part in PROPERTIES[name])
        if not kinds(node["@type"]) & set(domains):
            found.append(f"{node['@type']} has no {name}")
        for one in value if isinstance(value, list) else [value]:
            if not is_one_of(one, ranges, types):
                found.append(f"{name} cannot be {one}")
        if value in ("", [], {}, None):
            found.append(f"{name} is empty")
    return found


def is_one_of(value, ranges, types):
    if isinstance(value, dict):
        name = value.get("@type") or types.get(value["@id"])
        return name in TYPES and bool(kinds(name) & set(ranges))
    if isinstance(value, int | float):
        return "Number" in ranges and not isinstance(value, bool)
    return any(
        re.fullmatch(WRITTEN[name], value, re.DOTALL)
        for name in ranges
        if name in WRITTEN
    )


def absolute(path):
    return SITE + path


def whole_practice():
    """A practice with something in every field that the graph or the bundle shows."""
    picture = Picture.objects.create_from_upload(upload())
    row = factories.PracticeFactory(
        name="Dr. Test",
        legal_name="Test s.r.l.",
        vat_number="IT00000000000",
        country="IT",
        region="RM",
    )
    doctor = factories.DoctorFactory(
        last_name="Test",
        slug="ada-test",
        registration_body=both("Order of Rome"),
        registration_number="00000",
        degree=both("Medicine, Rome 1990"),
        licence=both("Licence, Rome 1991"),
        specialisations=both("Oncology, Rome 1995"),
        portrait=picture,
    )
    place = factories.LocationFactory(
        province="RM", latitude="41.902800", longitude="12.496400", map_picture=picture
    )
    factories.PhoneFactory(
        languages=["it", "en", "zh-hans"], answered_when=both("Monday, 9 to 13")
    )
    factories.PhoneFactory(
        number="+390612345678", kind="FAX", purpose=both("Reports"), in_header=False
    )
    factories.PhoneFactory(
        number="+393317612699", kind="WHATSAPP", purpose=both("Chat"), in_header=False
    )
    factories.PhoneFactory(
        number="+393317612697", kind="MOBILE", doctor=doctor, in_header=False
    )
    factories.PhoneFactory(number="+390687654321", location=place, in_header=False)
    factories.EmailFactory()
    factories.HoursFactory()
    factories.HoursFactory(weekday=2)
    factories.HoursFactory(weekday=3, by_appointment=True)
    factories.HoursFactory(
        opens=time(10), valid_from=date(2027, 8, 2), valid_until=date(2027, 8, 15)
    )
    row.closures.create(
        first_day=date(2027, 1, 4), last_day=date(2027, 1, 5), reason=both("Holidays")
    )
    return row


@pytest.fixture
def whole(db):
    return whole_practice()


@pytest.fixture(autouse=True)
def on_a_monday():
    with time_machine.travel(MONDAY, tick=False):
        yield


def graph():
    return structured_data.practice(Practice.objects.current(), absolute)


def of_type(name, data):
    return [node for node in nodes(data) if node["@type"] == name]


@pytest.mark.parametrize("language", ["en", "it"])
@pytest.mark.parametrize("places", [0, 1, 2])
def test_only_terms_of_schema_org_30_are_used_with_values_of_their_kind(
    whole, language, places
):
    if places == 0:
        whole.hours.all().delete()
        whole.locations.all().delete()
    if places == 2:
        factories.LocationFactory(name=both("Second"))

    with translation.override(language):
        practice = Practice.objects.current()
        data = structured_data.practice(practice, absolute)
        page = structured_data.doctor(practice.doctors.all()[0], practice, absolute)

    assert faults(data) == []
    assert faults(page) == []


def test_the_walk_finds_what_schema_org_does_not_know():
    data = {
        "@context": "https://schema.org",
        "@graph": [
            {"@type": "Doctor"},
            {"@type": "Person", "jobTitle": "oncologist", "opens": "09:00"},
            {"@type": "MedicalClinic", "geo": "41,12", "telephone": 112, "name": ""},
        ],
    }

    assert faults(data) == [
        "Doctor is no type",
        "jobTitle is no property",
        "Person has no opens",
        "geo cannot be 41,12",
        "telephone cannot be 112",
        "name cannot be ",
        "name is empty",
    ]


def test_one_place_is_the_clinic_itself(whole):
    (clinic,) = of_type("MedicalClinic", graph())

    assert clinic["@id"] == "https://clinic.test/#practice"
    assert clinic["name"] == "Dr. Test"
    assert clinic["legalName"] == "Test s.r.l."
    assert clinic["vatID"] == "IT00000000000"
    assert clinic["telephone"] == "+393317612698"
    assert clinic["faxNumber"] == "+390612345678"
    assert clinic["address"] == {
        "@type": "PostalAddress",
        "streetAddress": "Via Esempio 00",
        "postalCode": "00000",
        "addressLocality": "Roma",
        "addressRegion": "RM",
        "addressCountry": "IT",
    }
    assert clinic["geo"] == {
        "@type": "GeoCoordinates",
        "latitude": 41.9028,
        "longitude": 12.4964,
    }
    assert clinic["hasMap"].startswith("https://clinic.test/media/pictures/")
    assert "location" not in clinic


def test_a_number_tells_its_purpose_and_a_chat_is_no_telephone(whole):
    (clinic,) = of_type("MedicalClinic", graph())

    assert clinic["contactPoint"] == [
        {
            "@type": "ContactPoint",
            "contactType": "Appointments",
            "description": "the secretary, Monday, 9 to 13",
            "telephone": "+393317612698",
            "availableLanguage": ["it", "en", "zh-hans"],
        },
        {
            "@type": "ContactPoint",
            "contactType": "Reports",
            "description": "the secretary",
            "faxNumber": "+390612345678",
        },
        {
            "@type": "ContactPoint",
            "contactType": "Chat",
            "description": "the secretary",
            "url": "https://wa.me/393317612699",
        },
        {
            "@type": "ContactPoint",
            "contactType": "Appointments",
            "description": "the secretary",
            "telephone": "+390687654321",
        },
    ]


def test_weeks_that_differ_never_overlap_and_appointments_are_left_out(whole):
    (clinic,) = of_type("MedicalClinic", graph())

    hours = [
        (
            [day.removeprefix("https://schema.org/") for day in spec["dayOfWeek"]],
            f"{spec['opens']}-{spec['closes']}",
            spec.get("validFrom"),
            spec.get("validThrough"),
        )
        for spec in clinic["openingHoursSpecification"]
    ]
    assert hours == [
        (["Monday", "Wednesday"], "09:00-13:00", None, "2027-08-01"),
        (["Monday"], "10:00-13:00", "2027-08-02", "2027-08-15"),
        (["Monday", "Wednesday"], "09:00-13:00", "2027-08-16", None),
    ]


def test_regular_hours_have_no_dates(practice):
    (clinic,) = of_type("MedicalClinic", graph())

    assert clinic["openingHoursSpecification"] == [
        {
            "@type": "OpeningHoursSpecification",
            "dayOfWeek": ["https://schema.org/Monday"],
            "opens": "09:00",
            "closes": "13:00",
        }
    ]


def test_hours_that_are_in_force_now_end_with_their_last_day(practice):
    factories.HoursFactory(
        opens=time(11), valid_from=None, valid_until=date(2026, 11, 29)
    )

    (clinic,) = of_type("MedicalClinic", graph())

    dates = [
        (spec["opens"], spec.get("validFrom"), spec.get("validThrough"))
        for spec in clinic["openingHoursSpecification"]
    ]
    assert dates == [
        ("11:00", None, "2026-11-29"),
        ("09:00", "2026-11-30", None),
    ]


def test_hours_for_ever_have_no_end(practice):
    factories.HoursFactory(
        opens=time(11), valid_from=date(2026, 12, 1), valid_until=date.max
    )

    (clinic,) = of_type("MedicalClinic", graph())

    assert clinic["openingHoursSpecification"][-1]["validFrom"] == "2026-12-01"
    assert "validThrough" not in clinic["openingHoursSpecification"][-1]


def test_closures_and_public_holidays_of_a_year_are_closed_from_midnight_to_midnight(
    whole,
):
    (clinic,) = of_type("MedicalClinic", graph())
    special = clinic["specialOpeningHoursSpecification"]

    assert {(spec["opens"], spec["closes"]) for spec in special} == {("00:00", "00:00")}
    days = {spec["validFrom"]: spec for spec in special}
    assert days["2027-01-04"] == {
        "@type": "OpeningHoursSpecification",
        "name": "Holidays",
        "opens": "00:00",
        "closes": "00:00",
        "validFrom": "2027-01-04",
        "validThrough": "2027-01-05",
    }
    assert days["2027-01-06"]["name"] == "Epiphany"


def test_several_places_are_clinics_of_one_organization(whole):
    factories.LocationFactory(name=both("Second"), city="Ostia")

    data = graph()

    (organization,) = of_type("MedicalOrganization", data)
    first, second = of_type("MedicalClinic", data)
    assert organization["location"] == [{"@id": first["@id"]}, {"@id": second["@id"]}]
    assert "address" not in organization
    assert "openingHoursSpecification" not in organization
    assert first["telephone"] == "+390687654321"
    assert second["name"] == "Second"
    assert second["address"]["addressLocality"] == "Ostia"
    assert second["parentOrganization"] == {"@id": organization["@id"]}


def test_a_doctor_is_somewhere_to_go_and_somebody(whole):
    practice = Practice.objects.current()
    row = practice.doctors.all()[0]
    registered = {
        "@type": "PropertyValue",
        "propertyID": "Order of Rome",
        "value": "00000",
    }

    data = structured_data.doctor(row, practice, absolute)

    physician, person, named = data["@graph"]
    assert physician["@type"] == "Physician"
    assert physician["name"] == "Dr. Ada Test"
    assert physician["telephone"] == "+393317612697"
    assert physician["identifier"] == registered
    assert physician["address"]["addressCountry"] == "IT"
    assert "openingHoursSpecification" not in physician
    assert person["@type"] == "Person"
    assert person["name"] == "Ada Test"
    assert person["honorificPrefix"] == "Dr."
    assert person["hasOccupation"] == {"@type": "Occupation", "name": "oncologist"}
    assert person["identifier"] == registered
    assert person["image"].startswith("https://clinic.test/media/pictures/")
    assert person["url"] == "https://clinic.test/doctors/ada-test/"
    assert named["@id"] == person["worksFor"]["@id"]


def test_a_doctor_without_numbers_is_reached_through_the_practice(practice):
    current = Practice.objects.current()

    data = structured_data.doctor(current.doctors.all()[0], current, absolute)

    assert data["@graph"][0]["telephone"] == "+393317612698"
    assert "identifier" not in data["@graph"][0]
    assert "image" not in data["@graph"][0]


def phones_of(node):
    return [point.get("telephone") for point in node["contactPoint"]]


def test_a_doctor_with_only_a_fax_is_called_under_the_practices_numbers(practice):
    fax = factories.PhoneFactory(
        number="+390612345678", kind="FAX", doctor=practice.doctors.get()
    )

    (physician,) = of_type("Physician", graph())

    assert physician["telephone"] == "+393317612698"
    assert physician["faxNumber"] == fax.number.as_e164
    assert phones_of(physician) == [None, "+393317612698"]


def test_a_practice_without_numbers_in_the_header_has_a_telephone(whole):
    whole.phones.update(in_header=False)

    (clinic,) = of_type("MedicalClinic", graph())

    assert clinic["telephone"] == ["+393317612698", "+390687654321"]


def test_a_doctors_number_is_the_practices_only_if_there_is_no_other(whole):
    whole.phones.update(in_header=True)

    (clinic,) = of_type("MedicalClinic", graph())
    whole.phones.filter(doctor=None).delete()
    (alone,) = of_type("MedicalClinic", graph())

    assert clinic["telephone"] == ["+393317612698", "+390687654321"]
    assert alone["telephone"] == "+393317612697"


def test_texts_are_in_the_language_in_use_and_names_of_things_in_none(whole):
    english = graph()
    with translation.override("it"):
        italian = graph()

    assert [n.get("@id") for n in english["@graph"]] == [
        n.get("@id") for n in italian["@graph"]
    ]
    (clinic,) = of_type("MedicalClinic", italian)
    assert clinic["contactPoint"][0]["contactType"] == "Appointments (it)"
    assert clinic["url"].startswith("https://clinic.test/it/")
    names = [s["name"] for s in clinic["specialOpeningHoursSpecification"]]
    assert "Epifania" in names


def test_a_portal_that_nobody_has_filled_in_has_a_small_graph(db):
    data = graph()

    assert faults(data) == []
    assert data["@graph"] == [
        {
            "@type": "MedicalOrganization",
            "@id": "https://clinic.test/#practice",
            "url": "https://clinic.test/contact/",
        }
    ]


def test_hours_without_a_location_still_make_a_clinic(practice):
    practice.locations.all().delete()

    data = graph()

    (clinic,) = of_type("MedicalClinic", data)
    assert faults(data) == []
    assert "openingHoursSpecification" in clinic
    assert "address" not in clinic


def test_the_graph_asks_the_database_for_nothing_more(whole, django_assert_num_queries):
    practice = Practice.objects.current()

    with django_assert_num_queries(0):
        structured_data.practice(practice, absolute)


def without_email(data):
    """Nothing of the factory's address studio@example.org, in whatever disguise."""
    text = json.dumps(data).lower().replace("https://clinic.test", "")
    traces = ["studio", "example.org", "gro.elpmaxe", "mail", "%40", "&#", "[at]"]
    at = re.findall(r'@(?!type"|id"|context"|graph")', text)
    return at == [] and not any(trace in text for trace in traces)


@pytest.mark.parametrize("language", ["en", "it"])
def test_the_e_mail_address_is_nowhere(whole, language):
    factories.EmailFactory(doctor=Doctor.objects.get(), address="ada@example.org")

    with translation.override(language):
        practice = Practice.objects.current()
        page = structured_data.doctor(practice.doctors.all()[0], practice, absolute)

        assert without_email(structured_data.practice(practice, absolute)) is True
        assert without_email(page) is True


def rendered(data):
    template = Template("{% load structured_data %}{% json_ld data %}")
    return template.render(Context({"data": data}))


def test_a_data_block_cannot_be_left_from_inside():
    data = {"name": "</script><!-- & <b>è</b>"}

    html = rendered(data)

    opening, closing = '<script type="application/ld+json">', "</script>"
    inner = html.removeprefix(opening).removesuffix(closing)
    assert html == opening + inner + closing
    assert not set("<>&") & set(inner)
    assert "è" in inner
    assert json.loads(inner) == data


@pytest.mark.parametrize("data", [None, {}, ""])
def test_without_data_there_is_no_block(data):
    assert rendered(data) == ""
