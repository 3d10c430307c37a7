"""What an article's page says of itself, for search engines (schema.org 30.0).

The page is read on old phones: of people and of the practice there is what names them,
the rest stands under the address that each name leads to.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote

from django.utils import timezone

from articles.models import Condition, Edition
from clinic.models import Doctor, Practice
from clinic.structured_data import (
    CONTEXT,
    Absolute,
    Node,
    filled,
    named,
    named_person,
)

PAGE = "MedicalWebPage"


def article(edition: Edition, practice: Practice, url: Absolute) -> Node:
    """Return the ``MedicalWebPage`` of an edition that visitors read.

    ``url`` makes a path absolute. With what ``live_family`` has found it asks the
    database for nothing but the review.
    """
    address = url(edition.get_absolute_url())
    review = edition.last_review
    return filled(
        {
            "@context": CONTEXT,
            "@type": PAGE,
            "@id": address,
            "url": address,
            "name": edition.title,
            "inLanguage": edition.language,
            "datePublished": day(edition.first_published_at),
            "dateModified": day(edition.content_since),
            "lastReviewed": review.reviewed_date.isoformat() if review else None,
            "reviewedBy": signer(review.doctor, url) if review else None,
            "author": signer(edition.author, url),
            "publisher": named(practice, url),
            "image": url(edition.picture.src) if edition.picture else None,
            "about": condition(edition.condition),
            "citation": [citation(source) for source in edition.sources],
            **translations(edition, url),
        }
    )


def day(at: datetime) -> str:
    """Return the day of a moment where the practice is, as schema.org's ``Date``."""
    return timezone.localdate(at).isoformat()


def signer(doctor: Doctor | None, url: Absolute) -> Node | None:
    return named_person(doctor, url) if doctor else None


def condition(row: Condition | None) -> Node | None:
    """Return what the page is about, with the codes that are known of it."""
    if row is None:
        return None
    codes = [("ICD-10", row.icd10), ("MeSH", row.mesh)]
    return {
        "@type": "MedicalCondition",
        "name": str(row.name),
        "code": [
            {"@type": "MedicalCode", "codeValue": code, "codingSystem": system}
            for system, code in codes
            if code
        ],
    }


def citation(source: dict[str, Any]) -> Node:
    """Return a source as an edition keeps it; ``sameAs`` are its lasting addresses."""
    doi, pmid = source.get("doi"), source.get("pmid")
    return filled(
        {
            "@type": "CreativeWork",
            "name": source["title"],
            "url": source.get("url"),
            "sameAs": list(
                filter(
                    None,
                    [
                        doi and f"https://doi.org/{quote(doi)}",
                        pmid and f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/",
                    ],
                )
            ),
        }
    )


def translations(edition: Edition, url: Absolute) -> Node:
    """Return what this page translates, or else what translates it.

    Between two translations of one original schema.org has no word.
    """
    found: dict[str, list[Node]] = {}
    for other in edition.live_family:
        if other.article_id == edition.translation_of_id:
            role = "translationOfWork"
        elif other.translation_of_id == edition.article_id:
            role = "workTranslation"
        else:
            continue
        address = url(other.get_absolute_url())
        found.setdefault(role, []).append(
            {"@type": PAGE, "@id": address, "inLanguage": other.language}
        )
    return dict(found)
