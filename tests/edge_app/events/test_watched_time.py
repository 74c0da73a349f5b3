from __future__ import annotations

import pytest

from edge_app.events.watched_time import WatchedTime


class Camera:
    """now_s: the clock's."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.watched = WatchedTime(lambda: self.now_s)

    def gives(self, *at_s: float) -> None:
        for self.now_s in at_s:
            self.watched.looked(self.now_s)

    def finish(self, now_s: float) -> float:
        self.now_s = now_s
        return self.watched.finish()


def test_nothing_is_watched_before_the_first_frame() -> None:
    camera = Camera()
    assert camera.finish(10.0) == 0.0
    camera.gives(12.0)
    assert camera.finish(15.0) == 3.0


def test_an_interval_with_frames_is_watched_to_its_end_and_the_next_from_there() -> None:
    camera = Camera()
    camera.gives(0.0, 0.1, 9.9)
    assert camera.finish(10.0) == 10.0
    camera.gives(10.1, 19.5)
    assert camera.finish(20.0) == 10.0


def test_what_passes_until_frames_are_missed_is_not_watched() -> None:
    camera = Camera()
    camera.gives(0.0, 4.0)
    camera.now_s = 6.0
    camera.watched.lost()
    assert camera.finish(8.0) == 4.0
    camera.gives(9.0)
    assert camera.finish(10.0) == 1.0


def test_frames_too_far_apart_for_anybody_to_be_seen_are_no_watch() -> None:
    camera = Camera()
    for at_s in range(0, 50, 5):
        camera.gives(at_s)
        camera.watched.lost()
    assert camera.finish(50.0) == 0.0


@pytest.mark.parametrize("is_lost", [False, True])
def test_a_source_is_watched_until_it_is_closed(*, is_lost: bool) -> None:
    camera = Camera()
    camera.gives(0.0, 4.0)
    camera.now_s = 5.0
    if is_lost:
        camera.watched.lost()
    camera.watched.stopped()
    camera.watched.stopped()
    assert camera.finish(9.0) == (4.0 if is_lost else 5.0)
