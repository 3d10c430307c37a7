"""The practice itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import TYPE_CHECKING
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.validators import (
    MaxValueValidator,
    MinValueValidator,
    RegexValidator,
)
from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField
from i18nfield.fields import I18nCharField, I18nTextField

from clinic import generation
from clinic.fields import WebField
from clinic.hours import Schedule, public_holidays
from clinic.models.closure import Closure
from clinic.models.location import Location
from clinic.models.notice import Notice
from clinic.models.versioned import Versioned

if TYPE_CHECKING:
    from clinic.models.contact import Phone
    from clinic.models.doctor import Doctor


class PracticeManager(models.Manager["Practice"]):
    def row(self) -> Practice:
        """Return the one practice without its rows: its rules, in one query."""
        return self.filter(pk=Practice.ONLY).first() or Practice(pk=Practice.ONLY)

    def current(self) -> Practice:
        """Return the one practice with everything that the pages show of it.

        It is kept as long as nothing changes and shared: nobody may alter it. There is
        one for each language, because the names of public holidays are part of it.
        """
        return generation.keep(("practice", get_language()), self.load)

    def known_as(self) -> str:
        """Return what it is called: one query at most, where the rest is not needed."""
        return generation.keep("name of the practice", lambda: self.row().name)

    def load(self) -> Practice:
        """Return the one practice with everything that the pages show of it.

        At most thirteen queries, however many rows there are. A portal that nobody has
        filled in yet answers with an unsaved, empty practice.
        """
        practice = self.row()
        models.prefetch_related_objects(
            [practice],
            "doctors__portrait",
            "phones__doctor",
            "phones__location",
            "emails__doctor",
            "emails__location",
            "locations__map_picture",
            "hours",
            # What is over stays at the desk and costs the pages nothing.
            models.Prefetch(
                "closures",
                Closure.objects.filter(last_day__gte=timezone.localdate()),
            ),
            models.Prefetch(
                "notices", Notice.objects.filter(ends_at__gt=timezone.now())
            ),
        )
        return practice

    def changes_after(self, at: datetime) -> list[datetime | None]:
        """Return the moments after one (aware) at which pages say something else."""
        practice = self.load()
        notices = [
            edge
            for notice in practice.notices.all()
            for edge in (notice.starts_at, notice.ends_at)
            if edge > at
        ]
        return notices + [place.schedule.next_change(at) for place in practice.places]


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
    country = CountryField(
        _("country"),
        blank=True,
        help_text=_(
            "It decides which public holidays and which legal details count here."
        ),
    )
    region = models.CharField(
        _("region"),
        max_length=10,
        blank=True,
        help_text=_(
            "Only if it has public holidays of its own; as a code, for example RM "
            "for Rome."
        ),
    )
    closed_on_holidays = models.BooleanField(
        _("closed on public holidays"),
        default=True,
        help_text=_("The pages then say so by themselves."),
    )
    emergency_number = models.CharField(
        _("emergency number"),
        max_length=15,
        default="112",
        validators=[RegexValidator(r"^[0-9]{2,15}$", _("Digits only, please."))],
        help_text=_("The number of the ambulance; 112 in all of Europe."),
    )
    legal_name = models.CharField(
        _("legal name"),
        max_length=150,
        blank=True,
        help_text=_("Of the company or the association, if it is not the name above."),
    )
    vat_number = models.CharField(
        _("VAT number"),
        max_length=20,
        blank=True,
        help_text=_("With the country, for example: IT00000000000"),
    )
    professional_rules_url = WebField(
        _("rules of the profession"),
        max_length=300,
        blank=True,
        help_text=_("Where they can be read; begins with https://"),
    )
    guideline_declaration = I18nTextField(
        _("declaration on the guideline"),
        max_length=500,
        blank=True,
        help_text=_(
            "In Italy: that the site follows the guideline of the Order of physicians "
            "on health information."
        ),
    )
    notice_reference = I18nCharField(
        _("notice to the register"),
        max_length=200,
        blank=True,
        help_text=_(
            "Date and number of the letter that told the register of the site."
        ),
    )
    insurance = I18nCharField(
        _("liability insurance"),
        max_length=200,
        blank=True,
        help_text=_("The company, the number and what it covers."),
    )
    legal_more = I18nTextField(
        _("further legal details"),
        max_length=1500,
        blank=True,
        help_text=_(
            "Whatever else the law of your country asks for. An empty line begins a "
            "new paragraph."
        ),
    )
    four_eyes = models.BooleanField(
        _("four eyes"),
        default=False,
        help_text=_(
            "Nobody signs or reviews an article that they wrote last themselves. "
            "Without it that is allowed, and recorded."
        ),
    )
    review_months = models.PositiveSmallIntegerField(
        _("months between two reviews"),
        default=36,
        validators=[MinValueValidator(1), MaxValueValidator(120)],
        help_text=_(
            "After how many months an article has to be checked again; three years "
            "are usual for health information. A topic or an article may have its own."
        ),
    )
    review_grace_days = models.PositiveSmallIntegerField(
        _("days of grace"),
        default=60,
        validators=[MaxValueValidator(730)],
        help_text=_(
            "So many days after a review was due, readers are told that it is missing."
        ),
    )
    disclosure = I18nTextField(
        _("who pays for the site"),
        max_length=300,
        blank=True,
        help_text=_(
            "Stands under every article, for example: The practice pays for this site. "
            "It carries no advertising, and nobody pays for its articles."
        ),
    )
    is_sample = models.BooleanField(
        _("these are sample details"),
        default=False,
        help_text=_(
            "While ticked, every page says that address, hours and e-mail are "
            "invented. Take the tick away when everything below is true."
        ),
    )

    uid = models.UUIDField(default=uuid4, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

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
    def first_phones(self) -> list[Phone]:
        """The numbers for whoever is lost: those of the header, else the first two."""
        shared = (p for p in self.phones.all() if p.can_be_called and not p.doctor_id)
        return self.header_phones or list(islice(shared, 2))

    def phones_of(self, doctor: Doctor) -> list[Phone]:
        """Return the doctor's own numbers, else those that belong to no doctor.

        Who has only a fax, or only a chat, is called under the practice's numbers.
        """
        own = [p for p in self.phones.all() if p.doctor_id == doctor.pk]
        if any(phone.can_be_called for phone in own):
            return own
        return own + [p for p in self.phones.all() if not p.doctor_id]

    @cached_property
    def notices_now(self) -> list[Notice]:
        """What stands above every page at this moment."""
        now = timezone.now()
        return [
            notice
            for notice in self.notices.all()
            if notice.location_id is None and notice.is_shown(now)
        ]

    @cached_property
    def places(self) -> list[Place]:
        """Every location with its hours; rows for the whole practice count for each.

        A practice that has named no location yet, but has hours, is one place.
        """
        locations = list(self.locations.all())
        if not locations and self.hours.all():
            return [self.place(None)]
        return [self.place(location) for location in locations]

    @property
    def is_one_place(self) -> bool:
        return len(self.places) == 1

    def place(self, location: Location | None) -> Place:
        now = timezone.now()
        own = {None, location.pk if location else None}
        return Place(
            location=location,
            schedule=Schedule(
                [row for row in self.hours.all() if row.location_id in own],
                [row for row in self.closures.all() if row.location_id in own],
                self.holidays(),
                zone=ZoneInfo(settings.TIME_ZONE),
            ),
            notices=[
                notice
                for notice in self.notices.all()
                if location and notice.location_id == location.pk
                if notice.is_shown(now)
            ],
        )

    def holidays(self) -> Callable[[int], Mapping[date, str]]:
        """The public holidays of a year on which the practice is closed."""
        country = str(self.country or "") if self.closed_on_holidays else ""
        return public_holidays(country, self.region, get_language() or "")


@dataclass(frozen=True)
class Place:
    """Where patients are seen: a location, if it has a name yet, and its hours."""

    location: Location | None
    schedule: Schedule
    notices: list[Notice]
