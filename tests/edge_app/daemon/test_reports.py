from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from edge_app.daemon.reports import Reports
from edge_app.events.payloads import PrivacyMode
from edge_app.events.privacy import PrivacyGate
from edge_app.events.publisher import Backlog
from edge_app.events.summaries import Interval
from edge_app.health.board import Board
from edge_app.health.telemetry import Activity, Telemeter
from tests.edge_app.events.recorder import Recorder
from tests.edge_app.mqtt.samples import appeared, maker, state

NOW = datetime(2026, 1, 2, tzinfo=UTC)


class Office:
    def __init__(self, folder: Path, mode: PrivacyMode = "full") -> None:
        self.now_s = 0.0
        self.told = Recorder()
        interval = Interval(maker=maker, now=lambda: NOW, clock_s=lambda: self.now_s)
        self.gate = PrivacyGate(self.told, mode=mode, interval=interval, now=lambda: NOW)
        self.reports = Reports(
            self.gate,
            activity=lambda: Activity(source="open", frames_seen=0, frames_refused=0, faces=1),
            state=state,
            telemeter=Telemeter(Board(folder), now=lambda: NOW, clock_s=lambda: self.now_s),
            interval=interval,
            telemetry_interval_s=60,
            summary_interval_s=300,
            minimum_group=5,
            is_clock_right=lambda: None,
            was_supply_weak=lambda: None,
            is_certificate_ending=lambda: False,
            clock_s=lambda: self.now_s,
        )

    def pass_time(self, until_s: int) -> None:
        while self.now_s < until_s:
            self.now_s += 1
            self.reports.turn()


def test_telemetry_is_said_at_once_and_then_in_its_interval(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.reports.turn()
    assert len(office.told.telemetries) == 1
    office.pass_time(59)
    assert len(office.told.telemetries) == 1
    office.pass_time(120)
    assert [each.uptime_s for each in office.told.telemetries] == [0, 60, 120]
    office.reports.telemetry_interval_s = 10
    office.pass_time(150)
    assert len(office.told.telemetries) == 6
    # No frame came in a minute.
    assert ("no-frames", True) in [(name, bool(alert)) for name, alert in office.told.alerts]


def test_who_is_there_is_said_again_with_telemetry(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.pass_time(120)
    assert office.told.states == [state()] * len(office.told.telemetries)
    private = Office(tmp_path, "aggregates")
    private.pass_time(120)
    assert len(private.told.telemetries) > 1
    assert [each.faces for each in private.told.states] == [()]


def test_a_summary_ends_each_interval(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.gate.publish_event(appeared())
    office.pass_time(299)
    assert office.told.summaries == []
    office.pass_time(600)
    # Whoever came in the first was not seen in the second.
    assert [each.faces for each in office.told.summaries] == [1, 0]
    assert [each.minimum_group for each in office.told.summaries] == [1, 1]


def test_events_that_were_said_to_wait_are_said_to_be_delivered(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.told.backlog_now = Backlog(1, 0)
    office.reports.turn()
    office.pass_time(5)
    office.told.backlog_now = Backlog(0, 0)
    office.pass_time(30)
    assert [each.outbox_waiting for each in office.told.telemetries] == [1, 0]


def test_few_faces_are_withheld_in_aggregates_only(tmp_path: Path) -> None:
    office = Office(tmp_path, "aggregates")
    office.gate.publish_event(appeared())
    office.pass_time(300)
    summary = office.told.summaries[0]
    assert (summary.faces, summary.minimum_group, summary.withheld) == (None, 5, True)


def test_what_waits_for_the_broker_is_told(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.told.backlog_now = Backlog(7, 8)
    telemetry = office.reports.say_telemetry()
    assert (telemetry.outbox_waiting, telemetry.outbox_dropped) == (7, 8)
