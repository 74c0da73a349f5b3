"""A number of devices → how a broker bears them: every event is counted.

`python -m benchmarks.fleet --devices 1000 --seconds 60` starts a Mosquitto of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import resource
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import msgspec

from benchmarks.as_command import at_least_one, exit_code
from benchmarks.fleet_devices import Outcome, Share, play
from benchmarks.mosquitto import own_mosquitto
from benchmarks.process import peak_mb
from edge_app.errors import MienError
from edge_app.mqtt.address import BrokerAddress, parse_address
from edge_app.mqtt.subscriber import Subscriber
from edge_app.mqtt.topics import ROOT

#: Each device is three threads and about ten open files.
_DEVICES_PER_PROCESS = 250
_FILES_PER_DEVICE = 12
#: A broker's default is to drop what waits for a subscriber beyond 1,000 messages.
_KEEPS_ALL = "max_queued_messages 0\nmax_inflight_messages 200\n"


class _Identified(msgspec.Struct):
    id: str


class _Tally(threading.Thread):
    """Hears every device, and counts."""

    def __init__(self, address: BrokerAddress) -> None:
        super().__init__(name="tally")
        self.arrivals: dict[str, float] = {}
        self.counts: Counter[str] = Counter()
        self._subscriber = Subscriber(address, [f"{ROOT}/+/event"])
        self._subscriber.connect()
        self._ending = threading.Event()
        self.start()

    def run(self) -> None:
        decoder = msgspec.json.Decoder(_Identified)
        while not self._ending.is_set():
            message = self._subscriber.receive(0.2)
            if message is not None:
                event_id = decoder.decode(message.payload).id
                self.arrivals.setdefault(event_id, time.monotonic())
                self.counts[event_id] += 1

    def close(self) -> None:
        self._ending.set()
        self.join()
        self._subscriber.close()


def main(words: Sequence[str] | None = None) -> int:
    """Play the fleet and print what came of it; 1 where an event was lost."""
    arguments = _parse(words)
    _allow_files(arguments.devices)
    with contextlib.ExitStack() as open_things:
        folder = Path(open_things.enter_context(tempfile.TemporaryDirectory()))
        process: int | None = None
        if arguments.broker is None:
            address, process = open_things.enter_context(own_mosquitto(_KEEPS_ALL))
        else:
            address = parse_address(arguments.broker)
        tally = _Tally(address)
        open_things.callback(tally.close)
        began = time.monotonic()
        outcomes = _play_all(arguments, address, folder / "state")
        sent = dict(entry for outcome in outcomes for entry in outcome.sent)
        deadline = time.monotonic() + arguments.drain_s
        while tally.arrivals.keys() < sent.keys() and time.monotonic() < deadline:
            time.sleep(0.1)
        peak = peak_mb(process) if process is not None else None
        return _report(
            arguments,
            outcomes=outcomes,
            sent=sent,
            tally=tally,
            memory="not ours" if peak is None else f"{peak:.1f} MB at most",
            took_s=time.monotonic() - began,
        )


def _parse(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet", description=__doc__)
    parser.add_argument("--devices", type=at_least_one, default=200)
    parser.add_argument("--seconds", type=float, default=30.0, help="of publishing")
    parser.add_argument("--events-per-s", type=float, default=0.5, help="of each device")
    parser.add_argument("--outbox", choices=("disk", "memory"), default="disk")
    parser.add_argument("--drain-s", type=float, default=60.0, help="for the last ones, at most")
    parser.add_argument("--broker", metavar="ADDRESS", help="instead of a Mosquitto of its own")
    return parser.parse_args(words)


def _play_all(arguments: argparse.Namespace, address: BrokerAddress, state: Path) -> list[Outcome]:
    names = [f"fleet-{number:04d}" for number in range(arguments.devices)]
    parts = [
        tuple(names[first : first + _DEVICES_PER_PROCESS])
        for first in range(0, len(names), _DEVICES_PER_PROCESS)
    ]
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager, ProcessPoolExecutor(len(parts), context) as pool:
        everybody = manager.Barrier(len(parts))
        futures = [
            pool.submit(
                play,
                Share(
                    devices=part,
                    address=address,
                    seconds=arguments.seconds,
                    events_per_s=arguments.events_per_s,
                    drain_s=arguments.drain_s,
                    state=state if arguments.outbox == "disk" else None,
                ),
                everybody,
            )
            for part in parts
        ]
        return [future.result() for future in futures]


def _report(
    arguments: argparse.Namespace,
    *,
    outcomes: list[Outcome],
    sent: dict[str, float],
    tally: _Tally,
    memory: str,
    took_s: float,
) -> int:
    delays = sorted(
        tally.arrivals[each] - at for each, at in sent.items() if each in tally.arrivals
    )
    lost = len(sent) - len(delays)
    rows = {
        "devices": arguments.devices,
        "connected": sum(outcome.connected for outcome in outcomes),
        "sent": len(sent),
        "arrived": len(delays),
        "duplicates": sum(tally.counts[each] - 1 for each in sent if each in tally.counts),
        "lost": lost,
        "dropped": sum(outcome.dropped for outcome in outcomes),
        "unacknowledged": sum(outcome.unacknowledged for outcome in outcomes),
        "events/s": _rate(sent, tally),
        "delay": _percentiles(delays),
        "broker's memory": memory,
        "took": f"{took_s:.0f} s, outboxes: {arguments.outbox}",
    }
    for name, value in rows.items():
        _say(f"{name:16} {value}")
    for trouble in [each for outcome in outcomes for each in outcome.troubles][:5]:
        _say(f"not connected: {trouble}")
    return 1 if lost else 0


def _rate(sent: dict[str, float], tally: _Tally) -> str:
    """From the first one that was handed over to the last one that arrived."""
    if not tally.arrivals:
        return "0"
    return f"{len(tally.arrivals) / (max(tally.arrivals.values()) - min(sent.values())):.0f}"


def _percentiles(delays: list[float]) -> str:
    if not delays:
        return "none"
    median, last = delays[len(delays) // 2], delays[min(len(delays) - 1, len(delays) * 99 // 100)]
    return f"median {1000 * median:.0f} ms, 99th percentile {1000 * last:.0f} ms"


def _allow_files(devices: int) -> None:
    """Sockets and databases; the broker inherits the limit."""
    wanted = min(devices, _DEVICES_PER_PROCESS) * _FILES_PER_DEVICE + devices + 200
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and wanted > hard:
        raise MienError(f"{wanted} open files are needed, {hard} allowed: raise ulimit -Hn")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(exit_code(main))
