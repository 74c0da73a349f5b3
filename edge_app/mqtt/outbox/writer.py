"""What the ledger has and the disk has not → the disk, or, while it refuses, kept in memory."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

from edge_app.errors import MienError
from edge_app.mqtt.outbox.alerts import DAMAGED, DROPPED, STORAGE, OutboxAlerts
from edge_app.mqtt.outbox.disk import StoreDamagedError, StoreRefusedError
from edge_app.mqtt.outbox.handover import Handover
from edge_app.mqtt.outbox.ledger import REMOVAL_S, Ledger
from edge_app.mqtt.outbox.store import EventStore
from edge_app.mqtt.outbox.stored_event import BEFORE_ALL, Limits

#: How often a disk that refuses is tried again.
RETRY_S = 5.0

#: How often it is looked whether waiting events have become too old, where no write looks anyway;
#: and how often the disk is told how long they wait, where no new event tells it.
AGE_CHECK_S = 3600.0

_LOG = logging.getLogger(__name__)

#: How long lost events are told of once nothing waits: who listens may have been away, too.
TOLD_S = 86_400.0

#: How often their number is told, where one is lost after the other.
NUMBER_S = 3600.0


class OutboxWriter:
    """Writes for one thread at a time; locks the ledger itself, but never while the disk works.

    clock: monotonic seconds.
    """

    def __init__(
        self,
        store: EventStore,
        handover: Handover | None,
        ledger: Ledger,
        alerts: OutboxAlerts,
        *,
        limits: Limits,
        clock: Callable[[], float],
    ) -> None:
        self._store, self._handover = store, handover
        self._ledger, self._alerts = ledger, alerts
        self._limits, self._clock = limits, clock
        self._retry_at = clock()
        self._written_at = self._elapsed_kept_at = clock()
        self._is_unreadable = False
        self._findings = store.findings
        #: Events that went since the last write, but for those that went in it.
        self._lost = 0
        #: How many were in a damaged file, until it is known how many of them are back.
        self._in_damaged: int | None = None
        #: Events that the alert is about, and the number of them that it tells.
        self._dropped = self._number = 0
        #: When another number may be told, where one is, and when the alert is over, once nothing
        #: waits.
        self._number_at: float | None = None
        self._over_at: float | None = None

    @property
    def due_at(self) -> float | None:
        """When to write though nothing new comes; None: not at all. The caller locks."""
        if self._ledger.is_refused:
            return self._retry_at
        age_at = self._elapsed_kept_at + AGE_CHECK_S if self._ledger.waiting else None
        lost_at = self._written_at + REMOVAL_S if self._lost else None
        storage_at = None if self._is_unreadable else self._alerts.storage_over_at
        times = (self._ledger.removal_at, age_at, lost_at, storage_at, *self._telling_at())
        return min((each for each in times if each is not None), default=None)

    def _telling_at(self) -> Iterator[float]:
        """When there is something to tell of what was dropped. The caller locks."""
        if self._ledger.waiting or not self._dropped:
            return
        if self._over_at is not None:
            yield self._over_at
        elif self._ledger.lanes is not None:
            yield self._written_at + REMOVAL_S
        if self._number != self._dropped and self._number_at is not None:
            yield self._number_at

    @property
    def has_more(self) -> bool:
        """Whether there is something to write that need not wait. The caller locks."""
        return self._ledger.has_pending or self._in_damaged is not None

    def is_due(self) -> bool:
        """Whether to write now. The caller locks."""
        if not self._ledger.is_refused and (self.has_more or self._is_loss_told()):
            return True
        return self.due_at is not None and self._clock() >= self.due_at

    def write(self, *, is_last: bool = False) -> None:
        """Bring the disk up to date: one transaction, and everything that follows from it.

        is_last: the process ends.
        """
        was_known = self._store.is_known
        with self._ledger.changed:
            batch = self._ledger.batch()
            is_loss_told, lost = self._is_loss_told(), self._lost
            damaged = self._in_damaged
            undelivered = 0 if damaged is None else self._ledger.undelivered_of(damaged)
            if self._handover is not None:
                self._handover.flip()
        keeps_elapsed = not batch.added and (
            is_last or self._clock() >= self._elapsed_kept_at + AGE_CHECK_S
        )
        try:
            dropped, dropped_to = self._store.write(
                batch.added,
                batch.delivered,
                self._limits,
                batch.now_s,
                lost=lost,
                is_loss_told=is_loss_told,
                under_way=batch.under_way,
                keeps_elapsed=keeps_elapsed,
            )
        except StoreDamagedError as error:
            self.begin_anew(str(error))
            return
        except MienError as error:
            self.refuse(error)
            return
        self._written_at = self._clock()
        if keeps_elapsed or batch.added:
            self._elapsed_kept_at = self._written_at
        if is_loss_told:
            self._alerts.forget_told()
        with self._ledger.changed:
            self._count_dropped(dropped)
        if not was_known:
            self.tell_of_loss()
        with self._ledger.changed:
            self._lost -= lost
            if damaged is not None:
                back = self._store.count + dropped - len(batch.added)
                self._ledger.dropped += max(0, undelivered - back)
                self._in_damaged = None
            self._ledger.written(batch)
            if self._handover is not None:
                self._handover.release()
            self._ledger.forget(
                dropped,
                BEFORE_ALL,
                dropped_to,
                on_disk=self._store.count,
                under_way=batch.under_way,
            )
            if self._store.findings != self._findings:
                self._findings = self._store.findings
                self._ledger.offer_anew()
            is_empty = not self._ledger.waiting
        self._tell_of_write(dropped, is_empty=is_empty)

    def refuse(self, error: MienError) -> None:
        """The disk does not take it: keep it in memory, offer it from there, and try again."""
        with self._ledger.changed:
            # Another refusal before the next try, of a read for example, does not put that off.
            if self._clock() >= self._retry_at:
                self._retry_at = self._clock() + RETRY_S
            excess = self._ledger.refused()
            self._lost += len(excess)
            self._count_dropped(len(excess))
            if excess:
                self._ledger.forget(
                    len(excess),
                    excess[0].sequence,
                    excess[-1].sequence,
                    on_disk=self._store.count,
                    under_way=self._ledger.under_way,
                )
            if self._handover is not None:
                # What was delivered from memory meanwhile must not take the room of what was not.
                self._handover.hold(event.payload for event in self._ledger.pending)
        self._tell_of_damage()
        if not self._is_unreadable:  # which says more; taking turns, each is told anew
            self._alerts.set(
                STORAGE, f"{error}: events are kept in memory; make room, or check the disk"
            )
        if excess:
            self._tell_why("the disk takes no events; the oldest in memory are dropped")

    def drop_spoilt(self, sequence: int) -> None:
        """What the disk gave back is no event, or another one than it took. The caller locks."""
        _LOG.warning("outbox: event %d cannot be read, dropped", sequence)
        self._ledger.settle(sequence)
        self.drop(1, "the disk spoilt events, which are dropped; check the disk")

    def drop(self, count: int, why: str) -> None:
        """So many never will be delivered, though there was room for them. The caller locks."""
        is_first = not self._dropped
        self._lost += count
        self._count_dropped(count)
        self._ledger.dropped += count
        self._ledger.wake()
        if is_first:  # else the alert is raised, and tells the number
            self._alerts.set(DROPPED, why)

    def tell_of_loss(self) -> None:
        """Raise what an earlier process lost, and what this one did while it began."""
        self._tell_of_damage()
        loss = self._store.loss
        if loss.events:
            with self._ledger.changed:
                self._dropped = self._number = loss.events
            self._alerts.set(DROPPED, _were_dropped(loss.events, " before this start"))

    def _tell_of_write(self, dropped: int, *, is_empty: bool) -> None:
        self._tell_of_damage()
        if not self._is_unreadable:
            self._alerts.resolve(STORAGE)
        if is_empty:
            self._tell_how_many()
        elif dropped:
            self._tell_why("too many events wait, or for too long; the oldest are dropped")

    def _count_dropped(self, count: int) -> None:
        """Count those that the alert is about. The caller locks."""
        if count:
            self._dropped, self._over_at = self._dropped + count, None

    def _tell_why(self, why: str) -> None:
        """Events are dropped as they come; how many, once nothing waits."""
        with self._ledger.changed:
            self._number_at = None
        self._alerts.set(DROPPED, why)

    def _tell_how_many(self) -> None:
        """Nothing waits: say how many were lost until now, until a day after a broker could hear.

        Where one is lost after the other, such as summaries that a broker refuses, only hourly.
        """
        now_s = self._clock()
        with self._ledger.changed:
            if not self._dropped:
                return
            is_due = self._number_at is None or now_s >= self._number_at
            if self._number != self._dropped and is_due:
                self._number, self._number_at = self._dropped, now_s + NUMBER_S
                self._alerts.set(DROPPED, _were_dropped(self._number))
            if self._over_at is None:
                if self._ledger.lanes is not None:
                    self._over_at = now_s + TOLD_S
            elif now_s >= self._over_at:
                self._dropped = self._number = 0
                self._number_at = self._over_at = None
                self._alerts.resolve(DROPPED)

    def _tell_of_damage(self) -> None:
        if (damage := self._store.loss.damage) is not None:
            self._alerts.set(DAMAGED, damage)

    def _is_loss_told(self) -> bool:
        """Whether nobody needs to hear of what was lost any more. The caller locks."""
        loss = self._store.loss
        raised = {DROPPED} if loss.events else set()
        raised |= {DAMAGED} if loss.damage is not None else set()
        is_over = not self._lost and not self._ledger.waiting
        return bool(raised) and is_over and self._alerts.are_told(raised)

    def tell_readable(self, trouble: MienError | None) -> None:
        """The disk does not give back what is on it; None: it does again."""
        if trouble is not None:
            self._is_unreadable = True
            self._alerts.set(STORAGE, f"{trouble}: events on the disk wait; check the disk")
        elif self._is_unreadable:
            self._is_unreadable = False
            if not self._ledger.is_refused:
                self._alerts.resolve(STORAGE)

    def begin_anew(self, damage: str) -> None:
        """The file is damaged: go on in another one, with what can be read of it."""
        before = self._store.count
        with self._ledger.changed:
            is_loss = not self._store.is_known or self._ledger.undelivered_of(before) > 0
        try:
            self._store.put_aside(damage, is_loss=is_loss)
        except MienError as error:
            self.refuse(error)
            return
        if self._in_damaged is not None:  # the new one, too
            self.refuse(StoreRefusedError(damage))
            return
        with self._ledger.changed:
            self._in_damaged = before
            self._ledger.wake()


def _were_dropped(count: int, when: str = "") -> str:
    events = "1 event was" if count == 1 else f"{count} events were"
    why = (
        "too many waited, or for too long, the disk took none or spoilt them, or the broker refused"
        " them"
    )
    return f"{events} dropped{when}: {why}; a summary counts as one"
