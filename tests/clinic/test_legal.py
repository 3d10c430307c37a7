"""Legal details: what a country asks for, the desk's list of it, the page."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from clinic import legal
from clinic.models import Doctor, Email, Location, Phone, Practice
from tests import factories
from tests.clinic.test_admin import PRACTICE, parsed, queries_of, somebody_who_may

pytestmark = pytest.mark.django_db

DIRECTIVE = "Directive 2000/31/EC, article 5"
DECREE = "D.Lgs. 70/2003, article 7"
COMPLETE = {
    "country": "IT",
    "vat_number": "IT00000000000",
    "professional_rules_url": "https://example.org/rules",
    "guideline_declaration": factories.both("We follow the guideline."),
    "notice_reference": factories.both("1 March 2026, no. 00"),
}
DOCTOR = {
    "first_name": "Ada",
    "last_name": "Test",
    "registration_body": factories.both("Ordine dei Medici di Roma"),
    "registration_number": "M-00000",
    "title_country": "IT",
    "degree": factories.both("Medicine, Rome, 1990"),
    "licence": factories.both("Rome, 1991"),
}


@pytest.fixture
def complete(practice):
    """A practice in Italy of which nothing is missing."""
    Practice.objects.update(**COMPLETE)
    Doctor.objects.update(**DOCTOR)
    return practice


def missing():
    return legal.missing(Practice.objects.current())


def labels():
    return [(entry.label, entry.owner) for entry in missing()]


# The rules ###################################################################


def test_of_a_complete_practice_nothing_is_missing(complete):
    assert missing() == []


def test_without_a_country_the_list_asks_for_it_and_for_nothing_else(complete):
    Practice.objects.update(country="")

    assert missing() == [
        legal.Missing(
            label="Country",
            owner="",
            basis="Without it nothing can be said about what the law asks for.",
            url=f"{PRACTICE}#id_country",
        )
    ]


def test_a_portal_that_nobody_has_filled_in_asks_for_the_country_first():
    assert [(entry.label, entry.url) for entry in missing()] == [
        ("Country", "/admin/clinic/practice/add/#id_country")
    ]


def test_italy_asks_for_everything_that_is_not_there(practice):
    Practice.objects.update(country="IT", vat_number=" ")
    doctor = str(Doctor.objects.get())

    assert labels() == [
        ("VAT number", ""),
        ("Rules of the profession", ""),
        ("Register", doctor),
        ("Country of the title", doctor),
        ("Number in the register", doctor),
        ("Degree", doctor),
        ("Licence to practise", doctor),
        ("Declaration on the guideline", ""),
        ("Notice to the register", ""),
    ]


def test_each_entry_names_its_rule_and_the_field_at_the_desk(complete):
    Practice.objects.update(vat_number="", guideline_declaration="")
    Doctor.objects.update(registration_body="", position=5)
    factories.DoctorFactory(**DOCTOR, position=1)

    assert [(entry.basis, entry.url) for entry in missing()] == [
        (
            "DPR 633/1972, article 35: on the first page",
            f"{PRACTICE}#id_vat_number",
        ),
        (DECREE, f"{PRACTICE}#id_doctors-1-registration_body_0"),
        (
            "Codice di Deontologia Medica, articles 55–57, and the guideline of the "
            "FNOMCeO",
            f"{PRACTICE}#id_guideline_declaration_0",
        ),
    ]


@pytest.mark.parametrize(
    ("model", "label", "group"),
    [
        (Doctor, "Doctor", "doctors"),
        (Location, "Location", "locations"),
        (Email, "E-mail address", "emails"),
        (Phone, "Phone number", "phones"),
    ],
)
def test_a_doctor_a_place_an_e_mail_and_a_phone_must_be_there(
    complete, model, label, group
):
    model.objects.all().delete()

    assert missing() == [legal.Missing(label, "", DECREE, f"{PRACTICE}#{group}-group")]


@pytest.mark.parametrize("country", ["FR", "DE", "NO"])
def test_the_rest_of_europe_asks_for_what_the_directive_asks(practice, country):
    Practice.objects.update(country=country, vat_number="")
    doctor = str(Doctor.objects.get())

    assert [(entry.label, entry.owner, entry.basis) for entry in missing()] == [
        ("Rules of the profession", "", DIRECTIVE),
        ("Register", doctor, DIRECTIVE),
        ("Country of the title", doctor, DIRECTIVE),
    ]


@pytest.mark.parametrize("country", ["CH", "US", "BR"])
def test_of_other_countries_the_portal_knows_no_rules(practice, country):
    Practice.objects.update(country=country, vat_number="")
    Phone.objects.all().delete()

    assert missing() == []


def test_a_text_in_one_language_is_enough(complete):
    Practice.objects.update(guideline_declaration={"it": "Seguiamo le linee guida."})

    assert missing() == []


def test_every_rule_names_a_field_that_exists():
    rules = [rule for of_country in legal.RULES.values() for rule in of_country]

    assert len(rules) > 200
    for rule in rules:
        assert not rule.field or rule.model._meta.get_field(rule.field)


# The desk ####################################################################


def list_of(response):
    """What the desk's list offers: text and address of each link."""
    return [
        (link.text(), link.attributes["href"])
        for link in parsed(response).css(".missing__list a")
    ]


