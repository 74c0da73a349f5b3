from __future__ import annotations

import pytest

from edge_app.history.listening import UNNOTICED_MS, Listening
from edge_app.mqtt.connection import KEEP_ALIVE_S

HOUR = 3_600_000
#: By the clock, when the stretch begins.
BEGAN = 20_000 * 24 * HOUR


class Times:
    """The clock, and milliseconds that never go back."""

    def __init__(self) -> None:
        self.now_ms, self.passed_ms = BEGAN, 0
        self.listening = Listening(self.now_ms, 0.0)

    def look(self, after_ms: int, connection: int | None = 1, *, leap_ms: int = 0) -> bool:
        self.passed_ms += after_ms
        self.now_ms += after_ms + leap_ms
        return self.listening.look(self.now_ms, self.passed_ms / 1000, connection)

    def listen(self, for_ms: int) -> None:
        for _ in range(for_ms // 1000):
            assert not self.look(1000)


@pytest.fixture
def times() -> Times:
    return Times()


def test_it_goes_on(times: Times) -> None:
    times.listen(HOUR)
    assert (times.listening.start_ms, times.listening.end_ms) == (BEGAN, BEGAN + HOUR)
    assert not times.listening.is_over
    assert times.listening.steady_ms == HOUR


def test_a_broken_connection_is_noticed_late(times: Times) -> None:
    times.listen(HOUR)
    assert times.look(1000, None)
    assert times.listening.end_ms == BEGAN + HOUR - UNNOTICED_MS
    # Once it is over, it stays as it is.
    assert not times.look(HOUR, None)
    assert times.listening.end_ms == BEGAN + HOUR - UNNOTICED_MS
    # paho notices within two periods, and a second each for its looks at the clock.
    assert UNNOTICED_MS >= (2 * KEEP_ALIVE_S + 2) * 1000


def test_what_was_heard_came_while_it_stood(times: Times) -> None:
    times.listen(HOUR)
    times.listening.heard()
    times.listen(10_000)
    assert times.look(1000, None)
    assert times.listening.end_ms == BEGAN + HOUR


def test_it_does_not_end_before_it_begins(times: Times) -> None:
    times.listen(5000)
    assert times.look(1000, None)
    assert times.listening.end_ms == BEGAN


@pytest.mark.parametrize("was_seen", [True, False])
def test_another_connection_is_another_stretch(times: Times, *, was_seen: bool) -> None:
    times.listen(HOUR)
    if was_seen:
        assert times.look(1000, None)
    assert times.look(1000, 2) is not was_seen
    assert times.listening.is_over
    times.listening.begin()
    began_ms = times.now_ms
    assert not times.look(1000, 2)
    assert (times.listening.start_ms, times.listening.end_ms) == (began_ms, began_ms + 1000)


@pytest.mark.parametrize("leap_ms", [8 * HOUR, -8 * HOUR])
def test_a_clock_that_leaps(times: Times, leap_ms: int) -> None:
    """As after a night's sleep of the machine, or when the clock is set."""
    times.listen(HOUR)
    assert times.look(500, leap_ms=leap_ms)
    assert times.listening.end_ms == BEGAN + HOUR + 500
    assert times.listening.steady_ms == 0
    times.listening.begin()
    times.listen(1000)
    assert times.listening.start_ms == BEGAN + HOUR + 500 + leap_ms
    assert times.listening.end_ms == times.now_ms
    assert times.listening.steady_ms == 1000


@pytest.mark.parametrize("leap_ms", [5000, -5000])
def test_a_clock_that_is_set_by_seconds_is_none_that_leaps(times: Times, leap_ms: int) -> None:
    assert not times.look(500, leap_ms=leap_ms)
    assert times.listening.end_ms == max(BEGAN, times.now_ms)


def test_a_lost_connection_does_not_stop_the_time(times: Times) -> None:
    times.look(1000, None)
    times.look(HOUR, None)
    assert times.listening.steady_ms == HOUR + 1000
    times.look(1000, None, leap_ms=HOUR)
    assert times.listening.steady_ms == 0
