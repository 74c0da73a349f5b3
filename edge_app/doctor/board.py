"""Files of the kernel → whether the machine is cool, well fed with power, and has memory left."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from edge_app.doctor.finding import Finding, Group
from edge_app.health.board import Board
from edge_app.kernel_file import kernel_text
from edge_app.settings import GovernorSettings

GROUP = Group("board")

#: Here a Raspberry Pi throttles itself as much as it can.
_TOO_HOT_C = 85.0
#: What a running Mien needs, and what the rest of the system needs to stay out of swapping.
_MEMORY_BYTES, _LEAST_MEMORY_BYTES = 150_000_000, 50_000_000
_MEGABYTE = 1_000_000

#: Bits of the firmware's answer; the same 16 higher speak of the time since it was started.
_UNDER_VOLTAGE, _SLOWED = 1 << 0, 1 << 1 | 1 << 2 | 1 << 3
_SINCE_START = 16

_SUPPLY = "use the power supply made for this board, and a short thick cable"
_COOLING = "give it a heat sink, a fan or more air; or lower frames_per_second in [governor]"


def check_board(governor: GovernorSettings, *, root: Path = Path("/")) -> Iterator[Finding]:
    """Temperature, throttling, supply voltage and memory; root: where `sys` and `proc` are."""
    board = Board(root)
    yield _temperature(board.temperature_c(), governor)
    bits = board.throttled_bits()
    yield _throttling(bits)
    yield _voltage(bits, has_alarm=board.has_supply_alarm())
    yield _memory(root)


def _temperature(temperature_c: float | None, governor: GovernorSettings) -> Finding:
    if temperature_c is None:
        return GROUP.ok("temperature", "this machine does not report it")
    text = f"{temperature_c:.1f} °C"
    if temperature_c >= _TOO_HOT_C:
        return GROUP.failure("temperature", text, _COOLING)
    if temperature_c >= governor.temperature_c:
        return GROUP.warning(
            "temperature", f"{text}: from {governor.temperature_c:g} °C on it slows down", _COOLING
        )
    return GROUP.ok("temperature", text)


def _throttling(bits: int | None) -> Finding:
    if bits is None:
        return GROUP.ok("throttling", "this machine does not report it")
    if bits & _SLOWED:
        return GROUP.warning("throttling", "the processor is slowed down now", _COOLING)
    if bits >> _SINCE_START & _SLOWED:
        return GROUP.warning(
            "throttling", "the processor was slowed down since the board was started", _COOLING
        )
    return GROUP.ok("throttling", "never since the board was started")


def _voltage(bits: int | None, *, has_alarm: bool | None) -> Finding:
    if bits is None and has_alarm is None:
        return GROUP.ok("voltage", "this machine does not report it")
    known = bits or 0
    if known & _UNDER_VOLTAGE or has_alarm:
        return GROUP.failure("voltage", "too low now: cards and cameras fail from that", _SUPPLY)
    if known >> _SINCE_START & _UNDER_VOLTAGE:
        return GROUP.warning("voltage", "was too low since the board was started", _SUPPLY)
    if bits is None:
        # Only the firmware remembers.
        return GROUP.ok("voltage", "not too low now")
    return GROUP.ok("voltage", "never too low since the board was started")


def _memory(root: Path) -> Finding:
    told = kernel_text(root / "proc/meminfo")
    found = re.search(r"^MemAvailable: +(\d+) kB", told, re.MULTILINE)
    if found is None:
        return GROUP.ok("memory", "this machine does not report it")
    free = int(found[1]) * 1024
    text = f"{free // _MEGABYTE} MB available"
    advice = "end other programs, or use a board with more memory"
    if free < _LEAST_MEMORY_BYTES:
        return GROUP.failure("memory", text, advice)
    if free < _MEMORY_BYTES:
        return GROUP.warning("memory", f"{text}; mien run needs about 100", advice)
    return GROUP.ok("memory", text)
