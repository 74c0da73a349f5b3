"""The positions of frames in a recording → waiting until each one's time has come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

#: At the recording's own pace, or as fast as it can be read.
Pace = Literal["own", "fast"]


class Pacer:
    """Lets the first frame through at once and the others as far apart as they were recorded."""

    def __init__(self, clock: Callable[[], float], sleep: Callable[[float], object]) -> None:
        """clock: rising seconds; sleep: waits for so many seconds, or less when disturbed."""
        self._clock, self._sleep = clock, sleep
        self._begin_s: float | None = None

    def wait(self, timestamp_ns: int) -> None:
        """Wait until it is this frame's time; one that is late is not held up further."""
        position_s = timestamp_ns / 1e9
        if self._begin_s is None:
            self._begin_s = self._clock() - position_s
        left_s = self._begin_s + position_s - self._clock()
        if left_s > 0:
            self._sleep(left_s)