@pytest.mark.parametrize("address", ["/admin/", PRACTICE])
def test_the_desk_lists_what_is_missing_with_its_rule(staff, complete, address):
    Practice.objects.update(vat_number="")
    Doctor.objects.update(registration_number="")

    response = staff.get(address)

    assert list_of(response) == [
        ("VAT number", f"{PRACTICE}#id_vat_number"),
        (
            f"Number in the register, {Doctor.objects.get()}",
            f"{PRACTICE}#id_doctors-0-registration_number",
        ),
    ]
    section = parsed(response).css_first(".missing")
    title = section.css_first("h2").text()
    assert title == "Missing in the details of the practice (2)"
    assert DECREE in section.text()
    assert "This is no legal advice" in section.text()


@pytest.mark.parametrize("address", ["/admin/", PRACTICE])
def test_the_desk_says_nothing_where_nothing_is_missing(staff, complete, address):
    assert parsed(staff.get(address)).css(".missing") == []


def test_only_those_who_may_fill_it_in_see_the_list(practice):
    writer = somebody_who_may("change_article")
    reader = somebody_who_may("view_practice")
    secretary = somebody_who_may("change_practice", "view_practice")

    assert list_of(writer.get("/admin/")) == []
    assert list_of(reader.get(PRACTICE)) == []
    assert list_of(secretary.get("/admin/")) != []


def test_every_link_of_the_list_leads_to_a_field(staff, practice):
    Practice.objects.update(country="IT", vat_number="")
    fields = list_of(staff.get(PRACTICE))
    for model in (Doctor, Location, Email, Phone):
        model.objects.all().delete()
    rows = list_of(staff.get(PRACTICE))
    page = parsed(staff.get(PRACTICE))
    factories.DoctorFactory()
    with_doctor = parsed(staff.get(PRACTICE))

    for found, where in ((fields, with_doctor), (rows, page)):
        assert len(found) > 6
        for _label, address in found:
            path, _hash, anchor = address.partition("#")
            assert path == PRACTICE
            assert where.css_first(f'[id="{anchor}"]') is not None, anchor


@pytest.mark.parametrize("address", [PRACTICE, "/admin/clinic/practice/add/"])
def test_the_long_page_has_links_to_its_parts(staff, request, address):
    if address == PRACTICE:
        request.getfixturevalue("practice")

    page = parsed(staff.get(address))

    anchors = [link.attributes["href"][1:] for link in page.css(".jump a")]
    assert {"phones-group", "emails-group", "doctors-group"} <= set(anchors)
    for anchor in anchors:
        assert page.css_first(f'[id="{anchor}"]') is not None, anchor


def test_the_headings_of_the_desk_stand_in_order(staff, practice):
    for address in ("/admin/", PRACTICE):
        page = parsed(staff.get(address)).css_first("#container")
        levels = [int(node.tag[1]) for node in page.css("h1, h2, h3, h4")]

        assert levels[0] == 1
        assert all(b - a <= 1 for a, b in zip(levels, levels[1:], strict=False))


