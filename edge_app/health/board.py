"""Files of the kernel → the temperature, the power supply, this process's memory."""

from __future__ import annotations

import os
from pathlib import Path

from edge_app.events.payloads import ThrottledFlag

#: Bits of the Raspberry Pi firmware's answer that speak of now; those from 16 on remember.
_FLAGS: dict[int, ThrottledFlag] = {
    0: "under_voltage",
    1: "frequency_capped",
    2: "throttled",
    3: "soft_temperature_limit",
}


class Board:
    """root: where `sys` and `proc` are."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._temperature = root / "sys/class/thermal/thermal_zone0/temp"
        self._throttled = root / "sys/devices/platform/soc/soc:firmware/get_throttled"
        self._memory = root / "proc/self/statm"

    def temperature_c(self) -> float | None:
        """The processor's temperature; None where the kernel does not tell."""
        text = _read(self._temperature)
        try:
            return round(int(text) / 1000, 1)
        except ValueError:
            return None

    def throttled(self) -> tuple[ThrottledFlag, ...] | None:
        """What slows the processor down now; None on what is no Raspberry Pi."""
        try:
            bits = int(_read(self._throttled), 16)
        except ValueError:
            return None
        return tuple(flag for bit, flag in _FLAGS.items() if bits >> bit & 1)

    def rss_bytes(self) -> int:
        """Memory that this process keeps in RAM; 0 where the kernel does not tell."""
        fields = _read(self._memory).split()
        return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") if len(fields) > 1 else 0


def _read(file: Path) -> str:
    # Reading a sensor may fail at any time, by its driver's whim.
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
