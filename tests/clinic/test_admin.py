"""The practice at the desk: one page for everything, and the library of pictures."""

from datetime import UTC, date, datetime, time

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from i18nfield.strings import LazyI18nString
from selectolax.lexbor import LexborHTMLParser

from articles.models import Topic, Wording
from clinic.models import (
    Closure,
    Doctor,
    Email,
    Location,
    Notice,
    OpeningHours,
    Phone,
    Picture,
    Practice,
)
from tests import factories
from tests.conftest import stored_files, upload

pytestmark = pytest.mark.django_db

PRACTICE = "/admin/clinic/practice/1/change/"
CONFLICT = "Somebody else has saved this in the meantime."


# How a person uses the desk; tests/articles/test_admin.py does so too ########


def somebody_who_may(*permissions, **account):
    """A browser in which somebody is signed in who has these permissions only."""
    user = factories.UserFactory(is_superuser=False, **account)
    found = Permission.objects.filter(codename__in=permissions)
    assert len(found) == len(permissions)
    user.user_permissions.set(found)
    client = Client()
    client.force_login(user)
    return client


def parsed(response):
    return LexborHTMLParser(response.content.decode())


def fields(response):
    """What the browser would send for the page's form, as it stands there."""
    page = parsed(response)
    # That of an article stands below the buttons for its translations.
    form = page.css_first("#article_form") or page.css_first("#content form")
    sent = {}
    for field in form.css("input[name], select[name], textarea[name]"):
        name, kind = field.attributes["name"], field.attributes.get("type")
        if "__prefix__" in name or kind in {"submit", "file"}:
            continue
        if field.tag == "select":
            chosen = field.css_first("option[selected]") or field.css_first("option")
            sent[name] = (chosen.attributes["value"] or "") if chosen else ""
        elif field.tag == "textarea":
            sent[name] = field.text()
        elif kind == "radio":
            if "checked" in field.attributes:
                sent[name] = field.attributes["value"]
        elif kind == "checkbox":
            if "checked" in field.attributes and "value" in field.attributes:
                sent.setdefault(name, []).append(field.attributes["value"])
            elif "checked" in field.attributes:
                sent[name] = "on"
        else:
            sent[name] = field.attributes.get("value") or ""
    return sent


def rows(prefix, *rows, first=0):
    """The fields of new rows of an inline, numbered from ``first``."""
    sent = {f"{prefix}-TOTAL_FORMS": str(first + len(rows))}
    for number, row in enumerate(rows, first):
        sent |= {f"{prefix}-{number}-{name}": value for name, value in row.items()}
    return sent


def save(client, address, *, button="_save", follow=True, **changes):
    """Open the form, change some fields and press a button."""
    sent = fields(client.get(address)) | changes | {button: "1"}
    return client.post(
        address,
        {name: value for name, value in sent.items() if value is not None},
        follow=follow,
    )


def errors(response):
    """Every sentence of refusal on the page."""
    return [
        " ".join(item.text().split())
        for item in parsed(response).css(".errorlist li, .errornote li")
    ]


def said(response):
    return [str(message) for message in response.context["messages"]]


def queries_of(client, address):
    client.get(address)  # what Django keeps in memory is asked once
    with CaptureQueriesContext(connection) as asked:
        response = client.get(address)
    assert response.status_code == 200
    return len(asked)


def unnamed(response):
    """Every control of the page that a screen reader could not name."""
    page = parsed(response)
    labels = [
        label
        for label in page.css("label")
        if label.text(strip=True) or label.css_first("img[alt]")
    ]
    labelled = {label.attributes.get("for") for label in labels} - {None}
    inside = {control for label in labels for control in label.css("input, select")}
    found = []
    for control in page.css("input, select, textarea, button"):
        given = control.attributes
        kind = given.get("type")
        if kind == "hidden":
            continue
        named = (
            (given.get("aria-label") or "").strip()
            or given.get("id") in labelled
            or control in inside
        )
        if kind == "submit" and control.tag == "input":
            named = given.get("value")
        if control.tag == "button":
            named = named or control.text(strip=True)
        if not named:
            found.append(control.html)
    return found + named_alike(page)


def named_alike(page):
    """Every radio or tick that is read like another of the same question.

    The rows of a list are no question: two may bear one name.
    """
    seen, found = set(), []
    for control in page.css(":is([type=radio], [type=checkbox]):not(.action-select)"):
        given = control.attributes
        label = page.css_first(f'label[for="{given.get("id")}"]')
        name = given.get("aria-label") or (label and label.text(strip=True))
        if (given.get("name"), name) in seen:
            found.append(control.html)
        seen.add((given.get("name"), name))
    return found


