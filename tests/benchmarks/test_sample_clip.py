"""The committed clip is what the generator makes, and shows what it is meant to show."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks import sample_clip
from edge_app.frames.video_file import VideoFileSource
from edge_app.perception import FaceDetector
from edge_app.samples import CLIP

Frames = list[NDArray[np.uint8]]


def read(path: Path) -> Iterator[NDArray[np.uint8]]:
    with VideoFileSource(path, pace="fast") as source:
        while (frame := source.read()) is not None:
            yield frame.image


@pytest.fixture(scope="module")
def clip() -> Frames:
    return list(read(CLIP))


def at(frames: Frames, time_s: float) -> NDArray[np.uint8]:
    return frames[round(time_s * sample_clip.FRAMES_PER_SECOND)]


def test_clip_is_small_and_of_the_stated_size(clip: Frames) -> None:
    assert CLIP.stat().st_size <= 1_500_000
    assert len(clip) == sample_clip.DURATION_S * sample_clip.FRAMES_PER_SECOND
    assert clip[0].shape == (sample_clip.HEIGHT, sample_clip.WIDTH, 3)


def test_clip_is_what_the_generator_makes(clip: Frames) -> None:
    """Within the codec's loss. Two frames that follow one another differ by more."""
    losses, steps = [], []
    last: NDArray[np.int16] | None = None
    for made, stored in zip(sample_clip.frames(), clip, strict=True):
        wide = made.astype(np.int16)
        losses.append(np.abs(wide - stored).mean())
        if last is not None:
            steps.append(np.abs(wide - last).mean())
        last = wide
    assert np.mean(losses) < 3.0
    assert max(losses) < 3.5
    # While she moves, a clip that is one frame off would be seen.
    assert np.percentile(steps, 80) > 3.5


def test_frames_are_the_same_each_time() -> None:
    one, other = sample_clip.frames(), sample_clip.frames()
    for _ in range(3):
        np.testing.assert_array_equal(next(one), next(other))


def test_written_clip_can_be_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample_clip, "DURATION_S", 1.0)
    path = tmp_path / "short.mp4"
    sample_clip.write(path)
    assert len(list(read(path))) == 15


def test_unwritable_place_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample_clip, "DURATION_S", 0.0)
    with pytest.raises(OSError, match="missing"):
        sample_clip.write(tmp_path / "missing" / "clip.mp4")


def test_face_enters_comes_closer_and_leaves(clip: Frames) -> None:
    detector = FaceDetector.load()
    for empty_s in (0.0, 1.4, 16.6, 17.9):
        assert detector.detect(at(clip, empty_s)) == []

    def face(time_s: float) -> tuple[float, float]:
        (found,) = detector.detect(at(clip, time_s))
        return (found.box.left + found.box.right) / 2, found.box.height

    far, close, leaving = face(3.5), face(7.2), face(15.2)
    assert far[1] == pytest.approx(90, abs=15)
    assert close[1] == pytest.approx(200, abs=20)
    assert far[0] < close[0] < leaving[0]


def test_head_tilts_to_both_sides(clip: Frames) -> None:
    detector = FaceDetector.load()

    def roll(time_s: float) -> float:
        # At the clip's own scale: in the whole frame, made small, landmarks are less exact.
        box = detector.detect(at(clip, time_s))[0].box
        left, top = (max(0, round(edge) - 80) for edge in box[:2])
        (found,) = detector.detect(at(clip, time_s)[top : top + 320, left : left + 320])
        (x, y) = found.landmarks[1] - found.landmarks[0]
        return float(np.degrees(np.arctan2(y, x)))

    assert roll(11.8) == pytest.approx(15, abs=5)
    assert roll(13.6) == pytest.approx(-13, abs=5)


def test_light_fails_and_comes_back(clip: Frames) -> None:
    bright, dark, again = (float(at(clip, time_s).mean()) for time_s in (7.5, 9.2, 10.8))
    assert dark < 0.5 * bright
    assert again == pytest.approx(bright, rel=0.05)


def test_movement_is_natural(clip: Frames) -> None:
    """Even while she stands, no two frames are the same, and nothing jumps."""
    still = clip[round(6.9 * 15) : round(7.5 * 15)]
    steps = [np.abs(a.astype(int) - b).mean() for a, b in pairwise(still)]
    assert min(steps) > 0.2
    assert max(steps) < 5.0
