"""Stored events → which one the broker is offered next, on one connection."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from edge_app.mqtt.outbox.stored_event import BEFORE_ALL, StoredEvent

#: Events under way at once. Mosquitto takes 20 messages by default, paho's own limit too; the rest
#: is room for retained ones, so that nothing but the outbox queues.
WINDOW = 16

#: Places in the window that only live events may take: none waits for a historical one's answer.
RESERVED = 4

#: How many events a lane holds in memory; the rest stays on the disk until they are offered.
ROOM = 64


class Lane:
    """Events in order, between two sequence numbers; read from the disk a piece at a time."""

    def __init__(self, after: int, up_to: int | None) -> None:
        self.read_to = after
        self._up_to = up_to
        self._waiting: deque[StoredEvent] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def end(self, last: int) -> int:
        """The last sequence number that belongs here, of all up to `last`."""
        return last if self._up_to is None else self._up_to

    def add(self, events: Sequence[StoredEvent]) -> None:
        """Take what comes next from the disk."""
        self._waiting.extend(events)

    def take(self) -> StoredEvent:
        """The next one."""
        return self._waiting.popleft()

    def skip_to(self, sequence: int) -> None:
        """All up to here has been read, or is not there any more."""
        self.read_to = sequence

    def forget(self, first: int, last: int) -> None:
        """Leave out what there is no more."""
        self._waiting = deque(
            event for event in self._waiting if not first <= event.sequence <= last
        )


class Lanes:
    """Two lanes, each in order: what happened before the connection began, and what since.

    Live events come first, so that none waits behind an hour of old ones. The caller locks.

    boundary: the last sequence number of the historical lane.
    """

    def __init__(self, boundary: int) -> None:
        self.historical = Lane(BEFORE_ALL, boundary)
        self.live = Lane(boundary, None)
        self._under_way: set[int] = set()

    def take(self, window: int) -> tuple[StoredEvent, bool] | None:
        """The next event to offer, and whether it is historical; None: nothing may be, for now.

        window: how many may be under way at once.
        """
        if len(self._under_way) >= window:
            return None
        lane = self.live
        if not self.live:
            lane = self.historical
            if not lane or len(self._under_way) >= max(1, window - RESERVED):
                return None
        event = lane.take()
        self._under_way.add(event.sequence)
        return event, lane is self.historical

    @property
    def under_way(self) -> frozenset[int]:
        """What the broker was offered, and did not answer."""
        return frozenset(self._under_way)

    def settle(self, sequence: int) -> bool:
        """The broker answered; False where this event was not under way."""
        if sequence not in self._under_way:
            return False
        self._under_way.remove(sequence)
        return True

    def is_to_be_filled(self, *, is_historical: bool) -> bool:
        """Whether the lane that an event was just taken from has become half empty, or empty."""
        return len(self.historical if is_historical else self.live) in {0, ROOM // 2}

    def forget(self, first: int, last: int, spared: frozenset[int]) -> None:
        """These events are gone, but for those under way that are spared."""
        for lane in (self.historical, self.live):
            lane.forget(first, last)
        self._under_way = {
            each for each in self._under_way if not first <= each <= last or each in spared
        }
