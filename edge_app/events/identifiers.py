"""A clock and randomness → identifiers that are unique and sort by time."""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Callable


def _utc_ms() -> int:
    return time.time_ns() // 1_000_000


class TimeOrderedIds:
    """UUIDv7 (RFC 9562), counted within a millisecond, so that each sorts behind the last one.

    A clock that is set back does not turn the order round: the last time seen is kept.
    """

    def __init__(
        self,
        utc_ms: Callable[[], int] = _utc_ms,
        randbits: Callable[[int], int] = secrets.randbits,
    ) -> None:
        """utc_ms: milliseconds since 1970; randbits: that many random bits."""
        self._utc_ms, self._randbits = utc_ms, randbits
        self._last_ms = -1
        self._count = 0

    def next(self) -> str:
        """A new identifier, in the usual 36 characters."""
        now = self._utc_ms()
        if now > self._last_ms:
            self._last_ms, self._count = now, 0
        else:
            self._count += 1
            if self._count == 1 << 12:
                self._last_ms, self._count = self._last_ms + 1, 0
        value = self._last_ms << 80 | 0x7 << 76 | self._count << 64 | 0b10 << 62
        return str(uuid.UUID(int=value | self._randbits(62)))
