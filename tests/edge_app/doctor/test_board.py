from __future__ import annotations

from pathlib import Path

import pytest

from edge_app.doctor.board import check_board
from edge_app.doctor.finding import Finding
from edge_app.settings import GovernorSettings


class Tree:
    """The kernel's files of a Raspberry Pi."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def write(self, name: str, text: str) -> None:
        file = self._root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def temperature(self, text: str) -> None:
        self.write("sys/class/thermal/thermal_zone0/temp", text)

    def throttled(self, text: str) -> None:
        self.write("sys/devices/platform/soc/soc:firmware/get_throttled", text)

    def check(self) -> dict[str, Finding]:
        found = check_board(GovernorSettings(temperature_c=75.0), root=self._root)
        return {finding.name: finding for finding in found}


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_a_machine_that_tells_nothing(tree: Tree) -> None:
    found = tree.check()
    assert list(found) == ["temperature", "throttling", "voltage", "memory"]
    assert {(each.verdict, each.text) for each in found.values()} == {
        ("ok", "this machine does not report it")
    }


@pytest.mark.parametrize(
    ("text", "verdict"),
    [("74900", "ok"), ("75000", "warning"), ("84900", "warning"), ("85000", "failure")],
)
def test_the_temperature(tree: Tree, text: str, verdict: str) -> None:
    tree.temperature(text)
    found = tree.check()["temperature"]
    assert found.verdict == verdict
    assert found.text.startswith(f"{int(text) / 1000:.1f} °C")


@pytest.mark.parametrize(
    ("bits", "throttling", "voltage"),
    [
        ("0", "ok", "ok"),
        ("1", "ok", "failure"),
        ("10000", "ok", "warning"),
        ("2", "warning", "ok"),
        ("4", "warning", "ok"),
        ("8", "warning", "ok"),
        ("80000", "warning", "ok"),
        ("50005", "warning", "failure"),
        ("nonsense", "ok", "ok"),
    ],
)
def test_the_firmwares_bits(tree: Tree, bits: str, throttling: str, voltage: str) -> None:
    tree.throttled(bits)
    found = tree.check()
    assert (found["throttling"].verdict, found["voltage"].verdict) == (throttling, voltage)


def test_a_raspberry_pi_5_tells_as_much(tree: Tree) -> None:
    firmware = "sys/devices/platform/soc@107c000000/soc@107c000000:firmware"
    tree.write(f"{firmware}/get_throttled", "5")
    found = tree.check()
    assert (found["throttling"].verdict, found["voltage"].verdict) == ("warning", "failure")


def test_now_and_since_the_start_are_told_apart(tree: Tree) -> None:
    tree.throttled("4")
    assert tree.check()["throttling"].text == "the processor is slowed down now"
    tree.throttled("40000")
    assert "since the board was started" in tree.check()["throttling"].text


@pytest.mark.parametrize(("alarm", "verdict"), [("0\n", "ok"), ("1\n", "failure")])
def test_the_kernels_alarm_of_the_supply(tree: Tree, alarm: str, verdict: str) -> None:
    tree.write("sys/class/hwmon/hwmon0/name", "cpu_thermal\n")
    tree.write("sys/class/hwmon/hwmon1/name", "rpi_volt\n")
    tree.write("sys/class/hwmon/hwmon1/in0_lcrit_alarm", alarm)
    voltage = tree.check()["voltage"]
    assert voltage.verdict == verdict
    # Unlike the firmware, it says nothing of what was.
    assert "since" not in voltage.text


@pytest.mark.parametrize(
    ("kilobytes", "verdict"), [(40_000, "failure"), (100_000, "warning"), (200_000, "ok")]
)
def test_memory(tree: Tree, kilobytes: int, verdict: str) -> None:
    tree.write("proc/meminfo", f"MemTotal: 512000 kB\nMemAvailable:   {kilobytes} kB\n")
    assert tree.check()["memory"].verdict == verdict