@pytest.mark.parametrize("address", ["/admin/", PRACTICE])
def test_the_list_costs_no_query_of_its_own(staff, complete, address):
    nothing = queries_of(staff, address)
    Practice.objects.update(vat_number="", country="IT")
    Doctor.objects.update(degree="", licence="")

    assert queries_of(staff, address) == nothing


# The page ####################################################################


def facts(response):
    """Label and value of everything that the page's lists say."""
    page = LexborHTMLParser(response.content)
    return {
        " ".join(entry.css_first("dt").text().split()): [
            " ".join(value.text().split()) for value in entry.css("dd")
        ]
        for entry in page.css("dl > div")
    }


def test_the_page_shows_everything_that_is_filled_in(client, complete):
    Practice.objects.update(
        legal_name="Test & Co.",
        insurance=factories.both("Insurer no. 00"),
        legal_more=factories.both("One.\n\nTwo."),
    )
    Doctor.objects.update(specialisations={"en": "Oncology, Rome, 1995\nSurgery, 1999"})

    response = client.get("/legal/")

    found = facts(response)
    # The hidden parts of the e-mail address are not compared here.
    assert found.pop("E-mail") != []
    assert found == {
        "Name": ["Dr. Test"],
        "Legal name": ["Test & Co."],
        "Address": ["Via Esempio 0000000 Roma"],
        "Telephone": ["Appointments: +39 331 761 2698"],
        "VAT number": ["IT00000000000"],
        "Rules of the profession": ["https://example.org/rules"],
        "Declaration on the guideline": ["We follow the guideline."],
        "Notice to the register": ["1 March 2026, no. 00"],
        "Liability insurance": ["Insurer no. 00"],
        "Further legal details": ["One. Two."],
        "Profession": ["oncologist"],
        "Country of the title": ["Italy"],
        "Register": ["Ordine dei Medici di Roma"],
        "Number in the register": ["M-00000"],
        "Degree": ["Medicine, Rome, 1990"],
        "Licence to practise": ["Rome, 1991"],
        "Specialist diplomas": ["Oncology, Rome, 1995", "Surgery, 1999"],
    }
    text = LexborHTMLParser(response.content).css_first("main")
    titles = [title.text() for title in text.css("h2")]
    assert titles == ["The practice", str(Doctor.objects.get())]
    assert "studio@" not in response.content.decode()


def test_the_page_shows_no_label_without_a_fact(client, practice):
    Practice.objects.update(vat_number="")

    assert set(facts(client.get("/legal/"))) == {
        "Name", "Address", "Telephone", "E-mail", "Profession",
    }  # fmt: skip


def test_a_page_without_any_practice_is_a_page(client):
    response = client.get("/legal/")

    assert response.status_code == 200
    assert facts(response) == {}


def test_hostile_details_are_shown_as_text(client, complete):
    evil = "<script>alert(1)</script>"
    Practice.objects.update(
        legal_name=evil, vat_number=evil[:20], legal_more=evil, insurance=evil
    )
    Doctor.objects.update(degree=evil, specialisations=evil, registration_number=evil)

    page = client.get("/legal/").content.decode()

    assert "<script>" not in page
    assert page.count("&lt;script&gt;alert(1)") >= 5


def test_nothing_italian_stands_in_the_page_of_another_country(client, complete):
    Practice.objects.update(country="FR", vat_number="FR00")
    Doctor.objects.update(
        registration_body=factories.both("Ordre des médecins"), title_country="FR"
    )

    text = LexborHTMLParser(client.get("/legal/").content).css_first("main").text()

    for word in ("Ordine", "P.IVA", "Partita", "FNOMCeO", "abilitazione"):
        assert word not in text


# Data protection #############################################################


@pytest.mark.parametrize(
    ("country", "gdpr", "name"),
    [
        ("IT", True, "Garante per la protezione dei dati personali"),
        ("FR", True, None),
        ("CH", False, None),
        ("", False, None),
    ],
)
def test_each_country_has_its_law_and_its_authority(country, gdpr, name):
    practice = Practice(country=country)

    authority = legal.authority(practice)

    assert legal.under_gdpr(practice) is gdpr
    assert (authority.name if authority else None) == name
