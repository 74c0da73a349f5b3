"""The power is cut at random moments: what the disk had arrives, and the file system is sound."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from tests.device.boot.conftest import NewDevice
from tests.device.boot.image import Image, check_file_system
from tests.device.boot.results import Results, Row
from tests.faults.tally import Tally

pytestmark = pytest.mark.timeout(4 * 3600)

CUTS = int(os.environ.get("MIEN_CUTS", "10"))
SEED = int(os.environ.get("MIEN_CUTS_SEED", "11"))


def test_power_cuts_lose_nothing_that_was_stored(
    new_device: NewDevice, results: Results, image: Image, tmp_path: Path
) -> None:
    """Before every second cut the broker goes away: then the disk alone has the events."""
    draw = random.Random(SEED)  # noqa: S311 - moments, not secrets
    device = new_device()
    ledger = device.ledger
    tally = Tally("power cut while publishing", CUTS)
    recovered = 0
    device.start()
    for number in range(CUTS):
        time.sleep(draw.uniform(0.0, 10.0))
        if number % 2:
            device.broker.stop()
            time.sleep(draw.uniform(1.0, 6.0))
        device.machine.cut_power()
        if number % 2:
            device.broker.start()
        check_file_system(image, device.machine.disk, tmp_path)
        tally.recoveries_s.append(device.start())
        said = device.run("dmesg; cat /run/initramfs/fsck.log 2>/dev/null || true")
        # By the kernel, or by the initrd's e2fsck before it.
        recovered += "recovery complete" in said or "recovering journal" in said
    # Counted as of one moment: the camera goes on.
    decided = set(ledger.decided)
    device.count(tally, device.settle(ledger.stored))
    device.machine.stop()
    check_file_system(image, device.machine.disk, tmp_path)
    row = Row(tally, "power back → an event of the new boot arrived")
    unstored = decided - set(ledger.stored) - set(ledger.arrived)
    row.notes["decided, on no disk yet when the power went"] = len(unstored)
    row.notes["boots that replayed the journal"] = recovered
    row.notes["file system checks without an error"] = CUTS + 1
    results.add_row(row)
    assert recovered == CUTS
    assert tally.is_clean, tally
