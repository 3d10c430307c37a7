"""Articles: what staff write, and the editions that visitors read."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _
from i18nfield.fields import I18nCharField, I18nTextField

from articles import markup
from articles.fields import RichTextField, WebField
from clinic.models import Doctor, Picture, Versioned


def languages() -> list[tuple[str, Any]]:
    """The choices of a language, as a function: they belong to no migration."""
    return list(settings.LANGUAGES)


def main_language() -> str:
    return settings.LANGUAGE_CODE


class Topic(models.Model):
    """A subject that articles in every language belong to."""

    name = I18nCharField(
        _("name"), max_length=80, help_text=_("For example: Chemotherapy")
    )
    slug = models.SlugField(
        _("address"),
        unique=True,
        help_text=_("The end of the page's address, the same in every language."),
    )
    summary = I18nTextField(
        _("summary"),
        max_length=300,
        blank=True,
        help_text=_("One sentence that says what one finds there."),
    )
    position = models.PositiveSmallIntegerField(
        _("order"), default=0, help_text=_("Small numbers come first.")
    )

    class Meta:
        verbose_name = _("topic")
        verbose_name_plural = _("topics")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return str(self.name)

    def get_absolute_url(self) -> str:
        return reverse("articles:topic", args=[self.slug])


class Content(models.Model):
    """What an article says: shared by the working copy and its editions."""

    language = models.CharField(
        _("language"),
        max_length=10,
        choices=languages,
        default=main_language,
    )
    title = models.CharField(
        _("title"),
        max_length=120,
        help_text=_("The reader's question or the plain subject."),
    )
    slug = models.SlugField(
        _("address"),
        max_length=120,
        help_text=_("The end of the page's address; made from the title."),
    )
    summary = models.TextField(
        _("summary"),
        max_length=400,
        blank=True,
        help_text=_(
            "Two or three sentences: what the page explains and for whom. They stand "
            "under the title and in lists."
        ),
    )
    body = RichTextField(_("text"), blank=True)
    topic = models.ForeignKey(
        Topic,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("topic"),
        related_name="%(class)ss",
    )
    author = models.ForeignKey(
        Doctor,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("author"),
        related_name="%(class)ss",
        help_text=_("The doctor who signs, whoever types."),
    )
    picture = models.ForeignKey(
        Picture,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("picture"),
        related_name="%(class)ss",
        help_text=_("Search among the pictures that are here already."),
    )
    picture_alt = models.CharField(
        _("description of the picture"),
        max_length=250,
        blank=True,
        help_text=_(
            "What one sees, for people who cannot: “Drawing of a liver with six cells "
            "of another colour.”"
        ),
    )
    picture_decorative = models.BooleanField(
        _("decorative"),
        default=False,
        help_text=_("The picture tells nothing; screen readers pass over it."),
    )
    picture_caption = models.CharField(
        _("caption"),
        max_length=250,
        blank=True,
        help_text=_("Stands below the picture."),
    )
    picture_credit = models.CharField(
        _("credit"),
        max_length=150,
        blank=True,
        help_text=_("Who made it and by what right it is used."),
    )
    key_phrases = models.TextField(
        _("key phrases"),
        max_length=1000,
        blank=True,
        help_text=_(
            "Words under which people look for this, one to a line: everyday words, "
            "other names, frequent misspellings."
        ),
    )
    is_sample = models.BooleanField(
        _("sample text"),
        default=False,
        help_text=_("While ticked, the page says that it is no medical advice."),
    )

    # What publishing copies and what tells whether the working copy has moved on.
    COPIED = (
        "language", "title", "slug", "summary", "body", "topic_id", "author_id",
        "picture_id", "picture_alt", "picture_decorative", "picture_caption",
        "picture_credit", "key_phrases", "is_sample",
    )  # fmt: skip

    class Meta:
        abstract = True

    def get_absolute_url(self) -> str:
        with override(self.language):
            return reverse("articles:article", args=[self.slug])

    @cached_property
    def rendered(self) -> markup.Rendered:
        """The body as it stands on the page, with its headings."""
        return markup.render(self.body)

    @property
    def contents(self) -> list[markup.Heading]:
        """The contents list: only long articles need one."""
        headings = self.rendered.headings
        return headings if len(headings) >= 4 else []


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
        previous = list(article.editions.order_by("number"))
        article.editions.filter(live_until=None).update(live_until=at)
        return Edition.objects.create(
            article=article,
            number=previous[-1].number + 1 if previous else 1,
            first_published_at=previous[0].first_published_at if previous else at,
            live_from=at,
            published_at=at,
            published_by=by,
            sources=[source.as_dict() for source in article.sources.all()],
            **{name: getattr(article, name) for name in Content.COPIED},
        )

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
            getattr(self, name) == getattr(edition, name) for name in Content.COPIED
        )
        sources = [source.as_dict() for source in self.sources.all()]
        return not (same_content and sources == edition.sources)

    def preview(self) -> Edition:
        """Return an unsaved edition of the working copy, as readers would see it."""
        live = self.live_edition()
        now = timezone.now()
        return Edition(
            article=self,
            number=live.number + 1 if live else 1,
            first_published_at=live.first_published_at if live else now,
            live_from=now,
            published_at=now,
            sources=[source.as_dict() for source in self.sources.all()],
            **{name: getattr(self, name) for name in Content.COPIED},
        )


class Source(models.Model):
    """Where a statement of an article comes from."""

    article = models.ForeignKey(Article, models.CASCADE, related_name="sources")
    title = models.CharField(
        _("title"),
        max_length=300,
        help_text=_("Who published it and what it is called, with the year."),
    )
    url = WebField(
        _("link"), max_length=500, blank=True, help_text=_("Begins with https://")
    )
    doi = models.CharField(
        _("DOI"),
        max_length=150,
        blank=True,
        validators=[
            RegexValidator(
                r"^10\.\d{4,9}/\S+$",
                _("A DOI begins with 10., for example 10.1016/j.annonc.2022.10.003"),
            )
        ],
        help_text=_("If it has one, for example: 10.1016/j.annonc.2022.10.003"),
    )
    pmid = models.CharField(
        _("PMID"),
        max_length=9,
        blank=True,
        validators=[
            RegexValidator(r"^\d{1,9}$", _("A PMID is a number, nothing else."))
        ],
        help_text=_("The number in PubMed, if it has one."),
    )
    position = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.title

    def as_dict(self) -> dict[str, str]:
        """Return what an edition keeps of the source."""
        return {
            "title": self.title,
            "url": self.url,
            "doi": self.doi,
            "pmid": self.pmid,
        }


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

    article = models.ForeignKey(Article, models.PROTECT, related_name="editions")
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
    sources = models.JSONField(_("sources"), default=list)

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
        original = self.article.translation_of_id or self.article_id
        live = Edition.objects.live().filter(
            models.Q(article=original) | models.Q(article__translation_of=original)
        )
        found = {edition.language: edition.get_absolute_url() for edition in live}
        return {code: found.get(code) for code, _ in settings.LANGUAGES}
