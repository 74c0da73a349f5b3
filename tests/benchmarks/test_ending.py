from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from benchmarks.command import main
from benchmarks.ending import asked_by_signals, exits_by_signals

PROGRAM = """
import signal, sys
from pathlib import Path
from benchmarks.delivery import durable_publisher
from benchmarks.ending import exits_by_signals
from benchmarks.mosquitto import own_mosquitto
with exits_by_signals(), own_mosquitto() as (address, process):
    with durable_publisher(address, Path(sys.argv[1])):
        print(process, flush=True)
        signal.pause()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_neither_broker_nor_folder_is_left_behind(number: signal.Signals, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    ) as process:
        try:
            assert process.stdout is not None
            broker = int(process.stdout.readline())
            assert len(list(tmp_path.iterdir())) == 2
            process.send_signal(number)
            assert process.wait(30) == 128 + number
        finally:
            process.kill()
    assert not Path(f"/proc/{broker}").exists()
    assert list(tmp_path.iterdir()) == []


def test_a_measurement_ends_by_a_signal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "benchmarks.command.measure_all", lambda *_: signal.raise_signal(signal.SIGTERM)
    )
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as ended:
        main(["--output", str(tmp_path)])
    assert ended.value.code == 143
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_second_signal_does_what_it_did_before(number: signal.Signals) -> None:
    stop = threading.Event()
    with exits_by_signals(), asked_by_signals(stop):
        signal.raise_signal(number)
        assert stop.is_set()
        with pytest.raises(SystemExit):
            signal.raise_signal(number)


def test_what_nohup_started_outlives_its_terminal() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with exits_by_signals():
            signal.raise_signal(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
