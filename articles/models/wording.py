"""What the practice does not want to read in its articles."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from articles.models.content import languages, main_language


class Wording(models.Model):
    """A phrase to warn writers of: offers, promises, comparisons.

    The portal comes with what Italian law and the code of conduct forbid in health
    information (L. 145/2018 art. 1 c. 525; Codice di deontologia medica artt. 55-57).
    """

    language = models.CharField(
        _("language"), max_length=10, choices=languages, default=main_language
    )
    phrase = models.CharField(
        _("phrase"),
        max_length=100,
        help_text=_(
            "One word or several. A star stands for any ending, for example: "
            "guarantee* cure"
        ),
    )
    reason = models.CharField(
        _("what writers are told"),
        max_length=250,
        help_text=_("Why it should not stand there, and what to write instead."),
    )

    class Meta:
        verbose_name = _("wording to avoid")
        verbose_name_plural = _("wordings to avoid")
        ordering = ["language", "phrase"]
        constraints = [
            models.UniqueConstraint(
                name="wording_named_once", fields=["language", "phrase"]
            )
        ]

    def __str__(self) -> str:
        return self.phrase
