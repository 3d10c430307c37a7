"""Open now: in a sentence and as a table, by a clock that the tests stop."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from clinic.models import Practice
from tests import factories
from tests.clinic.test_views import get, hours_on, words

pytestmark = pytest.mark.django_db

ROME = ZoneInfo("Europe/Rome")
CONTACT = ["/contact/", "/it/contatti/"]


def at(moment):
    """Stop the clock when one in Rome shows this."""
    face = datetime.fromisoformat(moment).replace(tzinfo=ROME)
    return time_machine.travel(face, tick=False)


def statuses(client, address):
    return [words(node) for node in get(client, address).css("main .status")]


@pytest.fixture
def hours(db):
    """Mondays, in the afternoon by appointment, and Thursdays."""
    factories.LocationFactory()
    factories.DoctorFactory(slug="ada")
    factories.HoursFactory(weekday=0)
    factories.HoursFactory(
        weekday=0, opens=time(15), closes=time(18, 30), by_appointment=True
    )
    factories.HoursFactory(weekday=3)


# In a sentence ###############################################################

# 8 June 2026 is a Monday.
STATUS = [
    ("2026-06-08T08:59", "Closed, opens today at 9:00"),
    ("2026-06-08T09:00", "Open now, until 13:00"),
    ("2026-06-08T12:59", "Open now, until 13:00"),
    ("2026-06-08T13:00", "Closed, opens today at 15:00 by appointment only"),
    ("2026-06-08T16:00", "Open now by appointment only, until 18:30"),
    ("2026-06-08T18:30", "Closed, opens Thursday at 9:00"),
    ("2026-06-10T23:59", "Closed, opens tomorrow at 9:00"),
    ("2026-06-11T13:00", "Closed, opens Monday at 9:00"),
]


@pytest.mark.parametrize("address", ["/", "/contact/", "/doctors/ada/"])
@pytest.mark.parametrize(("moment", "sentence"), STATUS)
def test_a_page_says_whether_the_practice_is_open(
    client, hours, address, moment, sentence
):
    with at(moment):
        assert statuses(client, address) == [sentence]


@pytest.mark.parametrize(
    ("moment", "parts"),
    [
        ("2026-06-08T09:00", ["13:00"]),
        ("2026-06-08T16:00", ["18:30"]),
        ("2026-06-11T13:00", ["lunedì", "9:00"]),
        ("2026-08-05T10:00", ["(Ferie)", "24 agosto 2026", "9:00"]),
    ],
)
def test_it_says_so_in_italian_too(client, hours, moment, parts):
    factories.ClosureFactory(reason={"en": "Holidays", "it": "Ferie"})

    with at(moment):
        (sentence,) = statuses(client, "/it/contatti/")

    assert [part for part in parts if part not in sentence] == []


def test_the_next_opening_a_week_ahead_has_a_date(client):
    factories.HoursFactory(weekday=0)

    with at("2026-06-08T13:00"):
        assert statuses(client, "/contact/") == [
            "Closed, opens on 15 June 2026 at 9:00"
        ]


@pytest.mark.parametrize(
    ("moment", "sentence"),
    [
        ("2026-08-02T23:59", "Closed, opens on 24 August 2026 at 9:00"),
        ("2026-08-03T00:00", "Closed (<b>Away</b>), opens on 24 August 2026 at 9:00"),
        ("2026-08-21T23:59", "Closed (<b>Away</b>), opens Monday at 9:00"),
        ("2026-08-22T00:00", "Closed, opens Monday at 9:00"),
    ],
)
def test_a_closure_says_why_and_when_the_practice_opens_again(
    client, hours, moment, sentence
):
    factories.ClosureFactory(reason=factories.both("<b>Away</b>"))

    with at(moment):
        assert statuses(client, "/contact/") == [sentence]


def test_a_closure_without_reason_closes_all_the_same(client, hours):
    factories.ClosureFactory(reason="", last_day=date(2030, 1, 1))

    with at("2026-08-03T10:00"):
        assert statuses(client, "/contact/") == ["Closed"]


@pytest.mark.parametrize("address", ["/", "/contact/", "/doctors/ada/"])
def test_a_reason_in_another_language_is_marked_in_the_sentence(client, hours, address):
    factories.ClosureFactory(reason={"it": "Ferie & <b>riposo</b>"})

    with at("2026-08-03T10:00"):
        (status,) = get(client, address).css("main .status")

    reason = '<span lang="it">Ferie &amp; &lt;b&gt;riposo&lt;/b&gt;</span>'
    assert f"Closed ({reason}), opens on 24 August 2026 at 9:00" in status.html


# 29 June, a Monday in 2026, is a holiday in Rome only; 2 June, a Tuesday, in Italy.
@pytest.mark.parametrize(
    ("practice", "day", "sentence"),
    [
        ({"country": "IT"}, "02", "Closed (Republic Day), opens tomorrow at 9:00"),
        ({"country": "FR"}, "02", "Open now, until 13:00"),
        ({}, "02", "Open now, until 13:00"),
        (
            {"country": "IT", "closed_on_holidays": False},
            "02",
            "Open now, until 13:00",
        ),
        (
            {"country": "IT", "region": "RM"},
            "29",
            "Closed (Saints Peter and Paul's Day), opens tomorrow at 9:00",
        ),
        ({"country": "IT", "region": "MI"}, "29", "Open now, until 13:00"),
    ],
)
def test_a_public_holiday_of_the_practice_closes_it(client, practice, day, sentence):
    factories.PracticeFactory(**practice)
    for weekday in range(5):
        factories.HoursFactory(weekday=weekday)

    with at(f"2026-06-{day}T10:00"):
        assert statuses(client, "/contact/") == [sentence]


def test_hours_of_that_one_day_open_the_practice_on_a_holiday(client):
    factories.PracticeFactory(country="IT")
    factories.HoursFactory(weekday=1)
    day = date(2026, 6, 2)
    factories.HoursFactory(weekday=1, closes=time(11), valid_from=day, valid_until=day)

    with at("2026-06-02T10:00"):
        assert statuses(client, "/contact/") == ["Open now, until 11:00"]


def test_a_holiday_has_its_name_in_the_language_of_the_page(client):
    factories.PracticeFactory(country="IT")
    factories.HoursFactory(weekday=1)

    with at("2026-06-02T10:00"):
        (week,) = hours_on(get(client, "/it/contatti/"))
        (sentence,) = statuses(client, "/it/contatti/")

    assert "Festa della Repubblica" in sentence
    assert any("(Festa della Repubblica)" in hours for hours in week.values())


@pytest.mark.parametrize("address", ["/", "/contact/", "/doctors/ada/"])
def test_without_any_hours_no_page_says_open_or_closed(client, address):
    factories.LocationFactory()
    factories.DoctorFactory(slug="ada")
    factories.ClosureFactory()

    with at("2026-08-03T10:00"):
        assert statuses(client, address) == []


@pytest.mark.parametrize(
    ("moment", "sentence"),
    [
        # Clocks go forward on Sunday 29 March at 2:00, back on 25 October at 3:00.
        ("2026-03-28T20:00", "Closed, opens tomorrow at 9:00"),
        ("2026-03-29T08:59", "Closed, opens today at 9:00"),
        ("2026-03-29T09:00", "Open now, until 13:00"),
        ("2026-10-25T08:59", "Closed, opens today at 9:00"),
        ("2026-10-25T12:59", "Open now, until 13:00"),
        ("2026-10-25T13:00", "Closed, opens on 1 November 2026 at 9:00"),
    ],
)
def test_the_days_on_which_clocks_change_keep_their_hours(client, moment, sentence):
    factories.HoursFactory(weekday=6)

    with at(moment):
        assert statuses(client, "/contact/") == [sentence]


def test_two_locations_have_their_own_hours_and_closures(client):
    one = factories.LocationFactory()
    two = factories.LocationFactory(position=1)
    factories.DoctorFactory(slug="ada")
    factories.HoursFactory(weekday=0, location=one)
    factories.HoursFactory(weekday=0, location=two, closes=time(18))
    factories.ClosureFactory(location=two, reason=factories.both("Repairs"))

    with at("2026-08-03T10:00"):
        page = get(client, "/contact/")
        elsewhere = [statuses(client, address) for address in ("/", "/doctors/ada/")]

    of_one, of_two = (words(place) for place in page.css("section.place"))
    assert "Open now, until 13:00" in of_one
    assert "Repairs" not in of_one
    assert "Closed (Repairs), opens on 24 August 2026 at 9:00" in of_two
    assert len(page.css("main .status")) == 2
    assert elsewhere == [[], []]  # it would not say of which of them


# The table and what differs from it ##########################################


def test_the_day_of_a_closure_is_closed_in_the_table_and_says_why(client, hours):
    factories.ClosureFactory()

    with at("2026-08-03T10:00"):
        page = get(client, "/contact/")

    (week,) = hours_on(page)
    assert week["Monday (today)"] == week["Thursday"] == "closed (Summer holidays)"
    assert words(page.css_first("tr[aria-current=date] th")) == "Monday (today)"


def captions(page):
    return [words(caption) for caption in page.css("table.hours caption")]


def test_hours_of_a_period_are_announced_and_then_in_force(client, hours):
    factories.HoursFactory(
        weekday=1,
        opens=time(8),
        closes=time(10),
        valid_from=date(2026, 8, 1),
        valid_until=date(2026, 8, 31),
    )

    with at("2026-07-20T12:00"):
        before = get(client, "/contact/")
    with at("2026-08-04T09:00"):
        during = get(client, "/contact/")
        sentence = statuses(client, "/contact/")

    period = "From 1 August 2026 to 31 August 2026"
    assert captions(before) == ["Opening hours", period]
    regular, announced = hours_on(before)
    assert regular["Monday (today)"] == "9:00–13:00 and 15:00–18:30 by appointment"
    assert [day for day, open in announced.items() if open != "closed"] == ["Tuesday"]
    assert captions(during) == ["Opening hours", "From 1 September 2026 on"]
    week, again = hours_on(during)
    assert again["Monday"] == "9:00–13:00 and 15:00–18:30 by appointment"
    assert week["Tuesday (today)"] == "8:00–10:00"
    assert week["Monday"] == "closed"
    assert sentence == ["Open now, until 10:00"]


def test_hours_as_they_are_now_are_not_told_again_after_an_exception(client, hours):
    factories.HoursFactory(weekday=3, valid_from=date(2026, 11, 1), opens=time(10))
    eve = date(2026, 12, 24)
    factories.HoursFactory(weekday=3, valid_from=eve, valid_until=eve, closes=time(11))

    with at("2026-10-20T10:00"):
        autumn = get(client, "/contact/")
    with at("2026-12-01T10:00"):
        winter = get(client, "/contact/")

    assert captions(autumn) == [
        "Opening hours",
        "From 1 November 2026 to 23 December 2026",
        "On 24 December 2026",
        "From 25 December 2026 on",
    ]
    assert captions(winter) == ["Opening hours", "On 24 December 2026"]
    assert hours_on(winter)[1] == {"Thursday": "9:00–11:00"}


@pytest.mark.parametrize(("ahead", "told"), [(90, True), (91, False)])
def test_hours_that_differ_are_announced_ninety_days_ahead(client, hours, ahead, told):
    first = date(2026, 9, 1) + timedelta(days=ahead)
    factories.HoursFactory(weekday=4, valid_from=first)

    with at("2026-09-01T10:00"):
        page = get(client, "/contact/")

    assert (len(captions(page)) == 2) is told


@pytest.mark.parametrize("address", CONTACT)
@pytest.mark.parametrize(("ahead", "told"), [(-1, 0), (0, 1), (89, 1), (90, 0)])
def test_closings_are_announced_ninety_days_ahead(client, hours, address, ahead, told):
    day = date(2026, 9, 1) + timedelta(days=ahead)
    factories.ClosureFactory(first_day=day, last_day=day)

    with at("2026-09-01T10:00"):
        notes = get(client, address).css(".hours__notes li")

    assert len(notes) == told
    assert all("Summer holidays" in words(note) for note in notes)


def test_a_closing_is_told_with_its_days_and_its_reason(client, hours):
    Practice.objects.update(country="IT")
    factories.ClosureFactory()
    day = date(2026, 7, 2)
    factories.ClosureFactory(first_day=day, last_day=day, reason="")
    factories.HoursFactory(weekday=1)

    with at("2026-06-01T10:00"):
        notes = get(client, "/contact/").css(".hours__notes li")

    assert [words(note) for note in notes] == [
        "Closed on 2 June 2026: Republic Day.",
        "Closed on 2 July 2026.",
        "Closed from 3 August 2026 to 21 August 2026: Summer holidays.",
    ]


def test_the_table_shows_the_seven_days_to_come_each_in_its_own_row(client, hours):
    factories.ClosureFactory(first_day=date(2026, 6, 15), last_day=date(2026, 6, 16))

    with at("2026-06-10T10:00"):
        (week,) = hours_on(get(client, "/contact/"))

    assert list(week)[0] == "Monday"
    assert week["Monday"] == "closed (Summer holidays)"  # that of next week
    assert week["Wednesday (today)"] == "closed"
    assert week["Thursday"] == "9:00–13:00"


# Asked again #################################################################


@pytest.mark.parametrize("address", ["/", *CONTACT, "/doctors/ada/"])
@pytest.mark.parametrize(
    ("moment", "status"), [("2026-06-08T12:59", 304), ("2026-06-08T13:00", 200)]
)
def test_a_page_is_sent_anew_as_soon_as_the_clock_changes_it(
    visitor, hours, address, moment, status
):
    with at("2026-06-08T12:30"):
        tag = visitor.get(address)["ETag"]

    with at(moment):
        again = visitor.get(address, HTTP_IF_NONE_MATCH=tag)

    assert again.status_code == status
    assert (again["ETag"] == tag) is (status == 304)
