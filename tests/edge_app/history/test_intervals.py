from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from edge_app.events.mean_affect import MeanAffect
from edge_app.history.cell import Cell
from edge_app.history.intervals import Intervals, count_intervals
from edge_app.history.reading import Span
from edge_app.history.rows import SummaryRow
from edge_app.history.watched import Looked, Watched, is_unmeasured, watched

NOON = datetime(2025, 3, 5, 12, tzinfo=UTC)
MIDNIGHT = datetime(2025, 3, 6, tzinfo=UTC)
TUESDAY, WEDNESDAY, THURSDAY = date(2025, 3, 4), date(2025, 3, 5), date(2025, 3, 6)


def ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


PERIOD = Span(ms(MIDNIGHT - timedelta(days=3)), ms(MIDNIGHT + timedelta(days=1)))


def interval(
    start: datetime,
    *,
    minutes: float = 5,
    faces: int | None = 8,
    happy_s: float | None = 60.0,
    minimum_group: int = 5,
    withheld: bool = False,
    watched_s: float | None = None,
) -> SummaryRow:
    return SummaryRow(
        "kitchen", ms(start), ms(start + timedelta(minutes=minutes)), faces,
        None if happy_s is None else f'{{"happy":{happy_s}}}' if happy_s else "{}",
        minimum_group, withheld, 0.5 if happy_s else None, 0.25 if happy_s else None, watched_s,
    )  # fmt: skip


def withheld(start: datetime, *, watched_s: float | None = 300.0) -> SummaryRow:
    return interval(start, faces=None, happy_s=None, withheld=True, watched_s=watched_s)


def count(*summaries: SummaryRow, days_with_events: frozenset[date] = frozenset()) -> Intervals:
    return count_intervals(summaries, PERIOD, UTC, days_with_events)


@pytest.mark.parametrize("faces", range(1, 40))
def test_a_day_that_is_divided_has_all_of_its_visits(faces: int) -> None:
    counted = count(interval(NOON, minutes=24 * 60, faces=faces))
    assert sum(day.visits for day in counted.days.values()) == faces


def test_an_interval_is_divided_by_how_much_of_it_lies_in_each_day_and_hour() -> None:
    counted = count(interval(MIDNIGHT - timedelta(minutes=15), minutes=60))
    before, after = counted.days[WEDNESDAY], counted.days[THURSDAY]
    assert (before.visits, after.visits) == (2, 6)
    assert (before.shown_s, after.shown_s) == ({"happy": 15.0}, {"happy": 45.0})
    assert (before.affects.mean, before.affects.time) == ((0.5, 0.25), 15.0)
    assert counted.hours[23].shown_s == {"happy": 15.0}
    assert counted.hours[0].shown_s == {"happy": 45.0}
    # All of them may have been in either part.
    assert {each.group for each in (before, after, *counted.hours.values())} == {8}


@pytest.mark.parametrize("faces", [1, 2, 7, 40])
@pytest.mark.parametrize("minutes_before", [1, 7, 30, 59])
def test_no_visit_is_lost_or_counted_twice_at_midnight(faces: int, minutes_before: int) -> None:
    start = MIDNIGHT - timedelta(minutes=minutes_before)
    counted = count(interval(start, minutes=60, faces=faces))
    assert sum(cell.visits for cell in counted.days.values()) == faces
    assert sum(cell.visits for cell in counted.hours.values()) == faces


def test_of_an_interval_that_began_before_the_period_its_part_counts() -> None:
    start = MIDNIGHT - timedelta(days=3, minutes=30)
    counted = count(interval(start, minutes=60))
    assert {day: cell.shown_s for day, cell in counted.days.items()} == {
        date(2025, 3, 3): {"happy": 30.0}
    }
    assert counted.days[date(2025, 3, 3)].visits == 4


def test_a_long_interval_is_in_its_days_and_in_no_hour() -> None:
    counted = count(interval(NOON, minutes=24 * 60, faces=40, happy_s=7200.0))
    assert counted.has_long
    assert not counted.hours
    assert [counted.days[day].visits for day in (WEDNESDAY, THURSDAY)] == [20, 20]
    assert [counted.days[day].shown_s["happy"] for day in (WEDNESDAY, THURSDAY)] == [3600.0, 3600.0]


def test_an_interval_ends_a_little_late_and_is_an_hour_still() -> None:
    counted = count(interval(NOON, minutes=60.1))
    assert not counted.has_long
    assert counted.hours[12].shown_s["happy"] == pytest.approx(60.0, rel=0.01)


def test_an_interval_of_more_than_a_day_is_that_of_a_clock_that_was_set() -> None:
    counted = count(interval(NOON - timedelta(days=92), minutes=92 * 24 * 60))
    assert (dict(counted.days), dict(counted.hours)) == ({}, {})


def test_one_that_ended_as_it_began_counts_where_it_was() -> None:
    counted = count(interval(NOON, minutes=0))
    assert counted.days[WEDNESDAY].visits == counted.hours[12].visits == 8


