"""An article and its translations: which edition each was made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import get_language_info, gettext
from django.utils.translation import gettext_lazy as _

from articles.models.alignment import Alignment
from articles.models.edition import Edition
from articles.models.rules import State, Step
from clinic.models import User

if TYPE_CHECKING:
    from articles.models.article import Article

# What a translation has in common with its original; the words it has to find itself.
CARRIED = (
    "topic_id", "author_id", "condition_id", "picture_id", "picture_decorative",
    "picture_credit", "is_sample",
)  # fmt: skip


@dataclass(frozen=True)
class LanguageVersion:
    """One language of an article: who holds it, or that nobody has begun it."""

    code: str
    article: Article | None
    is_original: bool

    @property
    def name(self) -> str:
        """The name of the language in the language of the desk."""
        return str(get_language_info(self.code)["name_translated"])


class Translated(models.Model):
    """The working copy as a translation, or as what others translate.

    ``original_edition`` is what the words were made from; publishing freezes it into
    the edition. No signature covers it: to find that a translation is up to date
    changes no word.
    """

    translation_of = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="translations",
        verbose_name=_("translation of"),
        help_text=_(
            "The article in the other language that this one translates. Readers can "
            "switch between the two."
        ),
    )
    original_edition = models.ForeignKey(
        "articles.Edition",
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("made from the edition"),
    )

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep no edition of another article than the one that is translated."""
        made_from = self.original_edition
        if made_from and made_from.article_id != self.translation_of_id:
            self.original_edition = None
        super().save(*args, **kwargs)

    def clean_translation(self) -> None:
        """Keep pairs simple: one original, one translation for each other language."""
        translations = list(self.translations.all()) if self.pk else []
        if any(other.language == self.language for other in translations):
            raise ValidationError(
                {"language": _("This article has a translation into this language.")}
            )
        original = self.translation_of
        if original is None:
            return
        if original.pk == self.pk or original.language == self.language:
            problem = _(
                "Both articles are in the same language. Please check the language "
                "above."
            )
        elif original.translation_of_id or translations:
            problem = _(
                "Please choose the original: the article that is not itself a "
                "translation."
            )
        else:
            return
        raise ValidationError({"translation_of": problem})

    # Verbs.

    def link(self, original: Article | None) -> None:
        """Make it a translation of what the original says now; unsaved."""
        self.translation_of = original
        self.original_edition = original.newest_edition() if original else None

    def translate(self, language: str, *, by: User) -> tuple[Article, bool]:
        """Return its version in that language, and whether it was begun just now.

        Begun, it is a draft with what needs no translating, and with the title of the
        original until somebody has typed another.
        """
        articles: Any = type(self)._default_manager
        with transaction.atomic():
            # Locked: of two clicks one begins it, and the other finds it.
            original = articles.select_for_update().get(
                pk=self.translation_of_id or self.pk
            )
            if language == original.language:
                return original, False
            there = original.translations.filter(language=language).first()
            if there:
                return there, False
            said = original.newest_edition()
            source = said or original
            article = articles.model(
                language=language,
                title=original.title,
                slug=articles.free_slug(language, original.slug),
                review_months=original.review_months,
                **{name: getattr(source, name) for name in CARRIED},
            )
            article.link(original)
            article.save()
            article.use_sources(said.sources if said else original.sources_as_list())
            article.written(by)
        return article, True

    def align(
        self, original_edition: Edition, *, by: User | None, as_read: bool = False
    ) -> None:
        """Record that it says what that edition of its original says.

        The working copy does; what readers see does if it is the same text, or if
        whoever looked says so (``as_read``).
        """
        with self._step(Step.ALIGN, by) as article:
            if original_edition.article_id != article.translation_of_id:
                raise ValidationError(gettext("That is no edition of its original."))
            found = []
            if article.state == State.PUBLISHED:
                found.append(article.newest_edition())
            if as_read:
                found.append(article.current_edition())
            article.original_edition = original_edition
            for edition in {*filter(None, found)} or [None]:
                Alignment.objects.create(
                    article=article,
                    edition=edition,
                    original_edition=original_edition,
                    aligned_by=by,
                )

    # Questions.

    def newest_edition(self) -> Edition | None:
        """Return what readers see or shall see last: what a translation is made from.

        Of what was withdrawn it is the last that they saw.
        """
        return self.editions.shown().first()

    def edition_ahead(self) -> Edition | None:
        """Return the edition of its original whose content it does not have yet.

        Also if nobody has recorded what it was made from, and also if readers shall
        see that edition later only: then both can begin together.
        """
        newest = self.translation_of.newest_edition() if self.translation_of else None
        if newest is None or newest.has_ended():
            return None
        made_from = self.original_edition
        if made_from and made_from.content_number >= newest.content_number:
            return None
        return newest

    @property
    def is_untitled(self) -> bool:
        """Whether it still bears the title that ``translate`` has lent it."""
        return not (self.summary or self.body) and self.bears_title_of_original()

    def bears_title_of_original(self) -> bool:
        original = self.translation_of
        return original is not None and self.title == original.title

    def versions(self) -> list[LanguageVersion]:
        """Return every language of the portal, and of the article, with its article."""
        original: Any = self.translation_of or self
        found = {article.language: article for article in original.translations.all()}
        found[original.language] = original
        return [
            LanguageVersion(code, found.get(code), code == original.language)
            for code, _name in settings.LANGUAGES
        ]

    if TYPE_CHECKING:
        translation_of_id: Any
        editions: Any
        translations: Any
        alignments: Any
        language: Any
        title: Any
        summary: Any
        body: Any
        _step: Any
