from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from edge_app.events.publisher import Backlog
from edge_app.health.board import Board
from edge_app.health.telemetry import Activity, Telemeter

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def activity(frames: int) -> Activity:
    return Activity(source="open", frames_seen=frames, frames_refused=2, faces=3)


def test_rates_are_those_since_the_measurement_before(tmp_path: Path) -> None:
    clock, cpu = [100.0], [7.0]
    telemeter = Telemeter(
        Board(tmp_path), now=lambda: NOW, clock_s=lambda: clock[0], cpu_s=lambda: cpu[0]
    )
    at_once = telemeter.measure(activity(0), Backlog(), "full")
    assert (at_once.uptime_s, at_once.frames_per_second, at_once.cpu_share) == (0, None, None)
    clock[0], cpu[0] = 110.0, 12.0
    first = telemeter.measure(activity(150), Backlog(5, 6), "full")
    assert (first.uptime_s, first.frames_per_second, first.cpu_share) == (10.0, 15.0, 0.5)
    assert (first.faces, first.frames_refused) == (3, 2)
    assert (first.outbox_waiting, first.outbox_dropped) == (5, 6)
    clock[0] = 120.0
    second = telemeter.measure(activity(170), Backlog(), "full")
    assert (second.frames_per_second, second.cpu_share) == (2.0, 0.0)


def test_measurements_in_short_succession_tell_the_rates_of_the_first(tmp_path: Path) -> None:
    clock, cpu = [100.0], [7.0]
    telemeter = Telemeter(
        Board(tmp_path), now=lambda: NOW, clock_s=lambda: clock[0], cpu_s=lambda: cpu[0]
    )
    clock[0], cpu[0] = 110.0, 12.0
    telemeter.measure(activity(150), Backlog(), "full")
    for passed_s in (0.0, 0.004, 0.9):
        clock[0], cpu[0] = 110.0 + passed_s, 12.0 + passed_s
        again = telemeter.measure(activity(151), Backlog(), "full")
        assert (again.frames_per_second, again.cpu_share) == (15.0, 0.5)
        assert (again.frames_seen, again.uptime_s) == (151, round(10.0 + passed_s, 1))
    # The window stayed open: nothing of what came in between is lost.
    clock[0], cpu[0] = 111.0, 12.9
    then = telemeter.measure(activity(163), Backlog(), "full")
    assert (then.frames_per_second, then.cpu_share) == (13.0, 0.9)
