"""docs/history/mien-history.service, and what its recorder does on a disk that is full."""

from __future__ import annotations

import contextlib
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from edge_app.events.payloads import FaceAppeared
from edge_app.mqtt.publisher import MqttPublisher
from tests.brokers import Mosquitto, wait_until
from tests.edge_app.mqtt.samples import appeared
from tests.faults.disk import small_disk

UNIT = Path(__file__).parents[3] / "docs/history/mien-history.service"


def settings_of_unit() -> dict[str, str]:
    return dict(re.findall(r"(?m)^([A-Z]\w+)=(.*)$", UNIT.read_text()))


@contextlib.contextmanager
def started(mosquitto: Mosquitto, state: Path) -> Iterator[subprocess.Popen[str]]:
    """The unit's command, with this broker and this state directory."""
    command = settings_of_unit()["ExecStart"].replace("${STATE_DIRECTORY}", str(state))
    program, *words = shlex.split(command)
    assert program == "/usr/bin/mien"
    words[words.index("localhost")] = str(mosquitto.address)
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "edge_app.cli", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def event_of_now(number: int) -> FaceAppeared:
    return msgspec.structs.replace(appeared(number), time=datetime.now(UTC))


def count(file: Path) -> int:
    with contextlib.closing(sqlite3.connect(file, timeout=10)) as database:
        (number,) = database.execute("SELECT COUNT(*) FROM event").fetchone()
        return int(number)


def test_systemd_has_nothing_against_the_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is missing: apt-get install systemd")
    copy = tmp_path / UNIT.name
    copy.write_text(re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", UNIT.read_text()))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(copy)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    said = settings_of_unit()
    assert (said["Restart"], said["StartLimitIntervalSec"]) == ("always", "0")
    # Events speak of people: they must not be kept in a journal.
    assert said["StandardOutput"] == "null"


def test_a_full_disk_ends_it_and_a_start_with_room_goes_on(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    publisher = MqttPublisher(mosquitto.address, device="kitchen")
    publisher.connect()
    with small_disk(tmp_path / "disk") as disk:
        file = disk.path / "history.sqlite"
        with started(mosquitto, disk.path) as process:
            assert process.stderr is not None
            assert "listening" in process.stderr.readline()
            publisher.publish_event(event_of_now(0))
            wait_until(lambda: count(file) == 1)
            disk.fill()
            # More than what the files have room for.
            for number in range(1, 500):
                publisher.publish_event(event_of_now(number))
            assert process.wait(60) == 1
            assert "database or disk is full; check the file, its folder and the disk" in (
                process.stderr.read()
            )
        with started(mosquitto, disk.path) as process:
            # It does not come as far as to remove what --keep names.
            assert process.wait(60) == 1
        disk.empty()
        with started(mosquitto, disk.path) as process:
            assert process.stderr is not None
            assert "listening" in process.stderr.readline()
            # The broker has what could not be written.
            wait_until(lambda: count(file) == 500)
            publisher.publish_event(event_of_now(1000))
            wait_until(lambda: count(file) == 501)
            process.terminate()
            assert process.wait(20) == 0
    publisher.close()
