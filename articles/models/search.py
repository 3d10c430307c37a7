"""What the search knows: the stems of editions, how words are written, synonyms."""

from __future__ import annotations

from datetime import timedelta
from typing import Self

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from articles.models.content import main_language
from articles.search.words import stems_of
from clinic.models.address import forget_too_many
from clinic.models.user import languages


class Indexed(models.Model):
    """An edition as the search compares it; written and deleted by ``search.index``."""

    edition = models.OneToOneField(
        "articles.Edition", models.CASCADE, primary_key=True, related_name="indexed"
    )
    # Which rules made it (search.words.VERSION).
    version = models.PositiveSmallIntegerField(db_index=True)
    words = models.TextField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.edition_id)


class Spelling(models.Model):
    """A folded word that stands in some edition, or has stood there."""

    language = models.CharField(max_length=10)
    word = models.CharField(max_length=60)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                name="one_spelling_per_word", fields=["language", "word"]
            )
        ]
        # Where words are sorted by the rules of a language (see engine.begins_with).
        indexes = [
            models.Index(
                name="spelling_by_beginning",
                fields=["language", "word"],
                opclasses=["varchar_pattern_ops", "varchar_pattern_ops"],
            )
        ]

    def __str__(self) -> str:
        return self.word


class Synonym(models.Model):
    """Words of readers, and the words that the pages use instead."""

    language = models.CharField(
        _("language"), max_length=10, choices=languages, default=main_language
    )
    words = models.CharField(
        _("readers say"),
        max_length=100,
        help_text=_("For example: tumour of the liver. Endings do not matter."),
    )
    means = models.CharField(
        _("our pages say"),
        max_length=100,
        help_text=_(
            "For example: liver metastases. Whoever searches for the one finds pages "
            "with the other as well."
        ),
    )

    class Meta:
        verbose_name = _("synonym")
        verbose_name_plural = _("synonyms")
        ordering = ["language", "words", "pk"]
        constraints = [
            models.UniqueConstraint(
                name="one_synonym_per_meaning",
                fields=["language", "words", "means"],
                violation_error_message=_("This synonym is there already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.words} → {self.means}"

    def clean(self) -> None:
        stems = {name: stems_of(getattr(self, name), self.language) for name in SIDES}
        empty = {
            name: _("The search leaves out all of these words. Please use others.")
            for name, found in stems.items()
            if getattr(self, name).strip() and not found
        }
        if empty:
            raise ValidationError(empty)
        if stems["words"] and stems["words"] == stems["means"]:
            raise ValidationError(
                {"means": _("To the search both are the same words already.")}
            )


SIDES = ("words", "means")


class UnfoundQuerySet(models.QuerySet["Unfound"]):
    # So many are kept; of more, those that were searched for most.
    MOST = 1000
    KEPT = timedelta(days=90)

    def repeated(self) -> Self:
        """Keep what was searched for more than once, and what nobody has put aside."""
        return self.filter(
            count__gt=1,
            ignored=False,
            last_date__gt=timezone.localdate() - self.KEPT,
        )

    def about(self, words: str, language: str) -> Self:
        """Keep what those words answer, in whatever form it was typed."""
        stems = stems_of(words, language)
        rows = self.filter(language=language)
        return rows.filter(
            pk__in=[row.pk for row in rows if stems_of(row.words, language) == stems]
        )

    def add(self, counts: dict[str, tuple[int, str]]) -> None:
        """Add how often each was searched for; a name is a language and words.

        Several processes may do so at once: sorted, none waits for another in a ring.
        """
        today = timezone.localdate()
        with transaction.atomic():
            for name in sorted(counts):
                language, _space, words = name.partition(" ")
                self.bulk_create(
                    [
                        self.model(
                            language=language,
                            words=words,
                            first_date=today,
                            last_date=today,
                        )
                    ],
                    ignore_conflicts=True,
                )
                self.filter(language=language, words=words).update(
                    count=models.F("count") + counts[name][0], last_date=today
                )
            self.purge()

    def purge(self) -> int:
        """Forget what is old and what is too much; say how many."""
        gone, _models = self.filter(
            last_date__lte=timezone.localdate() - self.KEPT
        ).delete()
        return gone + forget_too_many(self, self.MOST, "last_date")


class Unfound(models.Model):
    """Words that readers have searched for and found nothing; nobody's in particular.

    Neither who has searched nor from where is ever known here.
    """

    language = models.CharField(_("language"), max_length=10, choices=languages)
    words = models.CharField(_("words"), max_length=100)
    count = models.PositiveIntegerField(_("how often"), default=0)
    first_date = models.DateField(_("first time"))
    last_date = models.DateField(_("last time"))
    ignored = models.BooleanField(_("ignored"), default=False)

    objects = UnfoundQuerySet.as_manager()

    class Meta:
        verbose_name = _("search without result")
        verbose_name_plural = _("searches without result")
        ordering = ["-count", "-last_date", "-pk"]
        default_permissions = ("change", "view")
        constraints = [
            models.UniqueConstraint(
                name="unfound_words_once", fields=["language", "words"]
            )
        ]

    def __str__(self) -> str:
        return self.words
