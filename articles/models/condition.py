"""What articles are about, in the words and codes that machines compare."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from i18nfield.fields import I18nCharField


class Condition(models.Model):
    """A disease or a complaint, told to search engines and never to readers.

    ICD-10 is the classification of the World Health Organization in its international
    edition (a letter, two digits, at most one more behind a point); MeSH is the
    thesaurus of the National Library of Medicine of the United States, in which a
    descriptor is D and six digits, or nine since 2018. A code mended here is mended on
    every page at once.
    """

    name = I18nCharField(
        _("name"), max_length=120, help_text=_("For example: Liver metastases")
    )
    icd10 = models.CharField(
        _("ICD-10 code"),
        max_length=5,
        blank=True,
        validators=[
            RegexValidator(
                r"^[A-Z]\d\d(\.\d)?\Z",
                _(
                    "An ICD-10 code is a capital letter and two digits, often with one "
                    "more digit behind a point, for example C78.7"
                ),
            )
        ],
        help_text=_("As on icd.who.int/browse10, for example: C78.7"),
    )
    mesh = models.CharField(
        _("MeSH identifier"),
        max_length=10,
        blank=True,
        validators=[
            RegexValidator(
                r"^D(\d{6}|\d{9})\Z",
                _("A MeSH identifier is a D and six or nine digits, such as D008113"),
            )
        ],
        help_text=_(
            "The “Unique ID” on meshb.nlm.nih.gov, for example: D008113 for tumours of "
            "the liver."
        ),
    )

    class Meta:
        verbose_name = _("condition")
        verbose_name_plural = _("conditions")
        ordering = ["icd10", "mesh", "pk"]
        constraints = [
            models.UniqueConstraint(
                name="one_condition_for_its_codes",
                fields=["icd10", "mesh"],
                violation_error_message=_("There is a condition with these codes."),
            )
        ]

    def __str__(self) -> str:
        return " ".join(filter(None, [str(self.name), self.icd10, self.mesh]))

    def clean(self) -> None:
        """Refuse a name without a code: it would tell machines nothing."""
        if not self.icd10 and not self.mesh:
            raise ValidationError(
                _("Please give at least one of the two codes, ICD-10 or MeSH.")
            )
