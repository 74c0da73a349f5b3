"""Where a stream's frames stand, as they are read → whether they have grown old on their way."""

from __future__ import annotations

from collections.abc import Callable

#: A stall of the network is made up for sooner, unless decoding takes all the time there is.
_MOST_OLD_S, _PATIENCE_S = 2.0, 5.0
#: A camera's second, by its crystal, may be so much longer than ours.
_SECOND = 1.0002


class Backlog:
    """Newest frame wins; what a decoder does not keep up with waits in front of it, and ages.

    A stream tells its frames' distances, not their age, and some tell them wrong: a frame behind
    which nothing waits is the newest there is, and those after it are held against that one.
    """

    def __init__(self, is_more_waiting: Callable[[], bool]) -> None:
        """is_more_waiting: whether more was received than was read."""
        self._is_more_waiting = is_more_waiting
        self._position_s = self._newest_s = float("inf")
        self._old_since_s = float("inf")

    def is_old(self, now_s: float, position_s: float) -> bool:
        """Take the next frame; True where all for more than _PATIENCE_S are _MOST_OLD_S late.

        position_s: in the stream, from any beginning.
        """
        begun_s = now_s - position_s * _SECOND
        # A camera whose clock is set begins anew.
        is_anew = position_s <= self._position_s or not self._is_more_waiting()
        self._newest_s = begun_s if is_anew else min(self._newest_s, begun_s)
        self._position_s = position_s
        is_late = begun_s - self._newest_s > _MOST_OLD_S
        self._old_since_s = min(self._old_since_s, now_s) if is_late else float("inf")
        return now_s - self._old_since_s > _PATIENCE_S
