"""Tilted faces: found in turned frames, and searched when there is a reason to."""

from collections.abc import Sequence

import numpy as np
import pytest

from edge_app.frames.source import Frame
from edge_app.perception import Box, Perception
from edge_app.perception.faces import Face, FrameError
from edge_app.perception.smoothing import REACTIONS
from edge_app.perception.tilted import SIDES_DEG, TiltedSearch
from edge_app.perception.tracker import Track, Tracker
from edge_app.perception.upright import roll_deg
from edge_app.perception.watcher import DOUBTFUL_SCORE, WatchedFace, Watcher
from tests.edge_app.perception.test_upright import OWN_DEG, portrait

RATE = 15


@pytest.mark.parametrize("angle_deg", [-50.0, -60.0])
def test_a_face_that_is_not_found_upright_is_found_turned(
    perception: Perception, angle_deg: float
) -> None:
    frame = portrait(angle_deg)
    assert perception.detector.detect(frame) == []
    (face,) = perception.find(frame)
    # The portrait's face lies at (320, 220), and is about 70 pixels high.
    assert face.box.left < 320 < face.box.right
    assert face.box.top < 220 < face.box.bottom
    assert 50 < face.box.height < 100
    (seen,) = perception.see(frame)
    assert seen.emotion == "happy"


def test_nothing_but_the_frame_is_turned(
    perception: Perception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its width in the shrunk picture is between two pixels: 76, by the way back nearly 77."""
    search = TiltedSearch(perception.detector)
    pictures: list[np.ndarray] = []
    monkeypatch.setattr(search._detector, "detect", lambda shown: pictures.append(shown) or [])
    search.detect(np.full((1289, 307), 200, np.uint8), [0.0])
    assert np.count_nonzero(pictures[0] == 200) == 320 * 76
    assert np.count_nonzero(pictures[0]) == 320 * 76


def test_what_lies_mostly_beyond_the_frame_is_no_face(
    perception: Perception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Turned, a frame leaves black corners, in which the detector may take something for one."""
    search = TiltedSearch(perception.detector)
    points = np.zeros((5, 2), np.float32)
    beyond, within = (Face(Box(x, 150, x + 20, 170), points, 0.9) for x in (5, 150))
    monkeypatch.setattr(search._detector, "detect", lambda _: [beyond, within])
    ((face,),) = search.detect(np.zeros((480, 240), np.uint8), [35.0])
    assert face.box == pytest.approx((105, 225, 135, 255))


def test_landmarks_are_turned_as_the_face_is(perception: Perception) -> None:
    frame = portrait(-45.0, shrink=1.0)
    ((face,),) = TiltedSearch(perception.detector).detect(frame, [-35.0])
    again = perception.upright.look_again(frame, face)
    assert roll_deg(again.landmarks) == pytest.approx(-45.0 + OWN_DEG, abs=8.0)


def test_nobody_is_found_twice(perception: Perception) -> None:
    """Upright and on both sides: at 0° and this size she is found in all three pictures."""
    frame = portrait(0.0, shrink=1.0)
    search = TiltedSearch(perception.detector)
    assert all(search.detect(frame, SIDES_DEG))
    (face,) = perception.find(frame)
    assert [face.score] == [each.score for each in perception.detector.detect(frame)]


@pytest.mark.parametrize("shape", [(480, 640), (640, 480, 3), (1, 1), (3, 2000)])
def test_frames_of_any_size_are_turned(perception: Perception, shape: tuple[int, ...]) -> None:
    found = TiltedSearch(perception.detector).detect(np.full(shape, 90, np.uint8), SIDES_DEG)
    assert found == [[], []]


def test_what_is_no_frame_is_refused(perception: Perception) -> None:
    with pytest.raises(FrameError):
        TiltedSearch(perception.detector).detect(np.zeros((4, 4, 4), np.uint8), SIDES_DEG)


class Tilting:
    """A watcher and somebody who tilts her head, at fifteen frames a second."""

    def __init__(self, perception: Perception) -> None:
        self.watcher = Watcher(perception, Tracker(), REACTIONS["normal"])
        self._count = 0
        noise = np.random.default_rng(4).normal(0, 2, (4, 480, 640, 3))
        self._noise = noise.round().astype(np.int16)

    def watch(self, seconds: float, angle_deg: float) -> list[WatchedFace]:
        picture = portrait(angle_deg).astype(np.int16)
        present: list[WatchedFace] = []
        for _ in range(round(seconds * RATE)):
            image = (picture + self._noise[self._count % 4]).clip(0, 255).astype(np.uint8)
            present = self.watcher.watch(Frame(image, round(self._count / RATE * 1e9)))
            self._count += 1
        return present


class NotingTracker(Tracker):
    """Notes what it is given."""

    def __init__(self, *, sure_score: float) -> None:
        super().__init__(sure_score=sure_score)
        self.given: list[list[Face]] = []

    def update(self, faces: Sequence[Face], timestamp_ns: int) -> list[Track | None]:
        self.given.append(list(faces))
        return super().update(faces, timestamp_ns)


def test_a_face_that_is_doubtful_upright_and_sure_turned_is_one(perception: Perception) -> None:
    tracker = NotingTracker(sure_score=0.85)
    frame = portrait(-29.0)
    (upright,) = perception.detector.detect(frame)
    assert DOUBTFUL_SCORE < upright.score < 0.85
    Watcher(perception, tracker, REACTIONS["normal"]).watch(Frame(frame, 0))
    ((face,),) = tracker.given
    assert face.score > 0.85


def test_the_side_on_which_somebody_is_found_is_searched_each_time(
    perception: Perception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise she would be missed at every other search, and looked for on both."""
    scene = Tilting(perception)
    scene.watch(2.0, -50.0)
    asked: list[Sequence[float]] = []
    detect = scene.watcher._tilted.detect
    monkeypatch.setattr(
        scene.watcher._tilted,
        "detect",
        lambda frame, rolls_deg: asked.append(rolls_deg) or detect(frame, rolls_deg),
    )
    scene.watch(2.0, -50.0)
    assert len(asked) == 10
    assert asked.count((-35.0,)) >= 8


def test_somebody_who_comes_with_a_tilted_head_is_seen(perception: Perception) -> None:
    scene = Tilting(perception)
    (face,) = scene.watch(4.0, -50.0)
    assert face.emotion == "happy"
    # And stays the same one for as long as she is there.
    assert [each.number for each in scene.watch(3.0, -50.0)] == [face.number]


def test_somebody_who_tilts_her_head_stays_the_same(perception: Perception) -> None:
    scene = Tilting(perception)
    (face,) = scene.watch(1.0, 0.0)
    for angle_deg in (-10.0, -20.0, -30.0, -40.0, -50.0):
        (now,) = scene.watch(0.4, angle_deg)
        assert now.number == face.number
    (now,) = scene.watch(4.0, -50.0)
    assert now.number == face.number
    assert scene.watch(0.4, -50.0)[0].last_seen_ns > now.last_seen_ns
