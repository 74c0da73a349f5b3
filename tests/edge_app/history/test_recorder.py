from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge_app.errors import MienError, UsageError
from edge_app.events.payloads import Alert, Summary, encode
from edge_app.events.summaries import Interval
from edge_app.history.recorder import Recorder, UnrecordableError
from edge_app.history.rows import EventRow, Row
from edge_app.history.schema import VERSION
from edge_app.history.store import HistoryStore, StoreBusyError
from tests.edge_app.history.days import fortnight
from tests.edge_app.mqtt.samples import TIME, appeared, changed, left, maker

SUMMARY = Summary(start=TIME, end=TIME, faces=1, emotions_s={}, minimum_group=1, withheld=False)
DAY_S = 86_400.0
#: The calendar's.
FIRST_DAY = datetime(1, 1, 1, tzinfo=UTC)
#: Each of them could be, but not both.
HALF_AGES = {"happy": 2e8, "sad": 2e8}


#: What a clock without a battery may say.
WRONG_BY_S = 74 * 365 * DAY_S


class Clock:
    """wrong_by_s: how much the time of day is ahead."""

    def __init__(self) -> None:
        self.seconds = self.wrong_by_s = 0.0

    def now(self) -> datetime:
        return TIME + timedelta(seconds=self.seconds + self.wrong_by_s)

    def elapsed_s(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "history.sqlite"


def recorder(
    file: Path, clock: Clock, keep_days: int | None = None, say: Callable[[str], None] = print
) -> Recorder:
    return Recorder(file, keep_days=keep_days, say=say, now=clock.now, clock_s=clock.elapsed_s)


def rows(file: Path, query: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(file)) as database:
        return database.execute(query).fetchall()


def run_on(history: Recorder, clock: Clock, seconds: float, connection: int = 1) -> None:
    """Let it run, long enough to forget at the end."""
    history.flush(connection)
    clock.seconds += seconds
    history.flush(connection)


def ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def test_an_event_of_each_type(file: Path, clock: Clock) -> None:
    with recorder(file, clock) as history:
        for event in (appeared(), changed(), left()):
            history.take("mien/kitchen/event", encode(event))
    stored = rows(
        file,
        "SELECT type, time_ms, emotion, previous, duration_s, emotions_s, valence, arousal"
        " FROM event",
    )
    made = rows(file, "SELECT DISTINCT model, answer, reaction FROM event")
    assert made == [("5e" * 6, "default", "normal")]
    assert {each[0]: each[1:] for each in stored} == {
        "face_appeared": (ms(TIME), None, None, None, None, None, None),
        "emotion_changed": (ms(TIME), "happy", "neutral", None, None, 0.6755, 0.4253),
        "face_left": (
            *(ms(TIME), None, None, 12.4, '{"neutral":3.3,"happy":9.1}', 0.5012, -0.0031),
        ),
    }


def test_the_same_event_counts_once_also_in_another_run(file: Path, clock: Clock) -> None:
    for _ in range(2):
        with recorder(file, clock) as history:
            history.take("mien/kitchen/event", encode(appeared()))
            history.take("mien/kitchen/event", encode(appeared()))
    assert rows(file, "SELECT COUNT(*) FROM event") == [(1,)]
    assert rows(file, "SELECT COUNT(*) FROM recording") == [(2,)]


def test_the_topic_says_which_device(file: Path, clock: Clock) -> None:
    with recorder(file, clock) as history:
        history.take("mien/hall/event", encode(appeared()))
    assert rows(file, "SELECT device FROM event") == [("hall",)]


def test_a_late_event_has_its_own_time(file: Path, clock: Clock) -> None:
    clock.seconds = 86_400.0
    with recorder(file, clock) as history:
        late = msgspec.structs.replace(appeared(), is_historical=True)
        history.take("mien/kitchen/event", encode(late))
    assert rows(file, "SELECT time_ms, is_historical FROM event") == [(ms(TIME), 1)]


def test_written_within_a_second_and_together(file: Path, clock: Clock) -> None:
    with recorder(file, clock) as history:
        for number in range(3):
            history.take("mien/kitchen/event", encode(appeared(number)))
            history.flush()
            assert rows(file, "SELECT COUNT(*) FROM event") == [(0,)]
            clock.seconds += 0.1
        clock.seconds = 0.5
        history.flush()
        # The recorder is still open: this is what a kill now would leave.
        assert rows(file, "SELECT COUNT(*) FROM event") == [(3,)]


def test_written_at_once_where_nothing_more_comes_until_then(file: Path, clock: Clock) -> None:
    with recorder(file, clock) as history:
        assert history.flush()
        for number in range(3):
            history.take("mien/kitchen/event", encode(appeared(number)))
            assert not history.flush()
            assert history.flush(is_awaited=True)
            assert rows(file, "SELECT COUNT(*) FROM event") == [(number + 1,)]


def test_what_is_not_written_for_a_lock_is_said_to_be_so(file: Path, clock: Clock) -> None:
    with recorder(file, clock) as history:
        with locked(file):
            history.take("mien/kitchen/event", encode(appeared()))
            assert not history.flush(is_awaited=True)
            # Of a stretch that is over, too.
            assert not history.flush(2)
        clock.seconds += 10.0
        assert history.flush(2)
        assert rows(file, "SELECT COUNT(*) FROM event") == [(1,)]


def test_the_recording_goes_on_while_nothing_comes(file: Path, clock: Clock) -> None:
    with recorder(file, clock) as history:
        clock.seconds = 31.0
        history.flush()
        assert rows(file, "SELECT end_ms - start_ms FROM recording") == [(31_000,)]


def test_availability_is_kept_where_it_changes_and_first_of_each_stretch(
    file: Path, clock: Clock
) -> None:
    with recorder(file, clock) as history:
        for payload in (b"online", b"online", b"offline", b"online"):
            history.take("mien/kitchen/availability", payload)
            history.take("mien/hall/availability", b"online")
    with recorder(file, clock) as history:
        history.take("mien/kitchen/availability", b"online")
    stored = rows(file, "SELECT device, is_online FROM availability ORDER BY number")
    assert [online for device, online in stored if device == "kitchen"] == [1, 0, 1, 1]
    assert [online for device, online in stored if device == "hall"] == [1]


def test_a_clock_that_leaps_takes_no_knowledge_away(file: Path, clock: Clock) -> None:
    """The connection stands: nobody says again what was said on it."""
    with recorder(file, clock) as history:
        history.take("mien/kitchen/availability", b"online")
        history.take("mien/hall/availability", b"online")
        history.take("mien/hall/availability", b"offline")
        run_on(history, clock, 3600.0)
        clock.wrong_by_s = DAY_S
        run_on(history, clock, 3600.0)
        history.take("mien/kitchen/availability", b"online")
        # Of another connection nothing is known before its first word.
        run_on(history, clock, 3600.0)
        history.flush(2)
        history.take("mien/kitchen/availability", b"online", 2)
    leap_ms = ms(TIME) + 3_600_000 + round(DAY_S * 1000)
    assert rows(file, "SELECT device, time_ms, is_online FROM availability ORDER BY number") == [
        ("kitchen", ms(TIME), 1),
        ("hall", ms(TIME), 1),
        ("hall", ms(TIME), 0),
        ("kitchen", leap_ms, 1),
        ("hall", leap_ms, 0),
        ("kitchen", leap_ms + 2 * 3_600_000, 1),
    ]


def test_what_a_broker_says_again_before_all_is_asked_for_counts(file: Path, clock: Clock) -> None:
    """As where one subscription of several stands already."""
    with recorder(file, clock) as history:
        history.take("mien/kitchen/availability", b"online")
        run_on(history, clock, 3600.0)
        history.flush(None)
        # This connection broke before it stood.
        history.take("mien/hall/availability", b"online", 2)
        history.flush(None)
        clock.seconds += 60.0
        history.take("mien/kitchen/availability", b"online", 3)
        history.take("mien/garden/availability", b"offline", 3)
        history.flush(None)
        clock.seconds += 1.0
        history.flush(3)
        history.take("mien/kitchen/availability", b"online", 3)
    ((start_ms,),) = rows(file, "SELECT start_ms FROM recording WHERE number = 2")
    assert rows(file, "SELECT device, time_ms, is_online FROM availability ORDER BY number") == [
        ("kitchen", ms(TIME), 1),
        ("kitchen", start_ms, 1),
        ("garden", start_ms, 0),
    ]


def test_a_clock_that_is_set_back_a_little_takes_no_word_out_of_its_stretch(
    file: Path, clock: Clock
) -> None:
    """As at a start, before a time server has set it."""
    with recorder(file, clock) as history:
        clock.seconds, clock.wrong_by_s = 1.0, -20.0
        history.flush()
        history.take("mien/kitchen/availability", b"online")
    assert rows(file, "SELECT time_ms FROM availability") == [(ms(TIME),)]
    assert rows(file, "SELECT start_ms, end_ms FROM recording") == [(ms(TIME), ms(TIME))]


def test_a_device_that_is_taken_away_was_offline_before(file: Path, clock: Clock) -> None:
    with recorder(file, clock) as history:
        for payload in (b"offline", b""):
            history.take("mien/kitchen/availability", payload)
        assert history.refused == 0
    assert rows(file, "SELECT is_online FROM availability") == [(0,)]


def test_an_alert_from_its_beginning_to_its_end(file: Path, clock: Clock) -> None:
    alert = Alert(id="camera", severity="warning", text="lost", since=TIME)
    with recorder(file, clock) as history:
        history.take("mien/kitchen/alert/camera", encode(alert))
        worse = msgspec.structs.replace(alert, severity="critical")
        history.take("mien/kitchen/alert/camera", encode(worse))
        clock.seconds = 60.0
        history.take("mien/kitchen/alert/camera", b"")
        history.take("mien/kitchen/alert/unheard-of", b"")
        # The broker says it again at the next connection: it was over before.
        clock.seconds = 90.0
        history.take("mien/kitchen/alert/camera", b"")
    assert rows(file, "SELECT id, severity, since_ms, end_ms FROM alert") == [
        ("camera", "critical", ms(TIME), ms(TIME) + 60_000)
    ]


def test_an_alert_whose_end_nobody_recorded_stays_without_one(file: Path, clock: Clock) -> None:
    first = Alert(id="camera", severity="warning", text="lost", since=TIME)
    again = msgspec.structs.replace(first, since=TIME + timedelta(days=7))
    with recorder(file, clock) as history:
        history.take("mien/kitchen/alert/camera", encode(first))
        history.take("mien/hall/alert/camera", encode(first))
    clock.seconds = 7 * 86_400.0 + 600.0
    with recorder(file, clock) as history:
        history.take("mien/kitchen/alert/camera", encode(again))
        history.take("mien/kitchen/alert/camera", b"")
    assert rows(file, "SELECT device, since_ms, end_ms FROM alert ORDER BY device, since_ms") == [
        ("hall", ms(TIME), None),
        ("kitchen", ms(TIME), None),
        ("kitchen", ms(again.since), ms(clock.now())),
    ]


def test_an_end_that_is_said_again_is_not_that_of_an_alert_that_ended_unheard(
    file: Path, clock: Clock
) -> None:
    """As where a device that starts anew takes back all that an earlier process raised."""
    alert = Alert(id="camera", severity="warning", text="lost", since=TIME)
    with recorder(file, clock) as history:
        history.take("mien/kitchen/alert/camera", encode(alert))
        history.take("mien/hall/alert/camera", encode(alert))
    with recorder(file, clock) as history:
        # The broker keeps what is still on.
        history.take("mien/hall/alert/camera", encode(alert))
        history.take("mien/garden/alert/camera", encode(alert))
        clock.seconds = 60.0
        for device in ("kitchen", "hall"):
            history.take(f"mien/{device}/alert/camera", b"")
        history.take("mien/garden/alert/camera", b"", 2)
    assert rows(file, "SELECT device, end_ms FROM alert ORDER BY device") == [
        ("garden", None),
        ("hall", ms(TIME) + 60_000),
        ("kitchen", None),
    ]


def test_an_alert_that_another_one_follows_at_once_is_over(file: Path, clock: Clock) -> None:
    """A device that starts anew, with what the alert is about still so."""
    first = Alert(id="outbox-storage", severity="critical", text="full", since=TIME)
    again = msgspec.structs.replace(first, since=TIME + timedelta(hours=1))
    with recorder(file, clock) as history:
        history.take("mien/kitchen/availability", b"online")
        history.take("mien/kitchen/alert/outbox-storage", encode(first))
        clock.seconds = 3605.0
        history.take("mien/kitchen/availability", b"offline")
        history.take("mien/kitchen/availability", b"online")
        history.take("mien/kitchen/alert/outbox-storage", encode(again))
    assert rows(file, "SELECT since_ms, end_ms FROM alert ORDER BY since_ms") == [
        (ms(TIME), ms(TIME) + 3_605_000),
        (ms(again.since), None),
    ]


@pytest.mark.parametrize("text", ["lost", "refused"])
def test_an_alert_of_a_device_whose_clock_is_set_has_one_beginning(
    file: Path, clock: Clock, text: str
) -> None:
    early = Alert(id="camera", severity="critical", text="lost", since=TIME - timedelta(days=2))
    true = msgspec.structs.replace(early, text=text, since=TIME)
    with recorder(file, clock) as history:
        history.take("mien/kitchen/alert/camera", encode(early))
        history.take("mien/kitchen/availability", b"online")  # kept by the broker
        run_on(history, clock, 5.0)
        history.take("mien/kitchen/alert/camera", encode(true))
        assert rows(file, "SELECT since_ms FROM alert") == [(ms(early.since),)]
        run_on(history, clock, 5.0)
        history.take("mien/kitchen/alert/camera", b"")
    assert rows(file, "SELECT text, since_ms, end_ms FROM alert") == [
        (text, ms(TIME), ms(TIME) + 10_000)
    ]


def test_alerts_that_are_too_old_go_also_without_an_end(file: Path, clock: Clock) -> None:
    alert = Alert(id="camera", severity="warning", text="lost", since=TIME)
    with recorder(file, clock) as history:
        history.take("mien/kitchen/alert/camera", encode(alert))
        for day in (1, 5):
            since = TIME + timedelta(days=day)
            later = msgspec.structs.replace(alert, id=f"day-{day}", since=since)
            history.take(f"mien/kitchen/alert/day-{day}", encode(later))
        clock.seconds = 4 * 86_400.0
        history.take("mien/kitchen/alert/day-1", b"")
    with recorder(file, clock, keep_days=3) as history:
        run_on(history, clock, 2 * DAY_S)
    assert rows(file, "SELECT id FROM alert ORDER BY id") == [("day-1",), ("day-5",)]


def test_an_alert_that_is_on_is_not_too_old(file: Path, clock: Clock) -> None:
    alert = Alert(id="camera", severity="critical", text="lost", since=TIME)
    with recorder(file, clock, keep_days=3) as history:
        for device in ("kitchen", "hall"):
            history.take(f"mien/{device}/alert/camera", encode(alert))
        run_on(history, clock, 2 * DAY_S)
        run_on(history, clock, 2 * DAY_S, connection=2)
        history.take("mien/kitchen/alert/camera", encode(alert), 2)
        run_on(history, clock, DAY_S, connection=2)
        history.flush(None)
        clock.seconds += DAY_S
        history.flush(None)
        history.flush(2)
        # That of the hall was over when the second connection began.
        assert rows(file, "SELECT device FROM alert") == [("kitchen",)]
        history.take("mien/kitchen/alert/camera", b"", 2)
        end_ms = ms(clock.now())
        run_on(history, clock, 2 * DAY_S, connection=2)
        assert rows(file, "SELECT end_ms FROM alert") == [(end_ms,)]
        run_on(history, clock, 2 * DAY_S, connection=2)
        assert rows(file, "SELECT end_ms FROM alert") == []


def test_summaries_told_and_withheld(file: Path, clock: Clock) -> None:
    told = Summary(
        start=TIME, end=TIME + timedelta(hours=1), faces=7, emotions_s={"sad": 2.0},
        minimum_group=5, withheld=False, valence=-0.25, arousal=-0.125,
        watched_s=3599.5, model="5e" * 32, answer="default", reaction="calm",
        cards="c4" * 32,
    )  # fmt: skip
    withheld = msgspec.structs.replace(
        told, start=told.end, end=told.end, faces=None, emotions_s=None, withheld=True,
        valence=None, arousal=None,
    )  # fmt: skip
    with recorder(file, clock) as history:
        for each in (told, withheld, told):
            history.take("mien/kitchen/summary", encode(each))
    assert rows(
        file, "SELECT faces, emotions_s, withheld, valence, arousal FROM summary ORDER BY start_ms"
    ) == [
        (7, '{"sad":2.0}', 0, -0.25, -0.125),
        (None, None, 1, None, None),
    ]
    made = (3599.5, "5e" * 6, "default", "calm", "c4" * 6)
    assert rows(file, "SELECT watched_s, model, answer, reaction, cards FROM summary") == [
        made,
        made,
    ]


@pytest.mark.parametrize(
    "other",
    [{"watched_s": 7.0}, {"model": "a1" * 32}, {"answer": "ferplus"}, {"reaction": "calm"}],
)
def test_summaries_that_differ_in_what_made_them_are_two(
    file: Path, clock: Clock, other: dict[str, Any]
) -> None:
    with recorder(file, clock) as history:
        for each in (SUMMARY, msgspec.structs.replace(SUMMARY, **other), SUMMARY):
            history.take("mien/kitchen/summary", encode(each))
    assert rows(file, "SELECT COUNT(*) FROM summary") == [(2,)]


def test_intervals_that_begin_at_the_same_time_both_count(file: Path, clock: Clock) -> None:
    """As where a device's clock is set back by as much as an interval is long."""
    time_set_by_s = 0.0
    interval = Interval(
        maker=maker,
        now=lambda: clock.now() + timedelta(seconds=time_set_by_s),
        clock_s=clock.elapsed_s,
    )
    clock.seconds = 300.0
    summaries = [interval.finish(1)]
    interval.take(appeared())
    for lasts_s in (300.0, 200.0):
        time_set_by_s = -clock.seconds
        clock.seconds += lasts_s
        summaries.append(interval.finish(1))
    assert {each.start for each in summaries} == {TIME}
    for _ in range(2):
        with recorder(file, clock) as history:
            for each in (*summaries, *summaries):
                history.take("mien/kitchen/summary", encode(each))
                history.take("mien/hall/summary", encode(each))
    told = "SELECT end_ms - start_ms, faces FROM summary WHERE device = 'kitchen'"
    assert sorted(rows(file, told)) == [(200_000, 0), (300_000, 0), (300_000, 1)]
    assert rows(file, "SELECT COUNT(*) FROM summary") == [(6,)]


def test_fields_of_a_newer_schema_do_no_harm(file: Path, clock: Clock) -> None:
    newer = encode(appeared()).replace(b'"schema_version":1', b'"schema_version":2,"gaze":[1,2]')
    assert b"gaze" in newer
    with recorder(file, clock) as history:
        history.take("mien/kitchen/event", newer)
    assert rows(file, "SELECT COUNT(*) FROM event") == [(1,)]


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("event", b""),
        ("event", b"\xff"),
        ("event", b'{"type":"waved"}'),
        ("event", b'{"a":' + b"[" * 100_000),
        ("event", b'{"type":"face_left"}'),
        ("availability", b"perhaps"),
        ("alert/camera", b"{}"),
        ("summary", b"[]"),
        ("summary", encode(msgspec.structs.replace(SUMMARY, faces=10**20))),
        ("summary", encode(msgspec.structs.replace(SUMMARY, emotions_s={"happy": 1e308}))),
        ("summary", encode(msgspec.structs.replace(SUMMARY, emotions_s=HALF_AGES))),
        ("summary", encode(msgspec.structs.replace(SUMMARY, start=FIRST_DAY))),
        ("summary", encode(msgspec.structs.replace(SUMMARY, end=TIME - timedelta(seconds=1)))),
        ("event", encode(msgspec.structs.replace(left(), duration_s=1e308))),
        ("event", encode(msgspec.structs.replace(left(), emotions_s={"happy": 1e308}))),
        ("event", encode(msgspec.structs.replace(left(), emotions_s=HALF_AGES))),
    ],
)
def test_what_is_no_message_is_counted(
    file: Path, clock: Clock, topic: str, payload: bytes
) -> None:
    with recorder(file, clock) as history:
        with pytest.raises(UnrecordableError):
            history.take(f"mien/kitchen/{topic}", payload)
        history.take("mien/kitchen/event", encode(appeared()))
        assert history.refused == 1
    assert rows(file, "SELECT refused FROM recording") == [(1,)]
    assert rows(file, "SELECT COUNT(*) FROM event") == [(1,)]


