"""A broker that refuses events → when it is offered one again, and how many at once."""

from __future__ import annotations

import time
from collections.abc import Callable

#: How long events wait after a refusal. Whoever mends the broker's rules waits as long to see it.
HOLD_S = 60.0

#: How long nothing is said on a retained topic after a refusal. Longer, since nothing is lost, and
#: the trial takes the device off line for a moment where the broker throws it out.
RETAINED_HOLD_S = 600.0

#: How often a refusal that goes on is told in the log.
WARNING_S = 3600.0

#: A connection that ends so soon after a refusal was ended because of it, as Mosquitto 2.0.11 does.
THROWN_OUT_S = 5.0


class Refusal:
    """After a wait, or on a new connection, one event is offered on trial; then as many as usual.

    So it is, too, after a connection that ended with events under way.

    Where the broker ends the connection with the refusal, the next one does not end the wait: a
    device that may not publish events would be thrown out by each of its trials, and have no
    connection for anything else.

    clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._refused_at: float | None = None
        self._held_until: float | None = None
        self._is_thrown_out = False
        self._is_trial = False

    def begin(self) -> None:
        """An event was refused."""
        self._refused_at = self._clock()
        self._held_until = self._refused_at + HOLD_S
        self._is_trial = True

    def end(self) -> None:
        """An event was accepted."""
        self._is_trial = False

    def disconnected(self, *, is_in_doubt: bool) -> None:
        """The connection ended. is_in_doubt: events were under way, and one may have been refused.

        Of many that are under way the answer to the first may be lost with the connection.
        """
        self._is_trial = self._is_trial or is_in_doubt
        self._is_thrown_out = (
            self._refused_at is not None and self._clock() - self._refused_at < THROWN_OUT_S
        )

    def connected(self) -> bool:
        """A connection begins: the broker may have been mended. Whether events are offered on it.

        Where not, `has_waited` says when they are.
        """
        if not self._is_thrown_out:
            self._held_until = None
        return self._held_until is None

    def has_waited(self) -> bool:
        """Whether the wait is over: true once after each."""
        if self._held_until is None or self._clock() < self._held_until:
            return False
        self._held_until = None
        return True

    def window(self, usual: int) -> int:
        """How many events may be under way at once. usual: without a refusal."""
        return 1 if self._is_trial else usual
