"""Where a statement comes from."""

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from articles.models.article import Article
from clinic.fields import WebField


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
