"""A digest of an edition tells what was published from what a disk has made of it.

Pure. A field that comes to editions later begins another list: what the earlier ones
have covered, they go on covering.
"""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

COVERED = {
    1: (
        "article_id", "number", "language", "title", "slug", "summary", "body",
        "topic_id", "author_id", "condition_id", "picture_id", "picture_alt",
        "picture_decorative", "picture_caption", "picture_credit", "key_phrases",
        "disclosure", "is_sample", "sources", "change_kind", "change_note",
        "content_number", "content_since", "live_from", "first_published_at",
        "published_at", "signed_by_id", "signed_at",
    ),
}  # fmt: skip
# An edition may lose these: how it ends, and the row of what it was translated from.
UNCOVERED = {"live_until", "withdrawal_note", "translation_of_id"}
NEWEST = max(COVERED)


def digest_of(edition: Any, version: int = NEWEST) -> str:
    """Return the number of the list, a colon, and a SHA-256 in hexadecimal digits."""
    content = {name: getattr(edition, name) for name in COVERED[version]}
    text = json.dumps(content, sort_keys=True, default=plain)
    return f"{version}:{hashlib.sha256(text.encode()).hexdigest()}"


def plain(value: Any) -> str:
    """Write a moment alike whatever its zone; anything else as text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return str(value)


def is_intact(edition: Any) -> bool:
    """Say whether it holds what its digest was made of."""
    version = edition.digest.partition(":")[0]
    if not version.isdecimal() or int(version) not in COVERED:
        return False
    return digest_of(edition, int(version)) == edition.digest
