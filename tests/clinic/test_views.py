"""The practice's pages, languages, error pages, and what machines ask for."""

import os
from datetime import UTC, datetime, time
from pathlib import Path

import pytest
import time_machine
from django.conf import settings as django_settings
from django.db import DatabaseError, connection, transaction
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import clear_url_caches, path, reverse
from django.utils import translation
from i18nfield.strings import LazyI18nString
from selectolax.lexbor import LexborHTMLParser

from clinic import error_pages, urls, views
from clinic.middleware import SECURITY_HEADERS
from clinic.models import Phone, Picture
from tests import factories

pytestmark = pytest.mark.django_db

CONTACT = [("en", "/contact/"), ("it", "/it/contatti/")]


@pytest.fixture(autouse=True)
def data_dir_of_its_own(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def words(node):
    return " ".join(node.text().split())


def get(client, address, status=200, **kwargs):
    """Fetch a page and read its HTML."""
    response = client.get(address, **kwargs)
    assert response.status_code == status, address
    return LexborHTMLParser(response.content)


def only_in(language, text):
    return LazyI18nString({language: text})


# Contact #####################################################################


def test_the_contact_page_shows_everything_that_reaches_the_practice(client):
    factories.PhoneFactory(
        purpose=factories.both("Visits"),
        answered_by=factories.both("Anna"),
        answered_when=factories.both("Mondays"),
    )
    factories.EmailFactory(
        purpose=factories.both("Letters"),
        answered_by=factories.both("Berta"),
        answered_when=factories.both("Tuesdays"),
    )
    factories.LocationFactory(
        name=factories.both("Old house"),
        street="Via Esempio 1",
        postal_code="00100",
        city="Roma",
        directions=factories.both("Bus 1."),
        access=factories.both("No steps."),
    )

    english = words(get(client, "/contact/").css_first("main"))
    italian = words(get(client, "/it/contatti/").css_first("main"))

    for shown in ("+39 331 761 2698", "Via Esempio 1", "00100 Roma", "112"):
        assert shown in english
        assert shown in italian
    for shown in (
        "Visits",
        "Anna",
        "Mondays",
        "Letters",
        "Berta",
        "Tuesdays",
        "Old house",
        "Bus 1.",
        "No steps.",
    ):
        assert shown in english
        assert f"{shown} (it)" in italian


SUNDAY = datetime(2026, 6, 7, 10, tzinfo=UTC)
TUESDAY = datetime(2026, 6, 9, 10, tzinfo=UTC)


def hours_on(page):
    """Day to opening hours, for each table of the page."""
    return [
        {
            words(row.css_first("th")): words(row.css_first("td"))
            for row in table.css("tbody tr")
        }
        for table in page.css("table.hours")
    ]


CLOSED = dict.fromkeys(
    [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday (today)",
    ],
    "closed",
)


@time_machine.travel(SUNDAY, tick=False)
def test_the_hours_are_told_day_by_day_with_the_closed_days(client):
    factories.LocationFactory()
    factories.HoursFactory(weekday=2, opens=time(15), closes=time(18, 30))
    factories.HoursFactory(weekday=2, opens=time(9), closes=time(13))
    factories.HoursFactory(weekday=4, opens=time(8, 5), by_appointment=True)

    page = get(client, "/contact/")

    assert hours_on(page) == [
        CLOSED
        | {
            "Wednesday": "9:00–13:00 and 15:00–18:30",
            "Friday": "8:05–13:00 by appointment",
        }
    ]
    assert list(hours_on(page)[0]) == list(CLOSED)


@time_machine.travel(TUESDAY, tick=False)
def test_the_hours_speak_the_language_of_the_page(client):
    factories.LocationFactory()
    factories.HoursFactory(weekday=0, by_appointment=True)

    (week,) = hours_on(get(client, "/it/contatti/"))

    assert week["Lunedì"] == "9:00–13:00 su appuntamento"
    assert week["Domenica"] == "chiuso"


@time_machine.travel(SUNDAY, tick=False)
def test_hours_of_one_location_are_not_those_of_another(client):
    one, two = factories.LocationFactory(), factories.LocationFactory(position=1)
    factories.HoursFactory(weekday=0, location=one)
    factories.HoursFactory(weekday=1, location=two)
    factories.HoursFactory(weekday=2)

    of_one, of_two = hours_on(get(client, "/contact/"))

    assert of_one == CLOSED | {"Monday": "9:00–13:00", "Wednesday": "9:00–13:00"}
    assert of_two == CLOSED | {"Tuesday": "9:00–13:00", "Wednesday": "9:00–13:00"}


def test_a_fax_is_no_link_at_the_top_of_the_page(client):
    factories.PhoneFactory(kind="FAX", number="+390612345678", in_header=True)

    assert "tel:+390612345678" not in client.get("/contact/").text


def test_a_doctors_own_number_stands_on_the_doctors_page(client):
    doctor = factories.DoctorFactory()
    factories.PhoneFactory(doctor=doctor, in_header=False)

    main = client.get(doctor.get_absolute_url()).text.partition("<main")[2]

    assert 'href="tel:+393317612698"' in main.partition("<footer")[0]


@time_machine.travel(SUNDAY, tick=False)
def test_a_practice_without_a_location_still_tells_its_hours(client):
    factories.HoursFactory(weekday=0)

    page = get(client, "/contact/")

    assert hours_on(page) == [CLOSED | {"Monday": "9:00–13:00"}]


def test_a_location_without_any_hours_is_not_called_closed(client):
    factories.LocationFactory()

    page = get(client, "/contact/")

    assert page.css("table.hours") == []
    assert "closed" not in words(page.css_first("main"))


@pytest.mark.parametrize(
    ("kind", "called"),
    [("VOICE", True), ("MOBILE", True), ("WHATSAPP", False), ("FAX", False)],
)
def test_only_numbers_that_can_be_called_are_links_to_call(client, kind, called):
    phone = factories.PhoneFactory(kind=kind, in_header=False)

    main = get(client, "/contact/").css_first("main")

    links = [link.attrs["href"] for link in main.css("a[href^='tel:+']")]
    assert links == (["tel:+393317612698"] if called else [])
    assert phone.shown in words(main)
    if not called:
        assert f"({phone.get_kind_display()})" in words(main)


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("/contact/", "The telephone numbers will follow."),
        ("/it/contatti/", "I numeri di telefono saranno indicati a breve."),
    ],
)
def test_a_practice_that_nobody_filled_in_says_so(client, address, sentence):
    page = get(client, address)

    assert sentence in words(page.css_first("main"))
    assert sentence in words(page.css_first("footer"))
    assert "None" not in words(page.body)


