"""Files of the kernel → the temperature, the power supply, this process's memory."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from edge_app.events.payloads import ThrottledFlag
from edge_app.kernel_file import kernel_text

#: Bits of the Raspberry Pi firmware's answer that speak of now; those from 16 on remember.
_FLAGS: dict[int, ThrottledFlag] = {
    0: "under_voltage",
    1: "frequency_capped",
    2: "throttled",
    3: "soft_temperature_limit",
}
#: The firmware's answer. A Raspberry Pi 5 has an address in both names: soc@107c000000:firmware.
_FIRMWARE = "sys/devices/platform/soc*/soc*:firmware/get_throttled"


class Board:
    """root: where `sys` and `proc` are."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root
        self._temperature = root / "sys/class/thermal/thermal_zone0/temp"
        self._memory = root / "proc/self/statm"

    def temperature_c(self) -> float | None:
        """The processor's temperature; None where the kernel does not tell."""
        text = kernel_text(self._temperature)
        try:
            return round(int(text) / 1000, 1)
        except ValueError:
            return None

    def throttled(self) -> tuple[ThrottledFlag, ...] | None:
        """What slows the processor down now; None where the kernel does not tell."""
        bits = self.throttled_bits()
        if bits is not None:
            return tuple(flag for bit, flag in _FLAGS.items() if bits >> bit & 1)
        # The alarm knows of nothing but power: its silence does not say that nothing is slow.
        return ("under_voltage",) if self.has_supply_alarm() else None

    def throttled_bits(self) -> int | None:
        """What a Raspberry Pi's firmware answers, as it is; None where the kernel does not tell.

        Debian's own kernel does not.
        """
        for file in self._root.glob(_FIRMWARE):
            with contextlib.suppress(ValueError):
                return int(kernel_text(file), 16)
        return None

    def has_supply_alarm(self) -> bool | None:
        """Whether a Raspberry Pi's supply was too weak within the last seconds.

        None where the kernel's own driver (raspberrypi-hwmon) is not there.
        """
        for folder in sorted(self._root.glob("sys/class/hwmon/hwmon*")):
            if kernel_text(folder / "name") == "rpi_volt":
                alarm = kernel_text(folder / "in0_lcrit_alarm")
                return alarm == "1" if alarm else None
        return None

    def rss_bytes(self) -> int:
        """Memory that this process keeps in RAM; 0 where the kernel does not tell."""
        fields = kernel_text(self._memory).split()
        return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") if len(fields) > 1 else 0
