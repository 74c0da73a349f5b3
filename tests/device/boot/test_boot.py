"""From the power switch to the first event, and what a device takes while it works."""

from __future__ import annotations

import os
import time

import pytest

from tests.device.boot.conftest import NewDevice
from tests.device.boot.device import FIRST_S, Device
from tests.device.boot.results import Results

pytestmark = pytest.mark.timeout(3600)

#: How long writes are counted, and then taken times as many as an hour has.
WATCHED_S = float(os.environ.get("MIEN_WATCHED_S", "300"))


def test_the_service_comes_up_and_events_arrive(new_device: NewDevice, results: Results) -> None:
    device = new_device()
    device.start()
    seen_at_s = device.ledger.seen_at_s
    device.ledger.wait(lambda: seen_at_s, FIRST_S, "no event of the camera's")
    first_event_s = seen_at_s[0] - device.machine.started_s
    device.wait_until_ready()
    assert device.property("ActiveState") == "active"
    assert device.property("NRestarts") == "0"
    up_s = int(device.property("ActiveEnterTimestampMonotonic")) / 1e6
    exposure = device.run("systemd-analyze security --no-pager mien | tail -n 1").split()
    device.run("touch /run/mien/calm")
    without = _written_an_hour(device, stopped=True)
    events_before = len(device.ledger.decided)
    written = _written_an_hour(device)
    events_an_hour = (len(device.ledger.decided) - events_before) * 3600 / WATCHED_S
    status = device.run(f"cat /proc/{device.property('MainPID')}/status")
    kilobytes = {line.split()[0]: line.split()[1] for line in status.splitlines() if "kB" in line}
    assert set(device.settle(device.ledger.decided)) <= set(device.ledger.arrived)
    results.add_figures(
        power_to_service_s=round(up_s, 1),
        power_to_first_event_s=round(first_event_s, 1),
        rss_mb=round(int(kilobytes["VmRSS:"]) / 1024),
        rss_peak_mb=round(int(kilobytes["VmHWM:"]) / 1024),
        installed_mb=round(int(device.run("dpkg-query -W -f '${Installed-Size}' mien")) / 1024),
        written_mb_an_hour=round(written / 1e6, 1),
        written_mb_an_hour_without_mien=round(without / 1e6, 1),
        events_an_hour=round(events_an_hour),
        exposure=float(next(word for word in exposure if word.replace(".", "").isdigit())),
        watched_s=WATCHED_S,
    )


def _written_an_hour(device: Device, *, stopped: bool = False) -> float:
    """Bytes that reach the disk, the file system's own among them, as of the time watched."""
    if stopped:
        device.run("systemctl stop mien")
    device.run("sync")
    before = _written(device)
    time.sleep(WATCHED_S)
    device.run("sync")
    written = _written(device) - before
    if stopped:
        runs = device.ledger.runs
        since_s = time.monotonic()
        device.run("systemctl start --no-block mien")
        device.recover(since_s, runs)
        device.run("touch /run/mien/calm")
    return written * 3600 / WATCHED_S


def _written(device: Device) -> int:
    sectors: int = 512 * int(device.run("cat /sys/block/vda/stat").split()[6])
    return sectors
