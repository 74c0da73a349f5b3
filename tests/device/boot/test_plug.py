"""A V4L2 camera of the kernel's own (vivid) comes, goes and comes back, under the real unit."""

from __future__ import annotations

import os
import time

import pytest

from tests.device.boot.device import Device
from tests.device.boot.results import Results, Row
from tests.device.boot.shell import CommandFailedError
from tests.faults.tally import Tally

pytestmark = pytest.mark.timeout(3600)

TIMES = int(os.environ.get("MIEN_FAULTS", "3"))
_DRIVER = "/sys/bus/platform/drivers/vivid"


def test_an_unplugged_camera_heals(running: Device, results: Results) -> None:
    device, ledger = running, running.ledger
    try:
        device.run("modprobe --dry-run vivid")
    except CommandFailedError as error:
        pytest.skip(f"the image's kernel has no vivid: {error}")
    device.configure("/dev/video0")
    device.run("systemctl restart mien", 400)
    # The first driver of any camera is loaded beside a running service, as when one is plugged in.
    ledger.wait(lambda: dict(ledger.alerts).get("camera"), 400, "no alert of the missing camera")
    process = device.property("MainPID")
    # One device that only captures.
    device.run("modprobe vivid n_devs=1 node_types=0x1")
    _wait_for_frames(device)
    assert device.property("MainPID") == process, "only a new process saw the camera"
    tally = Tally("V4L2 camera unplugged for 5 s", TIMES)
    for _ in range(tally.times):
        device.run(f"echo vivid.0 > {_DRIVER}/unbind")
        ledger.wait(lambda: dict(ledger.alerts).get("camera"), 120, "no alert of the lost camera")
        time.sleep(5)
        device.run(f"echo vivid.0 > {_DRIVER}/bind")
        since_s = time.monotonic()
        ledger.wait(lambda: not dict(ledger.alerts)["camera"], 300, "the alert stays")
        _wait_for_frames(device)
        tally.recoveries_s.append(time.monotonic() - since_s)
    device.count(tally, device.settle(ledger.decided))
    # It has another camera now.
    device.is_settled = False
    results.add_row(Row(tally, "camera back → the alert is resolved and frames are seen"))
    assert tally.is_clean, tally


def _wait_for_frames(device: Device) -> None:
    """Until telemetry counts more frames than it did just now."""
    said = device.ledger.telemetry
    start = len(said)
    device.ledger.wait(
        lambda: (
            len(said) >= start + 2
            and said[-1]["frames_seen"] > said[start]["frames_seen"]
            and said[-1]["source"] == "open"
        ),
        600,
        "no frames of the camera",
    )
