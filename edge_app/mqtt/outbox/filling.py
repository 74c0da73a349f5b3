"""The disk, or memory while it refuses → the lanes from which the broker is offered events."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from edge_app.errors import MienError
from edge_app.mqtt.outbox.disk import StoreDamagedError
from edge_app.mqtt.outbox.lanes import ROOM, Lane, Lanes
from edge_app.mqtt.outbox.ledger import Ledger
from edge_app.mqtt.outbox.rate import DrainRate
from edge_app.mqtt.outbox.store import EventStore
from edge_app.mqtt.outbox.stored_event import StoredEvent
from edge_app.mqtt.outbox.writer import RETRY_S, OutboxWriter

#: A file that the disk does not give back for so long counts as damaged: a sector of it may be. A
#: disk that is plugged in again, or a bus that is reset, takes less.
HOPELESS_S = 3600.0


class LaneFilling:
    """Reads for one thread at a time; locks the ledger itself, but never while the disk works.

    writer: hears of it when the disk gives nothing back. clock: monotonic seconds.
    """

    def __init__(
        self,
        store: EventStore,
        ledger: Ledger,
        writer: OutboxWriter,
        rate: DrainRate,
        *,
        clock: Callable[[], float],
    ) -> None:
        self._store, self._ledger = store, ledger
        self._writer, self._rate = writer, rate
        self._clock = clock
        self._failing_since: float | None = None
        self._retry_at = clock()

    @property
    def due_at(self) -> float | None:
        """When there is more to read that nobody wakes us for; None: no more. The caller locks."""
        lanes = self._ledger.lanes
        if lanes is None:
            return None
        if self._failing_since is not None:
            # Whatever waits in either lane comes after what cannot be read.
            return max(self._rate.next_at, self._retry_at)
        lane = lanes.historical
        # A full lane wakes us when it is half empty.
        is_more = len(lane) < ROOM and lane.read_to < lane.end(self._ledger.offerable)
        return self._rate.next_at if is_more else None

    def connected(self) -> None:
        """A connection begins: all that waits now is historical. The caller locks."""
        self._ledger.lanes = Lanes(self._ledger.offerable)
        self._rate.begin()

    def fill(self) -> bool:
        """Read what may be offered next: live events at once, others at the rate.

        Returns whether there was any.
        """
        with self._ledger.changed:
            lanes = self._ledger.lanes
            if lanes is None:
                return False
            room = min(self._rate.allowance(), ROOM - len(lanes.historical))
            wanted = [(lanes.live, ROOM - len(lanes.live)), (lanes.historical, room)]
            offerable, committed = self._ledger.offerable, self._ledger.committed
            pending = self._ledger.pending if self._ledger.is_refused else ()
        is_something = False
        for lane, room in wanted:
            end = lane.end(offerable)
            if room <= 0 or lane.read_to >= end:
                continue
            events = self._read(lane, min(end, committed), room)
            if events is None:
                continue
            waiting = (each for each in pending if lane.read_to < each.sequence <= end)
            events += islice(waiting, room - len(events))
            with self._ledger.changed:
                # Delivered on an earlier connection, and not removed from the disk yet.
                lane.add([each for each in events if not self._ledger.is_delivered(each.sequence)])
                lane.skip_to(events[-1].sequence if events else end)
                if lane is lanes.historical:
                    self._rate.spend(len(events))
            is_something = is_something or bool(events)
        return is_something

    def _read(self, lane: Lane, end: int, room: int) -> list[StoredEvent] | None:
        """What the disk has for a lane; None where it gives nothing back."""
        if lane.read_to >= end:
            return []
        now = self._clock()
        if self._failing_since is not None and now < self._retry_at:
            return None
        try:
            events = self._store.read(lane.read_to, end, room)
        except StoreDamagedError as error:
            self._begin_anew(error)
            return None
        except MienError as error:
            if self._failing_since is None:
                self._failing_since = now
            self._retry_at = now + RETRY_S
            if now - self._failing_since >= HOPELESS_S:
                # New events wait behind them: better to lose these than all that comes.
                self._begin_anew(error)
            else:
                self._writer.tell_readable(error)
            return None
        if self._failing_since is not None:
            self._failing_since = None
            self._writer.tell_readable(None)
        return events

    def _begin_anew(self, error: MienError) -> None:
        self._failing_since = None
        self._writer.begin_anew(str(error))
        self._writer.tell_readable(None)
