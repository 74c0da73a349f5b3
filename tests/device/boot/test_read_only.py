"""A root that is never written, with a disk of its own for the state: nothing stored is lost."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

from tests.device.boot.conftest import NewDevice
from tests.device.boot.image import ROOT, Image
from tests.device.boot.offline import make_ext4, read_file
from tests.device.boot.results import Results, Row
from tests.faults.tally import Tally

pytestmark = pytest.mark.timeout(4 * 3600)

_OPTIONAL = ROOT / "systemd" / "optional"
TIMES = int(os.environ.get("MIEN_FAULTS", "3"))
#: What a root that is never written needs elsewhere, in memory.
FSTAB = """\
LABEL=mien-state /var/lib/mien ext4 noatime,nodev,nosuid,noexec,x-systemd.before=mien.service 0 2
tmpfs /tmp tmpfs mode=1777 0 0
tmpfs /var/tmp tmpfs mode=1777 0 0
tmpfs /var/log tmpfs mode=755 0 0
"""


def test_a_read_only_root_with_state_of_its_own(
    new_device: NewDevice, results: Results, image: Image, prepared: Path, tmp_path: Path
) -> None:
    state = tmp_path / "state.img"
    make_ext4(state, "mien-state", 64_000_000)
    fstab = read_file(image, prepared, "/etc/fstab").decode()
    read_only = re.sub(r"(?m)^(\S+\s+/\s+ext4\s+)", r"\1ro,", fstab)
    assert read_only != fstab, fstab
    unit, journal = (_OPTIONAL / name for name in ("state-partition.conf", "journal-volatile.conf"))
    device = new_device(
        {
            "/etc/fstab": f"{read_only}{FSTAB}".encode(),
            f"/etc/systemd/system/mien.service.d/{unit.name}": unit.read_bytes(),
            f"/etc/systemd/journald.conf.d/{journal.name}": journal.read_bytes(),
        },
        state_disk=state,
    )
    ledger = device.ledger
    tally = Tally("read-only root: power cut", TIMES)
    for number in range(tally.times + 1):
        began_s = device.start()
        if number:
            tally.recoveries_s.append(began_s)
        options = device.run("findmnt -n -o OPTIONS /").strip().split(",")
        assert "ro" in options, options
        assert "rw" in device.run("findmnt -n -o OPTIONS /var/lib/mien").strip().split(",")
        if number < tally.times:
            time.sleep(5)
            device.broker.stop()
            time.sleep(5)
            device.machine.cut_power()
            device.broker.start()
    device.count(tally, device.settle(ledger.stored))
    assert device.run("cat /sys/block/vda/stat").split()[6] == "0", "the root's disk was written"
    results.add_row(Row(tally, "power back → an event of the new boot arrived"))
    assert tally.is_clean, tally
