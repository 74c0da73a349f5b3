"""The faults of tests/faults, a few times each."""

from __future__ import annotations

from pathlib import Path

from tests.brokers import Mosquitto
from tests.faults import scenarios


def test_the_publisher_is_killed(mosquitto: Mosquitto, tmp_path: Path) -> None:
    tally = scenarios.publisher_killed(mosquitto, tmp_path, times=10)
    assert tally.is_clean, tally


def test_the_broker_is_killed(mosquitto: Mosquitto, tmp_path: Path) -> None:
    tally = scenarios.broker_killed(mosquitto, tmp_path, times=3)
    assert tally.is_clean, tally


def test_the_disk_is_full(mosquitto: Mosquitto, tmp_path: Path) -> None:
    tally = scenarios.disk_full(mosquitto, tmp_path, times=1)
    assert tally.is_clean, tally


def test_the_clock_is_set_back(mosquitto: Mosquitto, tmp_path: Path) -> None:
    tally = scenarios.clock_set_back(mosquitto, tmp_path, times=1)
    assert tally.is_clean, tally
