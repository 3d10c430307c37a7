"""When a place is open, in words and as a table."""

from datetime import date, datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.formats import time_format
from django.utils.translation import gettext

from clinic.hours import Period, Schedule, Status, Stretch
from clinic.models.practice import Place
from clinic.templatetags.words import in_sentence, in_words

register = template.Library()

# How far ahead the pages tell of closures and of hours that differ.
ANNOUNCED_DAYS = 90


@register.inclusion_tag("includes/status.html")
def opening_status(place: Place) -> dict[str, Any]:
    """Say whether the place is open at this moment, and when that changes."""
    now = timezone.now()
    status = place.schedule.status(now)
    return {"status": status, "sentence": status and sentence(status, now)}


@register.inclusion_tag("includes/hours.html")
def opening_hours(place: Place) -> dict[str, Any]:
    """Show the coming week, today marked, and what will differ from it soon."""
    schedule, today = place.schedule, timezone.localdate()
    return {
        "days": week(schedule, today),
        "closings": schedule.exceptions(today, ANNOUNCED_DAYS),
        "periods": [
            (in_force(period), week_of_period(period))
            for period in schedule.periods(today, ANNOUNCED_DAYS)
        ],
    }


def sentence(status: Status, now: datetime) -> str:
    """Return "Open now, until 13:00" or "Closed, opens Monday at 15:00"."""
    if status.until:
        time = time_format(status.until.time(), "G:i")
        if status.by_appointment:
            return gettext("Open now by appointment only, until %(time)s") % {
                "time": time
            }
        return gettext("Open now, until %(time)s") % {"time": time}
    closed = (
        gettext("Closed (%(reason)s)") % {"reason": status.reason}
        if status.reason
        else gettext("Closed")
    )
    if status.opens is None:
        return closed
    return gettext("%(closed)s, opens %(day)s at %(time)s") % {
        "closed": closed,
        "day": day_in_words(status.opens.date(), timezone.localdate(now)),
        "time": time_format(status.opens.time(), "G:i"),
    }


def day_in_words(day: date, today: date) -> str:
    """Return "today", "tomorrow", "Monday" within a week, else the date."""
    ahead = (day - today).days
    if ahead == 0:
        return gettext("today")
    if ahead == 1:
        return gettext("tomorrow")
    if ahead < 7:
        return in_sentence(str(WEEKDAYS[day.weekday()]))
    return gettext("on %(date)s") % {"date": in_words(day)}


Row = tuple[str, tuple[Stretch, ...], bool, Any]


def week(schedule: Schedule, today: date) -> list[Row]:
    """Return the coming seven days: name, hours, whether it is today, why closed.

    Empty where no hours are known: unknown is not closed.
    """
    if not schedule.is_known:
        return []
    return [
        (
            str(WEEKDAYS[day.date.weekday()]),
            day.stretches,
            day.date == today,
            day.reason,
        )
        for day in schedule.coming(today)
    ]


def week_of_period(period: Period) -> list[Row]:
    """The same for a time to come; only the weekdays that occur in it."""
    return [
        (str(WEEKDAYS[weekday]), period.weekly[weekday], False, None)
        for weekday in period.weekdays
    ]


def in_force(period: Period) -> str:
    """Return "From 1 August 2026 to 31 August 2026", or less if that says it."""
    first = in_words(period.valid_from)
    if period.valid_until is None:
        return gettext("From %(first)s on") % {"first": first}
    if period.valid_until == period.valid_from:
        return gettext("On %(first)s") % {"first": first}
    return gettext("From %(first)s to %(last)s") % {
        "first": first,
        "last": in_words(period.valid_until),
    }
