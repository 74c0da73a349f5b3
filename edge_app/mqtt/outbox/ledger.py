"""Events by number → which wait in memory, on the disk or at the broker, and which are gone."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from edge_app.mqtt.outbox.lanes import Lanes
from edge_app.mqtt.outbox.stored_event import StoredEvent

#: Delivered events leave the disk with the next write of new ones, which costs nothing; after so
#: many seconds, or as so many, without waiting for one.
REMOVAL_S = 60.0
REMOVAL_EVENTS = 64

#: How many events wait in memory while the disk refuses.
MEMORY_EVENTS = 2000


class Batch(NamedTuple):
    """What one transaction brings to the disk.

    pending: all that was in memory; added: those of it that were not delivered meanwhile, as may
    be while the disk refuses. delivered: to be removed. under_way: to the broker. now_s: seconds
    that the outbox was open.
    """

    pending: Sequence[StoredEvent]
    added: Sequence[StoredEvent]
    delivered: set[int]
    under_way: frozenset[int]
    now_s: float


class Ledger:
    """What the outbox's threads share. Whoever uses it holds `changed`, unless they only look at a
    single number or flag.

    last: number of the newest event on the disk, and elapsed seconds. count: how many are there.
    """

    def __init__(
        self,
        last: tuple[int, float],
        count: int,
        *,
        clock: Callable[[], float],
        removal_s: float = REMOVAL_S,
    ) -> None:
        self.changed = threading.Condition()
        #: The outbox's thread has something to do.
        self.is_woken = False
        #: The disk takes nothing: events are offered from memory.
        self.is_refused = False
        #: How many were not delivered yet, and how many never will be.
        self.waiting, self.dropped = count, 0
        #: Of the connection that stands.
        self.lanes: Lanes | None = None
        self._last, self._elapsed_before = last
        self.committed = self._last
        self._clock, self._began = clock, clock()
        self._removal_s, self._removal_at = removal_s, self._began
        self._pending: deque[StoredEvent] = deque()
        self._delivered: set[int] = set()

    @property
    def pending(self) -> Sequence[StoredEvent]:
        """What is in memory only, in order; a copy."""
        return list(self._pending)

    @property
    def has_pending(self) -> bool:
        """Whether anything is in memory only."""
        return bool(self._pending)

    @property
    def under_way(self) -> frozenset[int]:
        """What the broker was offered on this connection, and did not answer."""
        return frozenset() if self.lanes is None else self.lanes.under_way

    @property
    def offerable(self) -> int:
        """Up to which event the broker may be told: committed, or all while the disk refuses."""
        return self._last if self.is_refused else self.committed

    @property
    def removal_at(self) -> float | None:
        """When delivered events leave the disk at the latest; None where there are none."""
        return self._removal_at if self._delivered else None

    def wake(self) -> None:
        """Have the outbox's thread look."""
        if not self.is_woken:
            self.is_woken = True
            self.changed.notify_all()

    def append(self, payload: bytes) -> None:
        """One more event was decided."""
        self._last += 1
        self.waiting += 1
        self._pending.append(StoredEvent(self._last, self._elapsed_s(), payload))

    def age_s(self, event: StoredEvent) -> float:
        """For how many seconds it waits, of those that the outbox was open."""
        return self._elapsed_s() - event.elapsed_s

    def offer_anew(self) -> None:
        """More is on the disk than was known: begin as on a new connection, if there is one.

        What was under way is offered again, with the same id.
        """
        if self.lanes is not None:
            self.lanes = Lanes(self.offerable)
            self.wake()

    def is_delivered(self, sequence: int) -> bool:
        """Whether it was delivered, and is on the disk still."""
        return sequence in self._delivered

    def settle(self, sequence: int) -> bool:
        """The broker answered for this event; False where it was not under way any more."""
        if self.lanes is None or not self.lanes.settle(sequence):
            return False
        if not self._delivered:
            self._removal_at = self._clock() + self._removal_s
            self.wake()
        self._delivered.add(sequence)
        if len(self._delivered) == REMOVAL_EVENTS:
            self._removal_at = self._clock()
            self.wake()
        self.waiting -= 1
        if not self.waiting:
            self.changed.notify_all()
        return True

    def batch(self) -> Batch:
        """What the disk does not know yet."""
        pending, delivered = self.pending, set(self._delivered)
        added = [event for event in pending if event.sequence not in delivered]
        return Batch(pending, added, delivered, self.under_way, self._elapsed_s())

    def written(self, batch: Batch) -> None:
        """The disk has it."""
        for _ in batch.pending:
            self._pending.popleft()
        self.committed = self._last - len(self._pending)
        self._delivered -= batch.delivered
        self.is_refused = False

    def refused(self) -> Sequence[StoredEvent]:
        """The disk does not take it. Returns the oldest in memory that are too many, and go."""
        self.is_refused = True
        kept = [event for event in self._pending if event.sequence not in self._delivered]
        self._delivered = {each for each in self._delivered if each <= self.committed}
        under_way = self.under_way
        droppable = [event for event in kept if event.sequence not in under_way]
        excess = droppable[: max(0, len(kept) - MEMORY_EVENTS)]
        gone = {event.sequence for event in excess}
        self._pending = deque(event for event in kept if event.sequence not in gone)
        return excess

    def undelivered_of(self, count: int) -> int:
        """How many of the events on the disk were not delivered. count: of all of them."""
        return count - sum(1 for each in self._delivered if each <= self.committed)

    def forget(
        self,
        count: int,
        first: int,
        last: int | None,
        *,
        on_disk: int,
        under_way: frozenset[int] = frozenset(),
    ) -> None:
        """So many events never will be delivered; count anew, once the disk has changed.

        first, last: they are between these, and so may be some that were delivered, which go too;
        last is None where none goes. on_disk: how many there are now. under_way: what stays all the
        same.
        """
        self.dropped += count
        if last is not None:
            self._delivered = {
                each for each in self._delivered if not first <= each <= last or each in under_way
            }
            if self.lanes is not None:
                self.lanes.forget(first, last, under_way)
        self.waiting = on_disk + len(self._pending) - len(self._delivered)
        if not self.waiting:
            self.changed.notify_all()

    def _elapsed_s(self) -> float:
        return self._elapsed_before + self._clock() - self._began
