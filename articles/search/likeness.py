"""Articles about the same, by the words that name them."""

from __future__ import annotations

from collections import Counter

from django.db.models import F

from articles.models import Edition
from articles.search import engine, index
from articles.search.words import stems_of

# So many articles that share a name are looked at, the newest of them.
MOST = 40
# One word in common is chance.
FEWEST_SHARED = 2


def similar(edition: Edition) -> list[Edition]:
    """Return live editions of other articles with words of its title and names.

    The more such words two have in common, and the fewer others share them, the nearer
    they stand; the nearest comes first. Equally near, the newest does.
    """
    language = edition.language
    prefix = index.prefix(language, index.NAMES)
    names = set(stems_of(f"{edition.title} {edition.key_phrases}", language))
    tokens = sorted(prefix + stem for stem in names)
    if not tokens:
        return []
    keys = engine.matching(
        [[[token] for token in tokens]], all_of_them=False, limit=MOST
    )
    rows = Edition.objects.live().filter(pk__in=keys)
    others = [
        (other, {*tokens}.intersection(other.words.split()))
        for other in rows.for_lists().annotate(words=F("indexed__words"))
        if other.article_id != edition.article_id
    ]
    often = Counter(token for _, shared in others for token in shared)
    near: list[tuple[float, Edition]] = [
        (sum(1 / often[token] for token in shared), other)
        for other, shared in others
        if len(shared) >= FEWEST_SHARED
    ]
    return [other for _, other in sorted(near, key=lambda pair: -pair[0])]
