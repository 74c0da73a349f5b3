"""Clock and connection, looked at often → from when until when everything was surely heard."""

from __future__ import annotations

#: A connection that breaks without a word is noticed so late: after two keep-alive periods, and a
#: second each for the looks at the clock.
UNNOTICED_MS = 32_000

#: A clock that is set by less does no harm: what it says of a year is still right.
_LEAP_MS = 60_000

#: The number of a subscriber's first connection.
FIRST_CONNECTION = 1


class Listening:
    """One stretch of listening, and, after its end, the next.

    A stretch ends with its connection, and where the clock leaps: somebody set it, or the machine
    slept.

    now_ms: milliseconds since 1970 in UTC. now_s: seconds that never go back.
    """

    def __init__(self, now_ms: int, now_s: float) -> None:
        #: Of the present stretch, or of the last one where `is_over`.
        self.start_ms = self.end_ms = now_ms
        self.is_over = False
        self._heard_ms = now_ms
        self._seen_ms, self._seen_s, self._steady_from_s = now_ms, now_s, now_s
        self._connection: int | None = FIRST_CONNECTION

    @property
    def steady_ms(self) -> int:
        """For how long the clock had not leapt at the last look, connected or not."""
        return round((self._seen_s - self._steady_from_s) * 1000)

    def look(self, now_ms: int, now_s: float, connection: int | None) -> bool:
        """Whether the stretch has just ended.

        connection: the number of the one that stands; None while none does.
        """
        was_over = self.is_over
        passed_ms = round((now_s - self._seen_s) * 1000)
        has_leapt = abs(now_ms - self._seen_ms - passed_ms) > _LEAP_MS
        if has_leapt:
            self._steady_from_s = now_s
        if not was_over:
            if connection is None or connection != self._connection:
                self.is_over = True
                surely_ms = max(self._heard_ms, self.end_ms - UNNOTICED_MS)
                self.end_ms = max(self.start_ms, surely_ms)
            elif has_leapt:
                self.is_over = True
                self.end_ms += passed_ms
            else:
                self.end_ms = max(self.start_ms, now_ms)
        self._connection = connection
        self._seen_ms, self._seen_s = now_ms, now_s
        return self.is_over and not was_over

    def heard(self) -> None:
        """Something came: at the last look, the connection stood."""
        self._heard_ms = self.end_ms

    def begin(self) -> None:
        """Begin the next stretch at the last look."""
        self.start_ms = self.end_ms = self._heard_ms = self._seen_ms
        self.is_over = False
