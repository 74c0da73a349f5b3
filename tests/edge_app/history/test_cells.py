from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from edge_app.events.identifiers import TimeOrderedIds
from edge_app.events.payloads import (
    EmotionChanged,
    Event,
    FaceAppeared,
    FaceLeft,
    Summary,
    encode,
)
from edge_app.history.cells import Cells, count
from edge_app.history.reading import DeviceHistory, History, Span, read_history
from edge_app.history.recorder import Recorder
from edge_app.history.rows import SummaryRow
from tests.edge_app.history.days import visit

NOON = datetime(2025, 3, 5, 12, tzinfo=UTC)
DAY = date(2025, 3, 5)
#: The recording ends in the evening.
EVENING = NOON + timedelta(hours=8)


class Recording:
    """What a test recorded, counted."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.ids = TimeOrderedIds(utc_ms=lambda: 1_741_176_000_000)
        self._recorder = Recorder(file, now=lambda: EVENING)

    def visit(
        self,
        start: datetime,
        *shown: tuple[str, float],
        without: type[FaceAppeared | EmotionChanged | FaceLeft] | None = None,
        wrong_by: timedelta = timedelta(),
        right_from: int = 0,
    ) -> None:
        """wrong_by: how much the device's clock is ahead until its event number right_from."""
        for number, event in enumerate(visit(start, list(shown), self.ids)):
            if without is None or not isinstance(event, without):
                ahead = wrong_by if number < right_from else timedelta()
                said = msgspec.structs.replace(event, time=event.time + ahead)
                self.take(said)

    def take(self, event: Event) -> None:
        self._recorder.take("mien/kitchen/event", encode(event))

    def summary(self, summary: Summary) -> None:
        self._recorder.take("mien/kitchen/summary", encode(summary))

    def history(self, *, days: int = 3, zone: str = "UTC") -> History:
        self._recorder.close()
        return read_history(self.file, days=days, zone=ZoneInfo(zone))

    def cells(self, *, days: int = 3, zone: str = "UTC") -> Cells:
        history = self.history(days=days, zone=zone)
        assert history.period is not None
        return count(history.devices["kitchen"], history.period, ZoneInfo(zone))


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    return Recording(tmp_path / "history.sqlite")


def test_a_visit_within_an_hour(recording: Recording) -> None:
    recording.visit(NOON, ("happy", 10.0), ("sad", 5.0), ("happy", 3.0))
    cells = recording.cells()
    (hour,), (day,) = cells.hours.values(), cells.days.values()
    assert (list(cells.hours), list(cells.days)) == ([12], [DAY])
    for cell in (hour, day):
        assert (cell.visits, cell.group, cell.lengths_s) == (1, 1, [18.0])
        assert cell.shown_s == pytest.approx({"happy": 13.0, "sad": 5.0})
        assert cell.shown_by == {"happy": 1, "sad": 1}


def test_means_are_weighted_by_the_time_in_view_and_go_where_the_visit_began(
    recording: Recording,
) -> None:
    recording.visit(NOON, ("happy", 30.0), ("sad", 10.0))
    recording.visit(NOON + timedelta(minutes=59), ("sad", 120.0))
    cells = recording.cells()
    valence = (30 * 0.75 - 130 * 0.5) / 160
    assert cells.hours[12].affects.mean == pytest.approx((valence, 0.1234), abs=1e-4)
    assert cells.hours[12].affects_by == 2
    assert cells.hours[13].affects.mean is None
    assert cells.days[DAY].affects.mean == cells.hours[12].affects.mean


def test_seconds_go_to_the_hour_in_which_an_emotion_was_shown(recording: Recording) -> None:
    recording.visit(NOON + timedelta(minutes=50), ("happy", 300.0), ("sad", 900.0))
    cells = recording.cells()
    assert cells.hours[12].shown_s == pytest.approx({"happy": 300.0, "sad": 300.0})
    assert cells.hours[13].shown_s == pytest.approx({"sad": 600.0})
    assert (cells.hours[12].visits, cells.hours[13].visits) == (1, 0)
    assert (cells.hours[12].group, cells.hours[13].group) == (1, 1)
    assert cells.days[DAY].shown_s == pytest.approx({"happy": 300.0, "sad": 900.0})


def test_without_its_changes_a_visit_is_spread_evenly(recording: Recording) -> None:
    recording.visit(
        NOON + timedelta(minutes=50), ("happy", 300.0), ("sad", 900.0), without=EmotionChanged
    )
    cells = recording.cells()
    assert cells.hours[12].shown_s == pytest.approx({"happy": 150.0, "sad": 450.0})
    assert cells.hours[13].shown_s == pytest.approx({"happy": 150.0, "sad": 450.0})


