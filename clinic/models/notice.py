"""What everybody has to know for a time."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from i18nfield.fields import I18nTextField

from clinic.models.location import Location


class Notice(models.Model):
    """A sentence at the top of every page, or at one location, for a time."""

    practice = models.ForeignKey(
        "clinic.Practice",
        models.CASCADE,
        related_name="notices",
        default=1,  # Practice.ONLY
    )
    text = I18nTextField(
        _("text"),
        max_length=300,
        help_text=_(
            "One or two sentences in every language, for example: Closed from 3 to 21 "
            "August. In danger call 112."
        ),
    )
    starts_at = models.DateTimeField(_("shown from"))
    ends_at = models.DateTimeField(
        _("shown until"), help_text=_("Then it disappears by itself.")
    )
    location = models.ForeignKey(
        Location,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="notices",
        verbose_name=_("location"),
        help_text=_(
            "Empty: above every page. Else it stands at this location on the contact "
            "page."
        ),
    )

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-starts_at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="notice_ends_after_it_begins",
                condition=models.Q(starts_at__lt=models.F("ends_at")),
            )
        ]

    def __str__(self) -> str:
        return str(self.text)[:60]

    def clean(self) -> None:
        if self.starts_at and self.ends_at and self.starts_at >= self.ends_at:
            raise ValidationError({"ends_at": _("It must end after it begins.")})

    def is_shown(self, at: datetime) -> bool:
        """Say whether readers see it at that moment (aware)."""
        return self.starts_at <= at < self.ends_at