@pytest.mark.parametrize("address", ["/", "/it/", "/articles/", "/robots.txt"])
def test_no_page_needs_a_practice(client, address):
    assert client.get(address).status_code == 200


# Doctors #####################################################################


def test_a_doctor_has_a_page_in_both_languages(client):
    picture = Picture.objects.create(
        key="0" * 32, name="x", width=640, height=640, widths=[320, 640], fallback="jpg"
    )
    factories.PhoneFactory()
    factories.DoctorFactory(
        slug="ada",
        last_name="Lovelace",
        about=factories.both("First.\n\nSecond,\nnew line."),
        registration_body=factories.both("Ordine dei Medici"),
        registration_number="M-1",
        title_country="IT",
        portrait=picture,
        portrait_alt=factories.both("Ada at work"),
    )

    english, italian = get(client, "/doctors/ada/"), get(client, "/it/medici/ada/")

    assert words(english.css_first("h1")) == "Dr. Ada Lovelace"
    assert words(italian.css_first("h1")) == "Dr. (it) Ada Lovelace"
    assert (
        english.css_first("title").text() == "Dr. Ada Lovelace, oncologist – Dr. Test"
    )
    paragraphs = [node.html for node in english.css("main p")]
    assert "<p>First.</p>" in paragraphs
    assert "<p>Second,<br>new line.</p>" in paragraphs
    registered = words(english.css_first("main"))
    assert "Ordine dei Medici no. M-1, title obtained in Italy" in registered
    assert "Ordine dei Medici (it)" in words(italian.css_first("main"))
    image = italian.css_first("main figure img")
    assert image.attrs["alt"] == "Ada at work (it)"
    assert (image.attrs["width"], image.attrs["height"]) == ("220", "220")
    assert italian.css_first("main a[href='tel:+393317612698']") is not None


