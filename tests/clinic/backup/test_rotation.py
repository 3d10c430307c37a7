"""Which backups stay."""

from datetime import UTC, datetime, timedelta

import pytest

from clinic.backup.rotation import Keep, kept

NOW = datetime(2026, 11, 27, 2, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def nightly(nights):
    return [NOW - n * DAY for n in range(nights)]


def test_of_a_year_of_nights_stay_days_weeks_and_months():
    stay = kept(nightly(400), Keep(7, 4, 12), NOW)

    assert sorted((at.date().isoformat() for at in stay), reverse=True) == [
        "2026-11-27", "2026-11-26", "2026-11-25", "2026-11-24", "2026-11-23",
        "2026-11-22", "2026-11-21",
        "2026-11-15", "2026-11-08",
        "2026-10-31", "2026-09-30", "2026-08-31", "2026-07-31", "2026-06-30",
        "2026-05-31", "2026-04-30", "2026-03-31", "2026-02-28", "2026-01-31",
        "2025-12-31",
    ]  # fmt: skip


def test_all_of_the_last_day_stay():
    moments = [NOW - n * HOUR for n in range(30)]

    assert kept(moments, Keep(1, 0, 0), NOW) == set(moments[:24])


def test_whoever_made_none_for_months_loses_none_of_the_old_ones():
    old = [NOW - 200 * DAY, NOW - 201 * DAY]

    assert kept([NOW, *old], Keep(7, 4, 12), NOW) == {NOW, *old}


def test_the_newest_stays_whatever_is_to_be_kept():
    assert kept(nightly(5), Keep(0, 0, 0), NOW) == {NOW}


@pytest.mark.parametrize(
    ("keep", "days"),
    [((7, 4, 12), 372), ((0, 4, 0), 28), ((30, 4, 0), 30), ((0, 0, 0), 1)],
)
def test_none_is_kept_for_longer_than_is_told(keep, days):
    keep = Keep(*keep)

    assert keep.longest == timedelta(days)
    assert min(kept(nightly(500), keep, NOW)) > NOW - keep.longest


def test_r13_one_of_the_future_stays_and_pushes_no_other_out():
    """Three of the last day stay beside it, as if it were not there."""
    ahead = [NOW + 300 * DAY, NOW + timedelta(minutes=6)]
    today = [NOW - n * HOUR for n in range(3)]
    old = nightly(40)[1:]

    stay = kept([*ahead, *today, *old], Keep(2, 0, 0), NOW)

    assert stay == {*ahead, *kept([*today, *old], Keep(2, 0, 0), NOW)}
    assert stay >= {*ahead, *today}
    assert kept(ahead, Keep(), NOW) == set(ahead)


def test_a_clock_that_is_some_minutes_ahead_makes_none_of_the_future():
    ahead = NOW + timedelta(minutes=4)

    assert kept([ahead, *nightly(3)], Keep(1, 0, 0), NOW) == {ahead, NOW}


def test_of_none_none_stay():
    assert kept([], Keep(), NOW) == set()


def test_numbers_are_read():
    assert Keep.read("3, 2,1") == Keep(3, 2, 1)


@pytest.mark.parametrize("text", ["", "7", "7,4", "7,4,12,1", "a,b,c", "-1,4,12"])
def test_other_words_are_refused(text):
    with pytest.raises(ValueError, match=r".*"):
        Keep.read(text)
