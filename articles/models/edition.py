"""What visitors read: numbered copies that never change."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from articles.models.content import Content


class EditionQuerySet(models.QuerySet["Edition"]):
    def live(self, at: datetime | None = None) -> Self:
        """Keep what visitors may read at that moment (aware, default now)."""
        at = at or timezone.now()
        return self.filter(
            models.Q(live_until=None) | models.Q(live_until__gt=at), live_from__lte=at
        )

    def in_language(self, language: str) -> Self:
        return self.filter(language=language)

    def for_lists(self) -> Self:
        """Newest first, with what a list shows and nothing heavier."""
        return self.select_related("topic").defer("body").order_by("-live_from", "-pk")


class Edition(Content):
    """What visitors read: a numbered, unchanging copy of an article.

    Only ``live_until`` is ever written again, to end it.
    """

    article = models.ForeignKey(
        "articles.Article", models.PROTECT, related_name="editions"
    )
    number = models.PositiveIntegerField(_("number"))
    live_from = models.DateTimeField(_("live from"), db_index=True)
    live_until = models.DateTimeField(_("live until"), null=True, blank=True)
    first_published_at = models.DateTimeField(_("first published"))
    published_at = models.DateTimeField(_("published"))
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        verbose_name=_("published by"),
    )
    translation_of = models.ForeignKey(
        "articles.Article",
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("translation of"),
    )
    sources = models.JSONField(_("sources"), default=list)

    COPIED: tuple[str, ...] = (*Content.COPIED, "translation_of_id")

    objects = EditionQuerySet.as_manager()

    class Meta:
        verbose_name = _("edition")
        verbose_name_plural = _("editions")
        ordering = ["-live_from", "-pk"]
        indexes = [
            models.Index(fields=["language", "slug"], name="edition_by_address"),
            models.Index(fields=["language", "-live_from"], name="edition_by_time"),
        ]
        constraints = [
            models.UniqueConstraint(
                name="edition_numbered_once", fields=["article", "number"]
            ),
            models.UniqueConstraint(
                name="one_live_edition_per_article",
                fields=["article"],
                condition=models.Q(live_until=None),
            ),
            models.UniqueConstraint(
                name="one_live_edition_per_address",
                fields=["language", "slug"],
                condition=models.Q(live_until=None),
            ),
            models.CheckConstraint(
                name="edition_ends_after_it_begins",
                condition=models.Q(live_until=None)
                | models.Q(live_until__gte=models.F("live_from")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.number})"

    @property
    def was_updated(self) -> bool:
        """Whether readers saw an earlier edition on an earlier day."""
        return timezone.localdate(self.published_at) > timezone.localdate(
            self.first_published_at
        )

    def translations(self) -> dict[str, str | None]:
        """Return each other language with the address of the live translation."""
        original = self.translation_of_id or self.article_id
        live = Edition.objects.live().filter(
            models.Q(article=original) | models.Q(translation_of=original)
        )
        found = {edition.language: edition.get_absolute_url() for edition in live}
        return {code: found.get(code) for code, _ in settings.LANGUAGES}