def test_what_can_be_is_recorded_however_long(file: Path, clock: Clock) -> None:
    """A poster in view for a year; a day's interval of a busy hall."""
    poster = msgspec.structs.replace(left(), duration_s=3.2e7, emotions_s={"happy": 3.2e7})
    hall = msgspec.structs.replace(
        SUMMARY, end=TIME + timedelta(days=1), faces=1000, emotions_s={"happy": 8.64e7}
    )
    with recorder(file, clock) as history:
        history.take("mien/kitchen/event", encode(poster))
        history.take("mien/hall/summary", encode(hall))
        assert history.refused == 0


@pytest.mark.parametrize("year", [b"0001-01-01T00:00:00+14:00", b"9999-12-31T23:59:59-14:00"])
def test_times_at_the_ends_of_the_calendar(file: Path, clock: Clock, year: bytes) -> None:
    payload = encode(appeared()).replace(b"2025-03-01T12:01:07Z", year)
    assert year in payload
    with recorder(file, clock) as history:
        history.take("mien/kitchen/event", payload)
    assert rows(file, "SELECT COUNT(*) FROM event") == [(1,)]


def test_what_is_too_old_goes(file: Path, clock: Clock) -> None:
    with recorder(file, clock) as history:
        history.take("mien/kitchen/event", encode(appeared()))
        history.take("mien/kitchen/availability", b"online")
        clock.seconds = 2 * DAY_S
    clock.seconds = 3 * DAY_S - 7200.0
    with recorder(file, clock, keep_days=4) as history:
        run_on(history, clock, 7200.0)
    assert rows(file, "SELECT COUNT(*) FROM event") == [(1,)]
    with recorder(file, clock, keep_days=2) as history:
        run_on(history, clock, 3600.0)
        recent = msgspec.structs.replace(appeared(1), time=clock.now())
        history.take("mien/kitchen/event", encode(recent))
    assert rows(file, "SELECT id FROM event") == [(appeared(1).id,)]
    # How the device was when the days that are kept began.
    assert rows(file, "SELECT COUNT(*) FROM availability") == [(1,)]


