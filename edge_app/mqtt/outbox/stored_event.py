"""An event as it waits, how it is numbered, and how many may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

#: The number of the newest event in a file that cannot be opened, as long as it cannot: above all
#: that any file holds, by more than it may hold.
NUMBERED_FROM = 1 << 40

#: Below the number of any event: what is found in a file that takes another one's place stands
#: before all that is known, and may have to count below 0.
BEFORE_ALL = -NUMBERED_FROM


class StoredEvent(NamedTuple):
    """One event as it waits.

    sequence: rises with each event, whatever the clock does. elapsed_s: how long the outbox had
    been open, through all runs, as far as they wrote that. payload: its JSON.
    """

    sequence: int
    elapsed_s: float
    payload: bytes

    def moved(self, numbers: int, seconds: float) -> StoredEvent:
        """The same where numbers and elapsed seconds are higher by so much."""
        return self._replace(sequence=self.sequence + numbers, elapsed_s=self.elapsed_s + seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much may wait: number, bytes of payload, and seconds of running time."""

    events: int = 50_000
    size: int = 64_000_000
    age_s: float = 30 * 86_400.0
