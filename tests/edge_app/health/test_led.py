from __future__ import annotations

from pathlib import Path

import pytest

from edge_app.health.led import BLINK_S, Led


def test_a_board_without_an_led(tmp_path: Path) -> None:
    led = Led(tmp_path)
    assert not led.blink()
    led.turn()
    led.stop()


def test_it_blinks_for_a_while_and_shows_what_it_showed_before(tmp_path: Path) -> None:
    trigger = tmp_path / "sys/class/leds/ACT/trigger"
    trigger.parent.mkdir(parents=True)
    trigger.write_text("none timer [mmc0] heartbeat")
    clock = [0.0]
    led = Led(tmp_path, clock_s=lambda: clock[0])
    assert led.blink()
    assert trigger.read_text() == "timer"
    clock[0] = BLINK_S - 1
    led.turn()
    assert led.blink()  # asked again: longer, and what it showed before is not forgotten
    clock[0] = BLINK_S + 1
    led.turn()
    assert trigger.read_text() == "timer"
    clock[0] = 2 * BLINK_S
    led.turn()
    assert trigger.read_text() == "mmc0"


@pytest.mark.parametrize(
    ("name", "offered", "default"),
    [
        ("ACT", "none [timer] mmc0 actpwr default-on", "mmc0"),
        ("led0", "none [timer] mmc0", "mmc0"),
        ("PWR", "none [timer] mmc0 default-on", "default-on"),
        ("ACT", "none [timer] mmc1 heartbeat", "none"),
    ],
)
def test_an_led_that_a_killed_process_left_blinking_shows_its_boards_default_again(
    tmp_path: Path, name: str, offered: str, default: str
) -> None:
    trigger = tmp_path / "sys/class/leds" / name / "trigger"
    trigger.parent.mkdir(parents=True)
    trigger.write_text(offered)
    led = Led(tmp_path)
    assert led.blink()
    led.stop()
    assert trigger.read_text() == default
