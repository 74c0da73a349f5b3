"""Every decided event arrives, whatever happens; `pytest tests/faults` prints the table."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.brokers import Mosquitto
from tests.faults import scenarios
from tests.faults.tally import Tally

pytestmark = pytest.mark.timeout(900)


def test_broker_stopped(mosquitto: Mosquitto, tmp_path: Path, tallies: list[Tally]) -> None:
    tallies.append(scenarios.broker_stopped(mosquitto, tmp_path, times=1, away_s=120))
    assert tallies[-1].is_clean, tallies[-1]


def test_broker_killed(mosquitto: Mosquitto, tmp_path: Path, tallies: list[Tally]) -> None:
    tallies.append(scenarios.broker_killed(mosquitto, tmp_path, times=50))
    assert tallies[-1].is_clean, tallies[-1]


def test_publisher_killed(mosquitto: Mosquitto, tmp_path: Path, tallies: list[Tally]) -> None:
    tallies.append(scenarios.publisher_killed(mosquitto, tmp_path, times=200))
    assert tallies[-1].is_clean, tallies[-1]


@pytest.mark.parametrize(("times", "away_s"), [(5, 5.0), (2, 45.0)])
def test_network_cut(tmp_path: Path, tallies: list[Tally], times: int, away_s: float) -> None:
    tallies.append(scenarios.network_cut(tmp_path, times=times, away_s=away_s))
    assert tallies[-1].is_clean, tallies[-1]


def test_disk_full(mosquitto: Mosquitto, tmp_path: Path, tallies: list[Tally]) -> None:
    tallies.append(scenarios.disk_full(mosquitto, tmp_path, times=5))
    assert tallies[-1].is_clean, tallies[-1]


def test_clock_set_back(mosquitto: Mosquitto, tmp_path: Path, tallies: list[Tally]) -> None:
    tallies.append(scenarios.clock_set_back(mosquitto, tmp_path, times=5))
    assert tallies[-1].is_clean, tallies[-1]
