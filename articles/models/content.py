"""What an article says."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from articles import markup
from articles.fields import RichTextField
from articles.models.condition import Condition
from articles.models.topic import Topic
from articles.readability import minutes_to_read
from clinic.models import Doctor, Picture
from clinic.models.user import languages


def main_language() -> str:
    return settings.LANGUAGE_CODE


def staff(name: Any) -> Any:
    """A reference to an account that did something; the account cannot be deleted."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=name,
    )


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
    condition = models.ForeignKey(
        Condition,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("condition"),
        related_name="%(class)ss",
        help_text=_(
            "The disease or complaint that the article explains, if it explains one. "
            "Search engines are told its codes."
        ),
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
            "Words under which people look for this, one to a line: everyday words and "
            "other names. Readers find them in the A to Z and by searching."
        ),
    )
    disclosure = models.CharField(
        _("interests"),
        max_length=250,
        blank=True,
        help_text=_(
            "Only if something applies to this article alone, for example: The author "
            "has lectured for the maker of this medicine. Else readers find the "
            "sentence of the practice."
        ),
    )
    is_sample = models.BooleanField(
        _("sample text"),
        default=False,
        help_text=_("While ticked, the page says that it is no medical advice."),
    )

    # What publishing copies and what tells whether the working copy has moved on.
    COPIED: tuple[str, ...] = (
        "language", "title", "slug", "summary", "body", "topic_id", "author_id",
        "condition_id", "picture_id", "picture_alt", "picture_decorative",
        "picture_caption", "picture_credit", "key_phrases", "disclosure", "is_sample",
        "translation_of_id",
    )  # fmt: skip

    # The long ones, which no page needs of a working copy.
    TEXTS = ("body", "summary", "key_phrases", "picture_caption", "disclosure")

    class Meta:
        abstract = True

    def get_absolute_url(self) -> str:
        with override(self.language):
            return reverse("articles:article", args=[self.slug])

    def copied(self) -> dict[str, Any]:
        """Return all that publishing copies, by the names above."""
        return {name: getattr(self, name) for name in self.COPIED}

    @cached_property
    def rendered(self) -> markup.Rendered:
        """The body as it stands on the page, with its headings."""
        return markup.render(self.body)

    @property
    def minutes_to_read(self) -> int:
        return minutes_to_read(self.body, self.language)

    @property
    def contents(self) -> list[markup.Heading]:
        """The contents list: only long articles need one."""
        headings = self.rendered.headings
        return headings if len(headings) >= 4 else []
