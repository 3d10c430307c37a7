"""The subjects that articles belong to."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from i18nfield.fields import I18nCharField, I18nTextField

from clinic.models import Moving, OldAddress


class Topic(Moving):
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
    introduction = I18nTextField(
        _("introduction"),
        max_length=2000,
        blank=True,
        help_text=_(
            "Stands above the articles of the topic: what they are about, and where to "
            "begin. Readers see it as soon as it is saved and no doctor signs it, so "
            "medical advice belongs in an article. An empty line begins a paragraph."
        ),
    )
    position = models.PositiveSmallIntegerField(
        _("order"), default=0, help_text=_("Small numbers come first.")
    )

    review_months = models.PositiveSmallIntegerField(
        _("months until the next review"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(120)],
        help_text=_("For articles of this topic. Empty: as for the practice."),
    )

    class Meta:
        verbose_name = _("topic")
        verbose_name_plural = _("topics")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return str(self.name)

    def get_absolute_url(self) -> str:
        return reverse("articles:topic", args=[self.slug])


class TopicAddress(OldAddress):
    """Where the page of a topic has stood."""

    owner = models.ForeignKey(Topic, models.CASCADE, related_name="old_addresses")

    class Meta(OldAddress.Meta):
        pass