@pytest.mark.parametrize(
    "address", ["/doctors/nobody/", "/it/medici/nobody/", "/doctors/"]
)
def test_an_unknown_doctor_is_not_found(client, address):
    get(client, address, 404)


# The numbers at the top ######################################################


def test_the_top_of_every_page_shows_the_chosen_numbers(client):
    factories.PhoneFactory(number="+393317612698")
    factories.PhoneFactory(number="+390612345678", in_header=False)

    bar = get(client, "/").css_first(".callbar")

    assert [link.attrs["href"] for link in bar.css("a")] == ["tel:+393317612698"]
    assert "Appointments: the secretary" in words(bar)


@pytest.mark.parametrize(("language", "contact"), CONTACT)
def test_without_chosen_numbers_the_top_leads_to_the_contacts(
    client, language, contact
):
    factories.PhoneFactory(in_header=False)

    bar = get(client, "/" if language == "en" else "/it/").css_first(".callbar")

    assert [link.attrs["href"] for link in bar.css("a")] == [contact]


# E-mail ######################################################################


@pytest.mark.parametrize("address", ["/contact/email/{}/", "/it/contatti/email/{}/"])
def test_the_email_link_leads_to_the_mail_program(client, address):
    email = factories.EmailFactory(address="studio+visits@example.org")

    response = client.get(address.format(email.pk))

    assert response.status_code == 302
    assert response["Location"] == "mailto:studio+visits@example.org"
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert response.content == b""


def test_an_address_with_a_question_mark_adds_no_further_headers(client):
    email = factories.EmailFactory(address="a?bcc=all&body=x%0d@example.org")

    response = client.get(email.get_absolute_url())

    assert response["Location"] == "mailto:a%3Fbcc%3Dall%26body%3Dx%250d@example.org"


def test_an_unknown_email_link_is_not_found(client):
    get(client, "/contact/email/1/", 404)


def test_no_page_holds_an_email_address_that_a_machine_could_read(client, practice):
    doctor = factories.DoctorFactory(slug="ada")
    factories.EmailFactory(address="ada@doctors.example", doctor=doctor)
    factories.publish(factories.ArticleFactory(slug="fever", author=doctor))

    for address in (
        "/",
        "/articles/",
        "/articles/fever/",
        "/articles/fever/editions/1/",
        "/contact/",
        "/doctors/ada/",
        "/not-there/",
        "/it/contatti/",
    ):
        text = client.get(address).text
        for readable in ("@example.org", "@doctors.example", "mailto:", "@doctors"):
            assert readable not in text, address


def test_people_read_the_email_address_as_it_is(client):
    email = factories.EmailFactory(address="studio@example.org")
    page = get(client, "/contact/")
    (link,) = page.css(f"main a[href='{email.get_absolute_url()}']")

    for unseen in link.css(".quartet > :nth-child(2), .quartet > :nth-child(3)"):
        unseen.decompose()

    assert words(link) == "studio@example.org"
    assert link.attrs["rel"] == "nofollow"


# For machines ################################################################


def closed_to_crawlers(client):
    lines = client.get("/robots.txt").text.splitlines()
    assert lines[0] == "User-agent: *"
    rules = [line for line in lines[1:] if line and not line.startswith("Sitemap: ")]
    return {line.removeprefix("Disallow: ") for line in rules}


def email_addresses():
    """The real address of the e-mail link in every language."""
    addresses = set()
    for code, _name in django_settings.LANGUAGES:
        with translation.override(code):
            addresses.add(reverse("clinic:email", args=[7]).removesuffix("7/"))
    return addresses


def test_robots_are_kept_from_the_desk_and_from_email(client):
    response = client.get("/robots.txt")

    assert response["Content-Type"].startswith("text/plain")
    assert closed_to_crawlers(client) == {"/admin/"} | email_addresses()
    assert email_addresses() == {"/contact/email/", "/it/contatti/email/"}


