from __future__ import annotations

from datetime import UTC, datetime

from edge_app.camera_trouble import CameraTrouble, Troubles
from edge_app.events.payloads import Alert

NOW = datetime(2026, 1, 2, tzinfo=UTC)


class Office:
    def __init__(self) -> None:
        self.said: list[tuple[str, Alert | None]] = []
        self.states: list[bool] = []
        self.troubles = Troubles()
        self.trouble = CameraTrouble(
            self.troubles,
            publish_alert=lambda name, alert: self.said.append((name, alert)),
            say_telemetry=lambda: self.states.append(self.trouble.is_reopening),
            now=lambda: NOW,
        )

    def turn(self, *said: str | None, is_paused: bool = False) -> None:
        for text in said:
            self.troubles.put(text)
        self.trouble.turn(is_paused=is_paused)


def test_a_trouble_becomes_an_alert_and_ends_it() -> None:
    office = Office()
    office.turn()
    office.turn("cam: unplugged")
    assert office.trouble.is_reopening
    office.turn(None)
    alert = Alert(id="camera", severity="critical", text="cam: unplugged", since=NOW)
    assert office.said == [("camera", alert), ("camera", None)]
    assert office.states == [True, False]


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


def test_what_an_earlier_process_raised_is_taken_back() -> None:
    office = Office()
    office.trouble.begin()
    assert office.said == [("camera", None)]


def test_a_pause_that_is_over_before_the_next_turn_ends_the_alert_too() -> None:
    office = Office()
    office.turn("cam: unplugged")
    office.troubles.put("cam: late")
    office.trouble.camera_closed()
    office.turn()
    assert office.said[1:] == [("camera", None)]
    assert office.states == [True, False]