def groups_of(page):
    """The names of all groups that hold more than one radio or tick."""
    return [
        group.attributes.get("aria-label") or group.css_first("legend").text(strip=True)
        for group in page.css("[role=group], fieldset:has(> legend)")
        if len(group.css("input[type=radio], input[type=checkbox]")) > 1
    ]


PHONE = {
    "number": "331 958 4817",
    "kind": "MOBILE",
    "purpose_0": "Patients in treatment",
    "purpose_1": "Pazienti in cura",
    "position": "1",
}
HOURS = {"weekday": "0", "opens": "15:00", "closes": "18:30"}


# One practice on one page ####################################################


def test_the_list_leads_to_the_one_practice(staff, practice):
    response = staff.get("/admin/clinic/practice/")

    assert response.status_code == 302
    assert response.url == PRACTICE


def test_where_there_is_no_practice_the_list_leads_to_a_form_that_begins_it(staff):
    response = staff.get("/admin/clinic/practice/", follow=True)

    assert response.redirect_chain == [("/admin/clinic/practice/add/", 302)]
    assert response.status_code == 200


def test_the_first_practice_is_saved_with_its_first_number(staff):
    address = "/admin/clinic/practice/add/"

    save(staff, address, name="Dr. New", **rows("phones", PHONE))

    assert Practice.objects.get().name == "Dr. New"
    assert Practice.objects.get().pk == Practice.ONLY
    assert Phone.objects.get().number.as_e164 == "+393319584817"


def test_there_is_never_a_second_practice(staff, practice):
    asked = staff.get("/admin/clinic/practice/add/")
    sent = staff.post("/admin/clinic/practice/add/", {"name": "Another"})

    assert (asked.status_code, sent.status_code) == (403, 403)
    assert Practice.objects.get().name == "Dr. Test"


def test_the_practice_cannot_be_deleted(staff, practice):
    address = "/admin/clinic/practice/1/delete/"

    asked, sent = staff.get(address), staff.post(address, {"post": "yes"})

    assert (asked.status_code, sent.status_code) == (403, 403)
    assert Practice.objects.count() == 1
    assert parsed(staff.get(PRACTICE)).css_first(".deletelink") is None


def test_saving_the_untouched_page_changes_nothing(staff, practice):
    before = fields(staff.get(PRACTICE))

    response = save(staff, PRACTICE)

    assert response.redirect_chain == [(reverse("admin:index"), 302)]
    after = fields(staff.get(PRACTICE))
    token, version = "csrfmiddlewaretoken", "seen_version"
    assert after.pop(version) == str(int(before.pop(version)) + 1)
    assert before.pop(token) != after.pop(token)
    assert after == before


def test_the_page_leads_to_the_contact_page(staff, practice):
    link = parsed(staff.get(PRACTICE)).css_first(".viewsitelink")

    assert link.attributes["href"] == "/contact/"


# Phone numbers ###############################################################


@pytest.mark.parametrize(
    "typed",
    ["3319584817", "331 95 84 817", "0039 331.958.4817", "+39 331/9584817"],
)
def test_a_number_is_typed_as_people_type_it(staff, practice, typed):
    save(staff, PRACTICE, **rows("phones", PHONE | {"number": typed}, first=1))

    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM clinic_phone ORDER BY position")
        assert cursor.fetchall() == [("+393317612698",), ("+393319584817",)]
    shown = fields(staff.get(PRACTICE))
    assert shown["phones-1-number"] == "+39 331 958 4817"


def test_a_wrong_number_is_refused_and_everything_typed_is_kept(staff, practice):
    changes = {"name": "Dr. Changed", "emails-0-purpose_1": "Cambiato"} | rows(
        "phones", PHONE | {"number": "331 958"}, first=1
    )

    response = save(staff, PRACTICE, **changes)

    assert any("“331 958” cannot be reached" in error for error in errors(response))
    kept = fields(response)
    assert {name: kept[name] for name in changes} == changes
    assert Phone.objects.count() == 1
    assert Practice.objects.get().name == "Dr. Test"


def test_a_number_that_is_in_the_list_is_refused(staff, practice):
    again = PHONE | {"number": "0039 331.761.2698"}

    response = save(staff, PRACTICE, **rows("phones", again, first=1))

    assert errors(response) != []
    assert Phone.objects.count() == 1
    assert fields(response)["phones-1-number"] == "0039 331.761.2698"


def test_a_number_typed_twice_at_once_is_refused(staff, practice):
    twice = [PHONE, PHONE | {"number": "+393319584817"}]

    response = save(staff, PRACTICE, **rows("phones", *twice, first=1))

    assert errors(response) != []
    assert Phone.objects.count() == 1


