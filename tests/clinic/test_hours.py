"""Opening hours: the rules one by one, then all of them against a second opinion.

The oracle is ``opening_hours`` (OpenStreetMap's rules, in Rust). In the hour that an
autumn night has twice it contradicts itself (``is_open`` goes by the clock's face,
``next_change`` by the second time that face is shown), so that hour has examples only.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import opening_hours
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from clinic.hours import (
    Day,
    Schedule,
    Status,
    Stretch,
    is_known,
    moment,
    public_holidays,
)

ROME = ZoneInfo("Europe/Rome")
MONDAY = date(2026, 3, 2)
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
CHRISTMAS = date(2026, 12, 25)

derandomised = settings(deadline=None, derandomize=True, database=None)


@dataclass
class Hours:
    weekday: int
    opens: time
    closes: time
    by_appointment: bool = False
    valid_from: date | None = None
    valid_until: date | None = None


@dataclass
class Closed:
    first_day: date
    last_day: date
    reason: Any = ""


def clock(text):
    return time.fromisoformat(text)


def row(weekday, hours, **values):
    opens, closes = hours.split("-")
    return Hours(weekday, clock(opens), clock(closes), **values)


def stretch(hours, by_appointment=False):
    opens, closes = hours.split("-")
    return Stretch(clock(opens), clock(closes), by_appointment)


def no_holidays(year):
    return {}


def schedule(*rows, closures=(), holidays=no_holidays, zone=ROME):
    return Schedule(rows, closures, holidays, zone)


def rome(text):
    return datetime.fromisoformat(text).replace(tzinfo=ROME)


def seen(status):
    """A status with its moments as texts: equality of datetimes ignores offsets."""
    moments = [value and value.isoformat() for value in (status.until, status.opens)]
    return (status.is_open, status.by_appointment, *moments, status.reason)


EVERY_MORNING = [row(weekday, "09:00-13:00") for weekday in range(7)]
WEEKDAYS = [row(weekday, "09:00-13:00") for weekday in range(5)]


def christmas(year):
    return {
        date(year, 12, 25): "Christmas Day",
        date(year, 12, 26): "Saint Stephen's Day",
    }


# Days and weeks


def test_the_hours_of_a_day_come_in_order():
    hours = schedule(
        row(0, "15:00-18:00"), row(1, "10:00-11:00"), row(0, "09:00-13:00")
    )

    assert hours.day(MONDAY) == Day(
        MONDAY, (stretch("09:00-13:00"), stretch("15:00-18:00"))
    )


@pytest.mark.parametrize(
    ("rows", "shown"),
    [
        (["09:00-12:00", "12:00-14:00"], [("09:00-14:00", False)]),
        (["09:00-12:00", "11:00-14:00"], [("09:00-14:00", False)]),
        (["09:00-14:00", "10:00-11:00"], [("09:00-14:00", False)]),
        (["09:00-14:00", "09:00-14:00"], [("09:00-14:00", False)]),
        (["a09:00-12:00", "a11:00-14:00"], [("09:00-14:00", True)]),
        (["09:00-12:00", "a12:00-14:00"], [("09:00-12:00", False), ("12:00-14:00", 1)]),
        (["09:00-12:00", "a11:00-14:00"], [("09:00-12:00", False), ("12:00-14:00", 1)]),
        (
            ["a09:00-14:00", "10:00-11:00"],
            [("09:00-10:00", 1), ("10:00-11:00", False), ("11:00-14:00", 1)],
        ),
        (["09:00-14:00", "a10:00-11:00"], [("09:00-14:00", False)]),
    ],
)
def test_stretches_of_one_kind_unite_and_normal_ones_win(rows, shown):
    hours = schedule(
        *(row(0, text.strip("a"), by_appointment=text[0] == "a") for text in rows)
    )

    assert list(hours.day(MONDAY).stretches) == [stretch(*values) for values in shown]


def test_hours_of_a_period_replace_the_whole_week_on_its_days_only():
    first, last = MONDAY, MONDAY + timedelta(days=13)
    hours = schedule(
        *WEEKDAYS, row(2, "16:00-18:00", valid_from=first, valid_until=last)
    )
    regular = [(stretch("09:00-13:00"),)] * 5 + [(), ()]
    own = [(), (), (stretch("16:00-18:00"),), (), (), (), ()]

    assert hours.weekly(first - timedelta(days=1)) == regular
    assert hours.weekly(first) == own
    assert hours.weekly(last) == own
    assert hours.weekly(last + timedelta(days=1)) == regular
    assert hours.day(first).stretches == ()
    assert hours.day(first + timedelta(days=2)).stretches == own[2]


@pytest.mark.parametrize("name", ["valid_from", "valid_until"])
def test_a_period_may_be_open_at_one_end(name):
    hours = schedule(row(0, "09:00-13:00"), row(0, "10:00-11:00", **{name: MONDAY}))
    week = timedelta(days=7)
    inside, outside = (week, -week) if name == "valid_from" else (-week, week)

    assert hours.day(MONDAY).stretches == (stretch("10:00-11:00"),)
    assert hours.day(MONDAY + inside).stretches == (stretch("10:00-11:00"),)
    assert hours.day(MONDAY + outside).stretches == (stretch("09:00-13:00"),)


def test_christmas_eve_until_noon_is_one_row():
    eve = date(2026, 12, 24)
    hours = schedule(*WEEKDAYS, row(3, "09:00-12:00", valid_from=eve, valid_until=eve))

    assert hours.day(eve).stretches == (stretch("09:00-12:00"),)
    assert hours.day(eve - timedelta(days=1)).stretches == (stretch("09:00-13:00"),)
    assert hours.day(eve + timedelta(days=1)).stretches == (stretch("09:00-13:00"),)


def test_of_two_periods_the_shorter_decides():
    winter, eve = date(2026, 9, 1), date(2026, 12, 24)
    hours = schedule(
        *WEEKDAYS,
        row(3, "08:00-18:00", valid_from=winter),
        row(3, "09:00-12:00", valid_from=eve, valid_until=eve),
    )

    assert hours.day(eve).stretches == (stretch("09:00-12:00"),)
    assert hours.day(eve + timedelta(days=7)).stretches == (stretch("08:00-18:00"),)


def test_of_two_periods_as_short_the_one_that_begins_later_decides():
    days = [MONDAY + timedelta(days=n) for n in range(3)]
    hours = schedule(
        row(1, "09:00-10:00", valid_from=days[0], valid_until=days[1]),
        row(1, "15:00-16:00", valid_from=days[1], valid_until=days[2]),
    )

    assert hours.day(days[1]).stretches == (stretch("15:00-16:00"),)


def test_the_coming_days_are_told_from_monday_to_sunday():
    wednesday = MONDAY + timedelta(days=2)
    closures = [Closed(MONDAY, MONDAY, "Too early to matter")]
    closures.append(Closed(MONDAY + timedelta(days=8), date(2026, 3, 10), "Next week"))
    days = schedule(*WEEKDAYS, closures=closures).coming(wednesday)

    assert [day.date - wednesday for day in days] == [
        timedelta(days=n) for n in (5, 6, 0, 1, 2, 3, 4)
    ]
    assert [day.reason for day in days] == [None, "Next week", *[None] * 5]


def test_a_closure_closes_its_first_and_last_day():
    last = MONDAY + timedelta(days=2)
    hours = schedule(*EVERY_MORNING, closures=[Closed(MONDAY, last, "Ski week")])

    days = [hours.day(MONDAY + timedelta(days=n)) for n in range(-1, 4)]

    assert [day.reason for day in days] == [None, *["Ski week"] * 3, None]
    assert [day.is_exception for day in days] == [False, True, True, True, False]
    assert [bool(day.stretches) for day in days] == [True, False, False, False, True]


@pytest.mark.parametrize("reason", ["", None])
def test_a_closure_without_words_is_an_exception_too(reason):
    hours = schedule(*EVERY_MORNING, closures=[Closed(MONDAY, MONDAY, reason)])

    assert hours.day(MONDAY) == Day(MONDAY, (), "")
    assert hours.day(MONDAY).is_exception is True


def test_of_two_closures_the_one_that_began_first_gives_the_reason():
    closures = [
        Closed(MONDAY, MONDAY, "Later"),
        Closed(MONDAY - timedelta(days=1), MONDAY, "Earlier"),
    ]

    assert schedule(*WEEKDAYS, closures=closures).day(MONDAY).reason == "Earlier"


def test_a_holiday_closes_even_hours_of_a_period():
    hours = schedule(row(4, "09:00-10:00", valid_from=CHRISTMAS), holidays=christmas)

    assert hours.day(CHRISTMAS) == Day(CHRISTMAS, (), "Christmas Day")
    assert hours.weekly(CHRISTMAS)[4] == (stretch("09:00-10:00"),)


def test_hours_of_that_very_day_win_over_a_holiday():
    hours = schedule(
        row(4, "09:00-10:00", valid_from=CHRISTMAS, valid_until=CHRISTMAS),
        holidays=christmas,
    )

    assert hours.day(CHRISTMAS) == Day(CHRISTMAS, (stretch("09:00-10:00"),))


def test_a_closures_words_win_over_the_holidays_name():
    closures = [Closed(CHRISTMAS, CHRISTMAS, "Moving house")]
    hours = schedule(*EVERY_MORNING, closures=closures, holidays=christmas)

    assert hours.day(CHRISTMAS).reason == "Moving house"


# Now and next


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("08:59:59", (False, False, None, "2026-03-02T09:00:00+01:00", None)),
        ("09:00", (True, False, "2026-03-02T12:00:00+01:00", None, None)),
        ("11:59:59", (True, False, "2026-03-02T12:00:00+01:00", None, None)),
        ("12:00", (True, True, "2026-03-02T13:00:00+01:00", None, None)),
        ("13:00", (False, False, None, "2026-03-02T15:00:00+01:00", None)),
        ("18:00", (False, False, None, "2026-03-04T09:00:00+01:00", None)),
    ],
)
def test_the_status_through_a_day(at, expected):
    hours = schedule(
        row(0, "09:00-12:00"),
        row(0, "12:00-13:00", by_appointment=True),
        row(0, "15:00-18:00"),
        row(2, "09:00-12:00"),
    )

    assert seen(hours.status(rome(f"2026-03-02T{at}"))) == expected


@pytest.mark.parametrize(
    ("at", "by_appointment"),
    [("10:00", False), ("13:00", True), ("15:00", False), ("18:00", False)],
)
def test_the_status_knows_whether_the_next_opening_is_by_appointment(
    at, by_appointment
):
    hours = schedule(*WEEKDAYS, row(0, "15:00-18:00", by_appointment=True))

    status = hours.status(rome(f"2026-03-02T{at}"))

    assert status.opens_by_appointment is by_appointment


def test_the_status_goes_by_the_practices_zone_not_the_askers():
    hours = schedule(row(0, "00:15-23:45"), zone=ZoneInfo("Asia/Tokyo"))

    status = hours.status(datetime(2026, 3, 1, 15, 30, tzinfo=UTC))

    assert seen(status) == (True, False, "2026-03-02T23:45:00+09:00", None, None)


def test_closed_for_a_reason_says_so_and_when_it_opens_again():
    hours = schedule(*EVERY_MORNING, holidays=christmas)

    assert seen(hours.status(rome("2026-12-25T10:00"))) == (
        *(False, False, None),
        *("2026-12-27T09:00:00+01:00", "Christmas Day"),
    )


@pytest.mark.parametrize(("days", "opens"), [(59, True), (60, False)])
def test_the_next_opening_is_looked_for_in_the_next_sixty_days(days, opens):
    closures = [Closed(MONDAY, MONDAY + timedelta(days=days))]
    hours = schedule(*EVERY_MORNING, closures=closures)

    status = hours.status(rome("2026-03-02T10:00"))

    assert (status.opens is not None) is opens
    assert status.reason == ""


def test_unknown_is_not_closed():
    nothing = schedule(closures=[Closed(MONDAY, MONDAY)])

    assert nothing.is_known is False
    assert nothing.status(rome("2026-03-02T10:00")) is None
    assert nothing.next_change(rome("2026-03-02T10:00")) is None
    assert nothing.weekly(MONDAY) == [()] * 7
    assert schedule(*WEEKDAYS).is_known is True


@pytest.mark.parametrize("ask", [Schedule.status, Schedule.next_change])
@pytest.mark.parametrize("rows", [WEEKDAYS, []])
def test_a_moment_without_zone_is_refused(ask, rows):
    with pytest.raises(ValueError, match="has no time zone; pass an aware datetime"):
        ask(schedule(*rows), datetime(2026, 3, 2, 10))


@pytest.mark.parametrize(
    ("at", "change"),
    [
        ("2026-03-02T00:00", "2026-03-02T08:00:00+00:00"),
        ("2026-03-02T09:00", "2026-03-02T12:00:00+00:00"),
        ("2026-03-02T13:00", "2026-03-02T23:00:00+00:00"),
        ("2026-03-07T10:00", "2026-03-07T23:00:00+00:00"),
    ],
)
def test_the_next_change_is_an_opening_a_closing_or_midnight(at, change):
    assert schedule(*WEEKDAYS).next_change(rome(at)).isoformat() == change


# The two nights on which clocks change


@pytest.mark.parametrize(
    ("on", "rows", "openings"),
    [
        # The clock jumps from 02:00 to 03:00, at 01:00 UTC.
        (SPRING, ["01:00-02:30"], ["00:00-01:00"]),
        (SPRING, ["02:30-05:00"], ["01:00-03:00"]),
        (SPRING, ["01:00-05:00"], ["00:00-03:00"]),
        (SPRING, ["02:15-02:45"], []),
        (SPRING, ["01:00-02:10", "02:20-05:00"], ["00:00-03:00"]),
        (SPRING, ["01:00-02:45", "03:00-04:00"], ["00:00-02:00"]),
        # It shows 02:00 to 03:00 twice, from 00:00 UTC and from 01:00 UTC.
        (AUTUMN, ["01:00-02:30"], ["23:00-01:30"]),
        (AUTUMN, ["02:30-05:00"], ["00:30-04:00"]),
        (AUTUMN, ["01:00-05:00"], ["23:00-04:00"]),
        (AUTUMN, ["02:15-02:45"], ["00:15-01:45"]),
        (AUTUMN, ["00:00-02:00"], ["22:00-01:00"]),
        (AUTUMN, ["01:00-02:10", "02:20-05:00"], ["23:00-04:00"]),
        (AUTUMN, ["02:59-03:01"], ["00:59-02:01"]),
    ],
)
def test_openings_of_a_night_on_which_clocks_change(on, rows, openings):
    hours = schedule(*(row(6, text) for text in rows))
    midnight = datetime(on.year, on.month, on.day, tzinfo=ROME).astimezone(UTC)
    minutes = [midnight + timedelta(minutes=n) for n in range(8 * 60)]

    found = [at for at in minutes if hours.status(at).is_open]
    starts = [at for at in found if at - timedelta(minutes=1) not in found]
    ends = [
        at + timedelta(minutes=1)
        for at in found
        if at + timedelta(minutes=1) not in found
    ]

    pairs = zip(starts, ends, strict=True)
    assert [f"{start:%H:%M}-{end:%H:%M}" for start, end in pairs] == openings


def test_what_a_status_says_in_the_hour_that_comes_twice():
    hours = schedule(row(6, "02:15-02:45"))

    statuses = [
        hours.status(datetime(2026, 10, 25, *at, tzinfo=UTC))
        for at in [(0, 14), (0, 15), (1, 44), (1, 45)]
    ]

    assert [seen(status)[2:4] for status in statuses] == [
        (None, "2026-10-25T02:15:00+02:00"),
        ("2026-10-25T02:45:00+01:00", None),
        ("2026-10-25T02:45:00+01:00", None),
        (None, "2026-11-01T02:15:00+01:00"),
    ]


@pytest.mark.parametrize("on", [SPRING, AUTUMN])
def test_a_break_that_vanishes_in_the_night_ends_nothing(on):
    hours = schedule(row(6, "01:00-02:10"), row(6, "02:20-05:00"))

    status = hours.status(rome(f"{on}T01:30"))

    assert status.until.time() == clock("05:00")


@pytest.mark.parametrize(
    ("on", "hours_long"), [(SPRING, 23), (AUTUMN, 25), (MONDAY, 24)]
)
def test_a_day_ends_at_its_own_midnight(on, hours_long):
    start = datetime(on.year, on.month, on.day, tzinfo=ROME).astimezone(UTC)

    change = schedule(row(3, "09:00-13:00")).next_change(start)

    assert change - start == timedelta(hours=hours_long)


def test_a_day_that_has_no_midnight_begins_when_the_gap_ends():
    """Cairo's clocks jump from midnight to one o'clock."""
    cairo = ZoneInfo("Africa/Cairo")

    begins = moment(date(2026, 4, 24), time.min, cairo)

    assert begins.astimezone(cairo).isoformat() == "2026-04-24T01:00:00+03:00"


def test_hours_before_and_after_the_change_have_their_own_offset():
    hours = schedule(row(5, "09:00-13:00"), row(0, "09:00-13:00"))

    saturday = hours.status(rome("2026-10-24T10:00"))
    sunday = hours.status(rome("2026-10-25T10:00"))

    assert saturday.until.isoformat() == "2026-10-24T13:00:00+02:00"
    assert sunday.opens.isoformat() == "2026-10-26T09:00:00+01:00"


# Lists of exceptions and periods


def test_exceptions_are_whole_closures_and_lost_days_in_order():
    closures = [
        Closed(date(2027, 1, 4), date(2027, 1, 8), "Holidays"),
        Closed(date(2026, 12, 1), date(2026, 12, 21)),
        Closed(date(2027, 1, 20), date(2027, 1, 20), "Too late"),
        Closed(date(2026, 12, 20), date(2026, 12, 20), "Over"),
    ]
    hours = schedule(*WEEKDAYS, closures=closures, holidays=christmas)

    # 26 December 2026 is a Saturday, without hours anyway.
    assert hours.exceptions(date(2026, 12, 21), 15) == [
        (date(2026, 12, 1), date(2026, 12, 21), ""),
        (CHRISTMAS, CHRISTMAS, "Christmas Day"),
        (date(2027, 1, 4), date(2027, 1, 8), "Holidays"),
    ]
    assert len(hours.exceptions(date(2026, 12, 21), 14)) == 2


def test_neighbouring_holidays_of_one_name_are_one_exception():
    names = ["New Year", "Spring Festival", "Spring Festival"]
    days = {MONDAY + timedelta(days=n): name for n, name in enumerate(names)}
    hours = schedule(*WEEKDAYS, holidays=lambda year: days)

    tuesday = MONDAY + timedelta(days=1)
    assert hours.exceptions(MONDAY, 10) == [
        (MONDAY, MONDAY, "New Year"),
        (tuesday, tuesday + timedelta(days=1), "Spring Festival"),
    ]


def test_a_holiday_inside_a_closure_is_not_listed_again():
    closure = Closed(date(2026, 12, 24), date(2026, 12, 31), "Christmas")
    hours = schedule(*WEEKDAYS, closures=[closure], holidays=christmas)

    assert hours.exceptions(date(2026, 12, 1), 60) == [
        (closure.first_day, closure.last_day, "Christmas")
    ]


def test_the_weeks_are_that_in_force_and_those_that_begin_in_the_next_days():
    july, august = date(2026, 7, 1), date(2026, 8, 1)
    hours = schedule(
        *WEEKDAYS,
        row(1, "08:00-10:00", valid_from=july, valid_until=date(2026, 7, 31)),
        row(0, "08:00-12:00", valid_from=august, valid_until=date(2026, 8, 31)),
        row(4, "09:00-12:00", valid_until=date(2026, 1, 31)),
    )
    of_july = [(), (stretch("08:00-10:00"),), (), (), (), (), ()]
    of_august = [(stretch("08:00-12:00"),), (), (), (), (), (), ()]
    now = (None, date(2026, 7, 31), of_july)

    assert hours.weeks(july, 30) == [now]
    assert hours.weeks(july, 31) == [now, (august, date(2026, 8, 31), of_august)]
    assert hours.weeks(july, 62) == [
        now,
        (august, date(2026, 8, 31), of_august),
        (date(2026, 9, 1), None, hours.regular()),
    ]


def test_weeks_that_do_not_differ_are_one():
    august, september = date(2026, 8, 1), date(2026, 9, 1)
    hours = schedule(
        row(0, "08:00-12:00", valid_from=august, valid_until=date(2026, 8, 31)),
        row(0, "08:00-12:00", valid_from=september, valid_until=date(2026, 9, 30)),
    )

    of_summer = hours.weekly(august)
    assert hours.weeks(august, 10) == [(None, date(2026, 9, 30), of_summer)]
    assert hours.weeks(MONDAY, 180)[1] == (august, date(2026, 9, 30), of_summer)


def test_periods_that_overlap_are_cut():
    first, last = date(2026, 8, 1), date(2026, 8, 31)
    hours = schedule(
        row(0, "08:00-09:00", valid_from=first, valid_until=date(2026, 8, 20)),
        row(0, "10:00-11:00", valid_from=date(2026, 8, 10), valid_until=last),
    )
    morning, later = stretch("08:00-09:00"), stretch("10:00-11:00")

    # Of the two the first is the shorter: 20 days against 22.
    assert [
        (start, end, weekly[0]) for start, end, weekly in hours.weeks(MONDAY, 366)
    ] == [
        (None, date(2026, 7, 31), ()),
        (first, date(2026, 8, 20), (morning,)),
        (date(2026, 8, 21), last, (later,)),
        (date(2026, 9, 1), None, ()),
    ]


def test_a_period_until_the_end_of_time_has_no_end():
    hours = schedule(row(0, "08:00-09:00", valid_from=CHRISTMAS, valid_until=date.max))

    now, coming = hours.weeks(MONDAY, 366)

    assert now.weekdays == list(range(7))
    assert (coming.last_day, coming.weekdays) == (None, list(range(7)))


def test_a_short_week_knows_its_weekdays():
    eve = date(2026, 12, 24)
    hours = schedule(
        row(3, "09:00-12:00", valid_from=eve, valid_until=eve + timedelta(days=4))
    )

    _now, short, _regular = hours.weeks(MONDAY, 366)

    assert short.weekdays == [0, 3, 4, 5, 6]


def test_the_rows_are_read_once_however_much_is_asked():
    """Whatever staff enters, a page with many days of it must not get slow."""

    class Counted(Hours):
        reads = 0

        def __getattribute__(self, name):
            Counted.reads += name in Hours.__annotations__
            return super().__getattribute__(name)

    hours = schedule(Counted(0, clock("09:00"), clock("13:00")), holidays=christmas)
    hours.weekly(MONDAY)
    once = Counted.reads

    hours.status(rome("2026-03-03T10:00"))
    hours.exceptions(MONDAY, 366)
    hours.weeks(MONDAY, 366)

    assert Counted.reads == once


# Public holidays


def test_holidays_are_those_of_country_and_region():
    patrons = date(2026, 6, 29)

    assert patrons not in public_holidays("IT", "", "it")(2026)
    assert public_holidays("IT", "RM", "it")(2026)[patrons] == "Santi Pietro e Paolo"
    assert public_holidays("", "", "it")(2026) == {}


@pytest.mark.parametrize(
    ("country", "language", "name"),
    [
        ("IT", "it", "Natale"),
        ("IT", "it-it", "Natale"),
        ("IT", "en", "Christmas Day"),
        ("IT", "en-gb", "Christmas Day"),
        ("IT", "de", "Natale"),
        ("CH", "it", "Natale"),
        ("CH", "xx", "Weihnachten"),
        ("BR", "pt", "Natal"),
    ],
)
def test_holidays_speak_the_language_or_their_own(country, language, name, monkeypatch):
    """Never the server's, which the package would fall back on."""
    monkeypatch.setenv("LANGUAGE", "th")

    assert public_holidays(country, "", language)(2031)[date(2031, 12, 25)] == name


