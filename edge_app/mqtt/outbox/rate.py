"""Time that passes → how many historical events may be read for the broker."""

from __future__ import annotations

from collections.abc import Callable

#: How often the historical lane is filled at its rate.
TICK_S = 0.05

#: For how long at most a rate that was not used adds up.
_SAVED_S = 0.25


class DrainRate:
    """So many events a second, in small pieces. The caller locks.

    clock: monotonic seconds.
    """

    def __init__(self, per_s: float, clock: Callable[[], float]) -> None:
        self._per_s, self._clock = per_s, clock
        self._spent_to = clock()

    def begin(self) -> None:
        """A connection begins: the first piece may be read at once."""
        self._spent_to = self._clock() - TICK_S

    @property
    def next_at(self) -> float:
        """When the next piece may be read, on the clock."""
        return self._spent_to + max(TICK_S, 1 / self._per_s)

    def allowance(self) -> int:
        """How many events may be read now."""
        now = self._clock()
        self._spent_to = max(self._spent_to, now - max(_SAVED_S, 1 / self._per_s))
        return int((now - self._spent_to) * self._per_s + 1e-6)

    def spend(self, events: int) -> None:
        """So many were read."""
        self._spent_to += events / self._per_s
