"""Long lists, page by page, by what stands on them instead of by number.

The database reads the twelve articles of a page and none before them, however deep the
page lies; and an article published meanwhile shifts nobody's place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404

from articles.models import Edition, EditionQuerySet

PER_PAGE = 12


@dataclass(frozen=True)
class Page:
    """Some editions of a list, and the queries that lead to its neighbours.

    ``newer`` is empty where that is the first page. ``cursor`` is the edition before
    which this page begins, None on the first one.
    """

    editions: list[Edition]
    newer: str | None = None
    older: str | None = None
    cursor: Edition | None = None


def page_of(editions: EditionQuerySet, query: Any) -> Page:
    """Return the page that ``?before=`` or ``?after=`` an edition asks for.

    Without either, and ahead of the newest twelve, it is the first page. Raises Http404
    if there is no such edition, or nothing before it.
    """
    editions = editions.for_lists()
    if "before" in query:
        return page_behind(editions, get_cursor(query["before"]))
    if "after" in query:
        ahead = editions.filter(newer_than(get_cursor(query["after"]))).reverse()
        nearest = list(ahead[: PER_PAGE + 1])
        if len(nearest) > PER_PAGE:
            # The one beyond the twelve nearest is what their page begins behind.
            return page_behind(editions, nearest[-1])
    return page_behind(editions, None)


def get_cursor(key: str) -> Edition:
    if not key.isdecimal() or len(key) > 18:
        raise Http404
    return get_object_or_404(
        Edition.objects.public().only("pk", "content_since"), pk=key
    )


def page_behind(editions: EditionQuerySet, cursor: Edition | None) -> Page:
    """Return the page that begins behind an edition, or the first one."""
    rows = editions.filter(older_than(cursor)) if cursor else editions
    found = list(rows[: PER_PAGE + 1])
    shown = found[:PER_PAGE]
    newer = None
    if cursor:
        if not shown:
            raise Http404
        ahead = editions.filter(newer_than(shown[0])).order_by()
        is_second = ahead[: PER_PAGE + 1].count() <= PER_PAGE
        newer = "" if is_second else f"?after={shown[0].pk}"
    older = f"?before={shown[-1].pk}" if len(found) > PER_PAGE else None
    return Page(shown, newer, older, cursor)


def older_than(edition: Edition) -> Q:
    """Keep what stands behind an edition in lists: newest first, then by key."""
    return Q(content_since__lte=edition.content_since) & (
        Q(content_since__lt=edition.content_since) | Q(pk__lt=edition.pk)
    )


def newer_than(edition: Edition) -> Q:
    return Q(content_since__gte=edition.content_since) & (
        Q(content_since__gt=edition.content_since) | Q(pk__gt=edition.pk)
    )