def test_holidays_of_a_year_are_worked_out_once():
    assert public_holidays("IT", "", "it")(2026) is public_holidays("IT", "", "it")(
        2026
    )


@pytest.mark.parametrize(
    ("country", "region", "expected"),
    [
        ("IT", "", True),
        ("IT", "RM", True),
        ("IT", "ZZ", False),
        ("it", "", False),
        ("XX", "", False),
        ("HolidayBase", "", False),
        ("", "", True),
        ("", "RM", False),
    ],
)
def test_countries_and_regions_can_be_checked(country, region, expected):
    assert is_known(country, region) is expected


def test_a_forgotten_region_or_country_breaks_no_page():
    national = public_holidays("IT", "", "it")(2026)

    assert public_holidays("IT", "ZZ", "it")(2026) == national
    assert public_holidays("XX", "", "it")(2026) == {}
    assert public_holidays("", "RM", "it")(2026) == {}


def test_italys_holidays_are_those_of_the_oracle():
    oracle = opening_hours.OpeningHours("00:00-24:00 off; PH", country="IT")
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    noon = {on: datetime(on.year, on.month, on.day, 12) for on in days}

    assert sorted(public_holidays("IT", "", "it")(2026)) == [
        on for on in days if oracle.is_open(noon[on])
    ]


