"""Which other articles staff recommend at the end of one."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from articles.models.article import Article


class Related(models.Model):
    """An article that staff chose for the end of another.

    It is a signpost and no content: it holds as soon as it is saved, for every edition,
    and needs no signature. Readers see it only while the other article is live.
    """

    article = models.ForeignKey(Article, models.CASCADE, related_name="chosen")
    other = models.ForeignKey(
        Article,
        models.CASCADE,
        related_name="chosen_by",
        verbose_name=_("article"),
        help_text=_("In the same language. Readers see it as long as it is published."),
    )
    position = models.PositiveSmallIntegerField(
        _("order"), default=0, help_text=_("Small numbers come first.")
    )

    class Meta:
        verbose_name = _("related article")
        verbose_name_plural = _("related articles")
        ordering = ["position", "pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                name="related_once",
                fields=["article", "other"],
                violation_error_message=_("This article stands here already."),
            ),
            models.CheckConstraint(
                name="related_to_another",
                condition=~models.Q(article=models.F("other")),
                violation_error_message=_("An article is not related to itself."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.other)

    def clean(self) -> None:
        if self.other_id and self.other.language != self.article.language:
            problem = _("This article is in another language.")
            raise ValidationError({"other": problem})
