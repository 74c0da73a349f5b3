"""The daemon hangs or dies, and the broker is away: everything decided arrives."""

from __future__ import annotations

import os
import random
import time

import pytest

from tests.device.boot.device import Device
from tests.device.boot.results import Results, Row
from tests.faults.tally import Tally

pytestmark = pytest.mark.timeout(7200)

KILLS = int(os.environ.get("MIEN_KILLS", "20"))
#: How often the slower faults happen.
TIMES = int(os.environ.get("MIEN_FAULTS", "3"))
BROKER_AWAY_S = 60.0


def test_a_hung_process_is_killed_by_the_watchdog(running: Device, results: Results) -> None:
    device = running
    tally = Tally("process hangs (SIGSTOP)", TIMES)
    for _ in range(tally.times):
        device.wait_until_ready()
        _end_process(device, "STOP", tally)
    _finish(device, tally)
    said = device.run("journalctl -b -u mien --no-pager")
    assert said.count("Watchdog timeout") == tally.times, said
    results.add_row(Row(tally, "SIGSTOP → an event of the new process arrived"))
    assert tally.is_clean, tally


def test_a_killed_process_returns(running: Device, results: Results) -> None:
    draw = random.Random(7)  # noqa: S311 - moments, not secrets
    device = running
    tally = Tally("process killed (SIGKILL)", KILLS)
    for _ in range(tally.times):
        time.sleep(draw.uniform(0.0, 5.0))
        _end_process(device, "KILL", tally)
    _finish(device, tally)
    row = Row(tally, "SIGKILL → an event of the new process arrived")
    row.notes["delay"] = "the growing delay between starts is set back each time"
    results.add_row(row)
    assert tally.is_clean, tally


def test_the_broker_goes_away(running: Device, results: Results) -> None:
    device = running
    process = device.property("MainPID")
    tally = Tally(f"broker away for {BROKER_AWAY_S:g} s", TIMES)
    for _ in range(tally.times):
        device.broker.stop()
        decided = len(device.ledger.decided)
        time.sleep(BROKER_AWAY_S)
        assert len(device.ledger.decided) > decided + BROKER_AWAY_S
        waiting = list(device.ledger.decided)
        device.broker.start()
        since_s = time.monotonic()
        device.ledger.wait_for_all(waiting, 300)
        tally.recoveries_s.append(time.monotonic() - since_s)
    _finish(device, tally)
    assert device.property("MainPID") == process
    results.add_row(Row(tally, "broker back → everything that waited arrived"))
    assert tally.is_clean, tally


def _end_process(device: Device, signal: str, tally: Tally) -> None:
    device.run("systemctl reset-failed mien")
    before = device.ledger.runs
    since_s = time.monotonic()
    device.run(f"systemctl kill --kill-whom=main --signal={signal} mien")
    tally.recoveries_s.append(device.recover(since_s, before))


def _finish(device: Device, tally: Tally) -> None:
    device.wait_until_ready()
    device.count(tally, device.settle(device.ledger.decided))
