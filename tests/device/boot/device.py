"""A machine with Mien installed → one whose events are counted here."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from edge_app.closing import Closing
from tests.brokers import Mosquitto
from tests.device.boot.ledger import Ledger
from tests.device.boot.machine import HOST, Machine
from tests.faults.recorder import Arrival
from tests.faults.tally import Tally

#: Events a second beside those of the camera.
STORM_PER_S = 20
#: From the power switch to the first event, and from a settled fault to the last one.
FIRST_S, LAST_S = 1800.0, 300.0

_DROP_IN = "/etc/systemd/system/mien.service.d"
#: The one change to the unit: an emulated core on a busy machine needs minutes to start Python.
_UNIT_CHANGES = "[Service]\nTimeoutStartSec=900\n"
_WITNESS = Path(__file__).with_name("witness.py")
#: Debian's packages, NumPy among them, come behind ours in the path, and are not in it yet.
_WITNESS_PATH = b"/usr/lib/python3/dist-packages\nimport mien_witness\n"


def settings(*, source: str, broker: int) -> str:
    """The guest's mien.toml. The frame rates are those that an emulated core manages."""
    return (
        f'[device]\nname = "guest"\n[camera]\nsource = "{source}"\nstall_s = 20\n'
        'width = 320\nheight = 240\n[perception]\nsmallest_face = 0.2\nreaction = "quick"\n'
        f'[mqtt]\nbroker = "{HOST}:{broker}"\n[telemetry]\ninterval_s = 5\n'
        '[privacy]\npurpose = "a test"\n'
    )


def files_of(python: str, *, camera: str, broker: int, witness: int) -> dict[str, bytes]:
    """What an image has to hold to be counted. python: as in python3.13; the others: ports."""
    site = f"/usr/lib/mien/lib/{python}/site-packages"
    asked = f"{HOST}:{witness}:{STORM_PER_S}"
    return {
        "/etc/mien/mien.toml": settings(source=camera, broker=broker).encode(),
        f"{_DROP_IN}/witness.conf": f"{_UNIT_CHANGES}Environment=MIEN_WITNESS={asked}\n".encode(),
        f"{site}/mien_witness.py": _WITNESS.read_bytes(),
        f"{site}/mien_witness.pth": _WITNESS_PATH,
    }


class Device(Closing):
    """machine, broker: started and stopped by the cases; the machine ends with the device."""

    def __init__(self, machine: Machine, broker: Mosquitto, ledger: Ledger) -> None:
        self.machine, self.broker, self.ledger = machine, broker, ledger
        #: Whether everything is as it was after the boot, and all that was decided has arrived.
        self.is_settled = False

    def close(self) -> None:
        self.machine.close()

    def run(self, command: str, timeout_s: float = 120.0) -> str:
        """What a command says in the guest, as root."""
        return self.machine.shell.run(command, timeout_s)

    def configure(self, camera: str) -> None:
        """Other settings, from Mien's next start on."""
        said = settings(source=camera, broker=self.broker.port)
        self.machine.shell.put_file("/etc/mien/mien.toml", said.encode())

    def start(self) -> float:
        """Switch on; seconds until an event of this boot has arrived."""
        before = self.ledger.runs
        self.machine.start()
        return self.recover(self.machine.started_s, before)

    def wait_until_ready(self) -> None:
        """Until the daemon has seen a frame: before, the watchdog does not run yet."""
        self.ledger.wait(
            lambda: self.run("systemctl is-active mien || true").strip() == "active",
            FIRST_S,
            "the service is not ready",
        )

    def recover(self, since_s: float, before: set[str]) -> float:
        """Seconds from `since_s` until an event of a new process arrived."""
        return self.ledger.wait_for_arrival(since_s, before, FIRST_S)

    def property(self, name: str) -> str:
        """One property of the service, as systemd has it."""
        return self.run(f"systemctl show mien -P {name}").strip()

    def storm(self) -> None:
        """Go on after `settle`."""
        self.run("rm -f /run/mien/calm")
        self.ledger.wait(lambda: self.ledger.arrived, FIRST_S, "no event arrived")

    def settle(self, book: Mapping[int, object]) -> list[int]:
        """No storm any more; wait until what `book` has by then arrived, or never will.

        Returns that: the camera goes on, and what it brings meanwhile is not yet to be counted.
        """
        self.run("touch /run/mien/calm")
        time.sleep(1)
        numbers = list(book)
        self.ledger.wait_for_all(numbers, LAST_S)
        return numbers

    def count(self, tally: Tally, must_arrive: Sequence[int]) -> None:
        """Of these, what arrived at the broker; the rest is lost."""
        order = dict(self.ledger.order)
        # A process that was killed may have had no time to tell of its last event.
        arrivals = [each for each in list(self.ledger.arrivals) if each.number in order]
        tally.count(
            [order[number] for number in must_arrive],
            [Arrival(order[each.number], each.is_historical) for each in arrivals],
        )
        self.is_settled = tally.is_clean
