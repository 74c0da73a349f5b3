from __future__ import annotations

import pytest

from edge_app.mqtt.backoff import Backoff


def test_the_ceiling_doubles_to_the_longest() -> None:
    backoff = Backoff(uniform=lambda: 1.0)
    delays = [backoff.next_delay_s() for _ in range(8)]
    assert delays == [2, 4, 8, 16, 32, 60, 60, 60]


def test_never_below_the_first() -> None:
    backoff = Backoff(uniform=lambda: 0.0)
    assert [backoff.next_delay_s() for _ in range(8)] == [1.0] * 8


def test_drawn_in_between() -> None:
    backoff = Backoff(uniform=lambda: 0.5)
    assert backoff.next_delay_s() == pytest.approx(1.5)
    assert backoff.next_delay_s() == pytest.approx(2.5)


def test_reset_begins_again() -> None:
    backoff = Backoff(uniform=lambda: 1.0)
    for _ in range(5):
        backoff.next_delay_s()
    backoff.reset()
    assert backoff.next_delay_s() == 2
