from __future__ import annotations

from pathlib import Path

import pytest

from edge_app.health.board import Board


def write(root: Path, name: str, text: str) -> None:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_a_machine_that_tells_nothing(tmp_path: Path) -> None:
    board = Board(tmp_path)
    assert board.temperature_c() is None
    assert board.throttled() is None
    assert board.rss_bytes() == 0


def test_the_temperature(tmp_path: Path) -> None:
    write(tmp_path, "sys/class/thermal/thermal_zone0/temp", "61347\n")
    assert Board(tmp_path).temperature_c() == 61.3


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("0\n", ()),
        ("50005\n", ("under_voltage", "throttled")),
        ("f", ("under_voltage", "frequency_capped", "throttled", "soft_temperature_limit")),
        ("80000", ()),  # it was hot once, and is no more
        ("", None),
        ("nothing", None),
    ],
)
def test_what_the_firmware_says(tmp_path: Path, text: str, flags: tuple[str, ...] | None) -> None:
    write(tmp_path, "sys/devices/platform/soc/soc:firmware/get_throttled", text)
    assert Board(tmp_path).throttled() == flags


def test_the_firmware_of_a_raspberry_pi_5(tmp_path: Path) -> None:
    firmware = "sys/devices/platform/soc@107c000000/soc@107c000000:firmware"
    write(tmp_path, f"{firmware}/get_throttled", "50004\n")
    assert Board(tmp_path).throttled_bits() == 0x50004
    assert Board(tmp_path).throttled() == ("throttled",)


@pytest.mark.parametrize(
    ("alarm", "has_alarm", "flags"),
    [("1\n", True, ("under_voltage",)), ("0\n", False, None), ("", None, None)],
)
def test_a_kernel_that_knows_the_supply_only(
    tmp_path: Path, alarm: str, *, has_alarm: bool | None, flags: tuple[str, ...] | None
) -> None:
    write(tmp_path, "sys/class/hwmon/hwmon0/name", "cpu_thermal\n")
    write(tmp_path, "sys/class/hwmon/hwmon1/name", "rpi_volt\n")
    write(tmp_path, "sys/class/hwmon/hwmon1/in0_lcrit_alarm", alarm)
    assert Board(tmp_path).has_supply_alarm() is has_alarm
    assert Board(tmp_path).throttled() == flags


def test_the_firmware_knows_more_than_the_supplys_alarm(tmp_path: Path) -> None:
    write(tmp_path, "sys/devices/platform/soc/soc:firmware/get_throttled", "4\n")
    write(tmp_path, "sys/class/hwmon/hwmon0/name", "rpi_volt\n")
    write(tmp_path, "sys/class/hwmon/hwmon0/in0_lcrit_alarm", "1\n")
    assert Board(tmp_path).throttled() == ("throttled",)


def test_this_process_has_memory() -> None:
    assert Board().rss_bytes() > 1_000_000
