"""The index of the A to Z."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Self

from django.db import models, transaction
from django.utils import timezone

from articles import alphabet
from articles.models.edition import Edition, live_at

BATCH = 1000


class HeadwordQuerySet(models.QuerySet["Headword"]):
    def live(self, at: datetime | None = None) -> Self:
        """Keep what leads to a page that visitors may read then (aware, now)."""
        # A join by key: the edition is looked up for the few words of a page.
        return self.filter(live_at(at or timezone.now(), "edition__"))

    def public(self) -> Self:
        """Keep what has led to a page at some time: a place in a list stays one."""
        return self.filter(edition__in=Edition.objects.public())

    def in_language(self, language: str) -> Self:
        return self.filter(language=language)

    def for_lists(self) -> Self:
        """In the order of the alphabet, with what a list shows and nothing heavier."""
        shown = ("slug", "title", "language")
        return (
            self.select_related("edition")
            .only(
                "letter", "key", "label", "is_title", *(f"edition__{n}" for n in shown)
            )
            .order_by("letter", "key", "pk")
        )

    def write(self, editions: Iterable[Edition]) -> None:
        """Add what the A to Z says of editions that are new in the database."""
        Headword.objects.bulk_create(
            Headword(edition=edition, language=edition.language, **word._asdict())
            for edition in editions
            for word in alphabet.words_of(
                edition.title, edition.key_phrases, edition.language
            )
        )

    def rebuild(self) -> int:
        """Write the whole index anew; return how many words it has."""
        fields = ("pk", "language", "title", "key_phrases")
        with transaction.atomic():
            self.all().delete()
            last = 0
            while batch := list(
                Edition.objects.filter(pk__gt=last).only(*fields).order_by("pk")[:BATCH]
            ):
                self.write(batch)
                last = batch[-1].pk
            return self.count()


class Headword(models.Model):
    """A title or a key phrase of an edition, where it stands in the alphabet.

    Written with the edition, in the same transaction, and like it for ever; whether it
    shows is asked of the edition. What is to stand here beside articles gets a nullable
    reference of its own and its line in ``live``.
    """

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="headwords")
    language = models.CharField(max_length=10)
    letter = models.CharField(max_length=3)
    key = models.CharField(max_length=alphabet.LONGEST_KEY)
    label = models.TextField()
    is_title = models.BooleanField()

    objects = HeadwordQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(
                fields=["language", "letter", "key", "id"], name="headword_by_letter"
            ),
        ]

    def __str__(self) -> str:
        return self.label
