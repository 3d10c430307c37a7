"""Where a reader may go on from an article."""

from __future__ import annotations

from functools import partial
from itertools import islice

from articles.models import Edition, Related
from articles.search.likeness import similar
from clinic import generation

MOST = 4


def related(edition: Edition) -> list[Edition]:
    """Return up to four other live articles in its language.

    First what staff chose for it, in their order, then those about the same by their
    words, then the newest of its topic.
    """
    found: dict[int, Edition] = {}
    for more in (chosen, similar, newest_of_topic):
        if len(found) < MOST:
            for other in more(edition):
                if other.article_id != edition.article_id:
                    found.setdefault(other.article_id, other)
    return list(islice(found.values(), MOST))


def chosen(edition: Edition) -> list[Edition]:
    """Return what staff chose for the end of it, as far as readers may see it."""
    rows = Related.objects.filter(article=edition.article_id)
    keys = list(rows.values_list("other", flat=True))
    if not keys:  # joined in one query, SQLite begins with every live edition
        return []
    live = Edition.objects.live().in_language(edition.language).for_lists()
    found = {other.article_id: other for other in live.filter(article__in=keys)}
    return [found[key] for key in keys if key in found]


def newest_of_topic(edition: Edition) -> list[Edition]:
    """Live editions of its topic in its language, one more than a page shows."""
    topic, language = edition.topic_id, edition.language
    if topic is None:
        return []
    newest = partial(newest_of, topic, language)
    return generation.keep(("newest", topic, language), newest)


def newest_of(topic: int, language: str) -> list[Edition]:
    live = Edition.objects.live().in_language(language).filter(topic=topic)
    return list(live.for_lists()[: MOST + 1])
