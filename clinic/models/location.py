"""Where patients are seen, and when."""

from __future__ import annotations

from datetime import time, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _
from i18nfield.fields import I18nCharField, I18nTextField

from clinic.models.picture import Picture


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
    province = models.CharField(
        _("province or state"),
        max_length=40,
        blank=True,
        help_text=_("As it stands in the address, for example: RM"),
    )
    directions = I18nTextField(
        _("how to get there"),
        max_length=1000,
        blank=True,
        help_text=_("Metro, bus, on foot, which bell to ring."),
    )
    parking = I18nTextField(
        _("parking"),
        max_length=500,
        blank=True,
        help_text=_("Where a car can stay, and where it can stop to let someone out."),
    )
    access = I18nTextField(
        _("access for wheelchairs"),
        max_length=1000,
        blank=True,
        help_text=_("Steps, lift, width of doors, toilet."),
    )
    latitude = models.DecimalField(
        _("latitude"),
        max_digits=8,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(-90), MaxValueValidator(90)],
        help_text=_("For the map on people’s own phones, for example: 41.902800"),
    )
    longitude = models.DecimalField(
        _("longitude"),
        max_digits=9,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(-180), MaxValueValidator(180)],
        help_text=_("For example: 12.496400"),
    )
    map_picture = models.ForeignKey(
        Picture,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("map"),
        help_text=_(
            "A drawing or a picture of the way, chosen from the pictures. Only one "
            "that the practice may use."
        ),
    )
    map_description = I18nTextField(
        _("description of the map"),
        max_length=500,
        blank=True,
        help_text=_("What it shows, for people who cannot see it."),
    )
    position = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        verbose_name = _("location")
        verbose_name_plural = _("locations")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return f"{self.name}, {self.city}"

    def clean(self) -> None:
        if (self.latitude is None) != (self.longitude is None):
            raise ValidationError(
                _("Latitude and longitude belong together: fill in both or none.")
            )

    @property
    def point(self) -> str:
        """Where it lies, as every map understands it, or nothing."""
        if self.latitude is None or self.longitude is None:
            return ""
        return f"{self.latitude:f}, {self.longitude:f}"

    @property
    def geo(self) -> str:
        """The same as a ``geo:`` address (RFC 5870)."""
        return f"geo:{self.point.replace(' ', '')}" if self.point else ""


class OpeningHours(models.Model):
    """One stretch of opening hours on one day of the week, in the practice's time.

    With a period it counts, together with the other rows of the same period, in place
    of the regular hours: see ``clinic.hours``.
    """

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
    valid_from = models.DateField(
        _("first day"),
        null=True,
        blank=True,
        help_text=_("Only for hours that differ for a time; else leave it empty."),
    )
    valid_until = models.DateField(_("last day"), null=True, blank=True)

    class Meta:
        verbose_name = _("opening hours")
        verbose_name_plural = _("opening hours")
        ordering = ["weekday", "opens"]
        constraints = [
            models.CheckConstraint(
                name="opens_before_it_closes",
                condition=models.Q(opens__lt=models.F("closes")),
            ),
            models.CheckConstraint(
                name="hours_begin_before_they_end",
                condition=models.Q(valid_from=None)
                | models.Q(valid_until=None)
                | models.Q(valid_from__lte=models.F("valid_until")),
            ),
        ]

    def __str__(self) -> str:
        return f"{WEEKDAYS[self.weekday]} {self.opens:%H:%M}–{self.closes:%H:%M}"

    def clean(self) -> None:
        both = isinstance(self.opens, time) and isinstance(self.closes, time)
        if both and self.opens >= self.closes:
            raise ValidationError(
                {"closes": _("The practice must close later than it opens.")}
            )
        if self.valid_from and self.valid_until and self.valid_from > self.valid_until:
            raise ValidationError(
                {"valid_until": _("The last day must not be before the first.")}
            )
        if self.valid_from and self.valid_until and isinstance(self.weekday, int):
            ahead = (self.weekday - self.valid_from.weekday()) % 7
            if self.valid_from + timedelta(days=ahead) > self.valid_until:
                raise ValidationError(
                    {"weekday": _("This day of the week does not come in that time.")}
                )
