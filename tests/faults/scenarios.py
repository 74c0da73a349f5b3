"""Faults, each as often as wanted, against a real broker and a real outbox → a tally."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Iterator
from pathlib import Path

from tests.brokers import Mosquitto
from tests.faults.clock import SettableClock
from tests.faults.deciding import DecidingProcess
from tests.faults.disk import small_disk
from tests.faults.network import CutNetwork
from tests.faults.recorder import Recorder
from tests.faults.tally import Tally


@contextlib.contextmanager
def _running(process: DecidingProcess, recorder: Recorder, tally: Tally) -> Iterator[None]:
    """Start it, let the fault happen, let everything arrive, count."""
    process.start()
    try:
        process.wait_for_events(20)
        yield
        process.pause()
        recorder.wait_for(process.decided)
        process.stop()
    finally:
        if process.process is not None:
            process.kill()
    tally.count(process.decided, recorder.arrivals)


def _recover(process: DecidingProcess, recorder: Recorder, tally: Tally) -> None:
    """Measure until everything decided up to now has arrived."""
    tally.recoveries_s.append(recorder.wait_for(process.decided))


def broker_stopped(mosquitto: Mosquitto, folder: Path, *, times: int, away_s: float) -> Tally:
    tally = Tally(f"broker stopped for {away_s:g} s", times)
    process = DecidingProcess(folder / "process", mosquitto.address)
    with Recorder() as recorder:
        recorder.listen(mosquitto.address)
        with _running(process, recorder, tally):
            for _ in range(times):
                process.close_gate()
                mosquitto.stop()
                recorder.close()
                time.sleep(away_s)
                mosquitto.start()
                recorder.listen(mosquitto.address)
                process.open_gate()
                _recover(process, recorder, tally)
    return tally


def broker_killed(mosquitto: Mosquitto, folder: Path, *, times: int, seed: int = 0) -> Tally:
    """Killed at random moments; it has no disk, so it comes back empty."""
    draw = random.Random(seed)  # noqa: S311 - moments, not secrets
    tally = Tally("broker killed, back with empty memory", times)
    process = DecidingProcess(folder / "process", mosquitto.address)
    with Recorder() as recorder:
        recorder.listen(mosquitto.address)
        with _running(process, recorder, tally):
            for _ in range(times):
                time.sleep(draw.uniform(0.0, 0.5))
                process.close_gate()
                mosquitto.kill()
                recorder.close()
                process.wait_for_events(20)
                mosquitto.start()
                recorder.listen(mosquitto.address)
                process.open_gate()
                _recover(process, recorder, tally)
    return tally


def publisher_killed(mosquitto: Mosquitto, folder: Path, *, times: int, seed: int = 0) -> Tally:
    """SIGKILL at random moments: while it starts, writes, offers, or drains what was left."""
    draw = random.Random(seed)  # noqa: S311 - moments, not secrets
    tally = Tally("publisher killed (SIGKILL)", times)
    process = DecidingProcess(folder / "process", mosquitto.address, interval_s=0.002)
    with Recorder() as recorder:
        recorder.listen(mosquitto.address)
        for _ in range(times):
            process.start()
            if draw.random() < 0.8:
                process.wait_for_events(1)
            time.sleep(draw.uniform(0.0, 0.4))
            process.kill()
        began = time.monotonic()
        with _running(process, recorder, tally):
            _recover(process, recorder, tally)
            tally.recoveries_s[-1] = time.monotonic() - began
    return tally


def network_cut(folder: Path, *, times: int, away_s: float) -> Tally:
    tally = Tally(f"network cut for {away_s:g} s", times)
    with CutNetwork() as network, Recorder() as recorder:
        broker_folder = folder / f"broker-{away_s:g}"
        broker_folder.mkdir()
        mosquitto = Mosquitto(
            broker_folder, lines=(f"listener {network.address.port} {network.address.host}",)
        )
        mosquitto.start()
        try:
            process = DecidingProcess(
                folder / f"process-{away_s:g}", network.address, prefix=network.inside
            )
            recorder.listen(mosquitto.address)
            with _running(process, recorder, tally):
                for _ in range(times):
                    network.cut()
                    time.sleep(away_s)
                    network.mend()
                    _recover(process, recorder, tally)
        finally:
            mosquitto.stop()
    return tally


def disk_full(mosquitto: Mosquitto, folder: Path, *, times: int) -> Tally:
    """The disk fills up while the broker is away; the broker comes back before there is room."""
    tally = Tally("disk full", times)
    with small_disk(folder / "disk") as disk, Recorder() as recorder:
        recorder.listen(mosquitto.address)
        process = DecidingProcess(folder / "process", mosquitto.address, state=disk.path)
        with _running(process, recorder, tally):
            for _ in range(times):
                process.close_gate()
                mosquitto.stop()
                recorder.close()
                process.wait_for_events(20)
                disk.fill()
                process.wait_for_events(100)
                mosquitto.start()
                recorder.listen(mosquitto.address)
                process.open_gate()
                # Delivered from memory, while the disk is still full.
                _recover(process, recorder, tally)
                disk.empty()
                process.wait_for_events(20)
    assert "events are kept in memory" in process.log.read_text(encoding="utf-8")
    return tally


def clock_set_back(mosquitto: Mosquitto, folder: Path, *, times: int) -> Tally:
    """By an hour each time, once while the broker is away, with a SIGKILL behind it."""
    tally = Tally("clock set back by an hour, then SIGKILL", times)
    with Recorder() as recorder:
        recorder.listen(mosquitto.address)
        clock = SettableClock(folder / "clock")
        process = DecidingProcess(folder / "process", mosquitto.address, environ=clock.environ)
        with _running(process, recorder, tally):
            for _ in range(times):
                process.close_gate()
                mosquitto.stop()
                recorder.close()
                process.wait_for_events(20)
                clock.set_back(hours=1)
                process.wait_for_events(20)
                process.kill()
                mosquitto.start()
                recorder.listen(mosquitto.address)
                process.open_gate()
                process.start()
                process.wait_for_events(20)
                _recover(process, recorder, tally)
    return tally
