from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from edge_app.events.payloads import Alert
from edge_app.events.raised_alerts import RaisedAlerts

NOW = datetime(2026, 1, 2, tzinfo=UTC)
DROPPED = Alert(id="outbox-dropped", severity="critical", text="too many wait", since=NOW)


class Device:
    """now: what its clock says, `up_s` seconds after the system's start."""

    def __init__(self) -> None:
        self.now, self.up_s = NOW, 1000.0
        self.said: list[tuple[str, Alert | None]] = []
        self.alerts = RaisedAlerts(
            lambda *said: self.said.append(said), now=lambda: self.now, up_s=lambda: self.up_s
        )

    def wait(self, seconds: float, *, set_by_s: float = 0.0) -> None:
        """set_by_s: the clock, meanwhile."""
        self.now += timedelta(seconds=seconds + set_by_s)
        self.up_s += seconds
        self.alerts.look_at_the_clock()


@pytest.fixture
def device() -> Device:
    return Device()


def test_an_alert_that_began_before_the_clock_was_set_is_told_with_its_true_time(
    device: Device,
) -> None:
    device.alerts.say("outbox-dropped", DROPPED)
    device.wait(12.0)
    device.wait(12.0, set_by_s=59.0)
    assert device.said == [("outbox-dropped", DROPPED)]
    device.wait(12.0, set_by_s=2 * 86_400.0)
    device.wait(12.0, set_by_s=-0.5)
    true = NOW + timedelta(days=2, seconds=59.0)
    assert device.said[1:] == [("outbox-dropped", msgspec.structs.replace(DROPPED, since=true))]
    device.alerts.say("outbox-dropped", None)
    device.wait(12.0, set_by_s=-86_400.0)
    assert device.said[2:] == [("outbox-dropped", None)]


def test_one_that_an_earlier_process_raised_began_as_long_ago(device: Device) -> None:
    began = NOW - timedelta(hours=3)
    device.alerts.say("camera", msgspec.structs.replace(DROPPED, id="camera", since=began))
    device.wait(12.0, set_by_s=86_400.0)
    last = device.said[-1][1]
    assert last is not None
    assert last.since == began + timedelta(days=1)


def test_what_else_is_wrong_changes_an_alert_and_not_its_beginning(device: Device) -> None:
    device.alerts.say("outbox-dropped", DROPPED)
    device.now += timedelta(days=2, hours=1)
    device.up_s += 3600.0
    device.alerts.say(
        "outbox-dropped",
        msgspec.structs.replace(DROPPED, text="3 events were dropped", since=device.now),
    )
    device.wait(12.0)
    true = NOW + timedelta(days=2)
    assert device.said[1:] == [
        (
            "outbox-dropped",
            msgspec.structs.replace(DROPPED, text="3 events were dropped", since=true),
        )
    ]
