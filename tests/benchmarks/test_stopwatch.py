from __future__ import annotations

import pytest

from benchmarks.stages import MODEL_STAGES, Pass, outside_share, summarize
from benchmarks.stopwatch import Stopwatch


class Clock:
    def __init__(self) -> None:
        self.now_ns = 0

    def __call__(self) -> int:
        return self.now_ns

    def pass_ms(self, milliseconds: int) -> None:
        self.now_ns += milliseconds * 1_000_000


def test_an_outer_stage_stands_still_while_an_inner_one_runs() -> None:
    clock = Clock()
    watch = Stopwatch(clock)
    with watch.stage("outer"):
        clock.pass_ms(1)
        with watch.stage("inner"):
            clock.pass_ms(10)
            with watch.stage("outer"):
                clock.pass_ms(100)
        clock.pass_ms(2)
    clock.pass_ms(1000)
    assert watch.take() == {"outer": 103.0, "inner": 10.0}
    assert watch.take() == {}


def test_a_stage_that_fails_ends() -> None:
    clock = Clock()
    watch = Stopwatch(clock)

    def fail() -> None:
        with watch.stage("outer"), watch.stage("inner"):
            clock.pass_ms(3)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    clock.pass_ms(5)
    assert watch.take() == {"outer": 0.0, "inner": 3.0}


def test_only_frames_with_both_models_say_what_is_outside_of_them() -> None:
    detector, classifier = MODEL_STAGES
    done = Pass(
        processor=1.0,
        whole=[10.0, 10.0, 10.0, 50.0],
        stages=[
            {detector: 6.0, classifier: 2.0, "track": 2.0},
            {detector: 6.0, classifier: 2.0},
            {detector: 9.0},
            # What another program took, once, does not move the median.
            {detector: 6.0, classifier: 2.0},
        ],
    )
    assert outside_share([done]) == pytest.approx(0.2)
    assert outside_share([Pass(whole=[1.0], stages=[{detector: 1.0}])]) is None


def test_a_summary_counts_a_stage_where_it_ran() -> None:
    done = Pass(processor=2.0, whole=[4.0, 6.0], stages=[{"detect": 3.0}, {"track": 1.0}])
    summary = summarize("as scheduled", [done, done])
    assert summary.frames_per_second == pytest.approx(200.0)
    assert [(stage.name, stage.took.count, stage.share) for stage in summary.stages] == [
        ("detect", 2, pytest.approx(0.3)),
        ("track", 2, pytest.approx(0.1)),
    ]
