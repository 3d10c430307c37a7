"""Days on which the practice is closed although the week says otherwise."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from i18nfield.fields import I18nCharField

from clinic.models.location import Location


class Closure(models.Model):
    """A run of days on which the practice, or one location, is closed."""

    practice = models.ForeignKey(
        "clinic.Practice",
        models.CASCADE,
        related_name="closures",
        default=1,  # Practice.ONLY
    )
    location = models.ForeignKey(
        Location,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="closures",
        verbose_name=_("location"),
        help_text=_("Empty means every location."),
    )
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(
        _("last day"), help_text=_("The same day again if it is only one.")
    )
    reason = I18nCharField(
        _("reason"),
        max_length=80,
        blank=True,
        help_text=_("For example: Summer holidays"),
    )

    class Meta:
        verbose_name = _("closure")
        verbose_name_plural = _("closures")
        ordering = ["-first_day", "pk"]
        constraints = [
            models.CheckConstraint(
                name="closure_ends_after_it_begins",
                condition=models.Q(first_day__lte=models.F("last_day")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.first_day:%d/%m/%Y}–{self.last_day:%d/%m/%Y}"

    def clean(self) -> None:
        if self.first_day and self.last_day and self.first_day > self.last_day:
            raise ValidationError(
                {"last_day": _("The last day must not be before the first.")}
            )
