"""What visitors read: numbered copies that never change."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from articles.fields import DigestField
from articles.models.content import Content, staff
from articles.models.review import Review
from clinic.models import Practice


class Change(models.TextChoices):
    """What an edition is to readers of the one before."""

    CONTENT = "CONTENT", _("change of content")
    FORM = "FORM", _("correction of form")


def live_at(at: datetime, path: str = "") -> models.Q:
    """Keep what visitors may read at that moment; ``path`` leads to the edition."""
    until = f"{path}live_until"
    return models.Q(
        models.Q(**{until: None}) | models.Q(**{f"{until}__gt": at}),
        **{f"{path}live_from__lte": at},
    )


class EditionQuerySet(models.QuerySet["Edition"]):
    # How an edition ends is all that is ever written to it again.
    WRITABLE = frozenset({"live_until", "withdrawal_note"})

    def live(self, at: datetime | None = None) -> Self:
        """Keep what visitors may read at that moment (aware, default now)."""
        return self.filter(live_at(at or timezone.now()))

    def shown(self) -> Self:
        """Keep what readers have seen or shall see, the newest first.

        An edition that was called off before its time ends where it begins.
        """
        return self.exclude(live_until=models.F("live_from")).order_by(
            "-live_from", "-number"
        )

    def public(self, at: datetime | None = None) -> Self:
        """Keep what has been before readers at some time until then, newest first."""
        return self.shown().filter(live_from__lte=at or timezone.now())

    def planned(self, at: datetime | None = None) -> Self:
        """Keep what begins after that moment, the next first."""
        return self.shown().filter(live_from__gt=at or timezone.now()).reverse()

    def in_language(self, language: str) -> Self:
        return self.filter(language=language)

    def for_lists(self) -> Self:
        """Newest content first, with what a list shows and nothing heavier."""
        return self.only(
            "article",
            "language",
            "slug",
            "title",
            "content_since",
            "first_published_at",
        ).order_by("-content_since", "-pk")

    def with_notes(self) -> Self:
        """Add ``content_note``: what the last change of content was, for readers."""
        brought = Edition.objects.filter(
            article=models.OuterRef("article"),
            content_number=models.OuterRef("content_number"),
            change_kind=Change.CONTENT,
        ).order_by("-number")
        return self.annotate(
            content_note=models.Subquery(brought.values("change_note")[:1])
        )

    def for_history(self) -> Self:
        """Keep only what tells readers which edition came when, and why."""
        return self.only(
            "article",
            "language",
            "slug",
            "number",
            "live_from",
            "change_kind",
            "change_note",
        )

    def families_of(self, editions: Iterable[Edition]) -> dict[int, list[Edition]]:
        """Keep what belongs to those editions: their originals and all translations.

        By the key of the original, asked for once, however many there are. Should two
        claim the same language, the newer one is meant.
        """
        originals = {edition.original_id for edition in editions}
        found: dict[int, dict[str, Edition]] = {key: {} for key in originals}
        family = models.Q(article__in=originals) | models.Q(
            translation_of__in=originals
        )
        for one in self.filter(family).only(
            "article",
            "content_number",
            "content_since",
            "language",
            "slug",
            "translation_of",
        ):
            found[one.original_id].setdefault(one.language, one)
        return {key: list(by_language.values()) for key, by_language in found.items()}

    def changes_after(self, at: datetime) -> list[datetime | None]:
        """Return when the next edition begins and when the next one ends."""
        return [
            self.filter(**{f"{field}__gt": at}).aggregate(next=models.Min(field))[
                "next"
            ]
            for field in ("live_from", "live_until")
        ]

    def end_by(self, at: datetime) -> None:
        """End at that moment what is live then; what begins later never appears."""
        self.call_off(at)
        self.live(at).update(live_until=at)

    def call_off(self, at: datetime) -> None:
        """Let what begins after that moment never appear."""
        self.planned(at).order_by().update(live_until=models.F("live_from"))

    def update(self, **changes: Any) -> int:
        """Write how editions end; raise TypeError for anything else."""
        if not set(changes) <= self.WRITABLE:
            raise TypeError("An edition never changes: publish another one.")
        return super().update(**changes)

    def delete(self) -> Any:
        raise TypeError("An edition is never deleted: withdraw it.")


class Edition(Content):
    """What visitors read: a numbered, unchanging copy of an article.

    Only how it ends is ever written again: ``live_until``, ``withdrawal_note``.
    """

    article = models.ForeignKey(
        "articles.Article", models.PROTECT, related_name="editions"
    )
    number = models.PositiveIntegerField(_("number"))
    change_kind = models.CharField(
        max_length=10, choices=Change.choices, default=Change.CONTENT
    )
    change_note = models.CharField(max_length=250, blank=True)
    # The edition that brought the content as it stands here, and when readers first
    # saw that; corrections of form since then do not count.
    content_number = models.PositiveIntegerField()
    content_since = models.DateTimeField()
    live_from = models.DateTimeField(_("live from"), db_index=True)
    live_until = models.DateTimeField(_("live until"), null=True, blank=True)
    withdrawal_note = models.TextField(blank=True)
    first_published_at = models.DateTimeField(_("first published"))
    published_at = models.DateTimeField(_("published"))
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        verbose_name=_("published by"),
    )
    written_by = staff(_("last written by"))
    signed_by = staff(_("signed by"))
    signed_at = models.DateTimeField(_("signed"), null=True, editable=False)
    translation_of = models.ForeignKey(
        "articles.Article",
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("translation of"),
    )
    # What its words were made from, if it is a translation and somebody recorded it.
    original_edition = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("made from the edition"),
    )
    sources = models.JSONField(_("sources"), default=list)
    # The last field, because it is made of the others as they are stored.
    digest = DigestField(max_length=80, default="", editable=False)

    if TYPE_CHECKING:
        headwords: Any

    objects = EditionQuerySet.as_manager()

    class Meta:
        verbose_name = _("edition")
        verbose_name_plural = _("editions")
        ordering = ["-live_from", "-pk"]
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["language", "slug"], name="edition_by_address"),
            models.Index(
                fields=["language", "-content_since", "-id"], name="edition_by_time"
            ),
            models.Index(
                fields=["topic", "language", "-content_since", "-id"],
                name="edition_by_topic",
            ),
            models.Index(
                fields=["live_until"],
                condition=models.Q(live_until__isnull=False),
                name="edition_by_end",
            ),
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
            models.CheckConstraint(
                name="edition_signed_by_somebody_at_some_time",
                condition=models.Q(signed_by=None, signed_at=None)
                | models.Q(signed_by__isnull=False, signed_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.number})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the edition; raise TypeError for one that is there already."""
        if not self._state.adding:
            raise TypeError("An edition never changes: publish another one.")
        with transaction.atomic():
            super().save(*args, **kwargs)
            self.headwords.write([self])

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("An edition is never deleted: withdraw it.")

    def get_citation_url(self) -> str:
        """Return the address at which this edition stays, whatever follows it."""
        with override(self.language):
            return reverse("articles:edition", args=[self.slug, self.number])

    @property
    def was_updated(self) -> bool:
        """Whether readers saw another content on an earlier day."""
        return timezone.localdate(self.content_since) > timezone.localdate(
            self.first_published_at
        )

    @property
    def is_called_off(self) -> bool:
        """Whether it never appeared: it was called off before its time."""
        return self.live_until == self.live_from

    @property
    def is_own_signature(self) -> bool:
        """Whether who signed had also written the text."""
        return self.signed_by_id is not None and self.signed_by_id == self.written_by_id

    def is_live(self, at: datetime | None = None) -> bool:
        at = at or timezone.now()
        return self.live_from <= at and not self.has_ended(at)

    @cached_property
    def reviews_of_content(self) -> list[Review]:
        """Every review of this content, whichever edition of it was looked at.

        Editions that differ in form only share one content, and so its reviews.
        """
        return list(
            Review.objects.filter(
                article_id=self.article_id,
                edition__content_number=self.content_number,
            ).select_related("doctor")
        )

    @property
    def last_review(self) -> Review | None:
        """The last review that found the content correct: what readers are told."""
        return next((r for r in self.reviews_of_content if r.is_correct), None)

    @property
    def objection(self) -> Review | None:
        """The last review, if it found that the text needs changes."""
        latest = self.reviews_of_content[:1]
        return latest[0] if latest and not latest[0].is_correct else None

    @property
    def review_due_date(self) -> date | None:
        """When the next review is due; None if nobody has proposed a day."""
        if self.reviews_of_content:
            return self.reviews_of_content[0].next_due_date
        return self.article.first_review_date

    def is_overdue(self, practice: Practice) -> bool:
        """Whether readers have to be told: due, and the practice's grace is over."""
        due = self.review_due_date
        if due is None:
            return False
        grace = timedelta(practice.review_grace_days)
        return timezone.localdate() > due + grace

    @property
    def original_id(self) -> int:
        """The key of the article that this one translates, or of this one itself."""
        return self.translation_of_id or self.article_id

    def has_ended(self, at: datetime | None = None) -> bool:
        return self.live_until is not None and self.live_until <= (at or timezone.now())

    @cached_property
    def live_family(self) -> list[Edition]:
        """What readers see now of the original and of all its translations."""
        return Edition.objects.live().families_of([self])[self.original_id]

    def translations(self) -> dict[str, str | None]:
        """Return each language with the address of what readers see in it."""
        found = {
            edition.language: edition.get_absolute_url() for edition in self.live_family
        }
        return {code: found.get(code) for code, _ in settings.LANGUAGES}

    def newer_original(self) -> Edition | None:
        """Return what readers see of its original, if its content is newer.

        None if nobody has recorded what this was made from: then nobody knows.
        """
        key = self.translation_of_id
        original = next((e for e in self.live_family if e.article_id == key), None)
        followed = self.content_followed() if original else None
        if original is None or followed is None:
            return None
        return original if original.content_number > followed else None

    def content_followed(self) -> int | None:
        """Return the number of the newest content of its original that this says.

        That which its words were made from, or a later one with which somebody has
        found it, or another edition of the same content, to agree.
        """
        found_to_agree = models.Q(
            followers__article=self.article_id,
            followers__edition__content_number=self.content_number,
        )
        return Edition.objects.filter(
            models.Q(pk=self.original_edition_id) | found_to_agree,
            article=self.translation_of_id,
        ).aggregate(newest=models.Max("content_number"))["newest"]
