"""When the practice is open. Pure: no models, no settings.

Hours are what the practice's own clock shows. A moment is an aware datetime; moments
are compared in UTC, because Python compares two of one zone by their clock faces and
so mistakes the hour that an autumn night has twice (PEP 495).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache, partial
from itertools import groupby, pairwise, takewhile
from typing import Any, NamedTuple, Protocol, TypeVar
from zoneinfo import ZoneInfo

import holidays

from clinic.moments import readings, turn, wall_of

DAY = timedelta(days=1)
# How many days after today the next opening is looked for.
HORIZON = 60

Period = tuple[date, date]
# The period of the regular hours.
EVER: Period = (date.min, date.max)

Holidays = Callable[[int], Mapping[date, str]]
Point = TypeVar("Point", time, datetime)


class Row(Protocol):
    """One stretch of one weekday; a row of ``OpeningHours`` fits.

    ``weekday`` is 0 on Monday, ``opens`` lies before ``closes``. Both days of the
    period count; None leaves that end open, and None twice means regular hours.
    """

    weekday: int
    opens: time
    closes: time
    by_appointment: bool
    valid_from: date | None
    valid_until: date | None


class ClosedDays(Protocol):
    """Days without hours; a row of ``Closure`` fits. Both days count.

    ``reason`` is a text, perhaps empty, perhaps one in several languages.
    """

    first_day: date
    last_day: date
    reason: Any


@dataclass(frozen=True, order=True)
class Stretch:
    """Open without a break, by the practice's clock."""

    opens: time
    closes: time
    by_appointment: bool = False


@dataclass(frozen=True)
class Day:
    """The hours of one date, in order; none means closed.

    ``reason`` is the closure's text, perhaps "", or the holiday's name; None on a
    day that is neither.
    """

    date: date
    stretches: tuple[Stretch, ...]
    reason: Any = None

    @property
    def is_exception(self) -> bool:
        return self.reason is not None


@dataclass(frozen=True)
class Status:
    """What holds at one moment; ``until`` and ``opens`` are in the practice's zone.

    ``until``: when open, the end of this opening or the moment at which it begins or
    ceases to be by appointment. ``opens``: when closed, the next opening of either
    kind today or in the next 60 days, else None, and ``opens_by_appointment`` its kind.
    ``reason``: when closed, that of today (see ``Day``).
    """

    is_open: bool
    by_appointment: bool = False
    until: datetime | None = None
    opens: datetime | None = None
    opens_by_appointment: bool = False
    reason: Any = None


class Closing(NamedTuple):
    """Days, both included, that are closed for one reason."""

    first_day: date
    last_day: date
    reason: Any


class Week(NamedTuple):
    """The hours from Monday to Sunday, and the days, both included, they hold on.

    None as the first day: they are in force already; as the last: until further notice.
    """

    first_day: date | None
    last_day: date | None
    weekly: list[tuple[Stretch, ...]]

    @property
    def weekdays(self) -> list[int]:
        """Return the weekdays that occur in those days, Monday being 0.

        The others are not closed, they do not come: 24 December alone has no Monday.
        """
        first, last = self.first_day or date.min, self.last_day or date.max
        days = min((last - first).days + 1, 7)
        return sorted((first + n * DAY).weekday() for n in range(days))


