from __future__ import annotations

from edge_app.mqtt.refusal import HOLD_S, Refusal


class Clock:
    def __init__(self) -> None:
        self.now_s = 50.0

    def __call__(self) -> float:
        return self.now_s


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
    refusal.stop_waiting()
    clock.now_s += HOLD_S
    assert (refusal.has_waited(), refusal.window(16)) == (False, 1)
