"""Power meters that the kernel knows → watts, averaged while something runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Self

from edge_app.closing import Closing
from edge_app.kernel_file import kernel_text

#: Chips that measure a board's own supply; other sensors may be anywhere in the machine.
CHIPS = frozenset({"ina209", "ina219", "ina220", "ina226", "ina230", "ina231", "ina260"})
PERIOD_S = 0.25


class Meter:
    """name: as it stands in a result. watts: what it shows now, None when it cannot be read."""

    def __init__(self, name: str, watts: Callable[[], float | None]) -> None:
        self.name, self.watts = name, watts


def find_meter(root: Path = Path("/")) -> Meter | None:
    """Find an INA219 or one of its kind, otherwise a discharging battery; None: there is none."""
    for folder in sorted((root / "sys/class/hwmon").glob("hwmon*")):
        chip = kernel_text(folder / "name")
        if chip in CHIPS:
            meter = Meter(f"{chip} ({folder.name})", partial(_chip_watts, folder))
            if meter.watts() is not None:
                return meter
    for folder in sorted((root / "sys/class/power_supply").glob("*")):
        meter = Meter(f"battery {folder.name}", partial(_battery_watts, folder))
        if meter.watts() is not None:
            return meter
    return None


class Averaging(Closing):
    """Reads a meter four times a second, from the beginning of a `with` block to its end."""

    def __init__(self, meter: Meter | None) -> None:
        self._meter = meter
        self._shown: list[float] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, name="bench-meter", daemon=True)

    @property
    def watts(self) -> float | None:
        """The average so far; None without a meter."""
        return round(sum(self._shown) / len(self._shown), 3) if self._shown else None

    def __enter__(self) -> Self:
        if self._meter is not None:
            self._thread.start()
        return self

    def close(self) -> None:
        """End the reading."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _read(self) -> None:
        while self._meter is not None:
            if (watts := self._meter.watts()) is not None:
                self._shown.append(watts)
            if self._stop.wait(PERIOD_S):
                return


def _chip_watts(folder: Path) -> float | None:
    """The kernel counts power in µW, current in mA and voltage in mV; in1 is the supply's.

    What flows the other way, through a shunt that is turned around, is not what the board takes.
    """
    power = _number(folder / "power1_input")
    current, voltage = _number(folder / "curr1_input"), _number(folder / "in1_input")
    if current is not None and current < 0:
        return None
    if power is not None:
        return power / 1e6
    return None if current is None or voltage is None else current * voltage / 1e6


def _battery_watts(folder: Path) -> float | None:
    """power_supply counts in µW, µA and µV; some batteries give a discharge a minus.

    While it is charged it shows what the charger gives.
    """
    if kernel_text(folder / "status") != "Discharging":
        return None
    power = _number(folder / "power_now")
    if power is not None:
        return abs(power) / 1e6
    current, voltage = _number(folder / "current_now"), _number(folder / "voltage_now")
    return None if current is None or voltage is None else abs(current) * voltage / 1e12


def _number(file: Path) -> int | None:
    try:
        return int(kernel_text(file))
    except ValueError:
        return None
