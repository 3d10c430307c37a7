"""Ways to the practice: kinds of numbers, the place, the legal line, the ambulance."""

from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from clinic import error_pages
from clinic.models import Doctor, Picture, Practice
from tests import factories
from tests.clinic.test_views import get, words

pytestmark = pytest.mark.django_db

CONTACT = ["/contact/", "/it/contatti/"]
WHATSAPP = "https://wa.me/393317612698"
# The pages of one language; Italian ones come from the same templates.
KINDS = [
    "/", "/articles/", "/articles/fever/", "/articles/fever/editions/1/",
    "/topics/liver/", "/contact/",
    "/doctors/ada/", "/legal/", "/privacy/", "/accessibility/", "/not-there/",
    "/it/contatti/", "/it/medici/ada/",
]  # fmt: skip


@pytest.fixture(autouse=True)
def data_dir_of_its_own(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def doctor(practice):
    return factories.DoctorFactory(slug="ada")


def page_of(client, address):
    return get(client, address, 404 if "not-there" in address else 200)


def links(node):
    return [link.attrs["href"] for link in node.css("a[href]")]


# Kinds of numbers ############################################################


@pytest.mark.parametrize("address", [*CONTACT, "/doctors/ada/", "/it/medici/ada/"])
@pytest.mark.parametrize(
    ("kind", "link"),
    [
        ("VOICE", "tel:+393317612698"),
        ("MOBILE", "tel:+393317612698"),
        ("WHATSAPP", WHATSAPP),
        ("FAX", None),
    ],
)
def test_a_number_leads_where_it_answers(client, address, kind, link):
    doctor = factories.DoctorFactory(slug="ada")
    factories.PhoneFactory(kind=kind, doctor=doctor)

    page = get(client, address)

    main, top, bottom = (
        page.css_first(part) for part in ("main", ".callbar", "footer")
    )
    called = link if kind in {"VOICE", "MOBILE"} else None
    assert "+39 331 761 2698" in words(main)
    assert [href for href in links(main) if "3317612698" in href] == [link] * bool(link)
    for part in (top, bottom):
        assert [href for href in links(part) if "3317612698" in href] == (
            [called] * bool(called)
        )
    assert [href for href in links(page) if "wa.me" in href] == (
        [WHATSAPP] * (kind == "WHATSAPP")
    )


def test_a_whatsapp_number_says_that_nobody_answers_a_call(client):
    factories.PhoneFactory(kind="WHATSAPP")

    page = get(client, "/contact/")

    link = page.css_first(f"a[href='{WHATSAPP}']")
    assert set(link.attrs["rel"].split()) == {"noopener", "noreferrer", "nofollow"}
    card = words(page.css_first(".contact-card"))
    assert "(WhatsApp only)" in card
    assert "write, do not call" in card


@pytest.mark.parametrize(
    ("address", "names"),
    [("/contact/", "Italian, English"), ("/it/contatti/", "Italiano, Inglese")],
)
def test_a_number_says_in_which_languages_people_are_answered(client, address, names):
    factories.PhoneFactory(languages=["it", "en", "xx"])

    card = words(get(client, address).css_first(".contact-card"))

    assert names.casefold() in card.casefold()
    assert "xx" not in card


# The place ###################################################################


@pytest.fixture
def place(db):
    picture = Picture.objects.create(
        key="0" * 32, name="x", width=640, height=640, widths=[320, 640], fallback="png"
    )
    return factories.LocationFactory(
        province="RM",
        directions=factories.both("Bus 1."),
        parking=factories.both("In the yard."),
        access=factories.both("No steps."),
        latitude=Decimal("41.9"),
        longitude=Decimal("-12.5"),
        map_picture=picture,
        map_description=factories.both("The way from the bus."),
    )


@pytest.mark.parametrize("address", CONTACT)
def test_the_contact_page_tells_the_way(client, place, address):
    place.refresh_from_db()
    language = " (it)" if "/it/" in address else ""

    section = get(client, address).css_first("section.place")

    shown = words(section)
    for text in ("Bus 1.", "In the yard.", "No steps."):
        assert f"{text}{language}" in shown
    assert words(section.css_first("address")) == "Via Esempio 0000000 Roma (RM)"
    # The same in every language: a comma in the numbers would lead elsewhere.
    assert words(section.css_first(".place__point")) == "41.900000, -12.500000"
    assert "geo:41.900000,-12.500000" in links(section)
    image = section.css_first("img")
    assert image.attrs["alt"] == f"The way from the bus.{language}"
    assert image.attrs["src"] == f"/media/pictures/{'0' * 32}/640.png"


def test_a_place_of_which_little_is_known_has_no_empty_headings(client):
    factories.LocationFactory()

    section = get(client, "/contact/").css_first("section.place")

    assert [words(heading) for heading in section.css("h3")] == ["Address"]
    assert links(section) == []
    assert section.css("img") == []


@pytest.mark.parametrize("address", CONTACT)
def test_the_contact_page_loads_and_links_nothing_from_elsewhere(
    client, practice, place, address
):
    factories.PhoneFactory(kind="WHATSAPP")

    page = get(client, address)

    addresses = [
        value
        for node in page.css("*")
        for name, value in node.attrs.items()
        if name in {"href", "src", "srcset", "poster", "data", "action"}
    ]
    hosts = {urlsplit(value or "").netloc for value in addresses}
    assert hosts == {"", "wa.me", urlsplit(settings.SITE_URL).netloc}


@pytest.mark.parametrize("rows", [1, 3])
def test_however_much_there_is_the_contact_page_asks_thirteen_times(
    client, place, django_assert_num_queries, rows
):
    factories.DoctorFactory(portrait=place.map_picture)
    for number in range(rows):
        doctor = factories.DoctorFactory()
        factories.PhoneFactory(
            number=f"+39331958481{number}", doctor=doctor, location=place
        )
        factories.EmailFactory(doctor=doctor)
        other = factories.LocationFactory(map_picture=place.map_picture)
        factories.HoursFactory(location=other)
        factories.ClosureFactory(location=other)
        factories.NoticeFactory(location=other)

    with django_assert_num_queries(13):
        client.get("/contact/")


# The legal line ##############################################################


@pytest.fixture
def legal(doctor):
    factories.publish(
        factories.ArticleFactory(
            slug="fever", author=doctor, topic=factories.TopicFactory(slug="liver")
        )
    )
    Doctor.objects.exclude(pk=doctor.pk).delete()
    Doctor.objects.update(
        registration_body=factories.both("Ordine di Roma"),
        registration_number="M-1",
        title_country="IT",
    )
    Practice.objects.update(legal_name="Studio Srl", vat_number="IT00000000000")


def test_every_page_says_who_is_registered_where(client, legal):
    for address in KINDS:
        line = words(page_of(client, address).css_first(".footer__legal"))

        italian = address.startswith("/it/")
        body = "Ordine di Roma (it)" if italian else "Ordine di Roma"
        assert f"oncologist{' (it)' * italian}. {body}" in line, address
        for part in ("M-1", "Ital", "Studio Srl", "IT00000000000."):
            assert part in line, address
        if not italian:
            assert "Ordine di Roma no. M-1, title obtained in Italy." in line


def test_of_an_unregistered_doctor_the_line_says_nothing_half(client):
    factories.DoctorFactory(last_name="Test")

    line = words(get(client, "/").css_first(".footer__legal"))

    assert line.startswith("Dr. Ada Test, oncologist. In an emergency call 112.")


# The ambulance ###############################################################


def test_every_page_gives_the_emergency_number_of_the_practice(client, legal):
    Practice.objects.update(emergency_number="118")
    error_pages.write()

    for address in KINDS:
        page = page_of(client, address)
        assert "tel:118" in links(page.css_first("footer")), address
        assert "112" not in words(page.body), address
    assert 'href="tel:118"' in error_pages.read("en")
    assert "112" not in error_pages.read("en")


@pytest.mark.parametrize("address", CONTACT)
def test_the_contact_page_gives_the_emergency_number_before_all_others(
    client, practice, address
):
    main = get(client, address).css_first("main")

    assert links(main)[0] == "tel:112"
