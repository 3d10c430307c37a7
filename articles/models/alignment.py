"""Who has found that a translation says what its original says now."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from articles.models.content import staff


class Alignment(models.Model):
    """A translation was found to say what an edition of its original says.

    A record of its own, as a review is: an edition never changes, and a translation
    may turn out to need no new words although its original has got some. Rows are
    added, never changed.
    """

    article = models.ForeignKey(
        "articles.Article", models.CASCADE, related_name="alignments"
    )
    # The edition that was found so; None if it was the working copy alone, whose next
    # edition then says itself what it follows.
    edition = models.ForeignKey(
        "articles.Edition", models.PROTECT, null=True, related_name="alignments"
    )
    original_edition = models.ForeignKey(
        "articles.Edition",
        models.PROTECT,
        related_name="followers",
        verbose_name=_("edition of the original"),
    )
    aligned_by = staff(_("brought up to date by"))
    aligned_at = models.DateTimeField(_("brought up to date"), auto_now_add=True)

    class Meta:
        verbose_name = _("alignment of a translation")
        verbose_name_plural = _("alignments of translations")
        ordering = ["-aligned_at", "-pk"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.article} = {self.original_edition}"