def test_health_says_ok_and_is_never_kept(client):
    response = client.get("/healthz")

    assert (response.status_code, response.content) == (200, b"ok\n")
    assert response["Content-Type"] == "text/plain"
    assert "no-store" in response["Cache-Control"]


def test_health_is_not_redirected_to_https(settings):
    settings.SECURE_SSL_REDIRECT = True
    client = Client()

    assert client.get("/healthz").status_code == 200
    response = client.get("/contact/?x=1")
    assert response.status_code == 301
    assert response["Location"] == "https://testserver/contact/?x=1"


def test_health_fails_with_the_database(client, monkeypatch):
    def broken(*args, **kwargs):
        raise DatabaseError("gone")

    monkeypatch.setattr(views.connection, "cursor", broken)
    client.raise_request_exception = False

    assert client.get("/healthz").status_code == 500


# Language ####################################################################

COOKIE = django_settings.LANGUAGE_COOKIE_NAME
ASKS_FOR_ITALIAN = {"accept-language": "it-IT,it;q=0.9", "cookie": f"{COOKIE}=it"}
ASKS_FOR_ENGLISH = {"accept-language": "en-GB,en;q=0.9", "cookie": f"{COOKIE}=en"}


@pytest.mark.parametrize("address", ["/", "/articles/", "/contact/", "/not-there/"])
@pytest.mark.parametrize("prefix", ["", "/it"])
def test_the_address_alone_decides_the_language_of_a_page(
    client, practice, prefix, address
):
    address = prefix + {
        "/it/articles/": "/articoli/",
        "/it/contact/": "/contatti/",
    }.get(prefix + address, address)
    language = "it" if prefix else "en"

    plain = client.get(address)
    answers = [
        client.get(address, headers=headers)
        for headers in (ASKS_FOR_ITALIAN, ASKS_FOR_ENGLISH)
    ]

    assert f'<html lang="{language}">' in plain.text
    for response in (plain, *answers):
        assert response.content == plain.content
        assert response["Content-Language"] == language
        assert "Vary" not in response.headers
        assert response.cookies == {}


def language_switch(page):
    """What the header says about the other language: text, its language, address."""
    (node,) = page.css(".languages .language")
    return words(node), node.attrs["lang"], node.attrs.get("href")


@pytest.mark.parametrize(
    ("english", "italian"),
    [
        ("/", "/it/"),
        ("/articles/", "/it/articoli/"),
        ("/topics/liver/", "/it/argomenti/liver/"),
        ("/articles/fever/", "/it/articoli/febbre/"),
        ("/contact/", "/it/contatti/"),
        ("/doctors/ada/", "/it/medici/ada/"),
    ],
)
def test_the_language_switch_leads_to_the_same_page(client, practice, english, italian):
    doctor, topic = factories.DoctorFactory(slug="ada"), factories.TopicFactory()
    topic.slug = "liver"
    topic.save()
    original = factories.ArticleFactory(slug="fever", author=doctor, topic=topic)
    translated = factories.ArticleFactory(
        slug="febbre",
        language="it",
        translation_of=original,
        author=doctor,
        topic=topic,
    )
    factories.publish(original)
    factories.publish(translated)

    assert language_switch(get(client, english)) == ("Italiano", "it", italian)
    assert language_switch(get(client, italian)) == ("English", "en", english)


NOT_IN_ITALIAN = ("Non in italiano", "it", None)
NOT_IN_ENGLISH = ("Not in English", "en", None)


def test_a_page_without_translation_says_that_there_is_none(client):
    original = factories.ArticleFactory(slug="fever")
    italian = factories.ArticleFactory(
        slug="febbre", language="it", translation_of=original, topic=original.topic
    )
    factories.publish(original)

    with_a_draft = language_switch(get(client, "/articles/fever/"))
    factories.publish(italian)
    original.withdraw()
    other_way_round = language_switch(get(client, "/it/articoli/febbre/"))

    assert with_a_draft == NOT_IN_ITALIAN
    assert other_way_round == NOT_IN_ENGLISH