def test_the_same_people_of_every_interval_are_no_larger_group() -> None:
    counted = count(*(interval(NOON + timedelta(minutes=5 * each)) for each in range(24)))
    cell = counted.days[WEDNESDAY]
    assert (cell.visits, cell.group) == (24 * 8, 8)
    # Of how many an emotion is, a device says no more than that they were enough.
    assert (cell.shown_by, cell.affects_by) == ({"happy": 5}, 5)


def test_how_many_intervals_were_withheld_is_counted() -> None:
    counted = count(
        *(withheld(NOON + timedelta(hours=each)) for each in range(3)),
        interval(NOON + timedelta(hours=3), withheld=True),
    )
    cell = counted.days[WEDNESDAY]
    assert (cell.intervals, cell.untold, cell.withheld) == (4, 3, True)
    assert counted.hours[15].untold == 0


def test_nobody_is_withheld_of_a_time_in_which_nothing_was_looked_at() -> None:
    counted = count(withheld(NOON, watched_s=0.0), interval(NOON, faces=0, happy_s=0, watched_s=0))
    assert (dict(counted.days), dict(counted.hours), counted.told_days) == ({}, {}, set())


def test_an_empty_room_is_counted_and_summaries_tell_nothing_of_it() -> None:
    counted = count(interval(NOON, faces=0, happy_s=0, minimum_group=1, watched_s=300.0))
    assert (counted.days[WEDNESDAY].visits, counted.days[WEDNESDAY].intervals) == (0, 1)
    assert counted.told_days == set()


@pytest.mark.parametrize("has_events_on", [WEDNESDAY, THURSDAY])
def test_what_events_tell_summaries_do_not_tell_again(has_events_on: date) -> None:
    """Of an interval across midnight, one of the days is enough: all of it may be of that one."""
    across = interval(MIDNIGHT - timedelta(minutes=2), minimum_group=1)
    assert not count(across, days_with_events=frozenset({has_events_on})).days
    assert count(across, days_with_events=frozenset({TUESDAY})).days


def test_of_two_sources_together_the_smaller_group_counts() -> None:
    cell = Cell(visits=1, group=1, lengths_s=[9.0])
    cell.shown_s["sad"], cell.shown_by["sad"] = 3.0, 1
    other = Cell(
        visits=40, group=20, shown_s={"sad": 2.0}, shown_by={"sad": 5}, intervals=3, untold=1,
        affects=MeanAffect(1.0, 0.5, 2.0), affects_by=5, withheld=True,
    )  # fmt: skip
    cell.add(other)
    assert (cell.visits, cell.group, cell.shown_by["sad"]) == (41, 1, 1)
    assert (cell.shown_s["sad"], cell.lengths_s) == (5.0, [9.0])
    assert (cell.affects.mean, cell.affects_by) == ((0.5, 0.25), 5)
    assert (cell.intervals, cell.untold, cell.withheld) == (3, 1, True)


def look(*summaries: SummaryRow) -> Watched:
    return watched(summaries, PERIOD, UTC)


def test_watched_seconds_go_to_days_and_hours() -> None:
    told = look(
        interval(MIDNIGHT - timedelta(minutes=30), minutes=60, watched_s=1800.0),
        interval(NOON, watched_s=300.0),
    )
    assert told.days == {WEDNESDAY: Looked(1200.0), THURSDAY: Looked(900.0)}
    assert told.hours == {12: Looked(300.0), 23: Looked(900.0), 0: Looked(900.0)}


def test_nothing_is_watched_for_longer_than_it_lasted() -> None:
    assert look(interval(NOON, watched_s=1e308)).days == {WEDNESDAY: Looked(300.0)}


def test_a_pause_is_known_not_to_be_measured_and_an_older_mien_does_not_say() -> None:
    told = look(withheld(NOON, watched_s=0.0), interval(NOON - timedelta(days=1)))
    assert told.days == {TUESDAY: Looked(0.0, is_least=True), WEDNESDAY: Looked(0.0)}
    assert [is_unmeasured(told.days, day) for day in (TUESDAY, WEDNESDAY, THURSDAY)] == [
        False, True, True,
    ]  # fmt: skip


def test_what_is_told_is_the_least_beside_what_is_not() -> None:
    told = look(interval(NOON), interval(NOON, watched_s=300.0), interval(NOON))
    assert told.days == {WEDNESDAY: Looked(300.0, is_least=True)}


def test_a_pause_beside_what_an_older_mien_does_not_say_is_not_unmeasured() -> None:
    told = look(interval(NOON), withheld(NOON, watched_s=0.0))
    assert told.days == {WEDNESDAY: Looked(0.0, is_least=True)}
    assert not is_unmeasured(told.days, WEDNESDAY)


def test_a_long_interval_does_not_say_which_hours_were_watched() -> None:
    told = look(interval(NOON, minutes=180, watched_s=9000.0))
    assert told.days == {WEDNESDAY: Looked(9000.0)}
    assert told.hours == dict.fromkeys((12, 13, 14), Looked(0.0, is_least=True))


def test_a_long_pause_says_of_its_hours_that_they_were_not_watched() -> None:
    told = look(interval(NOON, minutes=180, watched_s=0.0))
    assert told.hours == dict.fromkeys((12, 13, 14), Looked(0.0))
