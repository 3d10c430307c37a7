"""The practice itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _
from i18nfield.fields import I18nCharField, I18nTextField

from clinic.models.location import Day, Location, week
from clinic.models.versioned import Versioned

if TYPE_CHECKING:
    from clinic.models.contact import Phone


class PracticeManager(models.Manager["Practice"]):
    def current(self) -> Practice:
        """Return the one practice with everything that the pages show of it.

        At most nine queries, however many rows there are. A portal that nobody has
        filled in yet answers with an unsaved, empty practice.
        """
        practice = self.filter(pk=Practice.ONLY).first() or Practice(pk=Practice.ONLY)
        models.prefetch_related_objects(
            [practice],
            "doctors__portrait",
            "phones__doctor",
            "phones__location",
            "emails",
            "locations",
            "hours",
        )
        return practice


class Practice(Versioned):
    """The practice itself: one row."""

    ONLY = 1

    name = models.CharField(
        _("name"), max_length=100, help_text=_("For example: Dr. Carlo Pastore")
    )
    tagline = I18nCharField(
        _("field and town"),
        max_length=100,
        blank=True,
        help_text=_("One line under the name, for example: Oncology, Rome"),
    )
    introduction = I18nTextField(
        _("introduction"),
        max_length=300,
        blank=True,
        help_text=_("One or two sentences under the question on the first page."),
    )
    first_visit = I18nTextField(
        _("before the first visit"),
        max_length=500,
        blank=True,
        help_text=_("What to bring. Stands on the first page."),
    )
    vat_number = models.CharField(
        _("VAT number"),
        max_length=20,
        blank=True,
        help_text=_("With the country, for example: IT00000000000"),
    )
    is_sample = models.BooleanField(
        _("these are sample details"),
        default=False,
        help_text=_(
            "While ticked, every page says that address, hours and e-mail are "
            "invented. Take the tick away when everything below is true."
        ),
    )

    objects = PracticeManager()

    class Meta:
        verbose_name = _("practice")
        verbose_name_plural = _("practice")
        constraints = [
            models.CheckConstraint(name="only_one_practice", condition=models.Q(id=1))
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def header_phones(self) -> list[Phone]:
        """The numbers that stand at the top of every page."""
        return [p for p in self.phones.all() if p.in_header and p.can_be_called]

    @property
    def week(self) -> list[Day]:
        """The hours of a practice that has named no location yet."""
        return [] if self.locations.all() else week(list(self.hours.all()))

    @property
    def places(self) -> list[tuple[Location, list[Day]]]:
        """Every location with its week; rows for the whole practice count for each."""
        hours = list(self.hours.all())
        return [
            (
                place,
                week([h for h in hours if h.location_id in {None, place.pk}]),
            )
            for place in self.locations.all()
        ]