def test_an_error_page_has_no_counterpart_but_helps_in_both_languages(client):
    english, italian = (
        get(client, "/not-there/", 404),
        get(client, "/it/not-there/", 404),
    )

    assert language_switch(english) == NOT_IN_ITALIAN
    assert language_switch(italian) == NOT_IN_ENGLISH
    elsewhere = english.css_first("section[lang=it]")
    assert [link.attrs["href"] for link in elsewhere.css("a")] == [
        "/it/",
        "/it/contatti/",
    ]
    elsewhere = italian.css_first("section[lang=en]")
    assert [link.attrs["href"] for link in elsewhere.css("a")] == ["/", "/contact/"]


def test_words_that_exist_in_the_other_language_only_are_marked(client):
    factories.PracticeFactory(tagline=only_in("it", "Oncologia"))
    factories.DoctorFactory(slug="ada", about=only_in("it", "Uno.\n\nDue."))

    english, italian = get(client, "/doctors/ada/"), get(client, "/it/medici/ada/")

    assert [words(node) for node in english.css("main [lang=it]")] == ["Uno.", "Due."]
    assert words(english.css_first(".brand [lang=it]")) == "Oncologia"
    assert italian.css("main [lang]") == []
    assert italian.css(".brand [lang]") == []


@pytest.fixture
def italian_first():
    """The site as it is set up with LANGUAGE_CODE=it."""
    with override_settings(LANGUAGE_CODE="it"):
        clear_url_caches()
        with translation.override("it"):
            yield
    clear_url_caches()


def test_a_site_set_up_in_italian_has_italian_without_prefix(
    client, practice, italian_first
):
    doctor = practice.doctors.get()
    original = factories.ArticleFactory(slug="febbre", language="it", author=doctor)
    factories.publish(original)
    factories.publish(
        factories.ArticleFactory(
            slug="fever", translation_of=original, author=doctor, topic=original.topic
        )
    )

    for italian, english in (
        ("/", "/en/"),
        ("/articoli/", "/en/articles/"),
        ("/articoli/febbre/", "/en/articles/fever/"),
        ("/contatti/", "/en/contact/"),
        (f"/medici/{doctor.slug}/", f"/en/doctors/{doctor.slug}/"),
    ):
        page = get(client, italian, headers=ASKS_FOR_ENGLISH)
        assert page.css_first("html").attrs["lang"] == "it"
        assert language_switch(page) == ("English", "en", english)
        page = get(client, english, headers=ASKS_FOR_ITALIAN)
        assert page.css_first("html").attrs["lang"] == "en"
        assert language_switch(page) == ("Italiano", "it", italian)


@pytest.mark.parametrize("address", ["/it/", "/contact/", "/it/contatti/"])
def test_a_site_set_up_in_italian_has_no_second_address_for_a_page(
    client, italian_first, address
):
    get(client, address, 404)


def test_robots_know_the_addresses_of_a_site_set_up_in_italian(client, italian_first):
    assert closed_to_crawlers(client) == {"/admin/"} | email_addresses()
    assert email_addresses() == {"/contatti/email/", "/en/contact/email/"}


# Error pages #################################################################


@pytest.mark.parametrize(
    ("address", "language", "heading"),
    [
        ("/", "en", "This request was not understood"),
        ("/it/", "it", "Questa richiesta non è stata compresa"),
    ],
)
def test_an_unknown_host_is_refused_politely(
    client, practice, address, language, heading
):
    page = get(client, address, 400, headers={"host": "evil.example"})

    assert words(page.css_first("h1")) == heading
    assert page.css_first("html").attrs["lang"] == language
    assert "+39 331 761 2698" in words(page.css_first("main"))
    assert "evil.example" not in page.html


@pytest.mark.parametrize(
    ("language", "heading"),
    [("en", "This form has expired"), ("it", "Questo modulo è scaduto")],
)
def test_a_form_without_its_token_is_refused_politely(language, heading):
    user = factories.UserFactory()
    user.set_password("a long enough password")
    user.save()
    client = Client(enforce_csrf_checks=True)

    response = client.post(
        "/admin/login/",
        {"username": user.username, "password": "a long enough password"},
        headers={"accept-language": language},
    )
    page = LexborHTMLParser(response.content)

    assert response.status_code == 403
    assert words(page.css_first("h1")) == heading
    assert page.css_first("html").attrs["lang"] == language
    assert "session" not in response.cookies


