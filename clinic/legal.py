"""What the law of a country makes a practice say about itself, and who watches over it.

No legal advice: the desk says so too. A country more is a few lines in the tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from i18nfield.fields import I18nCharField, I18nTextField

from clinic.models import Doctor, Email, Location, Phone, Practice

# The European Economic Area: the e-commerce directive and the GDPR hold in all of it.
EUROPE = {
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
    "IE", "IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE",
    "SI", "SK",
}  # fmt: skip

DIRECTIVE = _("Directive 2000/31/EC, article 5")
DECREE = _("D.Lgs. 70/2003, article 7")
VAT_DECREE = _("DPR 633/1972, article 35: on the first page")
GUIDELINE = _(
    "Codice di Deontologia Medica, articles 55–57, and the guideline of the FNOMCeO"
)


@dataclass(frozen=True)
class Rule:
    """A fact that has to be given: a field, or without one at least one such row."""

    model: type[Model]
    field: str
    basis: Any


def ecommerce(basis: Any) -> list[Rule]:
    """What the directive asks of everybody who belongs to a regulated profession.

    The VAT number is not among it: most of Europe frees doctors from VAT.
    """
    return [
        Rule(Doctor, "", basis),
        Rule(Location, "", basis),
        Rule(Email, "", basis),
        Rule(Phone, "", basis),
        Rule(Practice, "professional_rules_url", basis),
        Rule(Doctor, "registration_body", basis),
        Rule(Doctor, "title_country", basis),
    ]


RULES = {country: ecommerce(DIRECTIVE) for country in EUROPE} | {
    "IT": [
        Rule(Practice, "vat_number", VAT_DECREE),
        *ecommerce(DECREE),
        Rule(Doctor, "registration_number", DECREE),
        Rule(Doctor, "degree", GUIDELINE),
        Rule(Doctor, "licence", GUIDELINE),
        Rule(Practice, "guideline_declaration", GUIDELINE),
        Rule(Practice, "notice_reference", GUIDELINE),
    ]
}


@dataclass(frozen=True)
class Missing:
    """A fact that nobody has filled in yet."""

    label: str
    owner: str  # the doctor whose it is; empty: the practice
    basis: str
    url: str


def missing(practice: Practice) -> list[Missing]:
    """Return what the practice's country asks for and the desk does not hold yet."""
    if not practice.country:
        basis = gettext("Without it nothing can be said about what the law asks for.")
        return [entry(practice, practice, "country", basis)]
    return [
        found
        for rule in RULES.get(str(practice.country), [])
        for found in broken(practice, rule)
    ]


def broken(practice: Practice, rule: Rule) -> Iterator[Missing]:
    """Give an entry for each row that lacks the field, or one where no row is."""
    rows = rows_of(practice, rule.model)
    if rule.field:
        for row in rows:
            if not str(getattr(row, rule.field) or "").strip():
                yield entry(practice, row, rule.field, rule.basis)
    elif not rows:
        label = capfirst(str(rule.model._meta.verbose_name))
        url = f"{form_of(practice)}#{prefix_of(rule.model)}-group"
        yield Missing(label, "", str(rule.basis), url)


def entry(practice: Practice, row: Any, name: str, basis: Any) -> Missing:
    field = row._meta.get_field(name)
    control = name
    if row is not practice:
        rows = rows_of(practice, type(row))
        control = f"{prefix_of(type(row))}-{rows.index(row)}-{name}"
    if isinstance(field, I18nCharField | I18nTextField):
        control += "_0"  # the input of the first language
    return Missing(
        label=capfirst(str(field.verbose_name)),
        owner="" if row is practice else str(row),
        basis=str(basis),
        url=f"{form_of(practice)}#id_{control}",
    )


def rows_of(practice: Practice, model: type[Model]) -> list[Any]:
    """The practice, or its rows of that model as ``current()`` has fetched them."""
    if model is Practice:
        return [practice]
    return list(getattr(practice, prefix_of(model)).all())


def prefix_of(model: type[Model]) -> str:
    """What both the practice and its form call the rows: doctors, emails, …"""
    return f"{model._meta.model_name}s"


def form_of(practice: Practice) -> str:
    if practice._state.adding:
        return reverse("admin:clinic_practice_add")
    return reverse("admin:clinic_practice_change", args=[practice.pk])


# Data protection #############################################################


@dataclass(frozen=True)
class Authority:
    """Who hears complaints about data protection; the name in their own language."""

    name: str
    url: str


AUTHORITIES = {
    "IT": Authority(
        "Garante per la protezione dei dati personali", "https://www.garanteprivacy.it/"
    ),
}


def authority(practice: Practice) -> Authority | None:
    return AUTHORITIES.get(str(practice.country or ""))


def under_gdpr(practice: Practice) -> bool:
    return str(practice.country or "") in EUROPE