def test_two_numbers_can_change_places(staff, practice):
    factories.PhoneFactory(number="+393319584817", position=1)
    swapped = {"phones-0-position": "1", "phones-1-position": "0"}

    save(staff, PRACTICE, **swapped)

    numbers = [phone.number.as_e164 for phone in Phone.objects.all()]
    assert numbers == ["+393319584817", "+393317612698"]


def test_a_number_is_deleted_by_its_tick(staff, practice):
    save(staff, PRACTICE, **{"phones-0-DELETE": "on"})

    assert Phone.objects.count() == 0


# Opening hours ###############################################################


def test_hours_in_the_morning_and_the_afternoon_are_saved(staff, practice):
    save(staff, PRACTICE, **rows("hours", HOURS, first=1))

    assert [(row.opens, row.closes) for row in OpeningHours.objects.all()] == [
        (time(9), time(13)),
        (time(15), time(18, 30)),
    ]


def test_hours_that_overlap_are_refused(staff, practice):
    early = HOURS | {"opens": "12:30"}

    response = save(staff, PRACTICE, **rows("hours", early, first=1))

    sentence = "Two rows overlap: Monday 09:00–13:00 and Monday 12:30–18:30."
    assert sentence in errors(response)
    assert OpeningHours.objects.count() == 1


def test_hours_may_begin_when_others_end(staff, practice):
    save(staff, PRACTICE, **rows("hours", HOURS | {"opens": "13:00"}, first=1))

    assert OpeningHours.objects.count() == 2


def test_hours_replace_those_that_are_deleted_with_the_same_save(staff, practice):
    changes = rows("hours", HOURS | {"opens": "12:30"}, first=1)

    save(staff, PRACTICE, **changes, **{"hours-0-DELETE": "on"})

    assert OpeningHours.objects.get().opens == time(12, 30)


def test_a_practice_does_not_close_before_it_opens(staff, practice):
    backwards = {"weekday": "1", "opens": "18:00", "closes": "9:00"}

    response = save(staff, PRACTICE, **rows("hours", backwards, first=1))

    assert "The practice must close later than it opens." in errors(response)
    assert OpeningHours.objects.count() == 1


def test_two_locations_may_have_the_same_hours(staff, practice):
    places = [Location.objects.get().pk, factories.LocationFactory().pk]
    same = [HOURS | {"location": str(place)} for place in places]

    save(staff, PRACTICE, **rows("hours", *same, first=1))

    assert OpeningHours.objects.filter(opens=time(15)).count() == 2


def test_hours_of_the_whole_practice_overlap_with_those_of_a_location(staff, practice):
    factories.LocationFactory()
    place = str(Location.objects.first().pk)
    shared = [HOURS, HOURS | {"location": place}]

    response = save(staff, PRACTICE, **rows("hours", *shared, first=1))

    assert any(error.startswith("Two rows overlap") for error in errors(response))
    assert OpeningHours.objects.count() == 1


PERIOD = {"valid_from": "2026-08-01", "valid_until": "2026-08-31"}
SAME_TIME = HOURS | {"opens": "9:00", "closes": "12:00"}


def test_hours_of_a_period_are_saved_and_shown_again(staff, practice):
    save(staff, PRACTICE, **rows("hours", SAME_TIME | PERIOD, first=1))

    dated = OpeningHours.objects.exclude(valid_from=None).get()
    assert (dated.valid_from, dated.valid_until) == (
        date(2026, 8, 1),
        date(2026, 8, 31),
    )
    shown = fields(staff.get(PRACTICE)).items()
    assert {f"hours-1-{name}": day for name, day in PERIOD.items()}.items() <= shown


@pytest.mark.parametrize(
    ("periods", "clash"),
    [
        # The shorter period replaces the longer one, and any the regular hours.
        ([PERIOD], False),
        ([PERIOD, {"valid_from": "2026-09-01"}], False),
        ([PERIOD, {"valid_from": "2026-08-31", "valid_until": "2026-08-31"}], False),
        ([PERIOD, PERIOD], True),
        ([{"valid_from": "2026-09-01"}, {"valid_from": "2026-09-01"}], True),
        ([{"valid_until": "2026-09-01"}, {"valid_from": "2026-09-01"}], False),
    ],
)
def test_hours_overlap_only_within_one_period(staff, practice, periods, clash):
    added = [SAME_TIME | period for period in periods]

    response = save(staff, PRACTICE, **rows("hours", *added, first=1))

    refused = any(error.startswith("Two rows overlap") for error in errors(response))
    assert refused is clash
    assert OpeningHours.objects.count() == (1 if clash else 1 + len(added))