class Schedule:
    """Regular hours, hours of a period, closures and public holidays, in one zone.

    The shortest period that covers a date decides, its other weekdays included; the
    regular hours are the longest of all. So summer hours replace the regular ones, and
    hours of 24 December those of the winter. A closure closes its whole days, and so
    does a public holiday unless that one day has hours of its own.
    """

    def __init__(
        self,
        rows: Iterable[Row],
        closures: Iterable[ClosedDays],
        public_holidays: Holidays,
        zone: ZoneInfo,
    ) -> None:
        """``public_holidays`` takes a year and returns its holidays' names by date."""
        self.rows = list(rows)
        self.closures = sorted(closures, key=lambda c: (c.first_day, c.last_day))
        self.public_holidays = public_holidays
        self.zone = zone

    @property
    def is_known(self) -> bool:
        """Whether there are any hours at all: unknown is not closed."""
        return bool(self.rows)

    def day(self, on: date) -> Day:
        """Return the hours of a date of the practice's calendar."""
        reason = self._closure(on)
        if reason is None:
            reason = self._holiday(on)
        stretches = self._hours(on) if reason is None else ()
        return Day(on, stretches, reason)

    def coming(self, on: date) -> list[Day]:
        """Return the seven days from a date on, put in order from Monday to Sunday."""
        days = (self.day(on + n * DAY) for n in range(7))
        return sorted(days, key=lambda day: day.date.weekday())

    def weekly(self, on: date) -> list[tuple[Stretch, ...]]:
        """Return the hours in force on a date, from Monday to Sunday.

        Closures and holidays are left aside.
        """
        return self._weeks[self._period(on)]

    def regular(self) -> list[tuple[Stretch, ...]]:
        """Return the hours without a period, from Monday to Sunday."""
        return self._weeks[EVER]

    def weeks(self, today: date, days: int) -> list[Week]:
        """Return the week in force and those that begin in so many days after today.

        They follow each other without a gap, and each differs from the one before.
        """
        edges = {first for first, _ in self._weeks}
        # People write 31 December 9999 for "for ever".
        edges |= {last + DAY for _, last in self._weeks if last < date.max}
        found = [Week(None, None, self.weekly(today))]
        for edge in sorted(edge for edge in edges if edge > today):
            weekly = self.weekly(edge)
            if weekly == found[-1].weekly:
                continue
            found[-1] = found[-1]._replace(last_day=edge - DAY)
            if edge > today + days * DAY:
                break
            found.append(Week(edge, None, weekly))
        return found

    def status(self, at: datetime) -> Status | None:
        """Return what holds at a moment, or None when no hours are known.

        Raises ValueError for a datetime without time zone.
        """
        at, today = self._locate(at)
        if not self.is_known:
            return None
        for start, end, by_appointment in self._spans(today):
            if start <= at < end:
                return Status(True, by_appointment, until=end.astimezone(self.zone))
        reason = self.day(today).reason
        opens, kind = self._next_opening(at, today)
        return Status(False, opens=opens, opens_by_appointment=kind, reason=reason)

    def next_change(self, at: datetime) -> datetime | None:
        """Return the first moment after this one, in UTC, that may need new words.

        Until then ``status`` and the date in the practice's zone stay as they are. It
        is midnight there at the latest; None when no hours are known. Raises
        ValueError for a datetime without time zone.
        """
        at, today = self._locate(at)
        if not self.is_known:
            return None
        edges = {edge for start, end, _ in self._spans(today) for edge in (start, end)}
        edges.add(moment(today + DAY, time.min, self.zone))
        return min(edge for edge in edges if edge > at)

    def exceptions(self, start: date, days: int) -> list[Closing]:
        """Return what closes the practice in so many days from a date on, in order.

        A closure comes whole, even if it began earlier or ends later. A holiday counts
        on a day that would have hours; neighbouring days of one name are one.
        """
        end = start + days * DAY
        closings = [
            Closing(closure.first_day, closure.last_day, text(closure.reason))
            for closure in self.closures
            if closure.first_day < end and start <= closure.last_day
        ]
        dates = (start + n * DAY for n in range(days))
        for name, group in groupby(dates, self._lost_to_holiday):
            if name is not None:
                run = list(group)
                closings.append(Closing(run[0], run[-1], name))
        return sorted(closings, key=lambda closing: closing[:2])

    def _locate(self, at: datetime) -> tuple[datetime, date]:
        """Return a moment in UTC and its date in the practice's zone."""
        if at.tzinfo is None:
            raise ValueError(
                f"{at} has no time zone; pass an aware datetime like timezone.now()."
            )
        return at.astimezone(UTC), at.astimezone(self.zone).date()

    @cached_property
    def _weeks(self) -> dict[Period, list[tuple[Stretch, ...]]]:
        """The week of each period; the one that decides comes before the others.

        That is the shorter, or of two as short the one that begins later. Worked out
        once, because pages ask for many days.
        """
        days: dict[Period, list[list[tuple[time, time, bool]]]] = {
            dates: [[] for _weekday in range(7)]
            for dates in {EVER, *map(period, self.rows)}
        }
        for row in self.rows:
            span = (row.opens, row.closes, row.by_appointment)
            days[period(row)][row.weekday].append(span)
        return {
            dates: [
                tuple(Stretch(*span) for span in united(day)) for day in days[dates]
            ]
            for dates in sorted(days, key=lambda p: (p[1] - p[0], date.max - p[0]))
        }

    def _period(self, on: date) -> Period:
        """Return the period in force."""
        return next(dates for dates in self._weeks if dates[0] <= on <= dates[1])

    def _hours(self, on: date) -> tuple[Stretch, ...]:
        return self.weekly(on)[on.weekday()]

    def _closure(self, on: date) -> Any:
        for closure in takewhile(lambda c: c.first_day <= on, self.closures):
            if on <= closure.last_day:
                return text(closure.reason)
        return None

    def _holiday(self, on: date) -> str | None:
        name = self.public_holidays(on.year).get(on)
        if name is not None and self._period(on) == (on, on):
            return None  # somebody has written hours for this very day
        return name

    def _lost_to_holiday(self, on: date) -> str | None:
        name = self._holiday(on)
        if name is None or self._closure(on) is not None or not self._hours(on):
            return None
        return name

    def _spans(self, on: date) -> list[tuple[datetime, datetime, bool]]:
        """Return the openings of a date as moments in UTC.

        They are united anew: when clocks change, a break may vanish.
        """
        return united(
            [
                (
                    moment(on, stretch.opens, self.zone),
                    moment(on, stretch.closes, self.zone, last=True),
                    stretch.by_appointment,
                )
                for stretch in self.day(on).stretches
            ]
        )

    def _next_opening(self, at: datetime, today: date) -> tuple[datetime | None, bool]:
        """Return the next opening and whether it is by appointment."""
        dates = (today + n * DAY for n in range(HORIZON + 1))
        spans = (span for on in dates for span in self._spans(on))
        for start, _end, by_appointment in spans:
            if start > at:
                return start.astimezone(self.zone), by_appointment
        return None, False


