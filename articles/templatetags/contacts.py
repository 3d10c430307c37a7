"""The practice's contacts inside articles, as they are at this moment.

A stored text refers to a contact by its key, so a number that changes at the desk is on
every page at the next request.
"""

import re
from functools import cache
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from articles.markup import CARE, CONTACT, REFERENCE
from clinic.models import Email, Phone, Practice

register = template.Library()

CONTACT_CARD = re.compile(rf'<div data-contact="({CONTACT})"></div>')
# ``render`` never puts one of them into another.
CARE_CARD = re.compile(
    rf'<section class="([^"]*)"(?: data-contact="({CONTACT})")?>(.*?)</section>',
    re.DOTALL,
)
CARE_TITLE = re.compile(r'<(h[23]) id="([^"]*)" class="care__title">(.*?)</\1>')


@register.filter
def with_contacts(html: str, practice: Practice) -> SafeString:
    """Fill the places that ``markup.render`` left for contacts and care cards.

    ``practice`` may be lazy: without such a place it is not asked for.
    """

    @cache  # a text may refer to one contact a thousand times
    def include(name: str, reference: str) -> str:
        contact = find(practice, reference)
        context = {"contact": contact, "is_email": isinstance(contact, Email)}
        return render_to_string(f"includes/{name}.html", context).strip()

    def care(card: re.Match[str]) -> str:
        return care_card(card, practice, has_heading="<h2" in html[: card.start()])

    filled = CARE_CARD.sub(care, html)
    filled = CONTACT_CARD.sub(lambda m: include("contact_card", m[1]), filled)
    filled = REFERENCE.sub(lambda m: include("contact_reference", m[1]), filled)
    return SafeString(filled)


def find(practice: Practice, reference: str) -> Phone | Email | None:
    """Return the contact, or None if its row is gone."""
    kind, _, key = reference.partition("-")
    rows: Any = practice.phones.all() if kind == "phone" else practice.emails.all()
    return next((row for row in rows if str(row.pk) == key), None)


def care_card(card: re.Match[str], practice: Practice, *, has_heading: bool) -> str:
    """Write a care card with its urgency in words and the number to ring."""
    classes, reference, body = card.groups()
    kind = next(kind for kind, written in CARE.items() if written == classes)
    title = CARE_TITLE.search(body)
    chosen = find(practice, reference) if reference else None
    can_be_called = isinstance(chosen, Phone) and chosen.can_be_called
    context = {
        "classes": classes,
        "kind": kind,
        # A part of the text above it, or one of the page itself.
        "heading": "h3" if has_heading else "h2",
        "id": title[2] if title else f"care-{kind}",
        "title": SafeString(title[3]) if title else "",
        "body": SafeString(body.replace(title[0], "", 1) if title else body),
        "phones": [chosen] if can_be_called else practice.header_phones,
        "emergency_number": practice.emergency_number,
    }
    return render_to_string("includes/care.html", context).strip()
