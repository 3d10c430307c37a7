"""The practice: who it is, where it is, and how to reach it."""

from __future__ import annotations

from datetime import time
from itertools import groupby
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import models, transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.urls import reverse
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _
from i18nfield.fields import I18nCharField, I18nTextField
from phonenumber_field.modelfields import PhoneNumberField

from clinic import pictures


class User(AbstractUser):
    """A member of staff who signs in; a doctor who signs articles is a Doctor."""


class Versioned(models.Model):
    """A row that several people edit: the form compares ``version`` before saving."""

    version = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        abstract = True


class PictureManager(models.Manager["Picture"]):
    def create_from(
        self, renditions: pictures.Renditions, *, name: str, is_drawing: bool = False
    ) -> Picture:
        """Store the renditions and their row: both or neither.

        Inside a larger transaction that may still fail, wrap the whole in
        ``pictures.kept_only_on_success()``.
        """
        with pictures.kept_only_on_success(), transaction.atomic():
            picture = self.model(name=name[:200], is_drawing=is_drawing)
            picture.use(renditions)
            picture.save()
        return picture

    def create_from_upload(
        self, upload: UploadedFile, *, is_drawing: bool = False
    ) -> Picture:
        """Render and store an upload; raises ValidationError if it is no picture."""
        name = (upload.name or "").rpartition(".")[0] or str(_("Picture"))
        return self.create_from(
            pictures.render(upload), name=name, is_drawing=is_drawing
        )


class Picture(models.Model):
    """A picture of the library, in several widths. Its files never change."""

    key = models.CharField(max_length=32, unique=True, editable=False)
    name = models.CharField(
        _("name"),
        max_length=200,
        help_text=_("For finding it again; readers never see it."),
    )
    is_drawing = models.BooleanField(
        _("line drawing on a see-through ground"),
        default=False,
        help_text=_(
            "Tick this for drawings like those of the sample articles. At night, on a "
            "dark screen, their lines turn light. Never tick it for a photograph."
        ),
    )
    width = models.PositiveIntegerField(_("width"), editable=False)
    height = models.PositiveIntegerField(_("height"), editable=False)
    widths = models.JSONField(editable=False)
    fallback = models.CharField(max_length=3, editable=False)
    uploaded_at = models.DateTimeField(_("uploaded"), auto_now_add=True)

    objects = PictureManager()

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        ordering = ["-uploaded_at", "-pk"]

    def __str__(self) -> str:
        return self.name

    def use(self, renditions: pictures.Renditions) -> None:
        """Store the files and take their measures; the row is saved by the caller."""
        self.key = pictures.store(renditions)
        self.width = renditions.width
        self.height = renditions.height
        self.widths = renditions.widths
        self.fallback = renditions.fallback

    def url(self, width: int, extension: str) -> str:
        return default_storage.url(f"pictures/{self.key}/{width}.{extension}")

    def srcset(self, extension: str) -> str:
        return ", ".join(f"{self.url(w, extension)} {w}w" for w in self.widths)

    @property
    def avif_srcset(self) -> str:
        return self.srcset("avif")

    @property
    def fallback_srcset(self) -> str:
        return self.srcset(self.fallback)

    @property
    def src(self) -> str:
        """The address for browsers that know no ``srcset``: a middle width."""
        middle = max((w for w in self.widths if w <= 960), default=self.widths[0])
        return self.url(middle, self.fallback)

    @property
    def thumbnail(self) -> str:
        return self.url(self.widths[0], self.fallback)

    @property
    def layout_width(self) -> int:
        """At most 320: without style sheets a page must not scroll sideways."""
        return min(320, self.width)

    @property
    def layout_height(self) -> int:
        return max(1, round(self.height * self.layout_width / self.width))


@receiver(post_delete, sender=Picture)
def remove_files(instance: Picture, **kwargs: Any) -> None:
    transaction.on_commit(lambda: pictures.discard(instance.key))


class PracticeManager(models.Manager["Practice"]):
    def current(self) -> Practice:
        """Return the one practice with everything that the pages show of it.

        At most seven queries, however many rows there are. A portal that nobody has
        filled in yet answers with an unsaved, empty practice.
        """
        practice = self.filter(pk=Practice.ONLY).first() or Practice(pk=Practice.ONLY)
        models.prefetch_related_objects(
            [practice], "doctors__portrait", "phones", "emails", "locations", "hours"
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
        return [phone for phone in self.phones.all() if phone.in_header]

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


class Doctor(models.Model):
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
    registration = I18nCharField(
        _("registration"),
        max_length=150,
        blank=True,
        help_text=_(
            "The register, the number and the country of the title, for example: "
            "Ordine dei Medici di Roma no. 12345, title obtained in Italy"
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
        models.CASCADE,
        null=True,
        blank=True,
        related_name="%(class)ss",
        verbose_name=_("doctor"),
        help_text=_(
            "Only if it belongs to one doctor; empty means the whole practice."
        ),
    )
    location = models.ForeignKey(
        "Location",
        models.CASCADE,
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
    in_header = models.BooleanField(
        _("at the top of every page"),
        default=False,
        help_text=_("One tap from anywhere. Two numbers fit well."),
    )

    class Meta(ContactRow.Meta):
        verbose_name = _("phone number")
        verbose_name_plural = _("phone numbers")
        constraints = [
            models.UniqueConstraint(
                name="number_once_per_practice",
                fields=["practice", "number"],
                violation_error_message=_("This number is already in the list."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose}: {self.shown}"

    @property
    def shown(self) -> str:
        """The number in groups, as people read it: +39 331 761 2698."""
        return self.number.as_international

    @property
    def link(self) -> str:
        """The number as a ``tel:`` address (RFC 3966)."""
        return f"tel:{self.number.as_e164}"

    @property
    def can_be_called(self) -> bool:
        return self.kind in {self.Kind.VOICE, self.Kind.MOBILE}


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
    def parts(self) -> tuple[str, str, str]:
        """The part before the @, the domain's name and its ending."""
        local, _at, domain = self.address.partition("@")
        name, dot, ending = domain.rpartition(".")
        return local, name, dot + ending


class Location(models.Model):
    """A place where patients are seen."""

    practice = models.ForeignKey(
        Practice, models.CASCADE, related_name="locations", default=Practice.ONLY
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
        Practice, models.CASCADE, related_name="hours", default=Practice.ONLY
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
