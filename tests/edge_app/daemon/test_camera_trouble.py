from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge_app.daemon.camera_trouble import CameraTrouble, Troubles
from edge_app.events.payloads import Alert
from edge_app.frames.supervised import Trouble

NOW = datetime(2026, 1, 2, tzinfo=UTC)


class Office:
    """now: what the clock says, `up_s` seconds after the system's start."""

    def __init__(self, since_file: Path | None = None, now: datetime = NOW) -> None:
        self.now, self.up_s = now, 1000.0 + (now - NOW).total_seconds()
        self.said: list[tuple[str, Alert | None]] = []
        self.states: list[bool] = []
        self.troubles = Troubles()
        self.trouble = CameraTrouble(
            self.troubles,
            publish_alert=lambda name, alert: self.said.append((name, alert)),
            say_telemetry=lambda: self.states.append(self.trouble.is_reopening),
            now=lambda: self.now,
            up_s=lambda: self.up_s,
            since_file=since_file,
        )

    def turn(
        self, *said: Trouble | str | None, is_paused: bool = False, has_frames: bool = False
    ) -> None:
        for each in said:
            self.troubles.put(Trouble(each) if isinstance(each, str) else each)
        self.trouble.turn(is_paused=is_paused, has_frames=has_frames)

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.up_s += seconds

    @property
    def since(self) -> datetime:
        alert = self.said[-1][1]
        assert alert is not None
        return alert.since


def test_a_trouble_becomes_an_alert_and_ends_it() -> None:
    office = Office()
    office.turn()
    office.turn("cam: unplugged")
    assert office.trouble.is_reopening
    office.turn(None)
    alert = Alert(id="camera", severity="critical", text="cam: unplugged", since=NOW)
    assert office.said == [("camera", alert), ("camera", None)]
    assert office.states == [True, False]


def test_an_alert_outlasts_a_recovery_that_is_not_trusted() -> None:
    office = Office()
    office.turn("cam: the stream ended")
    office.turn(Trouble("cam: the stream ended", is_reopening=False), has_frames=True)
    assert not office.trouble.is_reopening
    office.turn("cam: the stream ended", has_frames=True)
    assert office.trouble.is_reopening
    office.turn(Trouble("cam: the stream ended", is_reopening=False), None, has_frames=True)
    assert [alert is not None for _, alert in office.said] == [True, False]
    assert office.states == [True, False]


def test_what_else_is_wrong_changes_an_alert_and_not_its_beginning() -> None:
    office = Office()
    office.turn("cam: the stream ended")
    office.wait(3600.0)
    office.turn("cam: the camera refuses: 401")
    alerts = [alert for _, alert in office.said if alert is not None]
    assert [alert.text for alert in alerts] == [
        "cam: the stream ended",
        "cam: the camera refuses: 401",
    ]
    assert {alert.since for alert in alerts} == {NOW}


def test_a_pause_ends_the_alert_of_a_camera_that_gives_frames_for_now() -> None:
    office = Office()
    office.turn(Trouble("cam: the stream ended", is_reopening=False), has_frames=True)
    office.turn(is_paused=True)
    assert office.said[1:] == [("camera", None)]


def test_a_short_trouble_is_not_lost_between_two_turns() -> None:
    office = Office()
    office.turn("cam: the stream ended", None)
    assert [alert is not None for _, alert in office.said] == [True, False]


def test_a_pause_ends_the_alert_and_what_the_closed_camera_still_says_is_dropped() -> None:
    office = Office()
    office.turn("cam: unplugged")
    office.turn("cam: late", is_paused=True)
    office.turn(is_paused=True)
    assert office.said[1:] == [("camera", None)]
    assert not office.trouble.is_reopening


def test_what_an_earlier_process_raised_stands_until_there_is_a_frame() -> None:
    office = Office()
    office.turn()
    assert office.said == []
    office.turn(has_frames=True)
    office.turn(has_frames=True)
    assert office.said == [("camera", None)]
    assert office.states == []


def test_what_an_earlier_process_raised_is_taken_back_by_a_pause() -> None:
    office = Office()
    office.turn(is_paused=True)
    office.turn(is_paused=True)
    assert office.said == [("camera", None)]


def test_a_camera_that_still_fails_has_one_alert_for_both_processes(tmp_path: Path) -> None:
    file, later = tmp_path / "since", NOW + timedelta(seconds=30)
    Office(file).turn("cam: unplugged")
    again = Office(file, later)
    again.turn()
    again.turn("cam: no such camera")
    assert [alert and alert.text for _, alert in again.said] == ["cam: no such camera"]
    assert again.since == NOW
    again.turn(None)
    again.turn("cam: unplugged")
    assert again.since == later


def test_a_clock_that_is_set_between_two_processes_changes_the_beginning(tmp_path: Path) -> None:
    file = tmp_path / "since"
    first = Office(file)
    first.now -= timedelta(days=2)
    first.turn("cam: unplugged")
    assert first.since == NOW - timedelta(days=2)
    second = Office(file, NOW + timedelta(seconds=30))
    second.turn("cam: unplugged")
    assert second.since == NOW
    third = Office(file, NOW + timedelta(seconds=60))
    third.now += timedelta(hours=1)
    third.turn("cam: unplugged")
    assert third.since == NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "2026-01-02T00:00:00 1000.0",
        "2026-01-02T00:00:00+00:00",
        "2026-01-02T00:00:00+00:00 1001.0",
        "2026-01-02T00:00:00+00:00 nan",
        "\0",
    ],
)
def test_a_beginning_that_cannot_be_is_now(tmp_path: Path, content: str) -> None:
    file = tmp_path / "since"
    file.write_text(content)
    office = Office(file)
    office.turn("cam: unplugged")
    assert office.since == NOW


def test_an_alert_needs_no_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    office = Office(tmp_path / "missing" / "since")
    office.turn("cam: unplugged")
    assert office.since == NOW
    assert "a restart will forget since when" in caplog.text


def test_a_pause_that_is_over_before_the_next_turn_ends_the_alert_too() -> None:
    office = Office()
    office.turn("cam: unplugged")
    office.troubles.put("cam: late")
    office.trouble.camera_closed()
    office.turn()
    assert office.said[1:] == [("camera", None)]
    assert office.states == [True, False]
