"""How long a reader of a stream waits for bytes → whether it keeps up with them."""

from __future__ import annotations

import time
from collections.abc import Callable

#: Over so long it is looked at, and so small a share of it spent waiting is none.
_LOOK_S, _LEAST_SHARE = 1.0, 0.05


class KeepingUp:
    """Who keeps up with a live stream waits for it most of the time.

    Who never does finds bytes that came meanwhile, and more of them in front of these: what is read
    is older each time, until everything between is full.
    """

    def __init__(self, timer_s: Callable[[], float] = time.monotonic) -> None:
        """timer_s: never goes back."""
        self._timer_s = timer_s
        self._began_s, self._waited_s = timer_s(), 0.0
        #: Whether the stream was waited for in the last second that was looked at.
        self.is_behind = False

    def now_s(self) -> float:
        """Seconds, from any beginning."""
        return self._timer_s()

    def waited(self, seconds: float) -> None:
        """So long it took until the next bytes were there."""
        self._waited_s += seconds
        looked_s = self._timer_s() - self._began_s
        if looked_s >= _LOOK_S:
            self.is_behind = self._waited_s < _LEAST_SHARE * looked_s
            self._began_s, self._waited_s = self._timer_s(), 0.0
