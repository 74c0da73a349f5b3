"""Frames that could be read, and the lack of them → for how long was looked."""

from __future__ import annotations

import time
from collections.abc import Callable


class WatchedTime:
    """The time from one frame to the next, without that in which none came for too long.

    It is the same whoever is in them, though a face makes a frame take longer.

    clock_s: seconds that never go back.
    """

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._seconds = 0.0
        #: Up to when it is counted; None while nobody looks.
        self._to_s: float | None = None

    def looked(self, at_s: float) -> None:
        """A frame could be read; at_s: the time of the clock at which it was taken."""
        if self._to_s is not None:
            self._seconds += at_s - self._to_s
        self._to_s = at_s

    def lost(self) -> None:
        """None came for too long: what passed since the last one does not count."""
        self._to_s = None

    def stopped(self) -> None:
        """The source is closed now; until then it was watched, unless it was lost."""
        if self._to_s is not None:
            self.looked(self._clock_s())
            self._to_s = None

    def finish(self) -> float:
        """Seconds since the last call."""
        if self._to_s is not None:
            self.looked(self._clock_s())
        seconds, self._seconds = self._seconds, 0.0
        return seconds
