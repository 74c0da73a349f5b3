"""Decided events → what waits for a broker, on disk, in order, and what is under way to it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from edge_app.closing import Closing
from edge_app.events.payloads import Event, encode
from edge_app.mqtt.outbox.alerts import MEANINGS, REFUSED, STORAGE, OnAlert, OutboxAlerts
from edge_app.mqtt.outbox.disk import StoreDamagedError, StoreRefusedError
from edge_app.mqtt.outbox.filling import LaneFilling
from edge_app.mqtt.outbox.handover import Handover
from edge_app.mqtt.outbox.lanes import WINDOW
from edge_app.mqtt.outbox.ledger import MEMORY_EVENTS, REMOVAL_S, Ledger
from edge_app.mqtt.outbox.payload import PAYLOAD_ERRORS, as_historical, is_sound
from edge_app.mqtt.outbox.rate import DrainRate
from edge_app.mqtt.outbox.seal import sealed, unsealed
from edge_app.mqtt.outbox.store import EventStore
from edge_app.mqtt.outbox.stored_event import Limits
from edge_app.mqtt.outbox.writer import RETRY_S, OutboxWriter

#: Historical events offered a second: a backlog of an hour is gone in seconds, and the broker
#: and its subscribers keep time for others.
DRAIN_PER_S = 400.0

#: How long the first event of a group waits for others before they go to the disk together.
#: Measured: docs/decisions/0004-outbox.md.
GROUP_S = 0.01

#: An event that is offered so much later than it was decided is sent late, though the connection
#: stands: a broker that hangs holds those back for which the window has no room.
LATE_S = 5.0

_HANGING = "the disk takes too long: events are kept in memory; check the disk"

_LOG = logging.getLogger(__name__)


class Offer(NamedTuple):
    """An event for the broker. sequence: what `Outbox.settle` wants to hear."""

    sequence: int
    payload: bytes


def _nothing() -> None:
    pass


class Outbox(Closing):
    """Keeps events until the broker acknowledges them; bounded, through crashes and restarts.

    Any thread may call any method; none waits for the disk but `close`. One thread, `mien-outbox`,
    does all the reading and writing: an event is offered once it is committed, or, while the disk
    refuses, from memory.

    store, handover: closed with the outbox; by the caller where it cannot be made. clock: monotonic
    seconds; the age of events and the drain rate hang on it, and nothing on the time of day.
    """

    def __init__(
        self,
        store: EventStore,
        handover: Handover | None = None,
        *,
        limits: Limits | None = None,
        drain_per_s: float = DRAIN_PER_S,
        group_s: float = GROUP_S,
        removal_s: float = REMOVAL_S,
        on_alert: OnAlert | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._handover = handover
        self._group_s = group_s
        self._clock = clock
        self._on_ready: Callable[[], None] = _nothing
        self._alerts = OutboxAlerts(on_alert, clock)
        self._ledger = Ledger(store.last, store.count, clock=clock, removal_s=removal_s)
        self._changed = self._ledger.changed
        self._writer = OutboxWriter(
            store, handover, self._ledger, self._alerts, limits=limits or Limits(), clock=clock
        )
        self._writer.tell_of_loss()
        self._filling = LaneFilling(
            store, self._ledger, self._writer, DrainRate(drain_per_s, clock), clock=clock
        )
        self._is_ending = False
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="mien-outbox", daemon=True)
        if handover is not None:
            self._recover(handover)
        if store.refusal is not None and not store.is_known:
            self._writer.refuse(StoreRefusedError(store.refusal))

    @property
    def dropped(self) -> int:
        """How many events or summaries never will be: no room, too old, spoilt, refused, lost."""
        return self._ledger.dropped

    @property
    def is_durable(self) -> bool:
        """Whether what waits outlives the process, as far as there is room for it."""
        is_in_memory = self._ledger.is_refused and self._handover is None
        return self._store.is_on_disk and not is_in_memory

    def __len__(self) -> int:
        """How many events were not acknowledged yet, offered or not."""
        with self._changed:
            return self._ledger.waiting

    def start(self, on_ready: Callable[[], None]) -> None:
        """Begin to work; once. on_ready: called when there is something to take."""
        self._on_ready = on_ready
        self._alerts.start()
        self._thread.start()

    def put(self, event: Event) -> None:
        """Take one decided event over: the one place where events come in.

        When this returns, the event outlives the process; the disk has it some milliseconds later.
        While the disk takes its time, that holds for as many as the handover has room for; the
        alert tells that there are more.
        """
        payload = sealed(encode(event))
        with self._changed:
            self._ledger.append(payload)
            is_kept = self._handover is None or self._handover.store(payload)
            if not is_kept and not self._ledger.is_refused:
                # With the lock held: the write that resolves it comes later.
                self._alerts.set(STORAGE, _HANGING)
            self._ledger.wake()

    def connected(self) -> None:
        """A connection begins: all that waits now is sent later than it happened."""
        with self._changed:
            self._filling.connected()
            self._ledger.wake()

    def disconnected(self) -> None:
        """The connection broke: what was under way waits again, and nothing is offered."""
        with self._changed:
            self._ledger.lanes = None

    def refused(self) -> None:
        """The broker's rules refuse events: they wait until `connected`, like after a loss."""
        self.disconnected()
        self._alerts.set(REFUSED, MEANINGS[REFUSED])

    def take(self, window: int = WINDOW) -> Offer | None:
        """The next event to offer; from now on it is under way. None: nothing may be, for now.

        window: how many may be under way at once.
        """
        with self._changed:
            while (lanes := self._ledger.lanes) is not None and (taken := lanes.take(window)):
                event, is_historical = taken
                if lanes.is_to_be_filled(is_historical=is_historical):
                    self._ledger.wake()
                try:
                    payload = unsealed(event.payload)
                    if is_historical or self._ledger.age_s(event) >= LATE_S:
                        payload = as_historical(payload)
                except PAYLOAD_ERRORS:
                    self._writer.drop_spoilt(event.sequence)
                else:
                    return Offer(event.sequence, payload)
            return None

    def settle(self, sequence: int, *, is_accepted: bool = True) -> None:
        """The broker answered for this event: forget it. One that it refuses counts as dropped."""
        with self._changed:
            if self._ledger.settle(sequence) and not is_accepted:
                self._writer.drop(1, "the broker refuses events, which are dropped; see the log")
        if is_accepted:
            self._alerts.resolve(REFUSED)

    def lose(self, count: int, why: str) -> None:
        """So much is lost of what waited elsewhere for the same broker: count it and tell of it."""
        with self._changed:
            self._writer.drop(count, why)

    def told(self, alert: str) -> None:
        """The broker has the message that this alert is raised.

        A loss is told again at each start until the broker had that, and nothing waits any more.
        """
        with self._changed:
            self._alerts.told(alert)
            self._ledger.wake()

    def wait_until_empty(self, timeout_s: float) -> bool:
        """Wait until every event is acknowledged; False when `timeout_s` was not enough."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._ledger.waiting, timeout_s)

    def close(self) -> None:
        """Write what is not written yet, end the thread; a disk that hangs takes ten seconds."""
        if self._is_closed:
            return
        self._is_closed = True
        with self._changed:
            self._is_ending = True
            self._changed.notify_all()
        if self._thread.ident is not None:
            # A card may take seconds for a write; one that hangs for ever does not hold the end.
            self._thread.join(10)
        if self._thread.is_alive():
            _LOG.error("outbox: the disk hangs; what was not written is lost")
            return
        self._writer.write(is_last=True)
        if self._writer.has_more and not self._ledger.is_refused:
            self._writer.write(is_last=True)  # into the file that took a damaged one's place
        self._store.close()
        if self._handover is not None:
            if not self._ledger.has_pending:
                self._handover.clear()
            self._handover.close()

    def _recover(self, handover: Handover) -> None:
        """Take in what a killed process had handed over and not written."""
        known = self._known_payloads()
        for payload in handover.left_behind():
            if payload not in known and is_sound(payload):
                self._ledger.append(payload)
        if self._ledger.has_pending:
            _LOG.info("outbox: %d events of a killed process taken over", len(self._ledger.pending))
            self._writer.write()
        handover.hold(event.payload for event in self._ledger.pending)

    def _known_payloads(self) -> set[bytes]:
        """What need not be taken over. Where the disk does not tell, all is, and may come twice."""
        try:
            return self._store.newest_payloads(MEMORY_EVENTS)
        except StoreDamagedError as error:
            self._writer.begin_anew(str(error))
        except StoreRefusedError as error:
            _LOG.warning("outbox: %s", error)
        return set()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._ledger.is_woken or self._is_ending, self._patience()
                )
                if self._ledger.has_pending and not self._ledger.is_refused:
                    self._changed.wait_for(lambda: self._is_ending, self._group_s)
                self._ledger.is_woken = False
                if self._is_ending:
                    return
                is_write_due = self._writer.is_due()
            try:
                if is_write_due:
                    self._writer.write()
                if self._filling.fill():
                    self._on_ready()
            except Exception as error:  # noqa: BLE001 - events must go on, for months
                _LOG.warning("outbox: unexpected failure", exc_info=True)
                self._writer.refuse(StoreRefusedError(type(error).__name__))
                # What is due stays due, and would fail again at once.
                with self._changed:
                    self._changed.wait_for(lambda: self._is_ending, RETRY_S)

    def _patience(self) -> float | None:
        """Seconds until there is something to do that nobody wakes us for."""
        due = [each for each in (self._writer.due_at, self._filling.due_at) if each is not None]
        return max(0.0, min(due) - self._clock()) if due else None
