"""Long lists, page by page, by what stands on them instead of by number.

The database reads the rows of a page and none before them, however deep the page lies;
and what is published meanwhile shifts nobody's place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404

from articles.models import EditionQuerySet, HeadwordQuerySet

PER_PAGE = 12


@dataclass(frozen=True)
class Page:
    """Some rows of a list, and the queries that lead to its neighbours.

    ``previous`` is empty where that is the first page. ``cursor`` is the row behind
    which this page begins, None on the first one.
    """

    rows: list[Any]
    previous: str | None = None
    next: str | None = None
    cursor: Any = None


@dataclass(frozen=True)
class Order:
    """How a list is ordered, by a column and then by key, and how it is asked for.

    ``behind`` is the parameter with the row that a page begins behind, ``ahead`` the
    one with the row that it ends ahead of.
    """

    column: str
    ascending: bool
    behind: str
    ahead: str
    per_page: int
    needs: tuple[str, ...]  # what is asked of the row that is a place

    def from_there(self, row: Any, *, on: bool) -> Q:
        """Keep what stands behind a row (``on``), or ahead of it."""
        sign = "gt" if self.ascending is on else "lt"
        value = getattr(row, self.column)
        return Q(**{f"{self.column}__{sign}e": value}) & (
            Q(**{f"{self.column}__{sign}": value}) | Q(**{f"pk__{sign}": row.pk})
        )


NEWEST_FIRST = Order(
    "content_since", False, "before", "after", PER_PAGE, ("content_since",)
)
BY_ALPHABET = Order("key", True, "after", "before", 50, ("key", "letter", "label"))


def page_of(editions: EditionQuerySet, query: Any) -> Page:
    """Return the page that ``?before=`` or ``?after=`` an edition asks for."""
    return page_in(editions.for_lists(), query, NEWEST_FIRST)


def page_of_headwords(headwords: HeadwordQuerySet, query: Any) -> Page:
    """Return the page that ``?after=`` or ``?before=`` a headword asks for."""
    return page_in(headwords.for_lists(), query, BY_ALPHABET)


def page_in(rows: Any, query: Any, order: Order) -> Page:
    """Return the page that the query asks for, the first one without.

    That is the first one too ahead of its end. Raises Http404 if there is no such row,
    or nothing behind it.
    """
    if order.behind in query:
        return page_behind(rows, get_cursor(rows, query[order.behind], order), order)
    if order.ahead in query:
        cursor = get_cursor(rows, query[order.ahead], order)
        ahead = rows.filter(order.from_there(cursor, on=False)).reverse()
        nearest = list(ahead[: order.per_page + 1])
        if len(nearest) > order.per_page:
            # The one beyond the nearest is what their page begins behind.
            return page_behind(rows, nearest[-1], order)
    return page_behind(rows, None, order)


def get_cursor(rows: Any, key: str, order: Order) -> Any:
    if not key.isdecimal() or len(key) > 18:
        raise Http404
    return get_object_or_404(rows.model.objects.public().only(*order.needs), pk=key)


def page_behind(rows: Any, cursor: Any, order: Order) -> Page:
    """Return the page that begins behind a row, or the first one."""
    behind = rows.filter(order.from_there(cursor, on=True)) if cursor else rows
    found = list(behind[: order.per_page + 1])
    shown = found[: order.per_page]
    previous = None
    if cursor:
        if not shown:
            raise Http404
        ahead = rows.filter(order.from_there(shown[0], on=False)).order_by()
        is_second = ahead[: order.per_page + 1].count() <= order.per_page
        previous = "" if is_second else f"?{order.ahead}={shown[0].pk}"
    has_next = len(found) > order.per_page
    following = f"?{order.behind}={shown[-1].pk}" if has_next else None
    return Page(shown, previous, following, cursor)
