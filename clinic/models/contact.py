"""How to reach the practice: phone numbers and e-mail addresses."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.urls import reverse
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _
from i18nfield.fields import I18nCharField
from phonenumber_field.modelfields import PhoneNumberField

from clinic.models.doctor import Doctor
from clinic.models.location import Location
from clinic.models.practice import Practice

# Who answers speaks these; by their codes (BCP 47), the names are Django's.
SPOKEN = (
    "it", "en", "fr", "de", "es", "pt", "ro", "sq", "uk", "ru", "pl", "ar", "zh-hans",
    "hi", "bn",
)  # fmt: skip


def spoken_languages() -> list[tuple[str, Any]]:
    """The choices of a language that somebody speaks, named in the language in use."""
    return [(code, get_language_info(code)["name_translated"]) for code in SPOKEN]


class ContactRow(models.Model):
    """What phones and e-mail addresses have in common."""

    practice: models.ForeignKey
    purpose = I18nCharField(
        _("purpose"),
        max_length=60,
        help_text=_("What people call or write about, for example: Appointments"),
    )
    answered_by = I18nCharField(
        _("who answers"),
        max_length=40,
        blank=True,
        help_text=_("For example: the secretary"),
    )
    answered_when = I18nCharField(
        _("when"),
        max_length=150,
        blank=True,
        help_text=_("For example: Monday to Friday, 9 to 13"),
    )
    doctor = models.ForeignKey(
        Doctor,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="%(class)ss",
        verbose_name=_("doctor"),
        help_text=_(
            "Only if it belongs to one doctor; empty means the whole practice."
        ),
    )
    location = models.ForeignKey(
        Location,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="%(class)ss",
        verbose_name=_("location"),
        help_text=_("Only if it belongs to one location."),
    )
    position = models.PositiveSmallIntegerField(
        _("order"), default=0, help_text=_("Small numbers come first.")
    )

    class Meta:
        abstract = True
        ordering = ["position", "pk"]


class Phone(ContactRow):
    """A number with its purpose and who answers. 112 and the like are plain text."""

    class Kind(models.TextChoices):
        VOICE = "VOICE", _("telephone")
        MOBILE = "MOBILE", _("mobile phone")
        WHATSAPP = "WHATSAPP", _("WhatsApp only")
        FAX = "FAX", _("fax")

    practice = models.ForeignKey(
        Practice, models.CASCADE, related_name="phones", default=Practice.ONLY
    )
    number = PhoneNumberField(
        _("number"), help_text=_("As you would write it, for example: 331 761 2698")
    )
    kind = models.CharField(
        _("kind"), max_length=10, choices=Kind.choices, default=Kind.VOICE
    )
    languages = models.JSONField(
        _("languages spoken"),
        default=list,
        blank=True,
        help_text=_("In which languages people can speak with whoever answers."),
    )
    in_header = models.BooleanField(
        _("in view on every page"),
        default=False,
        help_text=_("One tap from anywhere. Two numbers fit well."),
    )

    class Meta(ContactRow.Meta):
        verbose_name = _("phone number")
        verbose_name_plural = _("phone numbers")

    def __str__(self) -> str:
        return f"{self.purpose}: {self.shown}"

    @property
    def shown(self) -> str:
        """The number in groups, as people read it: +39 331 761 2698."""
        return self.number.as_international

    @property
    def link(self) -> str:
        """Where a tap leads: ``tel:`` (RFC 3966), a chat on WhatsApp, or nowhere."""
        if self.kind == self.Kind.FAX:
            return ""
        if self.kind == self.Kind.WHATSAPP:
            return f"https://wa.me/{self.number.as_e164.removeprefix('+')}"
        return f"tel:{self.number.as_e164}"

    @property
    def can_be_called(self) -> bool:
        return self.kind in {self.Kind.VOICE, self.Kind.MOBILE}

    @property
    def spoken(self) -> list[str]:
        """The names of the languages spoken, in the language of the page."""
        names = dict(spoken_languages())
        return [names[code] for code in self.languages if code in names]


class Email(ContactRow):
    """An e-mail address. Pages never print it plainly: see includes/email.html."""

    practice = models.ForeignKey(
        Practice, models.CASCADE, related_name="emails", default=Practice.ONLY
    )
    address = models.EmailField(
        _("address"), help_text=_("For example: studio@example.org")
    )

    class Meta(ContactRow.Meta):
        verbose_name = _("e-mail address")
        verbose_name_plural = _("e-mail addresses")

    def __str__(self) -> str:
        return f"{self.purpose}: {self.address}"

    def get_absolute_url(self) -> str:
        return reverse("clinic:email", args=[self.pk])

    @property
    def parts(self) -> tuple[str, str]:
        """The part before the @ and the domain; only the last @ divides them."""
        local, _at, domain = self.address.rpartition("@")
        return local, domain
