"""Rich text: what staff may write, and how it reaches the page. Pure text to text.

``sanitise`` runs on every way into the database, ``render`` on the way out.
"""

from articles.markup.glossary import Explained, Glossary, Note, explain, hard_words
from articles.markup.numbers import typed_numbers
from articles.markup.rendering import Heading, Rendered, render
from articles.markup.sanitiser import sanitise
from articles.markup.structure import (
    CARE,
    CONTACT,
    REFERENCE,
    care_cards,
    care_within_care,
    emergency_leads_elsewhere,
    references,
)

__all__ = [
    "CARE",
    "CONTACT",
    "REFERENCE",
    "Explained",
    "Glossary",
    "Heading",
    "Note",
    "Rendered",
    "care_cards",
    "care_within_care",
    "emergency_leads_elsewhere",
    "explain",
    "hard_words",
    "references",
    "render",
    "sanitise",
    "typed_numbers",
]
