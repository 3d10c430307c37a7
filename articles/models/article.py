"""What staff write: the working copy, and what becomes an edition of it."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import functions
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from articles.models.content import Content
from articles.models.edition import Change, Edition
from articles.models.life import Life
from articles.models.review import Review
from articles.models.rules import State
from articles.models.translated import Translated
from articles.proofreading import problems_of


class ArticleQuerySet(models.QuerySet["Article"]):
    def with_state(self, at: datetime | None = None) -> Self:
        """Add what the lists of the desk tell of each article's editions.

        ``live_from`` and ``live_until`` of what readers see, ``planned_from`` of what
        they shall see, ``has_editions``, and ``due_date`` and ``reviewed_date`` of
        the content that readers see.
        """
        at = at or timezone.now()
        editions = Edition.objects.filter(article=models.OuterRef("pk"))
        live = editions.live(at)
        content = live.values("content_number")[:1]
        reviews = Review.objects.filter(
            article=models.OuterRef("pk"),
            edition__content_number=models.OuterRef("live_content"),
        )
        latest = models.Subquery(reviews.values("next_due_date")[:1])
        return self.annotate(
            has_editions=models.Exists(editions.public(at)),
            live_from=models.Subquery(live.values("live_from")[:1]),
            live_until=models.Subquery(live.values("live_until")[:1]),
            live_content=models.Subquery(content),
            planned_from=models.Subquery(editions.planned(at).values("live_from")[:1]),
            reviewed_date=models.Subquery(reviews.values("reviewed_date")[:1]),
            due_date=functions.Coalesce(latest, models.F("first_review_date")),
        )

    def free_slug(self, language: str, wanted: str) -> str:
        """Return that slug, or the next that no other article of the language has."""
        slug, number = wanted, 2
        while self.filter(language=language, slug=slug).exists():
            slug = f"{wanted[:110]}-{number}"
            number += 1
        return slug


class Article(Life, Translated, Content):
    """The working copy. Visitors never see it; they read its live edition."""

    # What readers are led to while this is withdrawn; else it says nothing.
    replaced_by = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="replaces",
        verbose_name=_("replaced by"),
    )
    created_at = models.DateTimeField(_("begun"), auto_now_add=True)
    updated_at = models.DateTimeField(_("last saved"), auto_now=True)

    objects = ArticleQuerySet.as_manager()

    class Meta:
        verbose_name = _("article")
        verbose_name_plural = _("articles")
        ordering = ["-updated_at", "-pk"]
        indexes = [
            models.Index(fields=["-updated_at", "-id"], name="article_by_last_save")
        ]
        permissions = [
            ("publish_article", _("Can publish and withdraw articles")),
            ("sign_article", _("Can sign and review articles")),
        ]
        constraints = [
            *Life.Meta.constraints,
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

    # Questions.

    def get_desk_url(self) -> str:
        """Return where the pages of its steps at the desk begin."""
        page = reverse("admin:articles_article_change", args=[self.pk])
        return page.removesuffix("change/")

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
        if self.says_nothing_of_its_change():
            problems.append(
                gettext(
                    "Please say in one sentence what has changed for readers, or mark "
                    "the change as a correction of form."
                )
            )
        taken = (
            Edition.objects.shown()
            .filter(language=self.language, slug=self.slug)
            .exclude(article=self)
            .first()
        )
        if taken:
            problems.append(
                gettext(
                    "“%(title)s” has stood at this address: whoever kept a link to it "
                    "would find another page. Please change the address here."
                )
                % {"title": taken.title}
            )
        return problems

    def replacement(self, at: datetime | None = None) -> Edition | None:
        """Return what readers of this withdrawn article are led to, in one hop.

        That is the first article with something to read, however often the one that
        replaced this was replaced in its turn. ``at`` is aware, now by default.
        """
        article, seen = self.replaced_by, {self.pk}
        while article and article.pk not in seen:
            live = article.current_edition(at)
            if live:
                return live
            seen.add(article.pk)
            article = article.replaced_by
        return None

    def problem_with(self, other: Article) -> str:
        """Say why that article cannot replace this one; empty if it can."""
        if other.pk == self.pk or other.language != self.language:
            return gettext("Please choose another article, in the same language.")
        live = other.current_edition()
        if live is None:
            return gettext(
                "Readers do not see “%(title)s”: please publish it first."
            ) % {"title": other.title}
        article, seen = other, {other.pk}
        while article.replaced_by and article.is_ending():
            article = article.replaced_by
            if article.pk == self.pk:
                return gettext(
                    "“%(title)s” is to be withdrawn and replaced by this article."
                ) % {"title": other.title}
            if article.pk in seen:
                break
            seen.add(article.pk)
        return ""

    def is_ending(self) -> bool:
        """Whether it is withdrawn, or is to be."""
        live = self.current_edition()
        return live is None or live.live_until is not None

    def says_nothing_of_its_change(self) -> bool:
        """Whether readers would not learn what a change of content has changed."""
        if self.change_kind == Change.FORM or self.change_note.strip():
            return False
        if self.state == State.PUBLISHED and self.planned_edition():
            return False  # what is planned says it
        seen = self.editions.public().first()
        # What was withdrawn may come back as it was: nothing has changed.
        return seen is not None and self.differs_from(seen)

    def differs_from(self, edition: Edition) -> bool:
        """Say whether the working copy has moved on since that edition."""
        same_content = self.copied() == edition.copied()
        return not (same_content and self.sources_as_list() == edition.sources)

    def sources_as_list(self) -> list[dict[str, str]]:
        """Return the sources as an edition keeps them."""
        return [source.as_dict() for source in self.sources.all()]

    def use_sources(self, sources: list[dict[str, str]]) -> None:
        """Put these in place of its sources, as an edition keeps them."""
        self.sources.all().delete()
        for position, source in enumerate(sources):
            self.sources.create(position=position, **source)

    def next_edition(self, at: datetime | None = None) -> Edition:
        """Return the edition that publishing would make, unsaved: the preview.

        ``at`` (aware, now by default) is when readers would first see it.
        """
        at = at or timezone.now()
        # By number: the working copy goes on from there, shown or not.
        last = self.editions.defer("body").order_by("number").last()
        seen = self.editions.shown().filter(live_from__lt=at)
        number = last.number + 1 if last else 1
        content_number, content_since = number, at
        kind, note = Change.CONTENT, self.change_note
        if last and self.change_kind == Change.FORM:
            content_number = last.content_number
            of_content = seen.filter(content_number=content_number).last()
            if of_content:
                kind, content_since = Change.FORM, of_content.content_since
            else:  # that content was called off: what is corrected here is new
                brought = self.editions.get(number=content_number)
                note = note or brought.change_note
        first = seen.last()
        return Edition(
            article=self,
            number=number,
            change_kind=kind,
            change_note=note,
            content_number=content_number,
            content_since=content_since,
            first_published_at=first.live_from if first else at,
            live_from=at,
            published_at=timezone.now(),
            written_by=self.edited_by,
            signed_by=self.signed_by,
            signed_at=self.signed_at,
            original_edition=self.original_edition,
            sources=self.sources_as_list(),
            **self.copied(),
        )