@pytest.mark.parametrize(
    ("language", "heading"),
    [("en", "This is not open to you"), ("it", "Accesso non consentito")],
)
def test_what_an_account_may_not_do_is_refused_politely(client, language, heading):
    article = factories.ArticleFactory()
    client.force_login(factories.UserFactory(is_superuser=False))

    page = get(
        client,
        f"/admin/articles/article/{article.pk}/publish/",
        403,
        headers={"accept-language": language},
    )

    assert page.css_first("html").attrs["lang"] == language
    assert words(page.css_first("h1")) == heading


@pytest.mark.parametrize(
    ("address", "heading"),
    [
        ("/not-there/", "This page is not here"),
        ("/it/not-there/", "Questa pagina non si trova qui"),
    ],
)
def test_a_lost_visitor_finds_the_numbers(client, practice, address, heading):
    page = get(client, address, 404)

    assert "+39 331 761 2698" in words(page.css_first("main"))
    assert page.css_first("main a[href^='tel:']") is not None
    links = [link.attrs["href"] for link in page.css("main .numbers a")]
    prefix = "/it" if "/it/" in address else ""
    assert links[0] == f"{prefix}/"
    assert dict(CONTACT)["it" if prefix else "en"] in links


def breaks(request):
    raise RuntimeError("secret detail")


class BrokenSite:
    """The real addresses, and two whose view always fails."""

    urlpatterns = [
        path("breaks/", breaks),
        path("it/breaks/", breaks),
        *urls.urlpatterns,
    ]
    handler400, handler403 = urls.handler400, urls.handler403
    handler404, handler500 = urls.handler404, urls.handler500


@pytest.fixture
def broken(settings):
    """A client of a site with two broken pages, that sees what a visitor sees."""
    settings.ROOT_URLCONF = BrokenSite
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    ("address", "language", "heading"),
    [
        ("/breaks/", "en", "Something went wrong here"),
        ("/it/breaks/", "it", "Qui qualcosa non ha funzionato"),
    ],
)
def test_whatever_breaks_the_numbers_stay(broken, practice, address, language, heading):
    error_pages.write()

    with CaptureQueriesContext(connection) as queries:
        response = broken.get(address)
    page = LexborHTMLParser(response.content)

    assert len(queries) == 0
    assert response.status_code == 500
    assert response["Content-Type"] == "text/html; charset=utf-8"
    assert "public" not in response.get("Cache-Control", "")
    assert page.css_first("html").attrs["lang"] == language
    assert words(page.css_first("h1")) == heading
    assert "+39 331 761 2698" in words(page.css_first("main"))
    assert page.css_first(".callbar a").attrs["href"] == "tel:+393317612698"
    assert "secret detail" not in response.text


@pytest.mark.parametrize("address", ["/breaks/", "/contact", "/not-there/", "/"])
def test_every_answer_carries_the_headers(broken, address):
    headers = broken.get(address).headers

    assert SECURITY_HEADERS.items() <= dict(headers).items()
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "default-src 'none'" in headers["Content-Security-Policy"]


@pytest.mark.parametrize("address", ["/breaks/", "/it/breaks/"])
def test_a_site_whose_page_was_never_written_still_answers(broken, address):
    with CaptureQueriesContext(connection) as queries:
        response = broken.get(address)

    assert len(queries) == 0
    assert response.status_code == 500
    assert response.text == error_pages.LAST_RESORT
    assert 'href="tel:112"' in response.text


def test_a_page_missing_in_one_language_is_shown_in_that_of_the_site(broken, practice):
    error_pages.write()
    error_pages.path("it").unlink()

    assert 'lang="en"' in broken.get("/it/breaks/").text


def test_a_real_page_whose_database_is_gone_shows_the_numbers(
    client, practice, monkeypatch
):
    error_pages.write()
    client.raise_request_exception = False

    def gone(*args):
        raise DatabaseError("gone")

    with connection.execute_wrapper(gone):
        response = client.get("/it/contatti/")

    assert response.status_code == 500
    assert "+39 331 761 2698" in response.text


