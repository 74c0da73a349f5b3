"""How long a simulated smile is held and shown, where its share is known."""

from collections import Counter

import pytest

from benchmarks.clip_frames import FACE_FROM_S, clip_frames
from benchmarks.seconds_shown import smiles, watch
from edge_app.perception import Perception
from edge_app.perception.smoothing import REACTIONS


def happy(times: Counter[str]) -> float:
    return times["happy"] / times.total()


@pytest.mark.parametrize("reaction", list(REACTIONS))
def test_what_is_shown_is_nearer_to_the_truth_than_what_is_held(reaction: str) -> None:
    for smile_s in (1.0, 2.0, 3.0):
        times = smiles(smile_s, reaction)
        truth = happy(times.read)
        assert truth == smile_s / 10
        off = abs(happy(times.shown) - truth)
        assert off < abs(happy(times.held) - truth)
        lag_s = 1.5 * REACTIONS[reaction].time_constant_s
        assert off * 10 < lag_s


def test_a_clip_is_watched_as_the_daemon_does_it() -> None:
    frames = clip_frames(FACE_FROM_S + 2.5, from_s=FACE_FROM_S)
    times = watch(iter(frames), Perception.load())
    assert list(times.held) == list(times.shown) == ["happy"]
    # The face counts from the third frame on, and is decided half a second later.
    assert times.shown == times.held
    assert 1.5 * 15 < times.shown.total() < 2.0 * 15
    assert times.read["happy"] > 10
