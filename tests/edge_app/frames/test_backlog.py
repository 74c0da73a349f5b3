"""Frames every tenth of a second, some of which have waited."""

from __future__ import annotations

import numpy as np

from edge_app.frames.backlog import Backlog


class Stream:
    """A stream and a device's clock; frames that come while `is_behind` leave others waiting."""

    def __init__(self) -> None:
        self.now_s = self.position_s = 1000.0
        self.is_behind = False
        self._backlog = Backlog(lambda: self.is_behind)

    def plays(self, seconds: float, *, speed: float = 1.0) -> bool:
        """speed: how fast it is decoded, or how fast its own time goes. Returns if any was old."""
        was_old = False
        for _ in np.arange(0.0, seconds, 0.1):
            self.now_s += 0.1
            self.position_s += 0.1 * speed
            was_old |= self._backlog.is_old(self.now_s, self.position_s)
        return was_old


def test_a_device_that_decodes_half_of_the_pictures_is_told_within_ten_seconds() -> None:
    stream = Stream()
    assert not stream.plays(5.0)
    stream.is_behind = True
    assert not stream.plays(8.0, speed=0.5)
    assert stream.plays(2.0, speed=0.5)


def test_a_slow_growth_is_told_as_well() -> None:
    stream = Stream()
    stream.is_behind = True
    assert not stream.plays(190.0, speed=0.99)
    assert stream.plays(30.0, speed=0.99)


def test_a_crystal_that_is_slow_is_none() -> None:
    """Of a stream whose next picture has always begun to come."""
    stream = Stream()
    stream.is_behind = True
    assert not stream.plays(30_000.0, speed=0.9999)


def test_a_stall_that_is_made_up_for_is_none() -> None:
    stream = Stream()
    stream.plays(5.0)
    stream.now_s += 6.0
    stream.is_behind = True
    assert not stream.plays(4.5, speed=2.0)
    assert not stream.plays(100.0)


def test_what_was_old_when_it_began_and_catches_up_is_none() -> None:
    """As a restreamer sends the last seconds first."""
    stream = Stream()
    stream.is_behind = True
    assert not stream.plays(10.0, speed=2.0)
    assert not stream.plays(100.0)
    assert stream.plays(10.0, speed=0.5)


def test_wrong_and_broken_times_say_nothing_where_no_frame_waits() -> None:
    stream = Stream()
    assert not stream.plays(100.0, speed=0.5)
    assert not stream.plays(100.0, speed=0.0)
    stream.position_s = 0.0
    assert not stream.plays(100.0)


def test_times_that_begin_anew_say_nothing() -> None:
    stream = Stream()
    stream.is_behind = True
    assert not stream.plays(10.0)
    stream.position_s = 0.0
    assert not stream.plays(100.0)
