"""Medical reviews: who has checked which edition, and when it falls due again."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.models import Doctor, Practice, User

if TYPE_CHECKING:
    from articles.models.edition import Edition


def months_later(day: date, months: int) -> date:
    """Return the same day so many months on; 31 January and a month is 28 February."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def spread(count: int, begins: date, months: int) -> list[date]:
    """Return so many days, evenly spread from ``begins`` over so many months.

    Whoever publishes three hundred articles in one go cannot review them in one week.
    """
    days = (months_later(begins, months) - begins).days
    return [
        begins + timedelta(days * number // count) for number in range(1, count + 1)
    ]


class ReviewManager(models.Manager["Review"]):
    def of(
        self,
        edition: Edition,
        *,
        by: User,
        at: datetime,
        outcome: str = "CORRECT",
        note: str = "",
    ) -> Review:
        """Record that a doctor checked the edition at that moment (aware).

        A signature under a changed content is such a check.

        What was found correct falls due after the months of the article, the topic or
        the practice; anything else at once.
        """
        day = timezone.localdate(at)
        correct = outcome == Review.Outcome.CORRECT
        return self.create(
            article_id=edition.article_id,
            edition=edition,
            reviewer=by,
            doctor=by.doctor,
            reviewed_date=day,
            outcome=outcome,
            note=note,
            next_due_date=months_later(day, months_of(edition)) if correct else day,
        )


def months_of(edition: Edition) -> int:
    """Return after how many months a review of this edition falls due."""
    topic = edition.topic
    return (
        edition.article.review_months
        or (topic and topic.review_months)
        or Practice.objects.row().review_months
    )


class Review(models.Model):
    """A doctor's check of an edition. Rows are added, never changed."""

    class Outcome(models.TextChoices):
        CORRECT = "CORRECT", _("checked, still correct")
        NEEDS_CHANGES = "CHANGES", _("needs changes")
        WITHDRAW = "WITHDRAW", _("has to be withdrawn")

    article = models.ForeignKey(
        "articles.Article", models.PROTECT, related_name="reviews"
    )
    edition = models.ForeignKey(
        "articles.Edition", models.PROTECT, related_name="reviews"
    )
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("reviewer"),
    )
    doctor = models.ForeignKey(
        Doctor,
        models.PROTECT,
        null=True,
        related_name="reviews",
        verbose_name=_("doctor"),
    )
    reviewed_date = models.DateField(_("reviewed"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices)
    note = models.TextField(_("note"), max_length=1000, blank=True)
    next_due_date = models.DateField(_("next review due"))

    objects = ReviewManager()

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ["-reviewed_date", "-pk"]
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["article", "-reviewed_date"], name="review_by_article")
        ]
        constraints = [
            models.CheckConstraint(
                name="review_falls_due_after_it",
                condition=models.Q(next_due_date__gte=models.F("reviewed_date")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.edition}, {self.reviewed_date}: {self.get_outcome_display()}"

    @property
    def is_correct(self) -> bool:
        return self.outcome == self.Outcome.CORRECT

    def says_the_same(
        self, edition: Edition, by: User, outcome: str, note: str
    ) -> bool:
        """Whether that person found the same of that edition today already."""
        return (
            (outcome, note) == (self.outcome, self.note)
            and self.edition_id == edition.pk
            and self.reviewer_id == by.pk
            and self.reviewed_date == timezone.localdate()
        )
