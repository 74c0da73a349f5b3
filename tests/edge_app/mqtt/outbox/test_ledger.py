from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from edge_app.mqtt.outbox.lanes import Lanes
from edge_app.mqtt.outbox.ledger import MEMORY_EVENTS, REMOVAL_EVENTS, Ledger
from edge_app.mqtt.outbox.stored_event import StoredEvent
from tests.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(clock: Clock) -> Ledger:
    """With two events on the disk."""
    return Ledger((7, 100.0), 2, clock=clock)


def deliver(ledger: Ledger, first: int, last: int) -> None:
    """The broker takes what is in memory, between two numbers."""
    with ledger.changed:
        ledger.lanes = Lanes(last)
        ledger.lanes.historical.add(
            [event for event in ledger.pending if first <= event.sequence <= last]
        )
        while taken := ledger.lanes.take(10_000):
            ledger.settle(taken[0].sequence)


def test_numbers_and_times_go_on_where_the_last_run_ended(ledger: Ledger, clock: Clock) -> None:
    clock.now_s += 5
    ledger.append(b"{}")
    assert [(each.sequence, each.elapsed_s) for each in ledger.pending] == [(8, 105.0)]
    assert (ledger.waiting, ledger.offerable) == (3, 7)


def test_what_comes_during_a_write_stays_for_the_next(ledger: Ledger) -> None:
    ledger.append(b"1")
    batch = ledger.batch()
    ledger.append(b"2")
    ledger.written(batch)
    assert [each.payload for each in ledger.pending] == [b"2"]
    assert ledger.committed == ledger.offerable == 8


def test_what_was_delivered_from_memory_never_goes_to_the_disk(ledger: Ledger) -> None:
    for number in range(3):
        ledger.append(b"%d" % number)
    ledger.refused()
    assert ledger.offerable == 10
    deliver(ledger, 8, 9)
    batch = ledger.batch()
    assert [each.payload for each in batch.added] == [b"2"]
    ledger.written(batch)
    assert ledger.batch() == ([], [], set(), set(), 100.0)
    assert not ledger.is_refused


def test_an_answer_that_nobody_waits_for_changes_nothing(ledger: Ledger) -> None:
    ledger.settle(6)
    ledger.lanes = Lanes(7)
    ledger.settle(6)
    assert (ledger.waiting, ledger.removal_at) == (2, None)


def test_delivered_events_leave_the_disk_after_a_minute_or_as_many(
    ledger: Ledger, clock: Clock
) -> None:
    for _ in range(REMOVAL_EVENTS):
        ledger.append(b"{}")
    deliver(ledger, 8, 8)
    assert ledger.removal_at == clock.now_s + 60
    ledger.is_woken = False
    deliver(ledger, 9, 7 + REMOVAL_EVENTS)
    assert ledger.removal_at == clock.now_s
    assert ledger.is_woken


def test_of_too_many_in_memory_the_oldest_go(ledger: Ledger) -> None:
    for _ in range(MEMORY_EVENTS + 3):
        ledger.append(b"{}")
    excess = ledger.refused()
    assert [each.sequence for each in excess] == [8, 9, 10]
    ledger.forget(3, 8, 10, on_disk=2)
    assert (ledger.dropped, ledger.waiting) == (3, MEMORY_EVENTS + 2)
    assert ledger.refused() == []


def test_what_is_under_way_from_memory_stays(ledger: Ledger) -> None:
    for _ in range(MEMORY_EVENTS + 3):
        ledger.append(b"{}")
    ledger.refused()
    ledger.lanes = Lanes(10 + MEMORY_EVENTS)
    ledger.lanes.historical.add(ledger.pending[:2])
    ledger.lanes.take(16)
    for _ in range(2):
        ledger.append(b"{}")
    excess = ledger.refused()
    assert [each.sequence for each in excess] == [12, 13]
    ledger.forget(2, 12, 13, on_disk=2, under_way=ledger.under_way)
    with ledger.changed:
        assert ledger.settle(11)


def forget_all(ledger: Ledger) -> None:
    ledger.forget(2, 0, 7, on_disk=0)
    assert (ledger.dropped, ledger.undelivered_of(0)) == (2, 0)


def settle_all(ledger: Ledger) -> None:
    ledger.is_woken = True  # for something else; nobody is woken for that once more
    ledger.lanes = Lanes(7)
    ledger.lanes.historical.add([StoredEvent(each, 0.0, b"{}") for each in (6, 7)])
    while taken := ledger.lanes.take(16):
        ledger.settle(taken[0].sequence)


@pytest.mark.parametrize("end", [forget_all, settle_all])
def test_whoever_waits_hears_of_the_end(ledger: Ledger, end: Callable[[Ledger], None]) -> None:
    """A stop would else take its whole time, though all was delivered."""
    is_waiting = threading.Event()

    def wait() -> None:
        with ledger.changed:
            is_waiting.set()
            ledger.changed.wait_for(lambda: not ledger.waiting, 30)

    thread = threading.Thread(target=wait, name="waits")
    thread.start()
    assert is_waiting.wait(30)
    # It has the lock until it waits.
    with ledger.changed:
        end(ledger)
    thread.join(10)
    assert not thread.is_alive()
