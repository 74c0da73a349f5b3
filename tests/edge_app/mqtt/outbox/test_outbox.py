from __future__ import annotations

import contextlib
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from edge_app.events.payloads import decode_event, encode
from edge_app.mqtt.outbox.alerts import (
    DAMAGED,
    DROPPED,
    REFUSED,
    SOUND_S,
    STORAGE,
    OnAlert,
)
from edge_app.mqtt.outbox.disk import StoreDamagedError, StoreRefusedError
from edge_app.mqtt.outbox.filling import HOPELESS_S
from edge_app.mqtt.outbox.handover import HALF, Handover
from edge_app.mqtt.outbox.lanes import RESERVED, ROOM, WINDOW
from edge_app.mqtt.outbox.ledger import MEMORY_EVENTS, REMOVAL_S
from edge_app.mqtt.outbox.outbox import LATE_S, Offer, Outbox
from edge_app.mqtt.outbox.seal import sealed
from edge_app.mqtt.outbox.store import EventStore
from edge_app.mqtt.outbox.stored_event import Limits, StoredEvent
from edge_app.mqtt.outbox.writer import AGE_CHECK_S, RETRY_S, TOLD_S
from tests.brokers import wait_until
from tests.clock import Clock
from tests.edge_app.mqtt.samples import appeared
from tests.faults.disk import small_disk


class FailingStore(EventStore):
    """Refuses while it is told to, with the error that it is told."""

    error: Exception | None = None
    is_unreadable = False
    reads = 0

    def write(self, *arguments: object, **named: object) -> tuple[int, int | None]:
        if self.error is not None:
            raise self.error
        return super().write(*arguments, **named)  # type: ignore[arg-type]

    def read(self, after: int, up_to: int, limit: int) -> list[StoredEvent]:
        self.reads += 1
        if self.error is not None and self.is_unreadable:
            raise self.error
        return super().read(after, up_to, limit)


class UnreadableStore(FailingStore):
    """Takes everything, and gives nothing back until it is moved aside."""

    is_unreadable = True

    def read(self, after: int, up_to: int, limit: int) -> list[StoredEvent]:
        self.reads += 1
        if self.is_unreadable:
            raise StoreRefusedError("disk I/O error")
        return super().read(after, up_to, limit)

    def put_aside(self, damage: str, *, is_loss: bool = True) -> None:
        self.is_unreadable = False
        if self._path is not None:
            wipe(self._path)
        super().put_aside(damage, is_loss=is_loss)


def with_three_on_the_disk(
    store: EventStore, alerts: OnAlert, clock: Callable[[], float]
) -> Outbox:
    """An outbox that works, and has committed three events."""
    outbox = Outbox(store, group_s=0.0, on_alert=alerts, clock=clock)
    outbox.start(lambda: None)
    put(outbox, range(3))
    wait_until(lambda: outbox._ledger.committed == 3)
    return outbox


class Alerts(dict[str, str | None]):
    """The last word on each."""

    def __call__(self, alert: str, text: str | None) -> None:
        self[alert] = text

    @property
    def raised(self) -> set[str]:
        return {alert for alert, text in self.items() if text is not None}


def take(outbox: Outbox, count: int, window: int = WINDOW) -> list[tuple[int, bool]]:
    """Number and lane of the next events; waits for them, and settles them."""
    taken: list[tuple[int, bool]] = []

    def has_come() -> bool:
        while len(taken) < count and (offer := outbox.take(window)):
            event = decode_event(offer.payload)
            taken.append((int(event.id[-12:], 16), event.is_historical))
            outbox.settle(offer.sequence)
        return len(taken) == count

    wait_until(has_come)
    return taken


def offered(outbox: Outbox, count: int) -> list[Offer]:
    """The next offers; waits for them, and leaves them under way."""
    offers: list[Offer] = []

    def have_come() -> bool:
        while len(offers) < count and (offer := outbox.take()):
            offers.append(offer)
        return len(offers) == count

    wait_until(have_come)
    return offers


def put(outbox: Outbox, numbers: range) -> None:
    for number in numbers:
        outbox.put(appeared(number))


def wait_until_sound(outbox: Outbox, clock: Clock) -> None:
    """Until the disk has taken what there is, and for as long as it then must."""
    wait_until(lambda: not outbox._ledger.is_refused and not outbox._ledger.has_pending)
    clock.now_s += SOUND_S
    with outbox._changed:
        outbox._ledger.wake()


def open_outbox(path: Path, **named: object) -> Outbox:
    named = {"handover": Handover(path.with_suffix(".handover")), "group_s": 0.0, **named}
    outbox = Outbox(EventStore(path), **named)  # type: ignore[arg-type]
    outbox.start(lambda: None)
    return outbox