def test_what_held_when_the_days_that_are_kept_began_stays(file: Path, clock: Clock) -> None:
    with recorder(file, clock) as history:
        for day, payload in enumerate((b"online", b"offline", b"online", b"offline")):
            clock.seconds = day * 86_400.0
            history.take("mien/kitchen/availability", payload)
            if day < 2:
                history.take("mien/hall/availability", payload)
    clock.seconds += 3600.0
    with recorder(file, clock, keep_days=1) as history:
        run_on(history, clock, 3600.0)
    stored = rows(file, "SELECT device, time_ms, is_online FROM availability ORDER BY number")
    day_ms = 86_400_000
    assert stored == [
        ("hall", ms(TIME) + day_ms, 0),
        ("kitchen", ms(TIME) + 2 * day_ms, 1),
        ("kitchen", ms(TIME) + 3 * day_ms, 0),
    ]


def an_event(number: int, clock: Clock, *, ahead_s: float = 0.0) -> bytes:
    """One of now, by a device whose clock is right, or ahead."""
    time = TIME + timedelta(seconds=clock.seconds + ahead_s)
    return encode(msgspec.structs.replace(appeared(number), time=time))


def test_a_start_in_a_wrong_year_forgets_nothing(file: Path, clock: Clock) -> None:
    with recorder(file, clock, keep_days=90) as history:
        history.take("mien/kitchen/event", an_event(0, clock))
        run_on(history, clock, 80 * DAY_S)
        history.take("mien/kitchen/event", an_event(1, clock))
    for _ in range(3):
        clock.wrong_by_s = WRONG_BY_S
        with recorder(file, clock, keep_days=90) as history:
            history.take("mien/kitchen/availability", b"online")
            run_on(history, clock, 3600.0)
            # Then it is set.
            clock.wrong_by_s = 0.0
            history.take("mien/kitchen/availability", b"offline")
            run_on(history, clock, 3600.0)
    assert rows(file, "SELECT COUNT(*) FROM event") == [(2,)]
    with recorder(file, clock, keep_days=90) as history:
        run_on(history, clock, 10 * DAY_S)
    assert rows(file, "SELECT id FROM event") == [(appeared(1).id,)]


