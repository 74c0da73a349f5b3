from __future__ import annotations

import pytest

from edge_app.mqtt.outbox.rate import TICK_S, DrainRate
from tests.clock import Clock


def test_a_connection_begins_with_one_piece() -> None:
    rate = DrainRate(400, Clock())
    assert rate.allowance() == 0
    rate.begin()
    assert rate.allowance() == 20
    rate.spend(20)
    assert rate.allowance() == 0


def test_no_more_than_the_rate_over_a_long_time() -> None:
    clock = Clock()
    rate = DrainRate(30, clock)
    rate.begin()
    read = 0
    for _ in range(1000):
        clock.now_s += 0.01
        read += (now := rate.allowance())
        rate.spend(now)
    assert read == pytest.approx(300, abs=2)


def test_what_was_not_used_is_saved_for_a_moment_only() -> None:
    clock = Clock()
    rate = DrainRate(400, clock)
    clock.now_s += 3600
    assert rate.allowance() == 100


def test_a_rate_below_one_a_tick_waits_for_a_whole_event() -> None:
    clock = Clock()
    rate = DrainRate(2, clock)
    rate.begin()
    assert rate.allowance() == 0
    clock.now_s = rate.next_at
    assert rate.allowance() == 1


def test_the_next_piece_comes_a_tick_later() -> None:
    clock = Clock()
    rate = DrainRate(400, clock)
    rate.begin()
    rate.spend(rate.allowance())
    assert rate.next_at == pytest.approx(clock.now_s + TICK_S)
