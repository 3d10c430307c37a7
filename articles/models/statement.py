"""What the site says about itself: privacy and accessibility."""

from __future__ import annotations

import re

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from articles import markup
from articles.fields import RichTextField
from articles.models.content import languages
from articles.models.search import Unfound
from articles.proofreading import problems_of
from clinic import cookies, legal, retention
from clinic.models import MissedAddress, Phone, Practice, Versioned


class StatementManager(models.Manager["Statement"]):
    def current(self, kind: str, language: str) -> Statement:
        """Return the statement; an unsaved one shows the portal's own text."""
        return self.filter(kind=kind, language=language).first() or Statement(
            kind=kind, language=language
        )

    def fill_in(self) -> None:
        """Add the rows that are not there yet: the desk lists every statement."""
        wanted = {
            (kind, code)
            for kind in Statement.Kind.values
            for code, _name in settings.LANGUAGES
        }
        absent = wanted - set(self.values_list("kind", "language"))
        if absent:
            self.bulk_create(
                [Statement(kind=kind, language=code) for kind, code in sorted(absent)],
                ignore_conflicts=True,  # somebody else opened the list as well
            )


class Statement(Versioned):
    """A page about the site itself; while its body is empty, in the portal's words."""

    class Kind(models.TextChoices):
        PRIVACY = "PRIVACY", _("Privacy")
        ACCESSIBILITY = "ACCESSIBILITY", _("Accessibility")

    kind = models.CharField(
        _("statement"), max_length=15, choices=Kind.choices, editable=False
    )
    language = models.CharField(
        _("language"), max_length=10, choices=languages, editable=False
    )
    body = RichTextField(
        _("text"),
        blank=True,
        help_text=_(
            "The portal’s own text says what the portal really does and changes with "
            "it. What you write here stands in its place."
        ),
    )
    updated_at = models.DateTimeField(_("last changed"), auto_now=True)

    objects = StatementManager()

    class Meta:
        verbose_name = _("statement")
        verbose_name_plural = _("statements on privacy and accessibility")
        ordering = ["-kind", "language"]
        # Its rows come with the portal: nobody adds or deletes one.
        default_permissions = ("change", "view")
        constraints = [
            models.UniqueConstraint(
                name="one_statement_of_a_kind_per_language",
                fields=["kind", "language"],
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.get_language_display()})"

    def clean(self) -> None:
        """Refuse what no article is published with: a statement is live at once."""
        problems = problems_of(self.body)
        if problems:
            raise ValidationError({"body": problems})

    def get_absolute_url(self) -> str:
        with override(self.language):
            return reverse(f"articles:{self.kind.lower()}")

    def rendered(self, practice: Practice) -> markup.Rendered:
        """The text as it stands on the page: the practice's, or the portal's own."""
        return markup.render(self.body or self.own_text(practice))

    def own_text(self, practice: Practice) -> str:
        """Write what the portal does, from its settings and the practice's rows."""
        with override(self.language):
            html = render_to_string(
                f"articles/statements/{self.kind.lower()}.html",
                {
                    "practice": practice,
                    "gdpr": legal.under_gdpr(practice),
                    "authority": legal.authority(practice),
                    "chats": any(
                        p.kind == Phone.Kind.WHATSAPP for p in practice.phones.all()
                    ),
                    "maps": any(place.geo for place in practice.locations.all()),
                    "encrypted": settings.HTTPS,
                    "cookies": cookies.of_staff(),
                    "log_days": settings.LOG_DAYS,
                    "error_mail": bool(settings.ERROR_MAIL),
                    "desk": retention.DESK,
                    "backups": settings.BACKUP_KEEP.longest,
                    "missed": MissedAddress.objects.all().KEPT,
                    "unfound": Unfound.objects.all().KEPT,
                },
            )
        # The template's line ends would stand as empty words in the editor.
        return re.sub(r"> <(?=h2|p|/?ul|li)", "><", markup.sanitise(html))

    def is_own_text(self, body: str, practice: Practice) -> bool:
        """Say whether that body says nothing else than the portal's own text.

        The editor writes the same text with other spaces between its tags.
        """
        typed, own = (
            re.sub(r"\s+", "", html)
            for html in (markup.sanitise(body), self.own_text(practice))
        )
        return typed == own
