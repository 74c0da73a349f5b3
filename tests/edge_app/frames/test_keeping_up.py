from __future__ import annotations

import pytest

from edge_app.frames.keeping_up import KeepingUp


class Timer:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.mark.parametrize(
    ("waited_s", "worked_s", "is_behind"),
    [
        (0.02, 0.01, False),
        (0.0, 0.1, True),
        (0.001, 0.1, True),
        (0.01, 0.1, False),  # a tenth of the time
    ],
)
def test_who_never_waits_is_behind(waited_s: float, worked_s: float, *, is_behind: bool) -> None:
    timer = Timer()
    keeping_up = KeepingUp(timer)
    for _ in range(100):
        timer.seconds += waited_s
        keeping_up.waited(waited_s)
        assert timer.seconds >= 1.0 or not keeping_up.is_behind
        timer.seconds += worked_s
    assert keeping_up.is_behind == is_behind


def test_a_reader_that_is_quick_again_keeps_up() -> None:
    timer = Timer()
    keeping_up = KeepingUp(timer)
    for waited_s, is_behind in ((0.0, True), (0.02, False)):
        for _ in range(100):
            timer.seconds += waited_s + 0.03
            keeping_up.waited(waited_s)
        assert keeping_up.is_behind == is_behind