def test_a_period_does_not_end_before_it_begins(staff, practice):
    backwards = {"valid_from": "2026-08-31", "valid_until": "2026-08-01"}

    response = save(staff, PRACTICE, **rows("hours", HOURS | backwards, first=1))

    assert "The last day must not be before the first." in errors(response)
    assert OpeningHours.objects.count() == 1


# Closures ####################################################################

CLOSURE = {
    "first_day": "2026-08-03",
    "last_day": "2026-08-21",
    "reason_0": "Summer holidays",
    "reason_1": "Ferie",
}


def test_a_closure_is_saved_and_shown_again(staff, practice):
    save(staff, PRACTICE, **rows("closures", CLOSURE))

    closure = Closure.objects.get()
    assert (closure.first_day, closure.last_day) == (
        date(2026, 8, 3),
        date(2026, 8, 21),
    )
    assert closure.reason.data == {"en": "Summer holidays", "it": "Ferie"}
    shown = fields(staff.get(PRACTICE)).items()
    assert {f"closures-0-{name}": day for name, day in CLOSURE.items()}.items() <= shown


def test_a_closure_does_not_end_before_it_begins(staff, practice):
    changes = rows("closures", CLOSURE | {"last_day": "2026-08-02"})

    response = save(staff, PRACTICE, **changes)

    assert "The last day must not be before the first." in errors(response)
    assert Closure.objects.count() == 0
    assert changes.items() <= fields(response).items()


# Notices #####################################################################

NOTICE = {
    "text_0": "The lift is out of order.",
    "text_1": "L’ascensore è fuori servizio.",
    "starts_at": "2026-06-08T09:00",
    "ends_at": "2026-06-09T18:30",
}


def test_a_notice_is_typed_in_the_time_of_the_practice(staff, practice):
    save(staff, PRACTICE, **rows("notices", NOTICE))

    notice = Notice.objects.get()
    assert notice.starts_at == datetime(2026, 6, 8, 7, tzinfo=UTC)
    assert notice.ends_at == datetime(2026, 6, 9, 16, 30, tzinfo=UTC)
    assert notice.text.data == {"en": NOTICE["text_0"], "it": NOTICE["text_1"]}
    shown = fields(staff.get(PRACTICE)).items()
    assert {f"notices-0-{name}": typed for name, typed in NOTICE.items()}.items() <= (
        shown
    )


# Clocks go forward at 02:00 on 29 March 2026, and back at 03:00 on 25 October.
@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"text_0": ""}, "in every language; missing: English."),
        ({"text_1": " "}, "in every language; missing: Italian."),
        ({"text_0": "", "text_1": ""}, "This field is required."),
        ({"ends_at": "2026-06-08T09:00"}, "It must end after it begins."),
        ({"ends_at": "2026-06-07T09:00"}, "It must end after it begins."),
        ({"ends_at": ""}, "This field is required."),
        ({"starts_at": "2026-03-29T02:30"}, "2:30 does not exist."),
        ({"starts_at": "2026-03-29T02:30", "ends_at": ""}, "2:30 does not exist."),
        (
            {"starts_at": "2026-10-25T02:30", "ends_at": "2026-10-26T09:00"},
            "2:30 comes twice.",
        ),
    ],
)
def test_a_wrong_notice_is_refused_with_a_sentence_and_kept(
    staff, practice, wrong, sentence
):
    changes = rows("notices", NOTICE | wrong)

    response = save(staff, PRACTICE, **changes)

    assert any(sentence in error for error in errors(response))
    assert Notice.objects.count() == 0
    kept = fields(response)
    assert {name: kept[name] for name in changes} == changes


# Where it is #################################################################


@pytest.mark.parametrize("field", ["latitude", "longitude"])
def test_half_a_point_is_refused(staff, practice, field):
    response = save(staff, PRACTICE, **{f"locations-0-{field}": "41.9"})

    sentence = "Latitude and longitude belong together: fill in both or none."
    assert sentence in errors(response)
    assert Location.objects.get().point == ""


def test_a_point_off_the_globe_is_refused(staff, practice):
    point = {"locations-0-latitude": "90.5", "locations-0-longitude": "-180.5"}

    response = save(staff, PRACTICE, **point)

    assert errors(response) == [
        "Ensure this value is less than or equal to 90.",
        "Ensure this value is greater than or equal to -180.",
    ]
    assert Location.objects.get().point == ""


