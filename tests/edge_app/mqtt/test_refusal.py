from __future__ import annotations

from edge_app.mqtt.refusal import HOLD_S, THROWN_OUT_S, Refusal
from tests.clock import Clock


def test_one_event_is_offered_after_the_wait() -> None:
    clock = Clock()
    refusal = Refusal(clock)
    assert (refusal.has_waited(), refusal.window(16)) == (False, 16)
    for _ in range(2):  # the second one is the trial's
        refusal.begin()
        clock.now_s += HOLD_S - 1
        assert not refusal.has_waited()
        clock.now_s += 1
        assert refusal.has_waited()
        assert not refusal.has_waited()
        assert refusal.window(16) == 1
    refusal.end()
    assert refusal.window(16) == 16


def test_a_new_connection_ends_the_wait_but_not_the_trial() -> None:
    clock = Clock()
    refusal = Refusal(clock)
    refusal.begin()
    clock.now_s += THROWN_OUT_S
    refusal.disconnected(is_in_doubt=False)
    assert refusal.connected()
    clock.now_s += HOLD_S
    assert (refusal.has_waited(), refusal.window(16)) == (False, 1)


def test_a_connection_that_a_refusal_ended_does_not_end_the_wait() -> None:
    clock = Clock()
    refusal = Refusal(clock)
    for _ in range(3):  # trial after trial
        refusal.begin()
        for _ in range(2):
            refusal.disconnected(is_in_doubt=False)
            clock.now_s += 1
            assert not refusal.connected()
        clock.now_s += HOLD_S - 2
        assert refusal.has_waited()
    refusal.end()
    clock.now_s += THROWN_OUT_S
    refusal.disconnected(is_in_doubt=False)
    assert refusal.connected()


def test_after_a_connection_that_ended_with_events_under_way_one_is_offered() -> None:
    refusal = Refusal(Clock())
    refusal.disconnected(is_in_doubt=True)
    assert (refusal.connected(), refusal.window(16)) == (True, 1)
    refusal.end()
    assert refusal.window(16) == 16