def shown_otherwise(recording: Recording, **seconds: float) -> None:
    """An hour's visit from half past twelve: happy for 3 s, then neutral, as it was told."""
    start = NOON + timedelta(minutes=30)
    for event in visit(start, [("happy", 3.0), ("neutral", 3597.0)], recording.ids):
        said: Event = event
        if isinstance(event, FaceLeft):
            said = msgspec.structs.replace(event, emotions_s=seconds)
        recording.take(said)


def test_what_an_emotion_showed_beyond_its_time_goes_to_where_another_was_on(
    recording: Recording,
) -> None:
    """Also what was shown for moments and never told."""
    shown_otherwise(recording, happy=603.0, neutral=2397.0, fear=60.0)
    cells = recording.cells()
    share = 1797 / 3597
    assert cells.hours[12].shown_s == pytest.approx(
        {"happy": 3 + 600 * share, "neutral": 2397 * share, "fear": 60 * share}
    )
    assert cells.hours[13].shown_s == pytest.approx(
        {"happy": 600 * (1 - share), "neutral": 2397 * (1 - share), "fear": 60 * (1 - share)}
    )


def test_no_hour_holds_more_than_was_seen_in_it(recording: Recording) -> None:
    """Where one emotion fills all of its time, a third one was shown in the others'."""
    for event in visit(NOON, [("sad", 3600.0), ("neutral", 3600.0)], recording.ids):
        said: Event = event
        if isinstance(event, FaceLeft):
            shown = {"sad": 3600.0, "neutral": 1800.0, "happy": 1800.0}
            said = msgspec.structs.replace(event, emotions_s=shown)
        recording.take(said)
    hours = recording.cells().hours
    assert hours[12].shown_s == pytest.approx({"sad": 3600.0})
    assert hours[13].shown_s == pytest.approx({"neutral": 1800.0, "happy": 1800.0})


def test_an_emotion_that_was_decided_a_little_late_stays_where_it_was_told(
    recording: Recording,
) -> None:
    shown_otherwise(recording, happy=3.8, neutral=3596.0)
    cells = recording.cells()
    assert cells.hours[12].shown_s["happy"] == pytest.approx(3.8)
    assert "happy" not in cells.hours[13].shown_by


@pytest.mark.parametrize("without", [FaceAppeared, FaceLeft])
def test_half_a_visit_is_one(recording: Recording, without: type[FaceAppeared | FaceLeft]) -> None:
    recording.visit(NOON, ("happy", 10.0), without=without)
    cell = recording.cells().hours[12]
    assert cell.visits == 1
    assert bool(cell.lengths_s) is (without is FaceAppeared)


@pytest.mark.parametrize("has_company", [False, True])
def test_a_visit_that_never_ended_counts_on_the_day_on_which_it_began(
    recording: Recording, *, has_company: bool
) -> None:
    """Whoever else was there, and however long."""
    midnight = NOON.replace(hour=0)
    start = midnight - timedelta(minutes=10)
    recording.visit(start, ("happy", 900.0), ("sad", 60.0), without=FaceLeft)
    if has_company:
        recording.visit(start - timedelta(minutes=5), ("happy", 1200.0))
    history = recording.history(days=1)
    assert history.period is not None
    assert history.period.start_ms == midnight.timestamp() * 1000
    kitchen = history.devices["kitchen"]
    (endless,) = [each for each in kitchen.visits.values() if each.end_ms is None]
    assert endless.start_ms == start.timestamp() * 1000
    cells = count(kitchen, history.period, ZoneInfo("UTC"))
    assert sum(each.visits for each in cells.days.values()) == 0


@pytest.mark.parametrize("wrong_by", [timedelta(days=-3), timedelta(days=3)])
@pytest.mark.parametrize("right_from", [1, 2, 3])
def test_a_clock_that_is_set_during_a_visit_makes_it_no_longer(
    recording: Recording, wrong_by: timedelta, right_from: int
) -> None:
    """As where a board without a clock starts with somebody before it, and then learns the time.

    right_from: the first event with the right time, after the one of the face's coming.
    """
    recording.visit(NOON, ("happy", 40.0), ("sad", 20.0), wrong_by=wrong_by, right_from=right_from)
    cells = recording.cells(days=7)
    (hour,), (day,) = cells.hours.values(), cells.days.values()
    # It ends a minute after noon.
    assert (list(cells.hours), list(cells.days)) == ([12], [DAY])
    for cell in (hour, day):
        assert (cell.visits, cell.group, cell.lengths_s) == (1, 1, [60.0])
        assert cell.shown_s == pytest.approx({"happy": 40.0, "sad": 20.0})


def test_days_and_hours_of_the_time_zone(recording: Recording) -> None:
    recording.visit(datetime(2025, 3, 4, 20, 45, tzinfo=UTC), ("happy", 7200.0))
    cells = recording.cells(zone="Asia/Kolkata")
    # 02:15 to 04:15 of the next day there.
    assert list(cells.days) == [DAY]
    assert {hour: cell.shown_s["happy"] for hour, cell in cells.hours.items()} == pytest.approx(
        {2: 2700.0, 3: 3600.0, 4: 900.0}
    )