@time_machine.travel(datetime(2026, 6, 1, 12, tzinfo=UTC), tick=False)
def test_a_region_shows_its_public_holidays(staff, practice):
    def coming():
        return parsed(staff.get(PRACTICE)).css_first(".field-coming_holidays").text()

    none = coming()
    save(staff, PRACTICE, country="IT", region=" rm")
    of_rome = coming()
    save(staff, PRACTICE, region="")
    of_italy = coming()
    save(staff, PRACTICE, closed_on_holidays=None)

    assert "None are counted." in none
    assert "2 June 2026: Republic Day" in of_rome
    assert "29 June 2026: Saints Peter and Paul's Day" in of_rome
    assert "2 June 2026" in of_italy
    assert "29 June 2026" not in of_italy
    assert "None are counted." in coming()


def test_a_region_is_stored_as_it_is_known(staff, practice):
    save(staff, PRACTICE, country="IT", region="rm")

    assert Practice.objects.get().region == "RM"


@pytest.mark.parametrize(
    ("country", "region"), [("IT", "XX"), ("IT", "roma"), ("", "RM"), ("FR", "RM")]
)
def test_a_region_without_holidays_of_its_own_is_refused(
    staff, practice, country, region
):
    response = save(staff, PRACTICE, country=country, region=region)

    sentence = f"“{region.upper()}” is no region with public holidays of its own"
    assert any(error.startswith(sentence) for error in errors(response))
    assert Practice.objects.get().region == ""


@pytest.mark.parametrize("number", ["", "1", "11 2", "112a", "+39"])
def test_an_emergency_number_has_digits_only(staff, practice, number):
    response = save(staff, PRACTICE, emergency_number=number)

    assert errors(response) != []
    assert Practice.objects.get().emergency_number == "112"


def test_languages_of_a_number_are_ticked_and_shown_again(staff, practice):
    ticked = {"phones-0-languages": ["it", "zh-hans"]}

    save(staff, PRACTICE, **ticked)

    assert Phone.objects.get().languages == ["it", "zh-hans"]
    assert ticked.items() <= fields(staff.get(PRACTICE)).items()

    save(staff, PRACTICE, **{"phones-0-languages": None})

    assert Phone.objects.get().languages == []


def test_a_language_that_is_not_in_the_list_is_refused(staff, practice):
    response = save(staff, PRACTICE, **{"phones-0-languages": ["xx"]})

    assert any("xx is not one of the available" in error for error in errors(response))
    assert Phone.objects.get().languages == []


# The rules for articles ######################################################


def test_the_rules_for_articles_are_saved_and_shown_again(staff, practice):
    rules = {
        "four_eyes": "on",
        "review_months": "24",
        "review_grace_days": "0",
        "disclosure_0": "The practice pays.",
        "disclosure_1": "Paga lo studio.",
    }

    save(staff, PRACTICE, **rules)

    saved = Practice.objects.get()
    assert (saved.four_eyes, saved.review_months, saved.review_grace_days) == (
        True, 24, 0,
    )  # fmt: skip
    assert saved.disclosure.data == {
        "en": "The practice pays.",
        "it": "Paga lo studio.",
    }
    assert rules.items() <= fields(staff.get(PRACTICE)).items()


@pytest.mark.parametrize(
    ("field", "wrong", "sentence"),
    [
        ("review_months", "0", "greater than or equal to 1."),
        ("review_months", "121", "less than or equal to 120."),
        ("review_months", "-1", "greater than or equal to 0."),
        ("review_months", "", "This field is required."),
        ("review_months", "two", "Enter a whole number."),
        ("review_grace_days", "-1", "greater than or equal to 0."),
        ("review_grace_days", "731", "less than or equal to 730."),
        ("review_grace_days", "", "This field is required."),
    ],
)
def test_a_review_falls_due_within_ten_years_and_the_grace_ends_within_two(
    staff, practice, field, wrong, sentence
):
    response = save(staff, PRACTICE, **{field: wrong})

    assert any(sentence in error for error in errors(response))
    assert fields(response)[field] == wrong
    saved = Practice.objects.get()
    assert (saved.review_months, saved.review_grace_days) == (36, 60)


@pytest.mark.parametrize(("typed", "saved"), [("12", 12), ("", None)])
def test_a_topic_may_have_a_rhythm_of_its_own(staff, typed, saved):
    topic = factories.TopicFactory(review_months=6)
    address = f"/admin/articles/topic/{topic.pk}/change/"

    save(staff, address, review_months=typed)

    topic.refresh_from_db()
    assert topic.review_months == saved


# What is asked, and in which language ########################################


def test_doctor_and_location_are_asked_for_only_where_there_are_several(
    staff, practice
):
    alone = fields(staff.get(PRACTICE))
    factories.DoctorFactory()
    factories.LocationFactory()

    several = fields(staff.get(PRACTICE))

    asked = {"phones-0-doctor", "phones-0-location", "hours-0-location"}
    assert asked & alone.keys() == set()
    assert asked <= several.keys()


