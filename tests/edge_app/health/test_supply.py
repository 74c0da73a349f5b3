from __future__ import annotations

from pathlib import Path

from edge_app.health.board import Board
from edge_app.health.supply import Supply

FIRMWARE = "sys/devices/platform/soc/soc:firmware/get_throttled"
HWMON = "sys/class/hwmon/hwmon0"


def write(root: Path, name: str, text: str) -> None:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def looks(supply: Supply, root: Path, *answers: str) -> list[bool | None]:
    """What each of the firmware's answers comes to."""
    said = []
    for answer in answers:
        write(root, FIRMWARE, f"{answer}\n")
        said.append(supply.was_weak())
    return said


def test_a_dip_between_two_looks_is_remembered_by_the_firmware(tmp_path: Path) -> None:
    write(tmp_path, FIRMWARE, "0\n")
    supply = Supply(Board(tmp_path))
    found = looks(supply, tmp_path, "0", "50000", "50000", "50001", "50000", "0", "10000")
    assert found == [False, True, False, True, False, False, True]


def test_what_was_before_the_process_is_not_told(tmp_path: Path) -> None:
    write(tmp_path, FIRMWARE, "50000\n")
    assert looks(Supply(Board(tmp_path)), tmp_path, "50000", "80000") == [False, False]
    # A heat that is remembered is none of the supply's.
    assert looks(Supply(Board(tmp_path)), tmp_path, "40000") == [False]


def test_a_further_dip_is_told_by_the_kernels_alarm(tmp_path: Path) -> None:
    write(tmp_path, FIRMWARE, "50000\n")
    write(tmp_path, f"{HWMON}/name", "rpi_volt\n")
    write(tmp_path, f"{HWMON}/in0_lcrit_alarm", "1\n")
    supply = Supply(Board(tmp_path))
    assert looks(supply, tmp_path, "50000") == [True]
    write(tmp_path, f"{HWMON}/in0_lcrit_alarm", "0\n")
    assert looks(supply, tmp_path, "50000") == [False]


def test_a_reading_that_fails_hides_and_makes_up_nothing(tmp_path: Path) -> None:
    supply = Supply(Board(tmp_path))
    assert looks(supply, tmp_path, "", "50000", "", "50000") == [None, False, None, False]
    write(tmp_path, FIRMWARE, "0\n")
    supply = Supply(Board(tmp_path))
    assert looks(supply, tmp_path, "", "50000") == [None, True]


def test_a_kernel_with_the_supplys_alarm_only(tmp_path: Path) -> None:
    supply = Supply(Board(tmp_path))
    assert supply.was_weak() is None
    write(tmp_path, f"{HWMON}/name", "rpi_volt\n")
    for alarm, was_weak in (("1\n", True), ("0\n", False), ("", None)):
        write(tmp_path, f"{HWMON}/in0_lcrit_alarm", alarm)
        assert supply.was_weak() is was_weak
