"""What a clock on the practice's wall says, and which moments that means.

Pure: no models, no settings. A wall time is a naive datetime. In the night in which
the clocks go forward some of them are skipped, in the one in which they go back some
come twice (PEP 495). Moments are returned in UTC, because Python compares two of one
zone by their clock faces and would take the two for one.
"""

from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

Walls = tuple[datetime, datetime]


def moments(wall: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return the moments, in order, at which clocks in the zone show a wall time.

    There is one, none if the time is skipped, two if it comes twice. In the first and
    the last year of the calendar there may be no such moment to compute
    (OverflowError).
    """
    return [
        moment
        for moment in sorted(set(readings(wall, zone)))
        if wall_of(moment, zone) == wall
    ]


def is_doubled(moment: datetime, zone: ZoneInfo) -> bool:
    """Say whether what clocks show at that moment comes twice."""
    return len(moments(wall_of(moment, zone), zone)) == 2


def which(moment: datetime, zone: ZoneInfo) -> int:
    """Return 2 if clocks show it for the second time, else 1."""
    return moment.astimezone(zone).fold + 1


def wall_of(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return what clocks in the zone show at a moment."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def readings(wall: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the moments that a wall time means before and after a change of clocks.

    They differ only where it is skipped or doubled.
    """
    early, late = sorted(
        wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)
    )
    return early, late


def turn(wall: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the moment at which clocks are changed, around a wall time.

    None if the wall time is neither skipped nor doubled.
    """
    # Clocks are changed at a whole second.
    early, late = readings(wall.replace(microsecond=0), zone)
    if early == late:
        return None
    before = early.astimezone(zone).utcoffset()

    def is_changed(seconds: int) -> bool:
        at = early + timedelta(seconds=seconds)
        return at.astimezone(zone).utcoffset() != before

    passed = bisect_left(
        range(int((late - early).total_seconds())), True, key=is_changed
    )
    return early + timedelta(seconds=passed)


def change(wall: datetime, zone: ZoneInfo) -> Walls | None:
    """Return what clocks reach, and what they are set to then, around a wall time.

    That is 02:00 and 03:00 in spring, 03:00 and 02:00 in autumn. None if the wall time
    is neither skipped nor doubled.
    """
    at = turn(wall, zone)
    if at is None:
        return None
    early, _late = readings(wall, zone)
    before = early.astimezone(zone).utcoffset() or timedelta()
    return at.replace(tzinfo=None) + before, wall_of(at, zone)
