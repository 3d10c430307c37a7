"""What a body is made of: its tree, its references to contacts, its care cards."""

import re
from collections import Counter

from selectolax.lexbor import LexborHTMLParser, LexborNode

# A row of the practice: what is stored is its kind and key, never the digits.
CONTACT = r"(?:phone|email)-[1-9][0-9]{0,9}"
# References to the contacts of the practice: an empty ``<span data-contact>`` is a
# number inside a sentence, an empty ``<aside data-contact>`` a card of its own. No
# other tag would do: ``tidy`` takes away what is empty, and these two, alone in
# carrying an attribute that it does not know, are never empty to it.
REFERENCE = re.compile(rf'<span data-contact="({CONTACT})"></span>')
ASIDE = re.compile(r"<aside( [^>]*)?>( ?</aside>)?")
# Care cards after the NHS's pattern, the gravest last.
CARE = {
    "non-urgent": "care",
    "urgent": "care care--urgent",
    "emergency": "care care--emergency",
}


def care_kind(attributes: str) -> str | None:
    """Say which care card the attributes of a tag make of it, if any."""
    classes = re.search(r'class="([^"]*)"', attributes)
    names = set(classes[1].split()) if classes else set()
    kinds = [kind for kind, written in CARE.items() if written.split()[-1] in names]
    return kinds[-1] if kinds else None


def children(node: LexborNode) -> list[LexborNode]:
    return list(node.iter(include_text=True))


def tree(html: str) -> LexborNode:
    root = LexborHTMLParser(f"<div>{html}</div>", is_fragment=True).css_first("div")
    assert root is not None  # noqa: S101  the line above writes it
    return root


def references(body: str) -> set[str]:
    """Return every contact that a sanitised body refers to, such as "phone-3"."""
    return set(re.findall(rf'data-contact="({CONTACT})"', body))


def care_cards(body: str) -> Counter[str]:
    """Count the care cards of each kind."""
    kinds = (care_kind(aside[1] or "") for aside in ASIDE.finditer(body))
    return Counter(kind for kind in kinds if kind)


def care_within_care(body: str) -> bool:
    """Say whether a care card holds another, which the page shows as a call-out."""
    return bool(tree(body).css("aside.care aside.care"))


def emergency_leads_elsewhere(body: str) -> bool:
    """Say whether an emergency card holds a link or a contact of the practice."""
    card = "aside.care--emergency"
    return bool(tree(body).css(f"{card} a, {card} [data-contact]"))
