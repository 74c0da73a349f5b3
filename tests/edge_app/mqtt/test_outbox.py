from __future__ import annotations

import threading

import pytest

from edge_app.mqtt.outbox import MemoryOutbox
from tests.edge_app.mqtt.samples import appeared


def take_all(outbox: MemoryOutbox) -> list[str]:
    taken = []
    while event := outbox.take():
        taken.append(event.id)
    return taken


def test_what_broke_off_comes_first_again() -> None:
    outbox = MemoryOutbox()
    events = [appeared(number) for number in range(4)]
    for event in events:
        outbox.put(event)
    for _ in range(3):
        outbox.take()
    outbox.settle(events[1].id)
    assert len(outbox) == 3
    assert outbox.under_way == 2
    outbox.take_back()
    assert take_all(outbox) == [events[number].id for number in (0, 2, 3)]


def test_only_what_waits_becomes_historical() -> None:
    outbox = MemoryOutbox()
    outbox.put(appeared(0))
    outbox.mark_historical()
    outbox.put(appeared(1))
    late, live = outbox.take(), outbox.take()
    assert late is not None
    assert late.is_historical
    assert live is not None
    assert not live.is_historical


def test_of_too_many_the_oldest_go(caplog: pytest.LogCaptureFixture) -> None:
    outbox = MemoryOutbox(capacity=3)
    for number in range(1000):
        outbox.put(appeared(number))
    assert take_all(outbox) == [appeared(number).id for number in (997, 998, 999)]
    assert outbox.dropped == 997
    assert len(caplog.records) == 10


def test_waiting_for_the_last_one() -> None:
    outbox = MemoryOutbox()
    assert outbox.wait_until_empty(0)
    outbox.put(appeared())
    outbox.take()
    assert not outbox.wait_until_empty(0.01)
    threading.Timer(0.02, outbox.settle, [appeared().id]).start()
    assert outbox.wait_until_empty(5)


def test_an_answer_for_an_unknown_event_changes_nothing() -> None:
    outbox = MemoryOutbox()
    outbox.settle("nobody")
    assert len(outbox) == 0