def test_a_text_may_be_in_both_languages_in_one_or_nowhere(staff, practice):
    texts = {
        "tagline_0": "Oncology",
        "tagline_1": "Oncologia",
        "introduction_0": "",
        "introduction_1": "Parole semplici.",
        "first_visit_0": "",
        "first_visit_1": "",
    }

    save(staff, PRACTICE, **texts)

    saved = Practice.objects.get()
    assert saved.tagline.data == {"en": "Oncology", "it": "Oncologia"}
    assert saved.introduction == LazyI18nString({"it": "Parole semplici."})
    assert str(saved.introduction) == "Parole semplici."
    assert str(saved.first_visit) == ""


def test_a_purpose_in_one_language_is_enough_and_none_is_refused(staff, practice):
    silent = PHONE | {"purpose_0": "", "purpose_1": ""}

    refused = save(staff, PRACTICE, **rows("phones", silent, first=1))
    saved = save(staff, PRACTICE, **rows("phones", PHONE | {"purpose_0": ""}, first=1))

    assert "This field is required." in errors(refused)
    assert errors(saved) == []
    assert str(Phone.objects.get(position=1).purpose) == "Pazienti in cura"


# Two people ##################################################################


def test_r19_the_second_of_two_people_overwrites_nothing_and_loses_nothing(practice):
    first, second = (
        somebody_who_may("change_practice", "view_practice", "change_phone")
        for _ in range(2)
    )
    opened = fields(second.get(PRACTICE))
    save(first, PRACTICE, name="Dr. First")
    typed = opened | {"name": "Dr. Second", "phones-0-purpose_0": "Typed"}

    response = second.post(PRACTICE, typed | {"_save": "1"})

    assert any(error.startswith(CONFLICT) for error in errors(response))
    kept, token = fields(response), "csrfmiddlewaretoken"
    assert kept | {token: typed[token]} == typed
    assert Practice.objects.get().name == "Dr. First"
    assert str(Phone.objects.get().purpose) == "Appointments"

    again = second.post(PRACTICE, kept | {"_save": "1"})

    assert any(error.startswith(CONFLICT) for error in errors(again))
    assert Practice.objects.get().name == "Dr. First"

    save(second, PRACTICE, name="Dr. Second")

    assert Practice.objects.get().name == "Dr. Second"


def test_two_rows_can_exchange_their_numbers(staff, practice):
    first = Phone.objects.get()
    second = factories.PhoneFactory(number="+393319584817")
    page = fields(staff.get(PRACTICE))
    swapped = {"phones-0-number": "331 958 4817", "phones-1-number": "331 761 2698"}

    response = staff.post(PRACTICE, page | swapped | {"_save": "1"})

    assert response.status_code == 302
    numbers = {phone.pk: phone.number.as_e164 for phone in Phone.objects.all()}
    assert numbers == {first.pk: "+393319584817", second.pk: "+393317612698"}


def test_deleting_a_location_keeps_its_numbers(staff, practice):
    location = Location.objects.get()
    factories.LocationFactory()
    Phone.objects.update(location=location)

    location.delete()

    assert Phone.objects.get().location is None


# Pictures ####################################################################


def test_a_picture_is_added_to_the_library_and_listed(staff):
    address = "/admin/clinic/picture/add/"

    save(staff, address, upload=upload(), name="The waiting room")

    picture = Picture.objects.get()
    assert (picture.name, picture.width) == ("The waiting room", 800)
    assert len(stored_files()) == 2 * len(picture.widths)
    page = parsed(staff.get("/admin/clinic/picture/"))
    assert page.css_first("td.field-thumbnail img").attributes["src"] == (
        picture.thumbnail
    )
    assert "The waiting room" in page.css_first("#result_list").text()
    assert page.css_first("td.field-measures").text() == "800 × 600"


def test_the_file_of_a_picture_is_never_replaced(staff):
    picture = Picture.objects.create_from_upload(upload())
    address = f"/admin/clinic/picture/{picture.pk}/change/"
    before = stored_files()

    save(staff, address, name="A new name", upload=upload())

    assert parsed(staff.get(address)).css("input[type=file]") == []
    assert (Picture.objects.get().name, Picture.objects.get().key) == (
        "A new name",
        picture.key,
    )
    assert stored_files() == before


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (None, "This field is required."),
        (b"<svg onload=alert(1)>", "This file is not a JPEG, PNG, WebP or AVIF"),
    ],
)
def test_what_is_no_picture_is_refused_and_the_name_kept(staff, file, sentence):
    given = upload(file) if file else None

    response = save(
        staff, "/admin/clinic/picture/add/", upload=given, name="The waiting room"
    )

    assert [error[: len(sentence)] for error in errors(response)] == [sentence]
    assert fields(response)["name"] == "The waiting room"
    assert Picture.objects.count() == 0
    assert stored_files() == []