# Everything at once, against the oracle

START = {"spring": date(2026, 3, 25), "autumn": date(2026, 10, 21)}
NAMES = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]
STATES = {"open": (True, False), "unknown": (True, True), "closed": (False, False)}


@st.composite
def schedules(draw):
    """Hours, some by night, and exceptions, all in ten days round a change of clocks.

    Returns the first of those days, the rows, the closures and the holidays.
    """
    first = START[draw(st.sampled_from(sorted(START)))]
    dates = st.integers(0, 9).map(lambda n: first + timedelta(days=n))
    # Some on the hour, so that stretches touch, and many round the change.
    minutes = st.one_of(
        st.integers(0, 23).map(lambda hour: hour * 60),
        st.integers(0, 20).map(lambda n: n * 15),
        st.integers(0, 24 * 60 - 1),
    )
    spans = st.tuples(minutes, minutes).map(sorted).filter(lambda s: s[0] < s[1])

    def rows(period):
        return st.builds(
            lambda weekday, span, by_appointment, period: Hours(
                weekday,
                *(time(*divmod(minute, 60)) for minute in span),
                by_appointment,
                *period,
            ),
            # The night of the change lies before a Sunday's morning.
            st.sampled_from([6, 6, 0, 1, 2, 3, 4, 5]),
            spans,
            st.booleans(),
            period,
        )

    ranges = st.tuples(dates, dates).map(sorted)
    periods = st.one_of(
        ranges,
        dates.map(lambda on: (on, on)),
        dates.map(lambda on: (on, None)),
        dates.map(lambda on: (None, on)),
    )
    regular = draw(st.lists(rows(st.just((None, None))), max_size=12))
    dated = draw(st.lists(rows(periods), max_size=3))
    closures = [Closed(*days, "Away") for days in draw(st.lists(ranges, max_size=1))]
    holidays = dict.fromkeys(draw(st.lists(dates, max_size=1)), "Holiday")
    assume(regular or dated)
    return first, [*regular, *dated], closures, holidays


