"""The disk is full: events flow from memory."""

from __future__ import annotations

import os
import time

import pytest

from edge_app.mqtt.outbox.alerts import SOUND_S
from tests.device.boot.device import Device
from tests.device.boot.results import Results, Row
from tests.faults.tally import Tally

pytestmark = pytest.mark.timeout(7200)

TIMES = int(os.environ.get("MIEN_FAULTS", "3"))
FULL_S = 20.0


def test_a_full_disk_costs_no_event(running: Device, results: Results) -> None:
    device, ledger = running, running.ledger
    process = device.property("MainPID")
    tally = Tally("disk full", TIMES)
    for _ in range(tally.times):
        # To the last byte, of what is root's alone too.
        device.run("cat /dev/zero >/var/lib/ballast 2>/dev/null; sync; true", 900)
        assert device.run("df --output=avail / | tail -n 1").strip() == "0"
        ledger.wait(lambda: _standing(ledger.alerts), 300, "no alert of the full disk")
        decided = len(ledger.decided)
        time.sleep(FULL_S)
        assert len(ledger.decided) > decided + FULL_S / 2
        while_full = list(ledger.decided)
        assert ledger.wait_for_all(while_full, 120), "events wait for a disk that is full"
        device.run("rm /var/lib/ballast; sync")
        since_s = time.monotonic()
        ledger.wait(lambda: not _standing(ledger.alerts), 300, "the alert stays")
        tally.recoveries_s.append(time.monotonic() - since_s - SOUND_S)
    device.count(tally, device.settle(ledger.decided))
    assert device.property("MainPID") == process
    row = Row(tally, "room again → a minute before the alert outbox-storage is resolved")
    results.add_row(row)
    assert tally.is_clean, tally


def _standing(alerts: list[tuple[str, bool]]) -> bool:
    """Whether the outbox's alert about its disk stands."""
    return dict(alerts).get("outbox-storage", False)