def test_a_picture_that_cannot_be_saved_leaves_no_file(staff, monkeypatch):
    def break_off(*args, **kwargs):
        assert stored_files() != []
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(Picture, "save", break_off)

    with pytest.raises(RuntimeError, match="the disk is full"):
        save(staff, "/admin/clinic/picture/add/", upload=upload(), name="Lost")

    assert Picture.objects.count() == 0
    assert stored_files() == []


def test_a_file_is_chosen_among_pictures_only(staff):
    page = parsed(staff.get("/admin/clinic/picture/add/"))

    chooser = page.css_first("input[type=file]")

    assert chooser.attributes["accept"] == (
        "image/jpeg,image/png,image/webp,image/avif"
    )


def test_an_unused_picture_is_deleted_with_its_files(
    staff, django_capture_on_commit_callbacks
):
    picture = Picture.objects.create_from_upload(upload())

    with django_capture_on_commit_callbacks(execute=True):
        staff.post(f"/admin/clinic/picture/{picture.pk}/delete/", {"post": "yes"})

    assert Picture.objects.count() == 0
    assert stored_files() == []


def use_as_portrait(picture):
    return factories.DoctorFactory(portrait=picture)


def use_in_article(picture):
    return factories.ArticleFactory(picture=picture, picture_decorative=True)


@pytest.mark.parametrize("use", [use_as_portrait, use_in_article])
def test_a_used_picture_cannot_be_deleted(
    staff, use, django_capture_on_commit_callbacks
):
    picture = Picture.objects.create_from_upload(upload())
    user = use(picture)
    address = f"/admin/clinic/picture/{picture.pk}/delete/"

    with django_capture_on_commit_callbacks(execute=True):
        asked = staff.get(address)
        staff.post(address, {"post": "yes"})
        staff.post(
            "/admin/clinic/picture/",
            {
                "action": "delete_selected",
                "_selected_action": picture.pk,
                "post": "yes",
            },
        )

    page = parsed(asked).css_first("#content").text()
    assert "protected related objects" in page
    assert str(user) in page
    assert Picture.objects.get() == picture
    assert stored_files() != []


# Who may do what #############################################################

ADDRESSES = [
    "/admin/clinic/practice/",
    PRACTICE,
    "/admin/clinic/picture/",
    "/admin/clinic/picture/add/",
    "/admin/clinic/user/",
    "/admin/clinic/user/add/",
    "/admin/auth/group/",
    "/admin/articles/topic/",
    "/admin/articles/wording/",
    "/admin/articles/wording/add/",
]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_staff_without_the_permission_are_refused(practice, address, method):
    client = somebody_who_may("view_article")

    response = getattr(client, method)(address)

    assert response.status_code == 403


@pytest.mark.parametrize("address", ADDRESSES)
def test_visitors_are_sent_to_the_door(client, practice, address):
    response = client.get(address)

    assert response.status_code == 302
    assert response.url == f"/admin/login/?next={address}"


def test_who_may_only_look_finds_no_field_and_saves_nothing(practice):
    client = somebody_who_may("view_practice", "view_phone")

    shown = client.get(PRACTICE)
    sent = client.post(PRACTICE, {"name": "Forged", "phones-0-number": "1"})

    page = parsed(shown).css_first("#content-main")
    assert "+39 331 761 2698" in page.text()
    assert "version" not in page.text().lower()
    assert page.css("input:not([type=hidden]), select, textarea") == []
    assert sent.status_code == 403
    assert Practice.objects.get().name == "Dr. Test"


def test_a_row_is_not_added_by_hand_without_the_permission(practice):
    client = somebody_who_may("change_practice")
    forged = rows("phones", PHONE, first=1) | {"phones-INITIAL_FORMS": "1"}

    save(client, PRACTICE, name="Dr. Changed", **forged)

    assert Practice.objects.get().name == "Dr. Changed"
    assert Phone.objects.count() == 1


# Screen readers ##############################################################


@pytest.mark.parametrize("language", ["en", "it"])
@pytest.mark.parametrize("several", [False, True])
def test_every_field_of_the_practice_has_a_name(staff, practice, language, several):
    if several:
        factories.DoctorFactory()
        factories.LocationFactory()
    staff.cookies[settings.LANGUAGE_COOKIE_NAME] = language

    page = staff.get(PRACTICE)

    assert len(parsed(page).css("input, select, textarea")) > 100
    assert unnamed(page) == []