def period(row: Row) -> Period:
    return row.valid_from or date.min, row.valid_until or date.max


def text(reason: Any) -> Any:
    return "" if reason is None else reason


def united(spans: list[tuple[Point, Point, bool]]) -> list[tuple[Point, Point, bool]]:
    """Unite spans (start, end, by appointment) of one kind that touch or overlap.

    Where both kinds overlap nobody needs an appointment. Empty spans vanish.
    """
    result: list[tuple[Point, Point, bool]] = []
    edges = sorted({edge for start, end, _ in spans for edge in (start, end)})
    for start, end in pairwise(edges):
        kinds = [kind for first, last, kind in spans if first <= start and end <= last]
        if not kinds:
            continue
        by_appointment = all(kinds)
        if result and result[-1][1:] == (start, by_appointment):
            start = result.pop()[0]
        result.append((start, end, by_appointment))
    return result


def moment(on: date, at: time, zone: ZoneInfo, *, last: bool = False) -> datetime:
    """Return the moment, in UTC, at which a clock in a zone reaches a time of a date.

    A time that an autumn night has twice means the first, or with ``last`` the last:
    whoever comes by the clock finds the door open. A time that a spring night skips
    means the end of the gap, as the package ``opening_hours`` reads it. PEP 495 and
    RFC 5545 would have 02:30 mean 03:30, behind the 03:00 of the next stretch.
    """
    face = datetime.combine(on, at)
    early, late = readings(face, zone)
    if wall_of(early, zone) == face:
        return late if last else early
    # Skipped, so clocks are changed here: what they are set to ends the gap.
    return turn(face, zone) or early


def public_holidays(country: str, region: str, language: str) -> Holidays:
    """Return a function that takes a year and returns its holidays' names by date.

    ``country`` is an ISO 3166-1 code or "" for no holidays, ``region`` an ISO 3166-2
    code without the country or "" for national holidays only. ``language`` is a code
    like Django's; without names in it they are in the country's own. Nothing is raised:
    what ``is_known`` refuses has no holidays of its own. The days are those of the
    package ``holidays``.
    """
    return partial(holidays_of, country, region, language)


def is_known(country: str, region: str = "") -> bool:
    """Say whether the package ``holidays`` knows a country and, in it, a region."""
    if not country:
        return not region
    try:
        calendar(country, region)
    except NotImplementedError:
        return False
    return True


@lru_cache(maxsize=64)
def holidays_of(
    country: str, region: str, language: str, year: int
) -> Mapping[date, str]:
    if not country or not is_known(country):
        return {}
    # An upgrade of the package may forget a region; pages must survive that.
    region = region if is_known(country, region) else ""
    name = language_of(calendar(country), language)
    return dict(calendar(country, region, years=year, language=name))


def calendar(country: str, region: str = "", **options: Any) -> Any:
    """Return a calendar of the package; raises NotImplementedError for an unknown one.

    Only codes get through: the package would take any name from its own module.
    """
    if not (len(country) == 2 and country.isupper()):
        raise NotImplementedError(country)
    return holidays.country_holidays(
        country, subdiv=region or None, expand=False, **options
    )


def language_of(calendar: Any, language: str) -> str | None:
    """Return the calendar's own code of a language, or of the one it is written in.

    The package knows "it_IT" but not "it", and takes a language that it does not know
    from the server's environment.
    """
    names = calendar.supported_languages
    wanted = language.replace("-", "_").lower()
    exact = (name for name in names if name.lower() == wanted)
    related = (
        name for name in names if name.lower().split("_")[0] == wanted.split("_")[0]
    )
    return next(exact, None) or next(related, None) or calendar.default_language
