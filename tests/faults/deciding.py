"""A process of its own that decides numbered events, and writes down those that it handed over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import FrameType

from edge_app.mqtt.address import BrokerAddress
from edge_app.mqtt.backoff import Backoff
from edge_app.mqtt.outbox.place import open_outbox
from edge_app.mqtt.publisher import MqttPublisher
from tests.brokers import wait_until
from tests.edge_app.mqtt.samples import appeared

ROOT = Path(__file__).parents[2]
DEVICE = "kitchen"

#: Under libfaketime `time.sleep` waits for the hour by which the clock was set; this does not.
_sleep = threading.Event().wait


class GatedBackoff(Backoff):
    """Comes back as soon as a file says so: when the subscriber is there again."""

    def __init__(self, gate: Path) -> None:
        super().__init__()
        self._gate = gate

    def next_delay_s(self) -> float:
        while not self._gate.exists():
            _sleep(0.01)
        return 0.05


class DecidingProcess:
    """Decides an event each `interval_s`; may be killed and started again as often as wanted.

    prefix: the words of a command before Python, to run it in a network namespace for example.
    environ: more of its environment.
    """

    def __init__(
        self,
        folder: Path,
        address: BrokerAddress,
        *,
        interval_s: float = 0.005,
        state: Path | None = None,
        prefix: tuple[str, ...] = (),
        environ: dict[str, str] | None = None,
    ) -> None:
        folder.mkdir(exist_ok=True)
        self._folder, self._address, self._interval_s = folder, address, interval_s
        self._state = state or folder
        self._prefix = prefix
        self._environ = environ or {}
        self._runs = 0
        self.process: subprocess.Popen[bytes] | None = None
        self.log = folder / "child.log"
        self.open_gate()

    @property
    def decided(self) -> list[int]:
        """The numbers of the events that the publisher took, in order."""
        try:
            lines = (self._folder / "decided").read_bytes().splitlines(keepends=True)
        except FileNotFoundError:
            return []
        return [int(line) for line in lines if line.endswith(b"\n")]

    def start(self) -> None:
        self._runs += 1
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *self._prefix, sys.executable, "-m", "tests.faults.deciding",
                    self._address.host, str(self._address.port), str(self._folder),
                    str(self._state), str(self._interval_s), str(self._runs * 1_000_000),
                ],
                cwd=ROOT, stdout=log, stderr=log,
                env={**os.environ, "RUNTIME_DIRECTORY": str(self._folder), **self._environ},
            )  # fmt: skip

    def wait_for_events(self, count: int, timeout_s: float = 30.0) -> None:
        """Wait for so many more."""
        wanted = len(self.decided) + count
        wait_until(lambda: len(self.decided) >= wanted, timeout_s)

    def pause(self) -> None:
        """Have it decide nothing more, and go on delivering."""
        self._signal(signal.SIGUSR1)
        before = -1
        while before != len(self.decided):
            before = len(self.decided)
            time.sleep(0.2)

    def resume(self) -> None:
        self._signal(signal.SIGUSR2)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)
        self._wait()

    def stop(self) -> None:
        """Have it end in order."""
        if self.process is not None:
            self._signal(signal.SIGTERM)
            self._wait()

    def close_gate(self) -> None:
        """From now on it does not come back to the broker by itself."""
        (self._folder / "gate").unlink(missing_ok=True)

    def open_gate(self) -> None:
        (self._folder / "gate").touch()

    def _signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def _wait(self) -> None:
        assert self.process is not None
        self.process.wait(20)
        self.process = None


def main() -> None:
    host, port, folder_name, state, interval, first = sys.argv[1:]
    folder = Path(folder_name)
    # No threading.Event: a handler that sets one while the loop looks at it waits for itself.
    last = signal.SIGUSR2

    def note(number: int, _frame: FrameType | None) -> None:
        nonlocal last
        last = signal.Signals(number)

    for each in (signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(each, note)
    publisher = MqttPublisher(
        BrokerAddress(host, int(port)),
        device=DEVICE,
        outbox=open_outbox(Path(state), DEVICE, os.environ),
        backoff=GatedBackoff(folder / "gate"),
    )
    descriptor = os.open(folder / "decided", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    number = int(first)
    try:
        publisher.connect(10)
        while last != signal.SIGTERM:
            _sleep(float(interval))
            if last == signal.SIGUSR2:
                publisher.publish_event(appeared(number))
                os.write(descriptor, b"%d\n" % number)
                number += 1
    finally:
        publisher.close()
        os.close(descriptor)


if __name__ == "__main__":
    main()