def span_of(first, last):
    return f"{first or date(2000, 1, 1):%Y %b %d}-{last or date(2099, 12, 31):%Y %b %d}"


def expression(rows, closures, holidays):
    """The same schedule in OpenStreetMap's language.

    A rule after ";" replaces what came before on its days, one after "," adds to it;
    "unknown" stands for appointments and comes first: what is added wins.
    """

    def rule(row):
        kind = "unknown" if row.by_appointment else "open"
        hours = f"{NAMES[row.weekday]} {row.opens:%H:%M}-{row.closes:%H:%M} {kind}"
        return f"{span_of(row.valid_from, row.valid_until)} {hours}"

    rows = sorted(rows, key=lambda row: not row.by_appointment)
    by_period = {}
    for row in rows:
        first, last = row.valid_from or date.min, row.valid_until or date.max
        by_period.setdefault((first - last, first), []).append(row)
    groups = [
        [f"{span_of(group[0].valid_from, group[0].valid_until)} off", *map(rule, group)]
        for _length, group in sorted(by_period.items(), key=lambda item: item[0])
    ]
    own_day = {row.valid_from for row in rows if row.valid_from == row.valid_until}
    exceptions = [f"{span_of(on, on)} off" for on in holidays if on not in own_day]
    exceptions += [f"{span_of(c.first_day, c.last_day)} off" for c in closures]
    return "; ".join([", ".join(group) for group in groups] + exceptions)