@pytest.mark.parametrize("wrong_by_s", [WRONG_BY_S, -10_000 * DAY_S])
def test_a_clock_that_leaps_while_it_runs_forgets_nothing(
    file: Path, clock: Clock, wrong_by_s: float
) -> None:
    with recorder(file, clock, keep_days=90) as history:
        history.take("mien/kitchen/event", an_event(0, clock))
        for wrong in (0.0, wrong_by_s, 0.0):
            clock.wrong_by_s = wrong
            run_on(history, clock, 3600.0)
    assert rows(file, "SELECT COUNT(*) FROM event") == [(1,)]
    hours = rows(file, "SELECT end_ms - start_ms FROM recording ORDER BY number")
    assert hours == [(3_600_000,)] * 3


def test_one_that_was_off_for_a_year_forgets_in_the_end(file: Path, clock: Clock) -> None:
    with recorder(file, clock, keep_days=90) as history:
        history.take("mien/kitchen/event", an_event(0, clock))
        run_on(history, clock, DAY_S)
    clock.seconds += 365 * DAY_S
    with recorder(file, clock, keep_days=90) as history:
        history.take("mien/kitchen/event", an_event(1, clock))
        run_on(history, clock, 12 * DAY_S)
        assert rows(file, "SELECT COUNT(*) FROM event") == [(2,)]
    with recorder(file, clock, keep_days=90) as history:
        run_on(history, clock, DAY_S)
    assert rows(file, "SELECT id FROM event") == [(appeared(1).id,)]


