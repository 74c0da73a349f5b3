"""Decided events → what waits for a broker, on disk, in order, and what is under way to it."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from edge_app.closing import Closing
from edge_app.errors import MienError
from edge_app.events.payloads import Event, encode
from edge_app.mqtt.outbox_alerts import DAMAGED, DROPPED, STORAGE, OnAlert, OutboxAlerts
from edge_app.mqtt.outbox_handover import Handover
from edge_app.mqtt.outbox_lanes import ROOM, WINDOW, Lane, Lanes
from edge_app.mqtt.outbox_store import (
    EventStore,
    Limits,
    StoreDamagedError,
    StoredEvent,
    StoreRefusedError,
)

#: Historical events offered a second: a backlog of an hour is gone in seconds, and the broker
#: and its subscribers keep time for others.
DRAIN_PER_S = 400.0

#: How long the first event of a group waits for others before they go to the disk together.
#: Measured: docs/decisions/0004-outbox.md.
GROUP_S = 0.01

#: Delivered events leave the disk with the next write of new ones, which costs nothing; after so
#: many seconds, or as so many, without waiting for one.
REMOVAL_S = 60.0
REMOVAL_EVENTS = 64

#: How often a disk that refuses is tried again, and how much waits in memory meanwhile.
RETRY_S = 5.0
MEMORY_EVENTS = 2000

#: How often the historical lane is filled at its rate.
_TICK_S = 0.05

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

    store, handover: closed with the outbox. clock: monotonic seconds; the age of events and the
    drain rate hang on it, and nothing on the time of day.
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
        self._limits = limits or Limits()
        self._drain_per_s, self._group_s, self._removal_s = drain_per_s, group_s, removal_s
        self._clock = clock
        self._on_ready: Callable[[], None] = _nothing
        self._alerts = OutboxAlerts(on_alert)
        if store.damage is not None:
            self._alerts.set(DAMAGED, store.damage)
        self._began = clock()
        self._last, self._elapsed_before = store.last
        self._committed = self._last
        self._dropped = 0
        self._waiting = store.count
        self._pending: deque[StoredEvent] = deque()
        self._delivered: set[int] = set()
        self._removal_at = self._retry_at = self._filled_at = self._began
        self._is_refused = False
        self._lanes: Lanes | None = None
        self._changed = threading.Condition()
        self._is_woken = False
        self._is_ending = False
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="mien-outbox", daemon=True)
        if handover is not None:
            self._recover(handover)

    @property
    def dropped(self) -> int:
        """How many events were dropped for want of room, or for their age."""
        return self._dropped

    @property
    def is_durable(self) -> bool:
        """Whether what waits outlives the process."""
        return self._store.is_on_disk

    @property
    def under_way(self) -> int:
        """How many events were offered to the broker and not acknowledged yet."""
        with self._changed:
            return self._lanes.under_way if self._lanes is not None else 0

    def __len__(self) -> int:
        """How many events were not acknowledged yet, offered or not."""
        with self._changed:
            return self._waiting

    def start(self, on_ready: Callable[[], None]) -> None:
        """Begin to work; once. on_ready: called when there is something to take."""
        self._on_ready = on_ready
        self._alerts.start()
        self._thread.start()

    def put(self, event: Event) -> None:
        """Take one decided event over: the one place where events come in.

        When this returns, the event outlives the process; the disk has it some milliseconds later.
        """
        payload = encode(event)
        with self._changed:
            self._append(payload)
            if self._handover is not None:
                self._handover.store(payload)
            self._wake()

    def connected(self) -> None:
        """A connection begins: all that waits now is sent later than it happened."""
        with self._changed:
            self._lanes = Lanes(self._offerable)
            self._filled_at = self._clock() - _TICK_S
            self._wake()

    def disconnected(self) -> None:
        """The connection broke: what was under way waits again, and nothing is offered."""
        with self._changed:
            self._lanes = None

    def take(self, window: int = WINDOW) -> Offer | None:
        """The next event to offer; from now on it is under way. None: nothing may be, for now.

        window: how many may be under way at once.
        """
        with self._changed:
            while self._lanes is not None and (taken := self._lanes.take(window)):
                event, is_historical = taken
                if self._lanes.is_to_be_filled(is_historical=is_historical):
                    self._wake()
                if not is_historical:
                    return Offer(event.sequence, event.payload)
                try:
                    return Offer(event.sequence, _as_historical(event.payload))
                except (msgspec.MsgspecError, TypeError):
                    _LOG.warning("outbox: event %d cannot be read, dropped", event.sequence)
                    self._dropped += 1
                    self._settle(event.sequence)
            return None

    def settle(self, sequence: int) -> None:
        """The broker answered for this event: forget it."""
        with self._changed:
            self._settle(sequence)

    def wait_until_empty(self, timeout_s: float) -> bool:
        """Wait until every event is acknowledged; False when `timeout_s` was not enough."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting, timeout_s)

    def close(self) -> None:
        """Write what is not written yet, and end the thread."""
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
        self._write()
        if self._pending and not self._is_refused:
            self._write()  # into the file that took a damaged one's place
        self._store.close()
        if self._handover is not None:
            if not self._pending:
                self._handover.clear()
            self._handover.close()

    def _recover(self, handover: Handover) -> None:
        """Take in what a killed process had handed over and not written."""
        known = self._store.newest_payloads(MEMORY_EVENTS)
        for payload in handover.left_behind():
            if payload not in known and _is_json(payload):
                self._append(payload)
        if self._pending:
            _LOG.info("outbox: %d events of a killed process taken over", len(self._pending))
            self._write()
        handover.clear()
        for event in self._pending:
            handover.store(event.payload)

    def _append(self, payload: bytes) -> None:
        self._last += 1
        self._waiting += 1
        self._pending.append(StoredEvent(self._last, self._elapsed_s(), payload))

    def _settle(self, sequence: int) -> None:
        if self._lanes is None or not self._lanes.settle(sequence):
            return
        if not self._delivered:
            self._removal_at = self._clock() + self._removal_s
            self._wake()
        self._delivered.add(sequence)
        if len(self._delivered) == REMOVAL_EVENTS:
            self._removal_at = self._clock()
            self._wake()
        self._waiting -= 1
        if not self._waiting:
            self._changed.notify_all()

    @property
    def _offerable(self) -> int:
        """Up to which event the broker may be told: committed, or all while the disk refuses."""
        return self._last if self._is_refused else self._committed

    def _elapsed_s(self) -> float:
        return self._elapsed_before + self._clock() - self._began

    def _wake(self) -> None:
        if not self._is_woken:
            self._is_woken = True
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_woken or self._is_ending, self._patience())
                if self._pending and not self._is_refused:
                    self._changed.wait_for(lambda: self._is_ending, self._group_s)
                self._is_woken = False
                if self._is_ending:
                    return
                is_write_due = self._is_write_due()
            try:
                if is_write_due:
                    self._write()
                self._fill()
            except Exception as error:  # noqa: BLE001 - events must go on, for months
                _LOG.warning("outbox: unexpected failure", exc_info=True)
                self._refuse(StoreRefusedError(type(error).__name__))

    def _patience(self) -> float | None:
        """Seconds until there is something to do that nobody wakes us for."""
        due = []
        if self._is_refused:
            due.append(self._retry_at)
        elif self._delivered:
            due.append(self._removal_at)
        lane = self._lanes.historical if self._lanes is not None else None
        # A full lane wakes us when it is half empty.
        if lane is not None and len(lane) < ROOM and lane.read_to < lane.end(self._offerable):
            due.append(self._filled_at + max(_TICK_S, 1 / self._drain_per_s))
        return max(0.0, min(due) - self._clock()) if due else None

    def _is_write_due(self) -> bool:
        now = self._clock()
        if self._is_refused:
            return now >= self._retry_at
        return bool(self._pending) or (bool(self._delivered) and now >= self._removal_at)

    def _write(self) -> None:
        """Bring the disk up to date: one transaction, and everything that follows from it."""
        with self._changed:
            pending = list(self._pending)
            delivered = set(self._delivered)
            if self._handover is not None:
                self._handover.flip()
            now_s = self._elapsed_s()
        # While the disk refuses, events may be delivered that never were on it.
        added = [event for event in pending if event.sequence not in delivered]
        try:
            dropped, dropped_to = self._store.write(added, delivered, self._limits, now_s)
        except StoreDamagedError as error:
            self._begin_anew(str(error))
            return
        except MienError as error:
            self._refuse(error)
            return
        with self._changed:
            for _ in pending:
                self._pending.popleft()
            self._committed = self._last - len(self._pending)
            self._delivered -= delivered
            self._is_refused = False
            if self._handover is not None:
                self._handover.release()
            self._forget(dropped, 0, dropped_to)
        self._alerts.resolve(STORAGE)
        if not self._waiting:
            self._alerts.resolve(DROPPED)
        elif dropped:
            self._alerts.set(DROPPED, "more events wait than may; the oldest are dropped")

    def _refuse(self, error: MienError) -> None:
        """The disk does not take it: keep it in memory, offer it from there, and try again."""
        with self._changed:
            self._is_refused = True
            self._retry_at = self._clock() + RETRY_S
            kept = [event for event in self._pending if event.sequence not in self._delivered]
            self._delivered = {each for each in self._delivered if each <= self._committed}
            excess = kept[: max(0, len(kept) - MEMORY_EVENTS)]
            self._pending = deque(kept[len(excess) :])
            if excess:
                self._forget(len(excess), excess[0].sequence, excess[-1].sequence)
        self._alerts.set(
            STORAGE, f"{error}: events are kept in memory; make room, or check the disk"
        )
        if excess:
            self._alerts.set(DROPPED, "the disk takes no events; the oldest in memory are dropped")

    def _begin_anew(self, damage: str) -> None:
        """The file is damaged: what was in it is lost, but nothing more."""
        before = self._store.count
        try:
            self._store.begin_anew(damage)
        except MienError as error:
            self._refuse(error)
            return
        with self._changed:
            lost = before - sum(1 for each in self._delivered if each <= self._committed)
            self._forget(lost, 0, self._committed)
            self._wake()
        self._alerts.set(DAMAGED, self._store.damage or damage)

    def _forget(self, count: int, first: int, last: int) -> None:
        """Events that never will be delivered; and count anew, once the disk has changed."""
        self._dropped += count
        if count:
            self._delivered = {each for each in self._delivered if not first <= each <= last}
            if self._lanes is not None:
                self._lanes.forget(first, last)
        self._waiting = self._store.count + len(self._pending) - len(self._delivered)
        if not self._waiting:
            self._changed.notify_all()

    def _fill(self) -> None:
        """Read into the lanes what may be offered next: live events at once, others at the rate."""
        with self._changed:
            lanes = self._lanes
            if lanes is None:
                return
            now = self._clock()
            self._filled_at = max(self._filled_at, now - max(0.25, 1 / self._drain_per_s))
            budget = int((now - self._filled_at) * self._drain_per_s + 1e-6)
            room = min(budget, ROOM - len(lanes.historical))
            wanted = [(lanes.live, ROOM - len(lanes.live)), (lanes.historical, room)]
            offerable = self._offerable
            pending = list(self._pending) if self._is_refused else []
        is_something = False
        for lane, room in wanted:
            events = self._read(lane, offerable, room, pending)
            if not events:
                continue
            with self._changed:
                # Delivered on an earlier connection, and not removed from the disk yet.
                lane.add([each for each in events if each.sequence not in self._delivered])
                lane.skip_to(events[-1].sequence)
                if lane is lanes.historical:
                    self._filled_at += len(events) / self._drain_per_s
            is_something = True
        if is_something:
            self._on_ready()

    def _read(
        self, lane: Lane, offerable: int, room: int, pending: list[StoredEvent]
    ) -> list[StoredEvent]:
        end = lane.end(offerable)
        if room <= 0 or lane.read_to >= end:
            return []
        try:
            events = self._store.read(lane.read_to, end, room)
        except StoreDamagedError as error:
            self._begin_anew(str(error))
            return []
        except MienError as error:
            self._refuse(error)
            return []
        for event in pending:
            if lane.read_to < event.sequence <= end and len(events) < room:
                events.append(event)
        if not events:
            lane.skip_to(end)
        return events


def _as_historical(payload: bytes) -> bytes:
    """The same event, sent late; also one that another version of Mien wrote."""
    event = msgspec.json.decode(payload)
    event["is_historical"] = True
    return msgspec.json.encode(event)


def _is_json(payload: bytes) -> bool:
    try:
        msgspec.json.decode(payload)
    except msgspec.DecodeError:
        return False
    return True
