"""What an article's page says of itself, for search engines (schema.org 30.0)."""

from __future__ import annotations

from datetime import datetime

from articles.models import Edition
from clinic.structured_data import (
    CONTEXT,
    Absolute,
    Node,
    filled,
    person,
    practice_id,
)


def article(edition: Edition, url: Absolute) -> Node:
    """Return the ``MedicalWebPage`` of an edition that visitors read.

    ``url`` makes a path absolute. The publisher is the practice of the contact page's
    graph, by its ``@id``.
    """
    address = url(edition.get_absolute_url())
    review = edition.last_review
    return filled(
        {
            "@context": CONTEXT,
            "@type": "MedicalWebPage",
            "@id": address,
            "url": address,
            "name": edition.title,
            "headline": edition.title,
            "description": edition.summary,
            "inLanguage": edition.language,
            "datePublished": moment(edition.first_published_at),
            "dateModified": moment(edition.content_since),
            "lastReviewed": review.reviewed_date.isoformat() if review else None,
            "reviewedBy": person(review.doctor, url)
            if review and review.doctor
            else None,
            "author": person(edition.author, url) if edition.author else None,
            "publisher": {"@id": practice_id(url)},
            "image": url(edition.picture.src) if edition.picture else None,
        }
    )


def moment(at: datetime) -> str:
    """Write a moment as ISO 8601, which schema.org's ``DateTime`` is."""
    return at.isoformat(timespec="seconds")