def comes_twice(at):
    """Whether Rome's clock shows the time of this moment twice."""
    first, second = (at.astimezone(ROME).replace(fold=fold) for fold in (0, 1))
    return first.utcoffset() != second.utcoffset()


def oracles_next_change(oracle, at, state):
    """The oracle's next moment of another state, if it comes in the next 60 days.

    It also names changes to the same state, and openings that a gap swallows whole.
    """
    spans = oracle.intervals(at, at + timedelta(days=60))
    changes = (
        start
        for start, end, name, _ in spans
        if start < end and STATES[str(name)] != state
    )
    return next(changes, None)


@settings(derandomised, max_examples=200)
@given(schedules(), st.lists(st.integers(0, 10 * 24 * 60), min_size=1, max_size=6))
def test_open_or_not_and_the_next_change_are_the_oracles(drawn, minutes):
    first, rows, closures, holidays = drawn
    hours = Schedule(rows, closures, lambda year: holidays, ROME)
    oracle = opening_hours.OpeningHours(
        expression(rows, closures, holidays), timezone=ROME
    )
    for minute in minutes:
        at = datetime(first.year, first.month, first.day, tzinfo=ZoneInfo("UTC"))
        at += timedelta(minutes=minute)
        if comes_twice(at):
            continue
        status = hours.status(at)
        state = STATES[str(oracle.state(at)[0])]
        change = oracles_next_change(oracle, at, state)

        assert (status.is_open, status.by_appointment) == state
        if change is None or not comes_twice(change):
            assert (status.until or status.opens) == change


@settings(derandomised, max_examples=100)
@given(schedules(), st.integers(0, 10 * 24 * 60 * 60), st.floats(0, 1))
def test_nothing_changes_before_the_next_change(drawn, seconds, part):
    first, rows, closures, holidays = drawn
    hours = Schedule(rows, closures, lambda year: holidays, ROME)
    at = datetime(first.year, first.month, first.day, tzinfo=UTC)
    at += timedelta(seconds=seconds)

    change = hours.next_change(at)
    last = change - timedelta(microseconds=1)

    assert change > at
    for later in (at + part * (last - at), last):
        assert later.astimezone(ROME).date() == at.astimezone(ROME).date()
        assert seen(hours.status(later)) == seen(hours.status(at))
    now = (change.astimezone(ROME).date(), seen(hours.status(change)))
    assert now != (at.astimezone(ROME).date(), seen(hours.status(at)))


def test_a_status_can_be_compared_as_a_value():
    hours = schedule(*WEEKDAYS)

    assert hours.status(rome("2026-03-02T10:00")) == Status(
        True, until=rome("2026-03-02T13:00")
    )
