"""Where patients are seen, and when."""

from __future__ import annotations

from datetime import time
from itertools import groupby

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _
from i18nfield.fields import I18nCharField, I18nTextField


class Location(models.Model):
    """A place where patients are seen."""

    practice = models.ForeignKey(
        "clinic.Practice",
        models.CASCADE,
        related_name="locations",
        default=1,  # Practice.ONLY
    )
    name = I18nCharField(
        _("name"),
        max_length=100,
        help_text=_("For example: Practice in via Esempio"),
    )
    street = models.CharField(_("street and number"), max_length=150)
    postal_code = models.CharField(_("postal code"), max_length=12)
    city = models.CharField(_("town"), max_length=80)
    directions = I18nTextField(
        _("how to get there"),
        max_length=1000,
        blank=True,
        help_text=_("Metro, bus, car, parking, which bell to ring."),
    )
    access = I18nTextField(
        _("access for wheelchairs"),
        max_length=1000,
        blank=True,
        help_text=_("Steps, lift, width of doors, toilet, where a car can stop."),
    )
    position = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        verbose_name = _("location")
        verbose_name_plural = _("locations")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return f"{self.name}, {self.city}"


class OpeningHours(models.Model):
    """One stretch of opening hours on one day of the week, in the practice's time."""

    practice = models.ForeignKey(
        "clinic.Practice",
        models.CASCADE,
        related_name="hours",
        default=1,  # Practice.ONLY
    )
    location = models.ForeignKey(
        Location,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="hours",
        verbose_name=_("location"),
        help_text=_("Empty means every location."),
    )
    weekday = models.PositiveSmallIntegerField(
        _("day"), choices=sorted(WEEKDAYS.items())
    )
    opens = models.TimeField(_("from"), help_text=_("For example: 9:00"))
    closes = models.TimeField(_("until"), help_text=_("For example: 13:00"))
    by_appointment = models.BooleanField(_("by appointment only"), default=False)

    class Meta:
        verbose_name = _("opening hours")
        verbose_name_plural = _("opening hours")
        ordering = ["weekday", "opens"]
        constraints = [
            models.CheckConstraint(
                name="opens_before_it_closes",
                condition=models.Q(opens__lt=models.F("closes")),
            )
        ]

    def __str__(self) -> str:
        return f"{WEEKDAYS[self.weekday]} {self.opens:%H:%M}–{self.closes:%H:%M}"

    def clean(self) -> None:
        both = isinstance(self.opens, time) and isinstance(self.closes, time)
        if both and self.opens >= self.closes:
            raise ValidationError(
                {"closes": _("The practice must close later than it opens.")}
            )


Day = tuple[str, list[OpeningHours]]


def week(hours: list[OpeningHours]) -> list[Day]:
    """Return the seven days with their hours, in order; an empty list means closed.

    Without any hours at all the week is empty: unknown is not closed.
    """
    if not hours:
        return []
    by_day = {
        weekday: list(rows)
        for weekday, rows in groupby(
            sorted(hours, key=lambda row: (row.weekday, row.opens)),
            key=lambda row: row.weekday,
        )
    }
    return [(str(name), by_day.get(day, [])) for day, name in sorted(WEEKDAYS.items())]