@pytest.mark.parametrize(
    "address",
    [
        "/admin/clinic/practice/add/",
        "/admin/clinic/picture/",
        "/admin/clinic/picture/add/",
        "/admin/articles/topic/add/",
        "/admin/articles/article/",
        "/admin/articles/wording/",
        "/admin/articles/wording/add/",
        "/admin/auth/group/add/",
        "/admin/clinic/user/add/",
        "/admin/password_change/",
    ],
)
def test_every_field_of_the_other_pages_has_a_name(staff, address):
    Picture.objects.create_from_upload(upload())

    page = staff.get(address)

    assert len(parsed(page).css("#content-main input")) > 0
    assert unnamed(page) == []


def test_choices_are_read_as_a_group_with_a_name(staff, practice):
    factories.PhoneFactory()

    phones = groups_of(parsed(staff.get(PRACTICE)))
    user = factories.UserFactory()
    roles = groups_of(parsed(staff.get(f"/admin/clinic/user/{user.pk}/change/")))

    assert "Languages spoken" in phones
    assert roles == ["Roles"]


# Keys that come from no list ##################################################


@pytest.mark.parametrize("sent", ["abc", "", "9" * 30, "-" + "9" * 30, "1.5", "\0"])
def test_an_action_on_what_can_be_no_row_is_one_on_nothing(staff, sent):
    topic = factories.TopicFactory()
    chosen = {"action": "delete_selected", "post": "yes"}

    for lists in ("articles/topic", "articles/condition", "clinic/picture"):
        answer = staff.post(
            f"/admin/{lists}/", chosen | {"_selected_action": [topic.pk, sent]}
        )

        assert answer.status_code == 302, lists
        assert "Items must be selected" in said(staff.get(answer.url))[0]
    assert Topic.objects.exists()


# Queries #####################################################################


def a_picture():
    number = Picture.objects.count()
    return Picture.objects.create(
        key=f"{number:032}", name="x", width=320, height=240, widths=[320],
        fallback="jpg",
    )  # fmt: skip


def an_article_sent_for_review():
    article = factories.ArticleFactory()
    article.submit(by=factories.UserFactory())


def a_published_article():
    factories.publish(factories.ArticleFactory())


def a_wording():
    number = Wording.objects.count()
    Wording.objects.create(language="en", phrase=f"phrase {number}", reason="x")


@pytest.mark.parametrize(
    ("address", "make"),
    [
        ("/admin/", factories.ArticleFactory),
        ("/admin/", an_article_sent_for_review),
        ("/admin/", a_published_article),
        ("/admin/articles/article/", factories.ArticleFactory),
        ("/admin/articles/article/", a_published_article),
        ("/admin/articles/article/?waiting=to-sign", an_article_sent_for_review),
        ("/admin/articles/topic/", factories.TopicFactory),
        ("/admin/articles/wording/", a_wording),
        ("/admin/clinic/picture/", a_picture),
        ("/admin/clinic/user/", factories.UserFactory),
        (
            "/admin/auth/group/",
            lambda: Group.objects.create(name=f"Group {Group.objects.count()}"),
        ),
    ],
)
def test_a_list_asks_the_database_as_often_for_thirty_rows_as_for_one(
    staff, practice, address, make
):
    make()
    one = queries_of(staff, address)
    for _ in range(29):
        make()

    assert queries_of(staff, address) == one


def test_a_row_of_the_practice_costs_no_query_where_there_is_one_doctor(
    staff, practice
):
    Doctor.objects.exclude(pk=Doctor.objects.first().pk).delete()
    one = queries_of(staff, PRACTICE)
    for number in range(14):
        factories.PhoneFactory(number=f"+3933195848{number:02}")

    assert queries_of(staff, PRACTICE) == one


def test_a_phone_costs_its_two_lists_of_choices_where_there_are_several(
    staff, practice
):
    """Each row asks anew which doctors and which locations there are."""
    factories.DoctorFactory()
    factories.LocationFactory()
    one = queries_of(staff, PRACTICE)
    for number in range(14):
        factories.PhoneFactory(number=f"+3933195848{number:02}")

    assert queries_of(staff, PRACTICE) == one + 14 * 2


def test_an_e_mail_address_is_edited_beside_the_numbers(staff, practice):
    save(staff, PRACTICE, **{"emails-0-address": "nuovo@example.org"})

    assert Email.objects.get().address == "nuovo@example.org"


# Accounts ####################################################################


def test_a_manager_gives_somebody_a_new_password(staff):
    user = factories.UserFactory()
    new = "four plain words here"

    response = staff.post(
        f"/admin/clinic/user/{user.pk}/password/",
        {"password1": new, "password2": new},
    )

    user.refresh_from_db()
    assert response.status_code == 302
    assert user.check_password(new)
