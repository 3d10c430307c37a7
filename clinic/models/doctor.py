"""Who signs articles."""

from __future__ import annotations

from uuid import UUID, uuid5

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_countries import countries
from django_countries.fields import CountryField
from i18nfield.fields import I18nCharField, I18nTextField

from clinic.models.moving import Moving
from clinic.models.picture import Picture
from clinic.models.practice import Practice


class Doctor(Moving):
    """A doctor who signs articles, independent of who signs in."""

    practice = models.ForeignKey(
        Practice, models.CASCADE, related_name="doctors", default=Practice.ONLY
    )
    title = I18nCharField(
        _("title"), max_length=30, blank=True, help_text=_("For example: Dr.")
    )
    first_name = models.CharField(_("first name"), max_length=60)
    last_name = models.CharField(_("last name"), max_length=60)
    slug = models.SlugField(
        _("address"),
        unique=True,
        help_text=_("The end of the page's address, for example: carlo-pastore"),
    )
    speciality = I18nCharField(
        _("profession"), max_length=100, help_text=_("For example: oncologist")
    )
    about = I18nTextField(
        _("about the doctor"),
        max_length=2000,
        blank=True,
        help_text=_("Plain text. An empty line begins a new paragraph."),
    )
    registration_body = I18nCharField(
        _("register"),
        max_length=150,
        blank=True,
        help_text=_("Who keeps it, for example: Ordine dei Medici di Roma"),
    )
    registration_number = models.CharField(
        _("number in the register"), max_length=30, blank=True
    )
    title_country = CountryField(
        _("country of the title"),
        blank=True,
        help_text=_("Where the right to practise was obtained."),
    )
    degree = I18nCharField(
        _("degree"),
        max_length=200,
        blank=True,
        help_text=_("With the university and the year."),
    )
    licence = I18nCharField(
        _("licence to practise"),
        max_length=200,
        blank=True,
        help_text=_("In Italy the “abilitazione”, with the university and the year."),
    )
    specialisations = I18nTextField(
        _("specialist diplomas"),
        max_length=600,
        blank=True,
        help_text=_(
            "One to a line, with the university and the year. Only what there is a "
            "diploma for: nobody else may be called a specialist."
        ),
    )
    portrait = models.ForeignKey(
        Picture,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("portrait"),
        help_text=_("Chosen from the pictures. Upload a new one with the green plus."),
    )
    portrait_alt = I18nCharField(
        _("description of the portrait"),
        max_length=250,
        blank=True,
        help_text=_(
            "For people who cannot see it. Leave empty if it only decorates the page."
        ),
    )
    position = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        verbose_name = _("doctor")
        verbose_name_plural = _("doctors")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return " ".join(
            filter(None, [str(self.title), self.first_name, self.last_name])
        )

    def get_absolute_url(self) -> str:
        return reverse("clinic:doctor", args=[self.slug])

    @property
    def uid(self) -> UUID:
        """What tells this doctor from all others, for ever; for address books."""
        return uuid5(self.practice.uid, f"doctor {self.pk}")

    @property
    def registration(self) -> str:
        """Where this doctor is registered, under which number, and the title's country.

        For example: Ordine dei Medici di Roma no. 12345, title obtained in Italy.
        """
        number = self.registration_number
        register = [
            str(self.registration_body or ""),
            gettext("no. %(number)s") % {"number": number} if number else "",
        ]
        country = countries.name(str(self.title_country))
        parts = [
            " ".join(filter(None, register)),
            gettext("title obtained in %(country)s") % {"country": country}
            if country
            else "",
        ]
        return ", ".join(filter(None, parts))

    @property
    def diplomas(self) -> list[str]:
        """The specialist diplomas in the language of the page."""
        lines = str(self.specialisations or "").splitlines()
        return [line.strip() for line in lines if line.strip()]
