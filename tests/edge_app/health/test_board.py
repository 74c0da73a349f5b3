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


def test_this_process_has_memory() -> None:
    assert Board().rss_bytes() > 1_000_000
