"""A broker that refuses events → when it is offered one again, and how many at once."""

from __future__ import annotations

import time
from collections.abc import Callable

#: How long events wait after a refusal. Whoever mends the broker's rules waits as long to see it.
HOLD_S = 60.0


class Refusal:
    """After a wait, or on a new connection, one event is offered on trial; then as many as usual.

    clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._held_until: float | None = None
        self._is_trial = False

    def begin(self) -> None:
        """An event was refused."""
        self._held_until = self._clock() + HOLD_S
        self._is_trial = True

    def end(self) -> None:
        """An event was accepted."""
        self._is_trial = False

    def stop_waiting(self) -> None:
        """A connection begins: the broker may have been mended."""
        self._held_until = None

    def has_waited(self) -> bool:
        """Whether the wait is over: true once after each."""
        if self._held_until is None or self._clock() < self._held_until:
            return False
        self._held_until = None
        return True

    def window(self, usual: int) -> int:
        """How many events may be under way at once. usual: without a refusal."""
        return 1 if self._is_trial else usual