def test_what_was_not_delivered_comes_after_the_restart(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    with open_outbox(path) as outbox:
        outbox.connected()
        put(outbox, range(10))
        assert take(outbox, 4) == [(number, False) for number in range(4)]
        assert len(outbox) == 6
    with open_outbox(path) as outbox:
        assert len(outbox) == 6
        outbox.connected()
        assert take(outbox, 6) == [(number, True) for number in range(4, 10)]
        assert outbox.wait_until_empty(0)
    with open_outbox(path) as outbox:
        assert len(outbox) == 0


def test_nothing_is_offered_before_it_is_on_the_disk(tmp_path: Path) -> None:
    outbox = Outbox(EventStore(tmp_path / "outbox.sqlite"))
    with outbox:
        outbox.connected()
        outbox.put(appeared())
        assert outbox.take() is None  # the thread that writes has not begun
        outbox.start(lambda: None)
        assert take(outbox, 1) == [(0, False)]


def test_live_events_do_not_wait_behind_the_backlog(tmp_path: Path) -> None:
    clock = Clock()
    with open_outbox(tmp_path / "outbox.sqlite", drain_per_s=100, clock=clock) as outbox:
        put(outbox, range(1000))
        wait_until(lambda: outbox._ledger.committed == 1000)
        outbox.connected()
        # The historical lane comes at its rate: five in the first twentieth of a second.
        assert take(outbox, 5) == [(number, True) for number in range(5)]
        put(outbox, range(1000, 1003))
        assert take(outbox, 3) == [(number, False) for number in range(1000, 1003)]
        assert outbox.take() is None
        clock.now_s += 0.1
        assert take(outbox, 10) == [(number, True) for number in range(5, 15)]
        assert outbox.take() is None


def test_a_live_event_that_is_offered_late_is_historical(tmp_path: Path) -> None:
    """The broker hangs, and does not break the connection."""
    clock = Clock()
    with open_outbox(tmp_path / "outbox.sqlite", clock=clock) as outbox:
        outbox.connected()
        put(outbox, range(2))
        wait_until(lambda: outbox._ledger.committed == 2)
        clock.now_s += LATE_S - 0.1
        assert take(outbox, 1) == [(0, False)]
        clock.now_s += 0.1
        put(outbox, range(2, 3))
        assert take(outbox, 2) == [(1, True), (2, False)]


def test_the_window_keeps_places_for_live_events(tmp_path: Path) -> None:
    with open_outbox(tmp_path / "outbox.sqlite", drain_per_s=1000) as outbox:
        put(outbox, range(ROOM))
        wait_until(lambda: outbox._ledger.committed == ROOM)
        outbox.connected()
        offered(outbox, WINDOW - RESERVED)
        assert outbox.take() is None
        put(outbox, range(ROOM, ROOM + WINDOW))
        offered(outbox, RESERVED)
        assert outbox.take() is None


def test_a_broker_that_takes_one_at_a_time_has_the_backlog_too(tmp_path: Path) -> None:
    with open_outbox(tmp_path / "outbox.sqlite") as outbox:
        put(outbox, range(3))
        wait_until(lambda: outbox._ledger.committed == 3)
        outbox.connected()
        assert take(outbox, 3, window=1) == [(number, True) for number in range(3)]


def test_only_an_event_that_the_broker_takes_ends_the_alert_about_its_rules(
    tmp_path: Path,
) -> None:
    alerts = Alerts()
    with open_outbox(tmp_path / "outbox.sqlite", on_alert=alerts) as outbox:
        outbox.connected()
        put(outbox, range(2))
        first, second = offered(outbox, 2)
        outbox._alerts.set(REFUSED, "the broker refuses events")
        outbox.settle(first.sequence, is_accepted=False)
        assert (alerts.raised, outbox.dropped) == ({REFUSED, DROPPED}, 1)
        outbox.settle(second.sequence)
        assert (alerts.raised, outbox.dropped) == ({DROPPED}, 1)


def test_a_broken_connection_makes_all_of_it_historical_in_order(tmp_path: Path) -> None:
    with open_outbox(tmp_path / "outbox.sqlite") as outbox:
        outbox.connected()
        put(outbox, range(200))
        assert take(outbox, 30) == [(number, False) for number in range(30)]
        offered(outbox, WINDOW)
        assert outbox.take() is None
        outbox.disconnected()
        assert outbox.take() is None
        outbox.settle(31)  # an answer from the connection before
        outbox.connected()
        assert take(outbox, 170) == [(number, True) for number in range(30, 200)]
        assert outbox.wait_until_empty(0)


def test_of_too_many_the_oldest_go_with_an_alert(tmp_path: Path) -> None:
    alerts = Alerts()
    path = tmp_path / "outbox.sqlite"
    with open_outbox(path, limits=Limits(events=10), on_alert=alerts) as outbox:
        assert alerts == dict.fromkeys((DROPPED, STORAGE, DAMAGED, REFUSED))
        put(outbox, range(25))
        wait_until(lambda: outbox.dropped == 15 and alerts.raised == {DROPPED})
        assert len(outbox) == 10
        outbox.connected()
        assert take(outbox, 10) == [(number, True) for number in range(15, 25)]
        put(outbox, range(25, 26))
        take(outbox, 1)
        put(outbox, range(26, 27))
        wait_until(lambda: outbox._ledger.committed == 27)
        take(outbox, 1)
        outbox.close()
        assert str(alerts[DROPPED]).startswith("15 events were dropped: ")


def test_how_many_were_dropped_is_told_for_a_day(tmp_path: Path) -> None:
    path, alerts, clock = tmp_path / "outbox.sqlite", Alerts(), Clock()
    with open_outbox(path, limits=Limits(events=2), on_alert=alerts, clock=clock) as outbox:
        for first, dropped in ((0, 3), (5, 6)):
            put(outbox, range(first, first + 5))
            wait_until(lambda dropped=dropped: outbox.dropped == dropped)
            outbox.connected()
            take(outbox, 2)
            outbox.told(DROPPED)
            text = f"{dropped} events were dropped: "
            wait_until(lambda text=text: str(alerts[DROPPED]).startswith(text))
            clock.now_s += TOLD_S - 1.0
            outbox.disconnected()
        put(outbox, range(10, 11))
        wait_until(lambda: outbox._ledger.committed == 11)
        outbox.connected()
        take(outbox, 1)
        assert str(alerts[DROPPED]).startswith("6 events were dropped: ")
        clock.now_s += TOLD_S
        with outbox._changed:
            outbox._ledger.wake()
        wait_until(lambda: not alerts.raised)
        assert outbox._writer.due_at is None


@pytest.mark.parametrize("is_connected", [True, False])
def test_one_loss_after_the_other_is_told_hourly(tmp_path: Path, is_connected: bool) -> None:  # noqa: FBT001
    path, clock, texts = tmp_path / "outbox.sqlite", Clock(), list[str]()

    def on_alert(alert: str, text: str | None) -> None:
        if alert == DROPPED and text is not None:
            texts.append(text)

    with open_outbox(path, on_alert=on_alert, clock=clock) as outbox:
        if is_connected:
            outbox.connected()
        for lost in range(1, 14):
            outbox.lose(1, "the broker refuses summaries")
            clock.now_s += 300.0
            with outbox._changed:
                outbox._ledger.wake()
            wait_until(lambda lost=lost: outbox._store.loss.events == lost)
        wait_until(lambda: len(texts) == 3)
        assert [text.partition(":")[0] for text in texts] == [
            "the broker refuses summaries",
            "1 event was dropped",
            "13 events were dropped",
        ]


def test_what_is_under_way_is_not_told_as_lost(tmp_path: Path) -> None:
    alerts = Alerts()
    path = tmp_path / "outbox.sqlite"
    with open_outbox(path, limits=Limits(events=10), on_alert=alerts) as outbox:
        outbox.connected()
        put(outbox, range(4))
        offers = offered(outbox, 4)
        put(outbox, range(4, 25))
        wait_until(lambda: outbox.dropped == 15)
        for offer in offers:
            outbox.settle(offer.sequence)
        assert (len(outbox), outbox.dropped) == (6, 15)
        assert take(outbox, 6) == [(number, False) for number in range(19, 25)]
        assert len(outbox) == 0


def test_events_get_too_old_though_nothing_new_comes(tmp_path: Path) -> None:
    alerts, clock = Alerts(), Clock()
    path = tmp_path / "outbox.sqlite"
    limits = Limits(age_s=2 * AGE_CHECK_S)
    with open_outbox(path, limits=limits, on_alert=alerts, clock=clock) as outbox:
        put(outbox, range(3))
        wait_until(lambda: outbox._ledger.committed == 3)
        for waiting in (3, 3, 0):
            assert len(outbox) == 3
            clock.now_s += AGE_CHECK_S
            with outbox._changed:
                assert outbox._writer.due_at == clock.now_s
                outbox._ledger.wake()
            wait_until(lambda: outbox._writer.due_at != clock.now_s)
            wait_until(lambda waiting=waiting: len(outbox) == waiting)
        assert outbox.dropped == 3
        assert str(alerts[DROPPED]).startswith("3 events were dropped: ")


def test_events_get_too_old_though_each_process_ends_before(tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "outbox.sqlite"
    limits = Limits(age_s=2.5 * AGE_CHECK_S)
    for waiting in (3, 3, 0):
        with open_outbox(path, limits=limits, clock=clock) as outbox:
            if waiting and not outbox:
                put(outbox, range(3))
            wait_until(lambda: outbox._ledger.committed == 3)
            assert len(outbox) == 3
            clock.now_s += 0.9 * AGE_CHECK_S
        assert len(outbox) == waiting


def test_a_process_that_is_killed_takes_an_hour_at_most_of_the_age(tmp_path: Path) -> None:
    clock, path, killed = Clock(), tmp_path / "outbox.sqlite", tmp_path / "killed.sqlite"
    began_s = clock.now_s
    with open_outbox(path, clock=clock) as outbox:
        put(outbox, range(WINDOW))
        wait_until(lambda: outbox._ledger.committed == WINDOW)
        outbox.connected()
        take(outbox, 1)
        clock.now_s += REMOVAL_S
        with outbox._changed:
            outbox._ledger.wake()
        # A removal in between does not put it off.
        wait_until(lambda: outbox._writer.due_at == began_s + AGE_CHECK_S)
        clock.now_s = began_s + AGE_CHECK_S
        with outbox._changed:
            outbox._ledger.wake()
        wait_until(lambda: outbox._writer.due_at == clock.now_s + AGE_CHECK_S)
        for ending in ("", "-wal"):
            shutil.copy(f"{path}{ending}", f"{killed}{ending}")
    with EventStore(killed) as store:
        assert (store.count, store.last) == (WINDOW - 1, (WINDOW, AGE_CHECK_S))


def test_a_loss_is_told_at_each_start_until_the_broker_heard_of_it(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    path.write_bytes(b"not a database at all, but long enough for its header " * 50)
    few = Limits(events=100)
    with open_outbox(path, limits=few) as outbox:
        put(outbox, range(300))
        wait_until(lambda: outbox.dropped == 200)
    for _ in range(2):
        alerts = Alerts()
        with open_outbox(path, limits=few, on_alert=alerts) as outbox:
            assert alerts.raised == {DROPPED, DAMAGED}
            assert str(alerts[DROPPED]).startswith("200 events were dropped before this start")
            # Counted since the process began.
            assert (len(outbox), outbox.dropped) == (100, 0)
            outbox.told(DAMAGED)
    with open_outbox(path, limits=few, on_alert=alerts) as outbox:
        outbox.connected()
        outbox.told(DROPPED)
        outbox.told(DAMAGED)
        assert take(outbox, 100) == [(number, True) for number in range(200, 300)]
        outbox.close()
        assert alerts.raised == {DROPPED, DAMAGED}
    with open_outbox(path, limits=few, on_alert=alerts) as outbox:
        assert alerts.raised == set()


def test_a_loss_of_before_is_over_a_day_after_it_was_told(tmp_path: Path) -> None:
    path, alerts, clock = tmp_path / "outbox.sqlite", Alerts(), Clock()
    with EventStore(path) as store:
        store.write([StoredEvent(1, 0.0, b"{}")], [], Limits(events=0), 0.0)
    with open_outbox(path, on_alert=alerts, clock=clock) as outbox:
        clock.now_s += 2 * TOLD_S  # without a broker, nobody hears of it
        outbox.connected()
        outbox.told(DROPPED)
        wait_until(lambda: not outbox._store.loss.events)
        assert str(alerts[DROPPED]).startswith("1 event was dropped before this start: ")
        clock.now_s += TOLD_S
        with outbox._changed:
            outbox._ledger.wake()
        wait_until(lambda: not alerts.raised)


def test_a_second_loss_is_told_though_the_first_one_was(tmp_path: Path) -> None:
    path, alerts = tmp_path / "outbox.sqlite", Alerts()
    with open_outbox(path, limits=Limits(events=2), on_alert=alerts) as outbox:
        for first in (0, 5):
            outbox.disconnected()
            put(outbox, range(first, first + 5))
            wait_until(lambda first=first: outbox.dropped == (6 if first else 3))
            outbox.connected()
            take(outbox, 2)
            if not first:
                outbox.told(DROPPED)
                wait_until(lambda: not outbox._store.loss.events)
    with open_outbox(path, on_alert=alerts):
        assert str(alerts[DROPPED]).startswith("3 events were dropped before this start")


def test_what_went_from_memory_is_told_at_the_next_start(tmp_path: Path) -> None:
    clock, alerts = Clock(), Alerts()
    store = FailingStore(tmp_path / "outbox.sqlite")
    store.error = StoreRefusedError("database or disk is full")
    with Outbox(store, group_s=0.0, clock=clock) as outbox:
        outbox.start(lambda: None)
        put(outbox, range(MEMORY_EVENTS + 50))
        clock.now_s += RETRY_S
        outbox.put(appeared(MEMORY_EVENTS + 50))
        wait_until(lambda: outbox.dropped == 51)
        store.error = None
    with open_outbox(tmp_path / "outbox.sqlite", on_alert=alerts) as outbox:
        assert str(alerts[DROPPED]).startswith("51 events were dropped before this start")


def test_a_full_disk(tmp_path: Path) -> None:
    alerts, clock = Alerts(), Clock()
    store = FailingStore(tmp_path / "outbox.sqlite")
    with Outbox(store, group_s=0.0, on_alert=alerts, clock=clock) as outbox:
        outbox.start(lambda: None)
        put(outbox, range(5))
        wait_until(lambda: outbox._ledger.committed == 5)
        store.error = StoreRefusedError("database or disk is full")
        put(outbox, range(5, 10))
        wait_until(lambda: alerts.raised == {STORAGE})
        # Delivered from memory: nothing is gained by holding them back.
        outbox.connected()
        assert take(outbox, 7) == [(number, True) for number in range(7)]
        put(outbox, range(10, 11))
        outbox.disconnected()
        store.error = None
        clock.now_s += RETRY_S
        put(outbox, range(11, 12))
        wait_until_sound(outbox, clock)
        wait_until(lambda: not alerts.raised)
        outbox.connected()
        assert take(outbox, 5) == [(number, True) for number in range(7, 12)]
        assert len(outbox) == 0
    with EventStore(tmp_path / "outbox.sqlite") as left:
        assert left.count == 0


def test_a_disk_on_which_now_and_then_there_is_room_has_one_alert(tmp_path: Path) -> None:
    clock = Clock()
    store = FailingStore(tmp_path / "outbox.sqlite")
    said: list[str | None] = []

    def on_alert(alert: str, text: str | None) -> None:
        if alert == STORAGE:
            said.append(text)

    with Outbox(store, group_s=0.0, on_alert=on_alert, clock=clock) as outbox:
        outbox.start(lambda: None)
        for number in range(0, 20, 2):
            store.error = StoreRefusedError("database or disk is full")
            outbox.put(appeared(number))
            wait_until(lambda: outbox._ledger.is_refused)
            store.error = None
            clock.now_s += RETRY_S
            outbox.put(appeared(number + 1))
            wait_until(lambda number=number: outbox._ledger.committed == number + 2)
            clock.now_s += 0.9 * (SOUND_S - RETRY_S)
        assert [text is None for text in said] == [True, False], (
            "the first is of an earlier process"
        )
        wait_until_sound(outbox, clock)
        wait_until(lambda: said[-1] is None)
    assert len(said) == 3


def test_a_disk_that_gives_nothing_back_does_not_hold_up_what_is_in_memory(tmp_path: Path) -> None:
    store = FailingStore(tmp_path / "outbox.sqlite")
    store.is_unreadable = True
    with Outbox(store, group_s=0.0, clock=Clock()) as outbox:
        outbox.start(lambda: None)
        outbox.connected()
        put(outbox, range(3))
        assert take(outbox, 3) == [(number, False) for number in range(3)]
        store.error = StoreRefusedError("disk I/O error")
        put(outbox, range(3, 6))
        assert take(outbox, 3) == [(number, False) for number in range(3, 6)]
        store.error = None


def test_a_disk_that_cannot_be_read_is_written_and_tried_now_and_then(tmp_path: Path) -> None:
    alerts, clock = Alerts(), Clock()
    store = UnreadableStore(tmp_path / "outbox.sqlite")
    with with_three_on_the_disk(store, alerts, clock) as outbox:
        outbox.connected()
        wait_until(lambda: alerts.raised == {STORAGE})
        for number in range(3, 30):
            outbox.put(appeared(number))
            wait_until(lambda number=number: outbox._ledger.committed == number + 1)
        assert store.reads == 1, "nobody asks again before it is time"
        store.is_unreadable = False
        clock.now_s += RETRY_S
        outbox.put(appeared(30))
        assert {number for number, _ in take(outbox, 31)} == set(range(31))
        wait_until_sound(outbox, clock)
        wait_until(lambda: not alerts.raised)


def test_a_file_that_stays_unreadable_does_not_hold_up_what_comes(tmp_path: Path) -> None:
    alerts, clock = Alerts(), Clock()
    store = UnreadableStore(tmp_path / "outbox.sqlite")
    with with_three_on_the_disk(store, alerts, clock) as outbox:
        outbox.connected()
        for failures, later_s in ((1, RETRY_S), (2, HOPELESS_S)):
            wait_until(lambda failures=failures: store.reads == failures)
            wait_until(lambda: alerts.raised == {STORAGE})
            clock.now_s += later_s
            outbox.put(appeared(2 + failures))
        wait_until(lambda: DAMAGED in alerts.raised)
        wait_until_sound(outbox, clock)
        wait_until(lambda: alerts.raised == {DAMAGED})
        put(outbox, range(10, 12))
        assert [number for number, _ in take(outbox, 2)][-1] >= 10
        assert outbox.dropped >= 3
    assert (tmp_path / "outbox.sqlite.damaged").stat().st_size > 0


def test_an_unexpected_failure_is_not_repeated_at_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    alerts, clock = Alerts(), Clock()
    store = FailingStore(tmp_path / "outbox.sqlite")
    with with_three_on_the_disk(store, alerts, clock) as outbox:
        store.is_unreadable, store.error = True, RuntimeError("unexpected")
        outbox.connected()
        wait_until(lambda: alerts.raised == {STORAGE})
        put(outbox, range(3, 100))
        clock.now_s += RETRY_S
        put(outbox, range(100, 200))
        store.error = None
    assert caplog.text.count("unexpected failure") == 1
    with EventStore(tmp_path / "outbox.sqlite") as left:
        assert left.count == 200


def wipe(path: Path) -> None:
    """Have nothing left in a file and its log that could be brought back."""
    for file in path.parent.glob(f"{path.name}*"):
        file.write_bytes(bytes(file.stat().st_size))


class OnceDamagedStore(FailingStore):
    """Is found damaged once, when it is told to; then it refuses, where it is told that."""

    is_damaged = is_wiped = False

    def write(self, *arguments: object, **named: object) -> tuple[int, int | None]:
        if self.is_damaged:
            self.is_damaged = False
            if self.is_wiped and self._path is not None:
                wipe(self._path)
            raise StoreDamagedError("database disk image is malformed")
        return super().write(*arguments, **named)  # type: ignore[arg-type]


def test_a_new_file_that_cannot_be_made_leaves_the_damaged_one_as_it_is(tmp_path: Path) -> None:
    alerts, clock = Alerts(), Clock()
    with small_disk(tmp_path / "disk") as disk:
        store = OnceDamagedStore(disk.path / "outbox.sqlite")

        def kept() -> dict[str, bytes]:
            return {file.name: file.read_bytes() for file in disk.path.glob("*.unread*")}

        with Outbox(store, group_s=0.0, on_alert=alerts, clock=clock) as outbox:
            outbox.start(lambda: None)
            put(outbox, range(300))
            wait_until(lambda: outbox._ledger.committed == 300)
            disk.fill()
            store.is_damaged = True
            outbox.put(appeared(300))
            wait_until(lambda: alerts.raised == {DAMAGED, STORAGE})
            damaged = kept()
            assert sum(map(len, damaged.values())) > 100_000
            for number in range(301, 304):
                clock.now_s += RETRY_S
                outbox.put(appeared(number))
                wait_until(lambda: not outbox._ledger.is_woken)
            assert kept() == damaged
            disk.empty()
            clock.now_s += RETRY_S
            outbox.put(appeared(304))
            wait_until_sound(outbox, clock)
            wait_until(lambda: alerts.raised == {DAMAGED})
            assert str(alerts[DAMAGED]).endswith("outbox.sqlite.damaged: no event was lost")
            outbox.connected()
            assert [number for number, _ in take(outbox, 5)] == list(range(5))
            assert (len(outbox), outbox.dropped) == (300, 0)


def test_a_file_that_is_damaged_at_the_end_loses_nothing_that_is_not_in_it(tmp_path: Path) -> None:
    store = OnceDamagedStore(tmp_path / "outbox.sqlite")
    with Outbox(store, group_s=60.0) as outbox:
        outbox.start(lambda: None)
        store.is_damaged = True
        put(outbox, range(3))
    with open_outbox(tmp_path / "outbox.sqlite") as outbox:
        assert len(outbox) == 3


def test_an_answer_that_comes_too_late_counts_nothing(tmp_path: Path) -> None:
    alerts = Alerts()
    store = OnceDamagedStore(tmp_path / "outbox.sqlite")
    with with_three_on_the_disk(store, alerts, Clock()) as outbox:
        outbox.connected()
        offers = offered(outbox, 3)
        store.is_damaged = store.is_wiped = True
        outbox.put(appeared(3))
        wait_until(lambda: outbox.dropped == 3)
        for offer in offers:
            outbox.settle(offer.sequence, is_accepted=False)
        assert (len(outbox), outbox.dropped) == (1, 3)


class HangingStore(EventStore):
    """Takes its time for a write."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.is_writing, self.may_end = threading.Event(), threading.Event()

    def write(self, *arguments: object, **named: object) -> tuple[int, int | None]:
        self.is_writing.set()
        self.may_end.wait(60)
        return super().write(*arguments, **named)  # type: ignore[arg-type]


def test_a_disk_that_hangs_is_told_of_once_a_kill_would_lose_events(tmp_path: Path) -> None:
    alerts, clock = Alerts(), Clock()
    store = HangingStore(tmp_path / "outbox.sqlite")
    handover = Handover(tmp_path / "outbox.handover")
    handover.clear()
    with Outbox(store, handover, group_s=0.0, on_alert=alerts, clock=clock) as outbox:
        outbox.start(lambda: None)
        outbox.put(appeared(0))
        assert store.is_writing.wait(60)
        half = HALF // (len(sealed(encode(appeared(0)))) + 4)
        put(outbox, range(1, half))
        assert alerts.raised == set()
        assert len(handover.left_behind()) == half
        put(outbox, range(half, half + 5))
        assert alerts.raised == {STORAGE}
        store.may_end.set()
        wait_until(lambda: outbox._ledger.committed == half + 5)
        wait_until_sound(outbox, clock)
        wait_until(lambda: not alerts.raised)
    assert alerts.raised == set()


def test_the_memory_is_bounded_while_the_disk_refuses(tmp_path: Path) -> None:
    alerts, clock = Alerts(), Clock()
    store = FailingStore(tmp_path / "outbox.sqlite")
    store.error = StoreRefusedError("attempt to write a readonly database")
    with Outbox(store, group_s=0.0, on_alert=alerts, clock=clock) as outbox:
        outbox.start(lambda: None)
        put(outbox, range(1))
        wait_until(lambda: alerts.raised == {STORAGE})
        put(outbox, range(1, MEMORY_EVENTS + 50))
        clock.now_s += RETRY_S
        outbox.put(appeared(MEMORY_EVENTS + 50))
        wait_until(lambda: alerts.raised == {STORAGE, DROPPED})
        assert (len(outbox), outbox.dropped) == (MEMORY_EVENTS, 51)
        outbox.connected()
        assert take(outbox, 3) == [(number, True) for number in range(51, 54)]


@pytest.mark.parametrize("is_killed", [True, False])
def test_what_was_delivered_from_memory_takes_no_room_for_the_next_start(
    tmp_path: Path, *, is_killed: bool
) -> None:
    clock = Clock()
    store = FailingStore(tmp_path / "outbox.sqlite")
    store.error = StoreRefusedError("database or disk is full")
    handover = Handover(tmp_path / "outbox.handover")
    handover.clear()
    outbox = Outbox(store, handover, group_s=0.0, clock=clock)
    outbox.start(lambda: None)
    outbox.connected()
    for first in range(0, 600, 20):  # more than the handover has room for
        put(outbox, range(first, first + 20))
        assert len(take(outbox, 20)) == 20
    outbox.disconnected()
    clock.now_s += RETRY_S
    put(outbox, range(600, 601))
    wait_until(lambda: len(handover.left_behind()) == 1)
    put(outbox, range(601, 605))
    if is_killed:
        copy = tmp_path / "killed"
        shutil.copytree(tmp_path, copy)
    outbox.close()
    place = copy if is_killed else tmp_path
    with (
        EventStore(place / "outbox.sqlite") as left,
        Handover(place / "outbox.handover") as kept,
        Outbox(left, kept, group_s=0.0) as next_one,
    ):
        next_one.start(lambda: None)
        next_one.connected()
        assert take(next_one, 5) == [(number, True) for number in range(600, 605)]
        assert len(next_one) == 0


def spoil(path: Path, number: int, old: bytes, new: bytes) -> None:
    """Change the payload of an event on the disk."""
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        (payload,) = database.execute(
            "SELECT payload FROM event WHERE sequence = ?", (number,)
        ).fetchone()
        spoilt = payload.replace(old, new)
        assert spoilt != payload
        database.execute("UPDATE event SET payload = ? WHERE sequence = ?", (spoilt, number))


def test_an_event_of_which_a_bit_flipped_holds_up_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, alerts = tmp_path / "outbox.sqlite", Alerts()
    with open_outbox(path) as outbox:
        put(outbox, range(5))
    spoil(path, 2, b"kitchen", b"kitch\xe5n")
    spoil(path, 4, b"kitchen", b"kitcheo")  # as well an event, but another one
    with open_outbox(path, on_alert=alerts) as outbox:
        outbox.connected()
        assert take(outbox, 3) == [(0, True), (2, True), (4, True)]
        assert (len(outbox), outbox.dropped) == (0, 2)
        assert str(alerts[DROPPED]).startswith("the disk spoilt events")
    for number in (2, 4):
        assert f"event {number} cannot be read, dropped" in caplog.text
    with open_outbox(path, on_alert=alerts) as outbox:  # nobody told that it was told
        assert str(alerts[DROPPED]).startswith("2 events were dropped before this start")
        assert len(outbox) == 0


def test_events_that_an_older_version_wrote_are_delivered(tmp_path: Path) -> None:
    """Without a checksum, on the disk as in what a killed process handed over."""
    path = tmp_path / "outbox.sqlite"
    with EventStore(path) as store:
        store.write([StoredEvent(1, 0.0, encode(appeared(1)))], [], Limits(), 0.0)
    with Handover(path.with_suffix(".handover")) as handover:
        handover.hold([encode(appeared(1)), encode(appeared(2))])
    with open_outbox(path) as outbox:
        outbox.connected()
        assert take(outbox, 2) == [(1, True), (2, True)]
        assert outbox.dropped == 0


def test_an_older_version_sends_what_it_finds(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    with open_outbox(path) as outbox:
        put(outbox, range(1))
    with EventStore(path) as store:
        (event,) = store.read(0, 1, 1)
    assert decode_event(event.payload) == appeared(0)


@pytest.mark.parametrize("is_wiped", [True, False])
def test_a_file_that_is_damaged_under_way(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, *, is_wiped: bool
) -> None:
    alerts = Alerts()
    store = OnceDamagedStore(tmp_path / "outbox.sqlite")
    with with_three_on_the_disk(store, alerts, time.monotonic) as outbox:
        outbox.connected()
        assert take(outbox, 1) == [(0, True)]  # and it stays on the disk for a minute
        store.is_damaged, store.is_wiped = True, is_wiped
        outbox.put(appeared(3))
        wait_until(lambda: DAMAGED in alerts.raised)
        outbox.put(appeared(4))
        left = {3, 4} if is_wiped else {1, 2, 3, 4}
        assert {number for number, _ in take(outbox, len(left))} == left
        assert (len(outbox), outbox.dropped) == (0, 2 if is_wiped else 0)
        lost = "the events that waited in it were not sent" if is_wiped else "no event was lost"
        assert str(alerts[DAMAGED]).endswith(lost)
    assert "moved aside" in caplog.text
    assert (tmp_path / "outbox.sqlite.damaged").exists()


def test_a_disk_that_spoils_each_new_file_is_not_tried_all_the_time(tmp_path: Path) -> None:
    alerts, clock = Alerts(), Clock()
    store = FailingStore(tmp_path / "outbox.sqlite")
    with with_three_on_the_disk(store, alerts, clock) as outbox:
        store.error = StoreDamagedError("database disk image is malformed")
        outbox.put(appeared(3))
        wait_until(lambda: alerts.raised == {DAMAGED, STORAGE})
        assert (tmp_path / "outbox.sqlite.unread").exists()
        store.error = None
        clock.now_s += RETRY_S
        outbox.put(appeared(4))
        wait_until_sound(outbox, clock)
        wait_until(lambda: alerts.raised == {DAMAGED})
        outbox.connected()
        assert [number for number, _ in take(outbox, 5)] == list(range(5))
        assert (len(outbox), outbox.dropped) == (0, 0)


def test_a_file_that_is_removed_is_told_of_and_loses_nothing(tmp_path: Path) -> None:
    alerts, path = Alerts(), tmp_path / "outbox.sqlite"
    with with_three_on_the_disk(EventStore(path), alerts, Clock()) as outbox:
        for file in tmp_path.glob("outbox.sqlite*"):
            file.unlink()
        outbox.put(appeared(3))
        wait_until(lambda: alerts.raised == {DAMAGED})
        assert str(alerts[DAMAGED]).endswith("no event was lost")
        assert (len(outbox), outbox.dropped) == (4, 0)
        assert outbox.is_durable
    with open_outbox(path, on_alert=alerts) as outbox:
        assert alerts.raised == {DAMAGED}
        outbox.connected()
        assert take(outbox, 4) == [(number, True) for number in range(4)]


def test_what_waits_in_a_file_that_is_put_in_its_place_is_offered(tmp_path: Path) -> None:
    alerts, path, other = Alerts(), tmp_path / "outbox.sqlite", tmp_path / "other.sqlite"
    with open_outbox(other) as outbox:
        put(outbox, range(100, 105))
    with with_three_on_the_disk(EventStore(path), alerts, Clock()) as outbox:
        outbox.connected()
        offers = offered(outbox, 3)
        other.replace(path)
        outbox.put(appeared(3))
        wait_until(lambda: len(outbox) == 9)
        for offer in offers:
            outbox.settle(offer.sequence)  # what was under way is offered again
        assert take(outbox, 9) == [(number, True) for number in (*range(100, 105), *range(4))]
        assert len(outbox) == 0


def test_what_the_limits_take_of_a_file_that_was_put_in_its_place_is_not_offered(
    tmp_path: Path,
) -> None:
    path, other = tmp_path / "outbox.sqlite", tmp_path / "other.sqlite"
    with open_outbox(other) as outbox:
        put(outbox, range(100, 103))
    # The newest of the three gets the number 0.
    with open_outbox(path, limits=Limits(events=4)) as outbox:
        other.replace(path)
        put(outbox, range(1))
        wait_until(lambda: len(outbox) == 4)
        outbox.connected()
        lanes = outbox._ledger.lanes
        assert lanes is not None
        wait_until(lambda: len(lanes.historical) == 4)
        put(outbox, range(1, 4))
        wait_until(lambda: outbox.dropped == 3)
        # Which goes first, of live and late ones, is a matter of moments.
        assert sorted(take(outbox, 4)) == [(0, True), (1, False), (2, False), (3, False)]
        assert len(outbox) == 0


def test_a_file_that_is_damaged_after_all_was_delivered_loses_nothing(tmp_path: Path) -> None:
    alerts, clock = Alerts(), Clock()
    store = OnceDamagedStore(tmp_path / "outbox.sqlite")
    with with_three_on_the_disk(store, alerts, clock) as outbox:
        outbox.connected()
        take(outbox, 3)  # and they stay on the disk for a minute
        store.is_damaged, store.error = True, StoreRefusedError("disk I/O error")
        outbox.put(appeared(3))
        wait_until(lambda: alerts.raised == {DAMAGED, STORAGE})
        assert (len(outbox), outbox.dropped) == (1, 0)
        assert str(alerts[DAMAGED]).endswith("outbox.sqlite.damaged: no event was lost")
        assert take(outbox, 1) == [(3, False)]
        store.error = None
        clock.now_s += RETRY_S
        outbox.put(appeared(4))
        assert take(outbox, 1) == [(4, False)]
        assert (len(outbox), outbox.dropped) == (0, 0)
        wait_until_sound(outbox, clock)
        wait_until(lambda: alerts.raised == {DAMAGED})


def test_a_damage_without_a_loss_does_not_hide_one_with(tmp_path: Path) -> None:
    alerts = Alerts()
    store = OnceDamagedStore(tmp_path / "outbox.sqlite")
    with with_three_on_the_disk(store, alerts, Clock()) as outbox:
        store.is_damaged = store.is_wiped = True
        outbox.put(appeared(3))
        wait_until(lambda: outbox.dropped == 3)
        wait_until(lambda: outbox._ledger.committed == 4)
        outbox.connected()
        take(outbox, 1)
        store.is_damaged = True
        outbox.put(appeared(4))
        take(outbox, 1)
        assert (len(outbox), outbox.dropped) == (0, 3)
    with open_outbox(tmp_path / "outbox.sqlite", on_alert=alerts):
        assert str(alerts[DAMAGED]).endswith("the events that waited in it were not sent")


def test_what_a_killed_process_handed_over_is_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    with EventStore(path) as store, Handover(tmp_path / "outbox.handover") as handover:
        handover.clear()
        killed = Outbox(store, handover, group_s=0.0)
        put(killed, range(3))  # its thread never began, and it is not closed
    with open_outbox(path) as outbox:
        assert len(outbox) == 3
        outbox.connected()
        assert take(outbox, 3) == [(number, True) for number in range(3)]
    with open_outbox(path) as outbox:
        assert len(outbox) == 0


def test_what_a_killed_process_handed_over_and_wrote_comes_once(tmp_path: Path) -> None:
    """Between the write and the handover's next turn it is in both."""
    path = tmp_path / "outbox.sqlite"
    with open_outbox(path) as outbox:
        put(outbox, range(3))
        wait_until(lambda: outbox._ledger.committed == 3)
    with EventStore(path) as store:
        payloads = store.newest_payloads(3)
    with Handover(tmp_path / "outbox.handover") as handover:
        handover.hold(payloads)
    with open_outbox(path) as outbox:
        assert len(outbox) == 3


def test_the_thread_ends_and_nothing_stays_open(tmp_path: Path) -> None:
    before = {file.name for file in Path("/proc/self/fd").iterdir()}
    outbox = open_outbox(tmp_path / "outbox.sqlite")
    assert [t.name for t in threading.enumerate()].count("mien-outbox") == 1
    outbox.close()
    outbox.close()
    assert "mien-outbox" not in [t.name for t in threading.enumerate()]
    assert {file.name for file in Path("/proc/self/fd").iterdir()} == before