def test_an_hour_that_the_clock_leaves_out(recording: Recording) -> None:
    recording.file = recording.file.with_name("spring.sqlite")
    with Recorder(recording.file, now=lambda: datetime(2025, 3, 30, 20, tzinfo=UTC)) as recorder:
        start = datetime(2025, 3, 30, 0, 30, tzinfo=UTC)
        for event in visit(start, [("happy", 3600.0)], recording.ids):
            recorder.take("mien/kitchen/event", encode(event))
    hours = recording.cells(zone="Europe/Berlin").hours
    assert {hour: cell.shown_s["happy"] for hour, cell in hours.items()} == pytest.approx(
        {1: 1800.0, 3: 1800.0}
    )


def test_only_the_part_within_the_period_counts(recording: Recording) -> None:
    recording.visit(datetime(2025, 3, 4, 23, 50, tzinfo=UTC), ("happy", 1200.0))
    cells = recording.cells(days=1)
    assert list(cells.days) == [DAY]
    assert cells.days[DAY].shown_s["happy"] == pytest.approx(600.0)


@pytest.mark.parametrize("days", [1, 2])
def test_what_was_on_when_the_period_begins_counts_for_as_long_as_it_was(
    recording: Recording, days: int
) -> None:
    midnight = datetime(2025, 3, 5, tzinfo=UTC)
    recording.visit(midnight - timedelta(hours=3), ("happy", 60.0))
    recording.visit(
        midnight - timedelta(hours=1), ("happy", 4200.0), ("neutral", 2400.0), ("happy", 600.0)
    )
    hour = recording.cells(days=days).hours[0]
    assert hour.shown_s == pytest.approx({"happy": 1200.0, "neutral": 2400.0})
    assert (hour.visits, hour.group) == (0, 1)


def test_only_events_within_the_period_are_its_events(recording: Recording) -> None:
    recording.visit(datetime(2025, 3, 4, 23, tzinfo=UTC), ("sad", 7000.0), ("happy", 200.0))
    recording.visit(datetime(2025, 3, 4, 20, tzinfo=UTC), ("sad", 60.0))
    history = recording.history(days=1)
    assert (history.devices["kitchen"].events, history.outside) == (2, 5)
    (visit,) = history.devices["kitchen"].visits.values()
    assert len(visit.changes) == 2


def a_summary(start: datetime, faces: int, minimum_group: int) -> Summary:
    return Summary(
        start=start, end=start + timedelta(hours=1), faces=faces, emotions_s={"sad": 2.0},
        minimum_group=minimum_group, withheld=minimum_group > 1, valence=-0.5, arousal=-0.25,
    )  # fmt: skip


def test_a_day_without_events_is_told_by_summaries(recording: Recording) -> None:
    """Where events are published, 1 is the least number that anything is said of."""
    recording.visit(NOON, ("happy", 10.0))
    for start, faces in ((NOON, 9), (NOON - timedelta(days=1), 7)):
        recording.summary(a_summary(start, faces, 1))
    cells = recording.cells()
    yesterday = date(2025, 3, 4)
    assert cells.from_summaries == {yesterday}
    assert cells.days[DAY].visits == 1
    assert cells.days[yesterday].visits == 7
    assert cells.days[yesterday].shown_s == {"sad": 2.0}
    assert cells.days[yesterday].affects.mean == (-0.5, -0.25)
    assert cells.days[yesterday].affects_by == 1


def test_a_day_that_changes_to_aggregates_is_told_by_both(recording: Recording) -> None:
    recording.visit(NOON, ("happy", 10.0))
    recording.summary(a_summary(NOON, 1, 1))
    for hours in (1, 2):
        recording.summary(a_summary(NOON + timedelta(hours=hours), 40, 5))
    cells = recording.cells()
    assert cells.from_summaries == {DAY}
    assert {hour: cell.visits for hour, cell in cells.hours.items()} == {12: 1, 13: 40, 14: 40}
    # What the summaries tell can be subtracted: then one visit is left.
    assert (cells.days[DAY].visits, cells.days[DAY].group) == (81, 1)
    assert cells.days[DAY].shown_s == pytest.approx({"happy": 10.0, "sad": 4.0})
    assert cells.days[DAY].withheld
    assert cells.hours[13].affects_by == 5


def test_an_interval_that_began_before_the_calendar_is_none_of_the_period() -> None:
    """West of Greenwich the first day of the calendar does not exist."""
    ages = SummaryRow(
        "kitchen", -62_135_596_800_000, _ms(NOON), faces=1, emotions_s="{}", minimum_group=1,
        withheld=False,
    )  # fmt: skip
    history = DeviceHistory(summaries=[ages])
    period = Span(_ms(NOON - timedelta(days=1)), _ms(EVENING))
    cells = count(history, period, ZoneInfo("America/New_York"))
    assert (cells.days, cells.hours, cells.from_summaries) == ({}, {}, frozenset())


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
