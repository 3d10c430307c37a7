"""Privacy and accessibility: the portal's own text, the desk, and that it is true."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from django.conf import settings as django_settings
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from selectolax.lexbor import LexborHTMLParser

import clinic.gunicorn
from articles.markup import sanitise
from articles.models import Statement, Unfound
from clinic import retention
from clinic import settings as portal  # noqa: TID251
from clinic.backup.rotation import Keep
from clinic.cookies import of_staff
from clinic.models import Location, MissedAddress, Phone, Practice
from tests import factories
from tests.clinic.test_admin import (
    CONFLICT,
    errors,
    fields,
    parsed,
    queries_of,
    said,
    save,
    somebody_who_may,
    unnamed,
)

pytestmark = pytest.mark.django_db

LIST = "/admin/articles/statement/"
KINDS = ["PRIVACY", "ACCESSIBILITY"]
LANGUAGES = ["en", "it"]
OWN = "the portal’s own text"


def page_of(statement, step="change"):
    return f"{LIST}{statement.pk}/{step}/"


@pytest.fixture
def statement(practice):
    """The English page about privacy, which nobody has edited."""
    Statement.objects.fill_in()
    return Statement.objects.get(kind="PRIVACY", language="en")


def current(statement):
    return Statement.objects.get(pk=statement.pk)


def own_text(kind="PRIVACY", language="en"):
    statement = Statement(kind=kind, language=language)
    return statement.own_text(Practice.objects.current())


def words(html):
    return " ".join(LexborHTMLParser(html).text().split())


# Rows ########################################################################


def test_there_is_a_row_for_every_kind_and_language_once():
    Statement.objects.fill_in()
    Statement.objects.fill_in()

    rows = Statement.objects.values_list("kind", "language")
    assert sorted(rows) == sorted((kind, code) for kind in KINDS for code in LANGUAGES)


def test_filling_in_touches_no_text():
    Statement.objects.create(kind="PRIVACY", language="en", body="<p>Ours.</p>")

    Statement.objects.fill_in()

    assert Statement.objects.get(kind="PRIVACY", language="en").body == "<p>Ours.</p>"


def test_the_database_refuses_a_second_of_a_kind():
    Statement.objects.create(kind="PRIVACY", language="en")

    with pytest.raises(IntegrityError):
        Statement.objects.create(kind="PRIVACY", language="en")


# What visitors read ##########################################################


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_the_portal_has_a_text_of_its_own_from_the_first_day(client, kind, language):
    address = Statement(kind=kind, language=language).get_absolute_url()

    response = client.get(address)

    page = LexborHTMLParser(response.content)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "public, no-cache"
    assert page.css_first("html").attributes["lang"] == language
    assert page.css_first('meta[name="description"]').attributes["content"] != ""
    assert len(page.css("main h1")) == 1
    assert len(page.css("main h2[id]")) >= 4
    assert page.css("main time") == []
    assert Statement.objects.count() == 0


def test_the_two_pages_have_their_addresses():
    with translation.override("en"):
        addresses = [
            Statement(kind=kind, language="en").get_absolute_url() for kind in KINDS
        ]

    assert addresses == ["/privacy/", "/accessibility/"]


def test_an_edited_statement_stands_in_its_place_with_its_date(client, statement):
    with time_machine.travel(datetime(2026, 11, 8, 12, tzinfo=UTC), tick=False):
        statement.body = "<h2>Ours</h2><p>Our words.</p>"
        statement.save()

    page = LexborHTMLParser(client.get("/privacy/").content)

    assert [node.text() for node in page.css(".prose > *")] == ["Ours", "Our words."]
    assert page.css_first("main time").text() == "8 November 2026"


def test_an_edited_statement_is_rendered_as_articles_are(client, statement):
    statement.body = "<aside><h2>Note</h2></aside><script>alert(1)</script>"
    statement.save()

    page = LexborHTMLParser(client.get("/privacy/").content)

    assert page.css_first(".prose .callout h2").attributes["id"] == "note-1"
    assert page.css("main script") == []


def test_a_contact_in_a_statement_is_the_one_of_this_moment(client, statement):
    phone = Phone.objects.get()
    statement.body = f'<p>Call <span data-contact="phone-{phone.pk}"></span>.</p>'
    statement.save()
    Phone.objects.update(number="+393319584817")

    page = LexborHTMLParser(client.get("/privacy/").content)

    assert "+39 331 958 4817" in page.css_first(".prose").text()


def test_a_statement_in_one_language_leaves_the_other_alone(client, statement):
    statement.body = "<p>Only English.</p>"
    statement.save()

    italian = client.get(Statement(kind="PRIVACY", language="it").get_absolute_url())

    assert "Only English." not in italian.content.decode()


@pytest.mark.parametrize("address", ["/privacy/", "/accessibility/"])
def test_a_page_asks_as_often_for_thirty_rows_as_for_one(client, practice, address):
    def asked():
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        return len(queries)

    one = asked()
    for _ in range(29):
        factories.PhoneFactory(kind=Phone.Kind.WHATSAPP)
        factories.LocationFactory()

    assert asked() == one
    assert one <= 13


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_the_own_text_is_what_the_sanitiser_leaves(practice, kind, language):
    text = own_text(kind, language)

    assert sanitise(text) == text
    assert re.findall(r"\{\{|%\(|\{%", text) == []


# What it is built from #######################################################


def test_it_says_who_is_responsible(practice):
    assert "Dr. Test, Via Esempio 00, 00000 Roma." in words(own_text())

    Practice.objects.update(legal_name="Test <b>&</b> Co.")

    assert "Test <b>&</b> Co., Via Esempio 00" in words(own_text())


def test_whatsapp_is_mentioned_where_there_is_such_a_number(practice):
    assert "WhatsApp" not in own_text()

    factories.PhoneFactory(kind=Phone.Kind.WHATSAPP)

    assert "WhatsApp" in own_text()


def test_maps_are_mentioned_where_a_link_opens_one(practice):
    assert "A link to a map" not in own_text()

    Location.objects.update(latitude="41.902800", longitude="12.496400")

    assert "A link to a map" in own_text()


def test_encryption_is_mentioned_where_it_is(practice, settings):
    assert "https" not in own_text()

    settings.HTTPS = True

    assert "(https)" in own_text()


@pytest.mark.parametrize(
    ("country", "gdpr", "complaint"),
    [
        ("IT", True, "Garante per la protezione dei dati personali"),
        ("FR", True, "the data protection authority of your country"),
        ("US", False, "the data protection authority of your country"),
        ("", False, "the data protection authority of your country"),
    ],
)
def test_rights_and_complaints_are_those_of_the_country(
    practice, country, gdpr, complaint
):
    Practice.objects.update(country=country)

    text = own_text()

    assert ("GDPR" in text) is gdpr
    assert ("Articles 15 to 22" in text) is gdpr
    assert complaint in text
    assert ("Garante" in text) is (country == "IT")


def test_no_e_mail_address_stands_in_it(practice):
    for kind in KINDS:
        assert "@" not in own_text(kind)
        assert "mailto:" not in own_text(kind)


# That it is true #############################################################

PUBLIC = [
    "/", "/articles/", "/contact/", "/legal/", "/privacy/", "/accessibility/",
    "/not-there/",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_for_visitors_the_site_sets_no_cookies_and_has_no_form(
    client, practice, address
):
    response = client.get(address, headers={"cookie": "csrf=x; session=y"})

    page = LexborHTMLParser(response.content)
    assert response.cookies == {}
    assert "Set-Cookie" not in response.headers
    assert page.css("iframe, object, embed, video, audio") == []
    # What search engines read is no program.
    kinds = {script.attributes.get("type") for script in page.css("script")}
    assert kinds <= {"application/ld+json"}
    assert page.css("form[method=post], input[type=password]") == []


def test_the_cookies_of_staff_are_those_named_and_stay_at_the_desk(staff, statement):
    save(staff, page_of(statement), body="<p>Ours.</p>")
    staff.post("/admin/language/", {"language": "it", "next": "/admin/"})

    used = {name: cookie["path"] for name, cookie in staff.cookies.items()}
    assert set(used) <= {
        django_settings.SESSION_COOKIE_NAME,
        django_settings.CSRF_COOKIE_NAME,
        django_settings.LANGUAGE_COOKIE_NAME,
    }
    # The test client makes the cookie of the session itself, without a path.
    del used[django_settings.SESSION_COOKIE_NAME]
    assert set(used.values()) == {"/admin/"}
    assert django_settings.SESSION_COOKIE_PATH == "/admin/"


def test_every_cookie_is_told_with_its_name_and_how_long_it_lasts(settings):
    settings.SESSION_COOKIE_AGE = 7 * 3600
    settings.CSRF_COOKIE_AGE = 5 * 86400

    assert of_staff() == [
        "“session” for signing in: until the browser is closed, 7 hours at the most",
        "“csrf” for safe forms: 5 days",
        "“device” says that somebody has signed in with this browser before, so that "
        "nobody else can lock the account: 180 days",
        "“language” for the chosen language: until the browser is closed",
    ]
    assert settings.SESSION_EXPIRE_AT_BROWSER_CLOSE is True
    assert settings.LANGUAGE_COOKIE_AGE is None
    for language in LANGUAGES:
        for setting in vars(portal):
            if setting.endswith("_COOKIE_NAME"):
                assert f"“{getattr(portal, setting)}”" in own_text(language=language)
        assert f"“{settings.LANGUAGE_COOKIE_NAME}”" in own_text(language=language)


@pytest.mark.parametrize(
    ("days", "english", "italian"),
    [
        (0, "ask us for how long.", "per quanto tempo"),
        (
            7,
            "They are deleted after 7 days at the latest.",
            "al più tardi dopo 7 giorni",
        ),
    ],
)
def test_how_long_the_log_is_kept_is_the_setting(settings, days, english, italian):
    settings.LOG_DAYS = days

    assert english in own_text()
    assert italian in own_text(language="it")
    assert ("deleted after" in own_text()) is bool(days)


def test_that_faults_are_mailed_is_told_where_they_are(settings):
    assert "technicians" not in own_text()

    settings.ERROR_MAIL = ["technician@example.org"]

    assert "told to our technicians by e-mail" in own_text()
    assert "@" not in own_text()


def test_how_long_the_desk_remembers_is_what_tidy_enforces():
    assert f"network address, for {retention.DESK.days} days" in own_text()


def test_how_long_backups_keep_what_was_deleted_is_the_setting(settings):
    assert "in them for 372 days more" in own_text()

    settings.BACKUP_KEEP = Keep(7, 4, 0)

    assert "in them for 28 days more" in own_text()
    assert "ancora per 28 giorni" in own_text(language="it")


@pytest.mark.parametrize("language", LANGUAGES)
def test_article_13_is_answered_point_by_point(practice, language):
    """GDPR, article 13(1) and (2): each point has its sentence."""
    Practice.objects.update(country="IT")
    text = words(own_text(language=language))

    points = {
        "controller": ("Dr. Test, Via Esempio 00",),
        "purposes": ("to keep the site working and safe", "funzion"),
        "legal basis": ("6(1)(f)", "6, paragrafo 1, lettera f"),
        "recipients": ("on our behalf", "per nostro conto"),
        "retention": ("90 days", "90 giorni"),
        "rights": ("Articles 15 to 22", "articoli da 15 a 22"),
        "complaint": ("Garante per la protezione dei dati personali",),
        "no obligation": ("need not tell us anything", "non è tenuto a dirci nulla"),
        "no automated decision": (
            "No machine decides",
            "nessuna macchina prende decisioni",
        ),
    }
    assert {
        p for p, ways in points.items() if not any(w in text for w in ways)
    } == set()


def test_browsers_ask_this_site_only():
    directives = django_settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]

    allowed = {source for sources in directives.values() for source in sources}
    assert allowed == {"'self'", "'none'"}


def test_other_sites_do_not_learn_which_page_was_read():
    assert django_settings.SECURE_REFERRER_POLICY == "same-origin"


def test_of_searches_the_text_tells_what_is_kept_and_no_more_is():
    kept = {field.name for field in Unfound._meta.get_fields()}

    assert kept == {
        "id", "language", "words", "count", "first_date", "last_date", "ignored",
    }  # fmt: skip
    assert f"{Unfound.objects.all().KEPT.days} days after the last time" in own_text()
    assert f"{MissedAddress.objects.all().KEPT.days} days after the" in own_text()
    assert "Of searches that find nothing we count the words" in own_text()
    assert "Delle ricerche senza risultato contiamo le parole" in own_text(
        language="it"
    )


# What the text calls: network (h), day and time (t), address (U), and as technical
# details the kind of question (m), protocol (H), whether it worked (s), size (b) and
# how long it took (M). Whatever is added here has to be added there.
def test_the_server_writes_down_what_the_text_says_and_nothing_else():
    written = re.findall(r"%\((.*?)\)", clinic.gunicorn.access_log_format)

    assert set(written) == {"h", "t", "U", "m", "H", "s", "b", "M"}
    assert clinic.gunicorn.masked("203.0.113.77") == "203.0.113.0"
    assert clinic.gunicorn.masked("2001:db8:1:2::3") == "2001:db8:1::"


def test_nothing_that_is_logged_goes_elsewhere():
    logging = django_settings.LOGGING

    assert logging["root"]["handlers"] == ["stderr"]
    own = [logger.get("handlers", []) for logger in logging["loggers"].values()]
    assert [handlers for handlers in own if handlers] == []
    assert logging["handlers"]["stderr"]["class"] == "logging.StreamHandler"
    assert {h["formatter"] for h in logging["handlers"].values()} == {"line"}
    assert logging["formatters"]["line"]["()"] == "clinic.logs.Formatter"
    assert django_settings.ADMINS == []
    assert django_settings.MANAGERS == []


def test_no_middleware_counts_or_follows_visitors():
    """A middleware more may note something more: read it, then the text, then this."""
    known = {"clinic", "csp", "django", "whitenoise"}

    assert {name.partition(".")[0] for name in django_settings.MIDDLEWARE} == known


def test_what_the_accessibility_page_claims_is_tested():
    folder = Path(__file__).resolve().parents[1] / "browser"
    journeys = (folder / "test_journeys.py").read_text()
    every_page = (folder / "test_every_page.py").read_text()

    for claim in (
        "def test_everything_is_reached_by_keyboard",
        "def test_the_skip_link_moves_the_focus",
        "def test_a_page_is_complete_without_style_sheets",
        "def test_text_spacing_of_the_reader_cuts_nothing",
        "javascript=False",
    ):
        assert claim in journeys, claim
    for claim in (
        '[(320, "light"), (320, "dark"), (1280, "light"), (1280, "dark")]',
        'assert found["sticking out"] == []',
    ):
        assert claim in every_page, claim


# The desk ####################################################################


def listed(response):
    return [
        tuple(" ".join(cell.text().split()) for cell in row.css("th, td"))
        for row in parsed(response).css("#result_list tbody tr")
    ]


def test_the_list_shows_every_statement_from_the_first_day(staff):
    assert listed(staff.get(LIST)) == [
        ("Privacy", "English", OWN),
        ("Privacy", "Italian", OWN),
        ("Accessibility", "English", OWN),
        ("Accessibility", "Italian", OWN),
    ]


def test_the_list_says_what_was_edited_and_when(staff, statement):
    with time_machine.travel(datetime(2026, 11, 8, 12, tzinfo=UTC), tick=False):
        statement.body = "<p>Ours.</p>"
        statement.save()

    assert listed(staff.get(LIST))[0] == (
        "Privacy", "English", "edited on 8 November 2026",
    )  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("desk", LANGUAGES)
def test_the_form_shows_the_portals_own_text(staff, statement, kind, language, desk):
    staff.cookies[django_settings.LANGUAGE_COOKIE_NAME] = desk
    chosen = Statement.objects.get(kind=kind, language=language)

    shown = fields(staff.get(page_of(chosen)))

    assert shown["body"].strip() == own_text(kind, language)
    assert "restore" not in shown


def test_saving_the_untouched_own_text_stores_nothing(staff, statement):
    response = save(staff, page_of(statement))

    assert response.redirect_chain == [(LIST, 302)]
    assert said(response) == [
        'Saved. Readers now find the portal’s own text: <a href="/privacy/">Privacy '
        "(English)</a>"
    ]
    assert current(statement).body == ""


def test_the_own_text_follows_the_portal_after_it_was_saved(client, staff, statement):
    save(staff, page_of(statement))
    factories.PhoneFactory(kind=Phone.Kind.WHATSAPP)

    assert "WhatsApp" in client.get("/privacy/").content.decode()


def test_the_own_text_is_known_again_after_the_editor_rewrote_it(staff, statement):
    as_editor = own_text().replace("<li>", "<li><p>").replace("</li>", "</p></li>\n")

    save(staff, page_of(statement), body=as_editor)

    assert current(statement).body == ""


def test_a_changed_text_is_stored_clean(client, staff, statement):
    evil = '<p onclick="x()">Ours<script>alert(1)</script><img src=x onerror=y></p>'

    response = save(staff, page_of(statement), body=own_text() + evil)

    assert said(response) == [
        'Saved. Readers now find your text: <a href="/privacy/">Privacy (English)</a>'
    ]
    assert current(statement).body == own_text() + "<p>Ours</p>"
    page = client.get("/privacy/").content.decode()
    assert "<p>Ours</p>" in page
    assert "onclick" not in page


def test_an_edited_statement_is_edited_further(staff, statement):
    save(staff, page_of(statement), body="<p>Ours.</p>")

    shown = fields(staff.get(page_of(statement)))

    assert shown["body"].strip() == "<p>Ours.</p>"


@pytest.mark.parametrize(
    "change", [{"restore": "on"}, {"body": ""}, {"body": "<p> </p>"}]
)
def test_a_tick_or_an_empty_text_brings_the_own_text_back(staff, statement, change):
    save(staff, page_of(statement), body="<p>Ours.</p>")
    assert current(statement).body == "<p>Ours.</p>"

    save(staff, page_of(statement), **change)

    assert current(statement).body == ""
    assert listed(staff.get(LIST))[0][2] == OWN


CARD = '<aside class="care care--emergency"><h3>Now if</h3><p>x</p>{}</aside>'
REFUSED = {
    CARD.format("") * 2: "There is more than one emergency care card.",
    CARD.format(CARD.format("")).replace(" care--emergency", "", 1): (
        "A care card stands inside another one."
    ),
    CARD.format('<p><a href="/x" rel="noopener">y</a></p>'): (
        "The emergency care card holds a link or a contact."
    ),
    '<p>Call <span data-contact="phone-4711"></span>.</p>': (
        "The text refers to a contact that no longer exists."
    ),
}


@pytest.mark.parametrize("body", REFUSED)
def test_what_no_article_is_published_with_is_refused(staff, statement, body):
    response = save(staff, page_of(statement), body=body)

    assert any(sentence.startswith(REFUSED[body]) for sentence in errors(response))
    assert fields(response)["body"].strip() == body
    assert current(statement).body == ""


def test_the_own_text_comes_back_whatever_is_wrong_with_the_other(staff, statement):
    Statement.objects.update(body=next(iter(REFUSED)))

    save(staff, page_of(statement), restore="on")

    assert current(statement).body == ""


def test_a_typed_number_is_pointed_out_and_saved(staff, statement):
    body = "<p>Call 331 761 2698.</p>"

    response = save(staff, page_of(statement), body=body)

    assert len(said(response)) == 2
    assert said(response)[0].startswith("This number is typed by hand: 331 761 2698.")
    assert current(statement).body == body


def test_save_and_continue_stays_on_the_page(staff, statement):
    response = save(staff, page_of(statement), button="_continue", body="<p>Ours.</p>")

    assert response.redirect_chain == [(page_of(statement), 302)]


def test_the_form_leads_to_the_page_in_its_language(staff, statement):
    italian = Statement.objects.get(kind="ACCESSIBILITY", language="it")

    links = [
        parsed(staff.get(page_of(row))).css_first(".viewsitelink").attributes["href"]
        for row in (statement, italian)
    ]

    assert links == ["/privacy/", italian.get_absolute_url()]
    assert links[1].startswith("/it/")


def test_r19_the_second_of_two_people_overwrites_nothing(staff, statement):
    opened = fields(staff.get(page_of(statement)))
    save(staff, page_of(statement), body="<p>First.</p>")

    response = staff.post(page_of(statement), opened | {"body": "<p>Second.</p>"})

    assert errors(response)[0].startswith(CONFLICT)
    assert fields(response)["body"].strip() == "<p>Second.</p>"
    assert current(statement).body == "<p>First.</p>"


# Who may do what #############################################################


def test_whoever_may_change_statements_may(statement):
    secretary = somebody_who_may("change_statement", "view_statement")

    save(secretary, page_of(statement), body="<p>Ours.</p>")

    assert current(statement).body == "<p>Ours.</p>"


def test_whoever_may_only_look_saves_nothing(statement):
    reader = somebody_who_may("view_statement")

    shown = reader.get(page_of(statement))
    sent = reader.post(page_of(statement), {"body": "<p>Forged.</p>"})

    assert parsed(shown).css("#content-main input:not([type=hidden]), textarea") == []
    assert OWN in parsed(shown).css_first("#content-main").text()
    assert len(listed(reader.get(LIST))) == 4
    assert sent.status_code == 403
    assert current(statement).body == ""


@pytest.mark.parametrize("method", ["get", "post"])
def test_staff_without_the_permission_are_refused(statement, method):
    somebody = somebody_who_may("change_article")

    for address in (LIST, page_of(statement), page_of(statement, "history")):
        assert getattr(somebody, method)(address).status_code == 403


def test_the_list_makes_no_rows_for_those_who_may_not_see_them(db):
    somebody_who_may("change_article").get(LIST)

    assert Statement.objects.count() == 0


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_adds_or_deletes_a_statement(staff, statement, method):
    for address in (f"{LIST}add/", page_of(statement, "delete")):
        assert getattr(staff, method)(address, {"post": "yes"}).status_code == 403

    staff.post(LIST, {"action": "delete_selected", "_selected_action": statement.pk})

    assert Statement.objects.count() == 4


def test_a_crafted_form_moves_no_statement(staff, statement):
    save(
        staff,
        page_of(statement),
        body="<p>Ours.</p>",
        kind="ACCESSIBILITY",
        language="it",
        updated_at="2000-01-01",
    )

    row = current(statement)
    assert (row.kind, row.language, row.body) == ("PRIVACY", "en", "<p>Ours.</p>")
    assert row.updated_at.year > 2000


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_field_has_a_name(staff, statement, language):
    staff.cookies[django_settings.LANGUAGE_COOKIE_NAME] = language
    save(staff, page_of(statement), body="<p>Ours.</p>")

    for address in (LIST, page_of(statement)):
        assert unnamed(staff.get(address)) == []


def test_the_desk_asks_as_often_for_a_full_practice_as_for_an_empty_one(
    staff, statement
):
    pages = (LIST, page_of(statement))
    one = [queries_of(staff, address) for address in pages]
    for _ in range(20):
        factories.PhoneFactory()
        factories.LocationFactory()
    Statement.objects.update(body="<p>Ours.</p>")

    assert [queries_of(staff, address) for address in pages] == one
