"""What staff write: the working copy, and the verbs of its life."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from articles.models.content import Content
from articles.models.edition import Edition
from articles.proofreading import problems_of
from clinic.models import Versioned


class ArticleQuerySet(models.QuerySet["Article"]):
    def with_state(self) -> Self:
        """Add ``live_from`` (of the live edition) and ``edition_count``."""
        editions = Edition.objects.filter(article=models.OuterRef("pk"))
        return self.annotate(
            live_from=models.Subquery(editions.live().values("live_from")[:1]),
            edition_count=models.Count("editions"),
        )


class Article(Versioned, Content):
    """The working copy. Visitors never see it; they read its live edition."""

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
    created_at = models.DateTimeField(_("begun"), auto_now_add=True)
    updated_at = models.DateTimeField(_("last saved"), auto_now=True)

    objects = ArticleQuerySet.as_manager()

    class Meta:
        verbose_name = _("article")
        verbose_name_plural = _("articles")
        ordering = ["-updated_at", "-pk"]
        permissions = [("publish_article", _("Can publish and withdraw articles"))]
        constraints = [
            models.UniqueConstraint(
                name="one_article_per_address",
                fields=["language", "slug"],
                violation_error_message=_(
                    "Another article in this language has the same address. Please "
                    "change one of the two."
                ),
            ),
            models.UniqueConstraint(
                name="one_translation_per_language",
                fields=["translation_of", "language"],
                violation_error_message=_(
                    "That article has a translation into this language already."
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        if self.picture_id:
            described = bool(self.picture_alt.strip())
            if not described and not self.picture_decorative:
                raise ValidationError(
                    {
                        "picture_alt": _(
                            "Please describe the picture, or tick “decorative” if it "
                            "tells nothing."
                        )
                    }
                )
            if described and self.picture_decorative:
                raise ValidationError(
                    {
                        "picture_decorative": _(
                            "A picture with a description is not decorative. Please "
                            "take the tick away or empty the description."
                        )
                    }
                )
        self.clean_translation()

    def clean_translation(self) -> None:
        """Keep pairs simple: one original, one translation for each other language."""
        translations = self.translations.all() if self.pk else Article.objects.none()
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

    # Verbs: what happens to an article in the practice.

    @transaction.atomic
    def publish(self, *, by: Any = None, at: datetime | None = None) -> Edition:
        """Make an edition of the working copy; it replaces the live one.

        ``by`` is the User, or None for the portal itself; ``at`` an aware time,
        now by default. Raises ValidationError with every reason that stands against
        publishing.
        """
        article = Article.objects.select_for_update().get(pk=self.pk)
        problems = article.problems()
        if problems:
            raise ValidationError(problems)
        at = at or timezone.now()
        article.editions.filter(live_until=None).update(live_until=at)
        edition = article.next_edition(at)
        edition.published_by = by
        edition.save(force_insert=True)
        return edition

    @transaction.atomic
    def withdraw(self, *, at: datetime | None = None) -> None:
        """End the live edition; its address answers "gone" from then on."""
        Article.objects.select_for_update().get(pk=self.pk)
        self.editions.filter(live_until=None).update(live_until=at or timezone.now())

    # Questions.

    def live_edition(self) -> Edition | None:
        return self.editions.live().first()

    def problems(self) -> list[str]:
        """Say what is missing before readers may see this; empty means nothing."""
        missing = [
            (self.summary.strip(), gettext("The summary is empty.")),
            (self.body.strip(), gettext("The text is empty.")),
            (self.topic_id, gettext("No topic is chosen.")),
            (self.author_id, gettext("No author is chosen: a doctor has to sign.")),
            (
                not self.picture_id
                or self.picture_alt.strip()
                or self.picture_decorative,
                gettext("The picture has no description and is not marked decorative."),
            ),
        ]
        problems = [sentence for fulfilled, sentence in missing if not fulfilled]
        problems += problems_of(self.body)
        taken = (
            Edition.objects.live()
            .filter(language=self.language, slug=self.slug)
            .exclude(article=self)
            .first()
        )
        if taken:
            problems.append(
                gettext(
                    "Readers find “%(title)s” under this address. Publish that article "
                    "under its new address first, or change the address here."
                )
                % {"title": taken.title}
            )
        return problems

    def differs_from(self, edition: Edition) -> bool:
        """Say whether the working copy has moved on since that edition."""
        same_content = all(
            getattr(self, name) == getattr(edition, name) for name in Edition.COPIED
        )
        return not (same_content and self.sources_as_list() == edition.sources)

    def sources_as_list(self) -> list[dict[str, str]]:
        """Return the sources as an edition keeps them."""
        return [source.as_dict() for source in self.sources.all()]

    def next_edition(self, at: datetime | None = None) -> Edition:
        """Return the edition that publishing would make, unsaved: the preview."""
        at = at or timezone.now()
        last = self.editions.defer("body").order_by("number").last()
        return Edition(
            article=self,
            number=last.number + 1 if last else 1,
            first_published_at=last.first_published_at if last else at,
            live_from=at,
            published_at=at,
            sources=self.sources_as_list(),
            **{name: getattr(self, name) for name in Edition.COPIED},
        )
