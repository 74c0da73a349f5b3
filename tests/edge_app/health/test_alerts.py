from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from edge_app.events.payloads import Alert, Telemetry
from edge_app.health.alerts import FULL_RATE_S, RULES, SOUND_S, UNSET_S, Alerts, outbox_alert

FINE = Telemetry(
    time=datetime(2026, 1, 2, tzinfo=UTC), uptime_s=60.0, source="open", privacy="full",
    frames_per_second=15.0, frames_seen=900, frames_refused=0, faces=0, temperature_c=50.0,
    throttled=(), cpu_share=0.5, rss_bytes=1, outbox_waiting=0, outbox_dropped=0,
)  # fmt: skip


class Board:
    """Telemetry a minute apart, and the alerts that came of it.

    started_s: when the process began, in seconds after the system did.
    """

    def __init__(self, *, started_s: float = 0.0, is_clock_right: bool = True) -> None:
        self.said: list[tuple[str, Alert | None]] = []
        self.is_clock_right: bool | None = is_clock_right
        self.was_supply_weak: bool | None = False
        self.is_certificate_ending = False
        self.alerts = Alerts(
            lambda name, alert: self.said.append((name, alert)),
            is_clock_right=lambda: self.is_clock_right,
            was_supply_weak=lambda: self.was_supply_weak,
            is_certificate_ending=lambda: self.is_certificate_ending,
            system_up_s=lambda: started_s + self.last.uptime_s,
        )
        self.last = FINE
        self.alerts.update(FINE)
        self.at_start, self.said[:] = list(self.said), []

    def next(self, *, after_s: float = 60.0, frames: int = 900, **changes: Any) -> None:
        self.last = msgspec.structs.replace(
            self.last,
            time=self.last.time + timedelta(seconds=after_s),
            uptime_s=self.last.uptime_s + after_s,
            frames_seen=self.last.frames_seen + frames,
            **changes,
        )
        self.alerts.update(self.last)

    @property
    def names(self) -> list[tuple[str, bool]]:
        return [(name, alert is not None) for name, alert in self.said]


def test_what_an_earlier_process_raised_is_taken_back_at_start() -> None:
    board = Board()
    assert board.at_start == [(name, None) for name in RULES]
    board.next()
    assert board.said == []


def test_a_certificate_that_ends_soon_until_it_is_renewed() -> None:
    board = Board()
    board.is_certificate_ending = True
    board.next()
    board.next()
    board.is_certificate_ending = False
    board.next()
    assert board.names == [("certificate", True), ("certificate", False)]


def test_heat_is_said_once_and_ends_well_below() -> None:
    board, said = Board(), list[int]()
    for temperature in (79.9, 80.0, 83.0, 76.0, 75.0, 74.9, 79.0):
        board.next(temperature_c=temperature)
        said.append(len(board.said))
    assert said == [0, 1, 1, 1, 1, 2, 2]
    assert board.names == [("too-hot", True), ("too-hot", False)]
    alert = board.said[0][1]
    assert alert is not None
    assert (alert.id, alert.severity, alert.since) == (
        "too-hot",
        "warning",
        FINE.time + timedelta(minutes=2),
    )


def test_a_weak_power_supply() -> None:
    board = Board()
    for minute in range(20):
        board.was_supply_weak = minute % 2 == 0
        board.next()
    # The last was one without a dip.
    board.next(after_s=SOUND_S - 61)
    assert board.names == [("under-voltage", True)]
    board.next(after_s=1.0)
    assert board.names == [("under-voltage", True), ("under-voltage", False)]


def test_a_board_that_is_slowed_down_now_and_then_has_one_alert() -> None:
    board = Board()
    for _ in range(20):
        board.next(slowed_by=("heat",))
        board.next(slowed_by=(), after_s=FULL_RATE_S - 1)
    assert board.names == [("slowed-down", True)]
    board.next(after_s=1.0)
    assert board.names == [("slowed-down", True), ("slowed-down", False)]


def test_a_reading_that_fails_neither_raises_nor_ends_an_alert() -> None:
    board = Board()
    board.was_supply_weak = None
    board.next(temperature_c=None)
    assert board.said == []
    for minute in range(20):
        board.was_supply_weak = None if minute % 2 else True
        board.next(temperature_c=None if minute % 2 else 85.0)
    board.next(temperature_c=None, after_s=SOUND_S)
    assert board.names == [("under-voltage", True), ("too-hot", True)]
    board.was_supply_weak = False
    board.next(temperature_c=50.0)
    assert board.names[2:] == [("under-voltage", False), ("too-hot", False)]


def test_a_silent_camera() -> None:
    board = Board()
    board.next(frames=0)
    board.next()
    assert board.names == [("no-frames", True), ("no-frames", False)]


def test_a_camera_that_gives_unreadable_frames_is_not_silent_and_may_become_so() -> None:
    """Its cable is in, but one that gave such a frame once may be pulled out all the same."""
    board = Board()
    for refused in (1, 2, 3):
        board.next(frames=0, frames_refused=refused)
    assert board.said == []
    board.next(frames=0)
    assert board.names == [("no-frames", True)]


def test_a_paused_camera_or_a_moment_of_silence_is_no_alert() -> None:
    board = Board()
    board.next(frames=0, after_s=0.1)
    board.next(frames=0, source="paused")
    board.next(frames=0, source="paused")
    board.next(frames=0, source="open")
    assert board.said == []


def test_telemetry_in_short_succession_neither_ends_the_silence_nor_hides_it() -> None:
    board = Board()
    board.next(frames=0)
    board.next(frames=0, after_s=1.0)
    board.next(frames=0)
    assert board.names == [("no-frames", True)]
    board.next(frames=1, after_s=1.0)
    for _ in range(4):
        board.next(frames=0, after_s=1.0)
    assert board.names == [("no-frames", True), ("no-frames", False), ("no-frames", True)]


def test_a_clock_that_nobody_sets_is_told_after_some_minutes() -> None:
    board = Board()
    board.is_clock_right = False
    board.next(after_s=UNSET_S - 1)
    assert board.said == []
    board.next(after_s=1)
    board.next()
    board.is_clock_right = True
    board.next()
    assert board.names == [("clock", True), ("clock", False)]
    alert = board.said[0][1]
    assert alert is not None
    # A device that stands alone by intent goes on as well as any.
    assert alert.severity == "warning"
    board.is_clock_right = False
    board.next(after_s=UNSET_S - 1)
    board.is_clock_right = None
    board.next(after_s=UNSET_S)
    assert len(board.said) == 2


def test_a_clock_that_nobody_sets_is_told_by_processes_that_end_soon() -> None:
    board = Board(started_s=200.0, is_clock_right=False)
    board.next(after_s=UNSET_S - 200 - FINE.uptime_s - 1)
    assert board.said == []
    board = Board(started_s=UNSET_S - FINE.uptime_s, is_clock_right=False)
    assert [(name, alert is not None) for name, alert in board.at_start][-1] == ("clock", True)


def test_what_the_outbox_says_becomes_an_alert() -> None:
    alert = outbox_alert("outbox-dropped", "too many wait", FINE.time)
    assert alert == Alert(
        id="outbox-dropped", severity="critical", text="too many wait", since=FINE.time
    )
    assert outbox_alert("outbox-dropped", None, FINE.time) is None
