"""A request to identify → an LED of the board that blinks for a while."""

from __future__ import annotations

import contextlib
import logging
import re
import time
from collections.abc import Callable
from pathlib import Path

#: The board's own LEDs by the names of several kernels, the green one first.
_NAMES = ("ACT", "led0", "PWR", "led1")
#: What triggers them when Raspberry Pi OS starts, where the kernel offers it.
_DEFAULTS = {"ACT": "mmc0", "led0": "mmc0", "PWR": "default-on", "led1": "default-on"}

BLINK_S = 10.0

_LOG = logging.getLogger(__name__)


class Led:
    """Blinks by the kernel's own timer; `turn` puts back what it showed before.

    root: where `sys` is.
    """

    def __init__(
        self, root: Path = Path("/"), *, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._triggers = [root / "sys/class/leds" / name / "trigger" for name in _NAMES]
        self._clock_s = clock_s
        self._blinking: tuple[Path, str, float] | None = None

    def blink(self) -> bool:
        """Begin; False where no LED is there that this process may write."""
        if self._blinking is not None:
            trigger, before, _ = self._blinking
            self._blinking = (trigger, before, self._clock_s() + BLINK_S)
            return True
        for trigger in self._triggers:
            with contextlib.suppress(OSError, UnicodeDecodeError):
                before = _shown(trigger)
                trigger.write_text("timer", encoding="ascii")
                self._blinking = (trigger, before, self._clock_s() + BLINK_S)
                return True
        return False

    def turn(self) -> None:
        """End the blinking when its time is over."""
        if self._blinking is not None and self._clock_s() >= self._blinking[2]:
            self.stop()

    def stop(self) -> None:
        """End the blinking now."""
        if self._blinking is None:
            return
        trigger, before, _ = self._blinking
        self._blinking = None
        try:
            trigger.write_text(before, encoding="ascii")
        except OSError as error:
            _LOG.warning("%s: %s; the LED keeps blinking", trigger, error.strerror)


def _shown(trigger: Path) -> str:
    """What to put back: the trigger that is chosen, or the board's own where that is `timer`."""
    offered = trigger.read_text(encoding="ascii")
    chosen = re.search(r"\[(\S+)\]", offered)
    # A process that was killed while its LED blinked has left it so.
    if chosen is not None and chosen[1] == "timer":
        default = _DEFAULTS[trigger.parent.name]
        return default if default in offered.split() else "none"
    return chosen[1] if chosen else "none"
