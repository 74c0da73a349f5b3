"""The tracker on simulated crossings, whose truth is known; the same ones every time."""

import pytest

from benchmarks.crossings import GreedyTracker, count, scenes
from edge_app.perception.tracker import Tracker


def test_simulations_are_repeatable() -> None:
    first, again = (
        [(scene.truths, [face.box for face in scene.faces]) for scene in scenes(4, 3, 5.0)]
        for _ in range(2)
    )
    assert first == again


@pytest.mark.parametrize("rate", [5.0, 15.0])
def test_crossing_people_keep_their_numbers(rate: float) -> None:
    ours = [count(Tracker(), seed, 3, rate) for seed in range(6)]
    greedy = [count(GreedyTracker(), seed, 3, rate) for seed in range(6)]
    switches = sum(run.id_switches for run in ours)
    assert switches < 0.5 * sum(run.id_switches for run in greedy)
    # Six times twenty seconds with three people who cross all the time.
    assert switches <= 36
    assert min(run.mota for run in ours) > 0.6


def test_one_person_alone_is_one_track() -> None:
    for seed in range(6):
        assert count(Tracker(), seed, 1, 5.0).id_switches == 0