WRITTEN = [
    f"{status}.{code}.html" for status in (400, 500, 503) for code in ("en", "it")
]


def written():
    folder = django_settings.DATA_DIR / "errors"
    return sorted(file.name for file in folder.iterdir()) if folder.exists() else []


def test_a_changed_phone_is_on_the_error_page_after_the_commit(
    practice, django_capture_on_commit_callbacks
):
    phone = Phone.objects.get()

    with django_capture_on_commit_callbacks(execute=True):
        phone.number = "+390612345678"
        phone.save()
        assert written() == []

    assert written() == WRITTEN
    for language in ("en", "it"):
        assert "+39 06 1234 5678" in error_pages.read(language)
        assert "+39 331 761 2698" not in error_pages.read(language)


def test_a_deleted_phone_leaves_the_error_page(
    practice, django_capture_on_commit_callbacks
):
    error_pages.write()

    with django_capture_on_commit_callbacks(execute=True):
        Phone.objects.get().delete()

    assert "+39 331 761 2698" not in error_pages.read("en")


@pytest.mark.django_db(transaction=True)
def test_a_change_that_is_rolled_back_is_not_on_the_error_page():
    factories.PhoneFactory()
    before = error_pages.read("en")

    def fail():
        with transaction.atomic():
            factories.PhoneFactory(number="+390612345678")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert "+39 331 761 2698" in before
    assert error_pages.read("en") == before


@pytest.fixture
def full_disk(monkeypatch):
    """Every new file is opened, but nothing can be written into it."""

    def fill():
        real = os.fdopen

        def no_space(*args, **kwargs):
            file = real(*args, **kwargs)

            def write(text):
                raise OSError(28, "No space left on device")

            file.write = write
            return file

        monkeypatch.setattr(error_pages.os, "fdopen", no_space)

    return fill


def test_the_page_is_replaced_in_one_step_or_not_at_all(practice, full_disk):
    error_pages.write()
    before = error_pages.read("en")
    Phone.objects.update(number="+390612345678")
    full_disk()

    with pytest.raises(OSError, match="No space left"):
        error_pages.write()

    assert error_pages.read("en") == before
    assert written() == WRITTEN


def test_the_written_page_can_be_read_by_the_web_server(practice):
    error_pages.write()

    folder = django_settings.DATA_DIR / "errors"
    assert folder.stat().st_mode & 0o777 == 0o755
    for name in WRITTEN:
        assert (folder / name).stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    ("status", "language", "heading"),
    [
        ("400", "en", "This request was not understood"),
        ("400", "it", "Questa richiesta non è stata compresa"),
        ("503", "en", "One moment, please"),
        ("503", "it", "Un momento, per favore"),
    ],
)
def test_what_the_web_server_says_by_itself_shows_the_numbers(
    practice, status, language, heading
):
    error_pages.write()

    page = LexborHTMLParser(error_pages.path(language, status).read_text())

    assert page.css_first("html").attrs["lang"] == language
    assert words(page.css_first("h1")) == heading
    assert "+39 331 761 2698" in words(page.css_first("main"))


def test_a_full_disk_does_not_turn_a_save_into_an_error(
    practice, full_disk, django_capture_on_commit_callbacks
):
    full_disk()

    with django_capture_on_commit_callbacks(execute=True):
        Phone.objects.get().delete()

    assert Phone.objects.count() == 0
    assert written() == []


def test_a_folder_that_cannot_be_written_does_not_turn_a_save_into_an_error(
    practice, settings, tmp_path, django_capture_on_commit_callbacks
):
    Path(tmp_path / "file").write_text("")
    settings.DATA_DIR = tmp_path / "file"

    with django_capture_on_commit_callbacks(execute=True):
        Phone.objects.get().delete()

    assert Phone.objects.count() == 0


def test_phones_find_the_icon_of_the_release_where_they_look_for_it(visitor, client):
    answer = visitor.get("/apple-touch-icon.png")

    assert answer.status_code == 302
    assert (
        visitor.get(answer.headers["Location"]).headers["Content-Type"] == "image/png"
    )