@contextlib.contextmanager
def locked(file: Path) -> Iterator[None]:
    """By another program, as by a BEGIN in a terminal that nobody ends."""
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        yield


def test_what_another_programs_lock_holds_up_is_written_afterwards(
    file: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    tries: list[int] = []
    write = HistoryStore.write

    def counted(store: HistoryStore, rows: Sequence[Row], **named: int) -> None:
        tries.append(len(rows))
        write(store, rows, **named)

    monkeypatch.setattr(HistoryStore, "write", counted)
    with recorder(file, clock, say=said.append) as history:
        history.take("mien/kitchen/availability", b"online")
        run_on(history, clock, 60.0)
        with locked(file):
            history.take("mien/kitchen/event", encode(appeared(0)))
            run_on(history, clock, 1.0)
            tries.clear()
            for number in range(1, 6):
                history.take("mien/kitchen/event", encode(appeared(number)))
                history.flush()
            # Not worth a word yet, and not to be tried again at each message.
            assert (said, tries) == ([], [])
            run_on(history, clock, 10.0)
            history.flush(2)
            history.take("mien/kitchen/availability", b"online", 2)
            run_on(history, clock, 10.0, connection=2)
            run_on(history, clock, 10.0, connection=2)
        assert len(said) == 1
        assert said[0].startswith(f"{file}: another program keeps it locked; end what that does")
        history.flush(2)
        run_on(history, clock, 10.0, connection=2)
        assert said[1:] == [f"{file}: written again"]
        assert rows(file, "SELECT COUNT(*) FROM event") == [(6,)]
    assert rows(file, "SELECT end_ms - start_ms FROM recording ORDER BY number") == [
        (61_000,),
        (30_000,),
    ]
    assert rows(file, "SELECT COUNT(*) FROM availability") == [(2,)]


def test_a_lock_between_the_end_of_a_stretch_and_the_next_one_doubles_nothing(
    file: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, locks = HistoryStore.begin, [locked(file)]

    def locked_out(store: HistoryStore, start_ms: int, *, is_same_connection: bool) -> None:
        with locks.pop() if locks else contextlib.nullcontext():
            begin(store, start_ms, is_same_connection=is_same_connection)

    monkeypatch.setattr(HistoryStore, "begin", locked_out)
    words = [b"online", b"offline", b"online"]
    with recorder(file, clock) as history:
        for word in words:
            history.take("mien/kitchen/availability", word)
        run_on(history, clock, 0.1, connection=2)
        run_on(history, clock, 10.0, connection=2)
    assert not locks
    assert rows(file, "SELECT is_online FROM availability") == [(1,), (0,), (1,)]
    assert rows(file, "SELECT COUNT(*) FROM recording") == [(2,)]


def test_it_is_full_while_too_much_waits_for_another_program(
    file: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_app.history.recorder._MOST_WAITING", 3)
    is_full = []
    with recorder(file, clock) as history:
        for number in range(6):
            with locked(file) if number else contextlib.nullcontext():
                history.take("mien/kitchen/event", encode(appeared(number)))
                run_on(history, clock, 10.0)
            is_full.append(history.is_full)
        run_on(history, clock, 10.0)
        assert not history.is_full
        assert rows(file, "SELECT COUNT(*) FROM event") == [(6,)]
    assert is_full == [False, False, False, True, True, True]


def test_what_waits_at_its_end_is_not_in_the_file(
    file: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_app.history.store._PATIENCE_S", 0.1)
    history = recorder(file, clock)
    with locked(file):
        history.take("mien/kitchen/event", encode(appeared()))
        run_on(history, clock, 10.0)
        with pytest.raises(StoreBusyError, match="what came meanwhile is not in it"):
            history.close()


def test_a_removal_that_another_program_holds_up_comes_later(file: Path, clock: Clock) -> None:
    with recorder(file, clock) as history:
        history.take("mien/kitchen/event", encode(appeared()))
        run_on(history, clock, 3 * DAY_S)
    with recorder(file, clock, keep_days=2) as history:
        with locked(file):
            history.flush()
        run_on(history, clock, 3600.0)
        clock.seconds += 60.0
        history.flush()
    assert rows(file, "SELECT COUNT(*) FROM event") == [(0,)]


def test_a_large_removal_leaves_no_large_log(tmp_path: Path) -> None:
    file = tmp_path / "history.sqlite"
    log = file.with_name("history.sqlite-wal")
    row = EventRow("", "kitchen", "face_appeared", 0, "e" * 36, "5e" * 6, is_historical=False)
    with HistoryStore(file, start_ms=0) as store:
        many = [row._replace(id=f"{number:036}") for number in range(40_000)]
        store.write(many, end_ms=0, refused=0)
        store.forget(1)
        assert log.stat().st_size > 5_000_000
        store.write([row], end_ms=1, refused=0)
        assert log.stat().st_size <= 4_000_000


def test_each_file_has_a_name_of_its_own_at_the_broker(tmp_path: Path) -> None:
    names = []
    for name in ("a", "a", "moved", "copy"):
        match name:
            case "moved":
                (tmp_path / "a").rename(tmp_path / name)
            case "copy":
                shutil.copy(tmp_path / "moved", tmp_path / name)
        with HistoryStore(tmp_path / name, start_ms=0) as store:
            names.append(store.subscriber)
    assert names[0] == names[1] == names[2] != names[3]
    assert all(each.startswith("mien-history-") for each in names)


def test_a_file_system_may_number_files_with_all_of_64_bits(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stat = Path.stat

    def with_large_inode(self: Path) -> os.stat_result:
        return os.stat_result((33152, (1 << 64) - 7, *stat(self)[2:]))

    monkeypatch.setattr(Path, "stat", with_large_inode)
    names = []
    for _ in range(2):
        with HistoryStore(file, start_ms=0) as store:
            names.append(store.subscriber)
    assert names[0] == names[1]


def test_time_passes_also_without_a_broker(file: Path, clock: Clock) -> None:
    with recorder(file, clock, keep_days=90) as history:
        history.take("mien/kitchen/event", an_event(0, clock))
        run_on(history, clock, DAY_S)
        history.flush(None)
        clock.seconds += 91 * DAY_S
        history.flush(None)
        assert rows(file, "SELECT COUNT(*) FROM event") == [(0,)]
        # The stretch that was written last is that of the next refusals, too.
        assert rows(file, "SELECT COUNT(*) FROM recording") == [(1,)]


def test_nothing_is_known_of_the_time_without_a_connection(file: Path, clock: Clock) -> None:
    with recorder(file, clock) as history:
        history.take("mien/kitchen/availability", b"online")
        run_on(history, clock, 3600.0)
        clock.seconds += 0.5
        history.flush(None)
        night_s = 8 * 3600.0
        clock.seconds += night_s
        history.flush(None)
        # What is read of the file now says so already.
        assert rows(file, "SELECT end_ms - start_ms FROM recording") == [(3_600_000 - 32_000,)]
        history.flush(2)
        history.take("mien/kitchen/availability", b"offline")
        clock.seconds += 100.0
        history.flush(2)
    begins = ms(TIME) + round((3600.5 + night_s) * 1000)
    assert rows(file, "SELECT start_ms, end_ms FROM recording ORDER BY number") == [
        (ms(TIME), ms(TIME) + 3_600_000 - 32_000),
        (begins, begins + 100_000),
    ]


def test_a_connection_that_is_back_before_anyone_looks(file: Path, clock: Clock) -> None:
    with recorder(file, clock) as history:
        run_on(history, clock, 3600.0)
        history.take("mien/kitchen/event", encode(appeared()))
        clock.seconds += 0.5
        history.flush(2)
        clock.seconds += 60.0
        history.flush(2)
    assert rows(file, "SELECT end_ms - start_ms FROM recording ORDER BY number") == [
        (3_600_000,),
        (60_000,),
    ]


def test_what_came_last_is_written_though_the_connection_is_lost(file: Path, clock: Clock) -> None:
    with recorder(file, clock) as history:
        history.flush(None)
        history.take("mien/kitchen/event", encode(appeared()))
        clock.seconds += 1.0
        history.flush(None)
        assert rows(file, "SELECT COUNT(*) FROM event") == [(1,)]
        clock.seconds += 3600.0
    assert rows(file, "SELECT end_ms - start_ms FROM recording") == [(0,)]


def test_each_refusal_counts_once(file: Path, clock: Clock) -> None:
    with recorder(file, clock) as history:
        for connection in (1, None, 2):
            history.flush(connection)
            with pytest.raises(UnrecordableError):
                history.take("mien/kitchen/event", b"")
        assert history.refused == 3
    assert rows(file, "SELECT refused FROM recording ORDER BY number") == [(2,), (1,)]


def test_a_file_system_without_locks_is_no_other_writer(
    file: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_descriptor: int, _operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", refuse)
    with recorder(file, clock) as history:
        history.take("mien/kitchen/event", encode(appeared()))
    assert rows(file, "SELECT COUNT(*) FROM event") == [(1,)]


def test_one_writer(file: Path, clock: Clock) -> None:
    with recorder(file, clock), pytest.raises(UsageError, match="another mien records into it"):
        recorder(file, clock)
    recorder(file, clock).close()


@pytest.mark.parametrize("content", [b"Dear diary, today nobody came." * 100, b"SQLite format 3\0"])
def test_a_file_that_is_no_database(file: Path, clock: Clock, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(UsageError, match="not a history of Mien"):
        recorder(file, clock)
    assert file.read_bytes() == content


def test_a_database_of_somebody_else(file: Path, clock: Clock) -> None:
    with contextlib.closing(sqlite3.connect(file)) as database:
        database.execute("CREATE TABLE event (id)")
    with pytest.raises(UsageError, match="of another program"):
        recorder(file, clock)
    assert rows(file, "SELECT name FROM sqlite_schema") == [("event",)]


def test_a_history_of_a_newer_mien(file: Path, clock: Clock) -> None:
    recorder(file, clock).close()
    with contextlib.closing(sqlite3.connect(file)) as database:
        database.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(UsageError, match="newer Mien"):
        recorder(file, clock)


def test_a_folder_that_is_not_there(tmp_path: Path, clock: Clock) -> None:
    with pytest.raises(UsageError, match="No such file"):
        recorder(tmp_path / "nowhere" / "history.sqlite", clock)


def test_a_disk_that_takes_nothing(file: Path, clock: Clock) -> None:
    with recorder(file, clock) as history:
        history._store._database.execute("PRAGMA max_page_count = 1")
        for number in range(2000):
            history.take("mien/kitchen/event", encode(appeared(number)))
        clock.seconds = 1.0
        with pytest.raises(MienError, match=r"history\.sqlite: database or disk is full"):
            history.flush()
        history._rows.clear()


def test_nobody_else_may_read_it(file: Path, clock: Clock) -> None:
    mask = os.umask(0o022)
    try:
        recorder(file, clock).close()
    finally:
        os.umask(mask)
    assert file.stat().st_mode & 0o077 == 0


def test_an_empty_file_becomes_its_owners_alone(
    file: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    file.touch()
    file.chmod(0o644)
    recorder(file, clock).close()
    assert file.stat().st_mode & 0o777 == 0o600
    assert caplog.messages == []


def test_a_history_that_others_may_read_is_told_and_stays_so(
    file: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    recorder(file, clock).close()
    # For a group, such as Grafana's, somebody meant it.
    file.chmod(0o640)
    recorder(file, clock).close()
    assert caplog.messages == []
    file.chmod(0o644)
    recorder(file, clock).close()
    assert file.stat().st_mode & 0o777 == 0o644
    (told,) = caplog.messages
    assert str(file) in told
    assert "chmod o= " in told


def test_how_much_an_event_takes(file: Path, clock: Clock) -> None:
    """docs/history.md says how much: change it there too."""
    with recorder(file, clock) as history:
        made = [*fortnight("kitchen", seed=1), *fortnight("hall", seed=2)]
        for event in made:
            history.take(f"mien/{event.device}/event", encode(event))
    assert len(made) > 2000
    assert 240 < file.stat().st_size / len(made) < 295
