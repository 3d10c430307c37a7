"""Counting no further than anybody wants to know.

To read a hundred thousand rows takes a second, and nobody leafs through them.
"""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import IntegerField, QuerySet, Subquery
from django.utils.functional import cached_property
from django.utils.translation import gettext

CAP = 1000


def capped(rows: QuerySet[Any]) -> int:
    """Return how many rows there are, or one more than CAP."""
    return rows.order_by()[: CAP + 1].count()


def told(count: int) -> str:
    """Return a capped count as people are told it."""
    return gettext("more than 1,000") if count > CAP else str(count)


class CappedCount(Subquery):
    """The same for a query that refers to the rows of another (``OuterRef``)."""

    template = f"(SELECT COUNT(*) FROM (%(subquery)s LIMIT {CAP + 1}) counted)"  # noqa: S608
    output_field = IntegerField()


class CappedPaginator(Paginator):
    """Leads through the first thousand rows: further on one searches or filters."""

    CAP = CAP

    object_list: QuerySet[Any]

    @cached_property
    def count(self) -> int:
        return capped(self.object_list)
