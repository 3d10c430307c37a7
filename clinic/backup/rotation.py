"""Which backups are kept, and which have had their time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

# Whoever makes one by hand before an upgrade must find it when the upgrade has failed.
ALL_OF_THE_LAST = timedelta(days=1)
# Two clocks may differ by so much. What is later was made while one was wrong.
AHEAD = timedelta(minutes=5)


class Keep(NamedTuple):
    """How many days, weeks and months have one backup each."""

    days: int = 7
    weeks: int = 4
    months: int = 12

    @property
    def longest(self) -> timedelta:
        """For how long a backup is kept at the most, if one is made every night."""
        days = max(self.days, self.weeks * 7, self.months * 31)
        return max(timedelta(days), ALL_OF_THE_LAST)

    @classmethod
    def read(cls, text: str) -> Keep:
        """Read ``7,4,12``; raise ValueError for anything else."""
        days, weeks, months = (int(number) for number in text.split(","))
        if min(days, weeks, months) < 0:
            raise ValueError(text)
        return cls(days, weeks, months)


def kept(moments: Iterable[datetime], keep: Keep, now: datetime) -> set[datetime]:
    """Return which of these (aware, UTC) stay.

    Everything of the day before the newest; then the last of each of so many days,
    weeks and months that have any. A portal that stood still loses none meanwhile.
    What says that it was made later than ``now`` stays, and pushes nothing out: nobody
    knows when that was.
    """
    newest_first = sorted(moments, reverse=True)
    found = {at for at in newest_first if at > now + AHEAD}
    newest_first = [at for at in newest_first if at not in found]
    if not newest_first:
        return found
    found |= {at for at in newest_first if newest_first[0] - at < ALL_OF_THE_LAST}
    for count, period in (
        (keep.days, "%Y-%m-%d"),
        (keep.weeks, "%G-%V"),
        (keep.months, "%Y-%m"),
    ):
        last_of: dict[str, datetime] = {}
        for at in newest_first:
            last_of.setdefault(at.strftime(period), at)
        found.update(list(last_of.values())[:count])
    return found
