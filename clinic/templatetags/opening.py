"""When a place is open, in words and as a table."""

from datetime import date, datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.formats import time_format
from django.utils.html import format_html
from django.utils.translation import gettext

from clinic.hours import Schedule, Status, Stretch, Week
from clinic.models.practice import Place
from clinic.templatetags.words import in_sentence, in_words, words

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
    """Show the coming week, today marked, and what will differ from it soon.

    A week that brings back the hours of today is not told: the first table shows them.
    """
    schedule, today = place.schedule, timezone.localdate()
    weeks = schedule.weeks(today, ANNOUNCED_DAYS)
    return {
        "days": week(schedule, today),
        "closings": schedule.exceptions(today, ANNOUNCED_DAYS),
        "periods": [
            (in_force(ahead.first_day, ahead.last_day), rows_of(ahead))
            for ahead in weeks
            if ahead.first_day and ahead.weekly != weeks[0].weekly
        ],
    }


def sentence(status: Status, now: datetime) -> str:
    """Return "Open now, until 13:00" or "Closed, opens Monday at 15:00".

    It is HTML: the reason of a closure may be in another language.
    """
    if status.until:
        time = time_format(status.until.time(), "G:i")
        if status.by_appointment:
            return gettext("Open now by appointment only, until %(time)s") % {
                "time": time
            }
        return gettext("Open now, until %(time)s") % {"time": time}
    closed = (
        format_html(gettext("Closed ({reason})"), reason=words(status.reason))
        if status.reason
        else gettext("Closed")
    )
    if status.opens is None:
        return closed
    return format_html(
        gettext("{closed}, opens {day} at {time} by appointment only")
        if status.opens_by_appointment
        else gettext("{closed}, opens {day} at {time}"),
        closed=closed,
        day=day_in_words(status.opens.date(), timezone.localdate(now)),
        time=time_format(status.opens.time(), "G:i"),
    )


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


def rows_of(week: Week) -> list[Row]:
    """The same for a week to come; only the weekdays that occur in it."""
    return [
        (str(WEEKDAYS[weekday]), week.weekly[weekday], False, None)
        for weekday in week.weekdays
    ]


def in_force(first_day: date, last_day: date | None) -> str:
    """Return "From 1 August 2026 to 31 August 2026", or less if that says it."""
    first = in_words(first_day)
    if last_day is None:
        return gettext("From %(first)s on") % {"first": first}
    if last_day == first_day:
        return gettext("On %(first)s") % {"first": first}
    return gettext("From %(first)s to %(last)s") % {
        "first": first,
        "last": in_words(last_day),
    }
