"""Decided events → what waits for a broker, in order, and what is under way to it."""

from __future__ import annotations

import logging
import threading
from collections import deque

import msgspec

from edge_app.events.payloads import Event

_LOG = logging.getLogger(__name__)


class MemoryOutbox:
    """Keeps events until the broker acknowledges them; bounded, and gone with the process.

    Any thread may call any method; none waits but `wait_until_empty`.

    capacity: events; of more, the oldest that waits is dropped.
    """

    def __init__(self, capacity: int = 5000) -> None:
        self._capacity = capacity
        self._waiting: deque[Event] = deque()
        self._under_way: dict[str, Event] = {}
        self._changed = threading.Condition()
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """How many events were dropped for want of room."""
        return self._dropped

    @property
    def under_way(self) -> int:
        """How many events were offered to the broker and not acknowledged yet."""
        return len(self._under_way)

    def __len__(self) -> int:
        """How many events were not acknowledged yet, offered or not."""
        with self._changed:
            return len(self._waiting) + len(self._under_way)

    def put(self, event: Event) -> None:
        """Take one decided event over: the one place where events come in."""
        with self._changed:
            self._waiting.append(event)
            if len(self._waiting) + len(self._under_way) <= self._capacity:
                return
            self._waiting.popleft()
            self._dropped += 1
            if self._dropped & (self._dropped - 1) == 0:  # a full night is a handful of lines
                _LOG.warning("the broker is away for too long: %d events dropped", self._dropped)

    def take(self) -> Event | None:
        """The next event to offer; from now on it is under way. None when nothing waits."""
        with self._changed:
            if not self._waiting:
                return None
            event = self._waiting.popleft()
            self._under_way[event.id] = event
            return event

    def settle(self, event_id: str) -> None:
        """The broker answered for this event: forget it."""
        with self._changed:
            self._under_way.pop(event_id, None)
            self._changed.notify_all()

    def take_back(self) -> None:
        """The connection broke: what was under way waits again, before the rest."""
        with self._changed:
            self._waiting.extendleft(reversed(self._under_way.values()))
            self._under_way.clear()
            self._changed.notify_all()

    def mark_historical(self) -> None:
        """A connection begins: all that waits now is sent later than it happened."""
        with self._changed:
            self._waiting = deque(
                msgspec.structs.replace(event, is_historical=True) for event in self._waiting
            )

    def wait_until_empty(self, timeout_s: float) -> bool:
        """Wait until every event is acknowledged; False when `timeout_s` was not enough."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not self._waiting and not self._under_way, timeout_s
            )
