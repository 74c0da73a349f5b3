"""When faces are searched, and who is there in between: a detector that is told what to find."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Self

import cv2
import msgspec
import numpy as np
import pytest
import skimage.data

from edge_app.frames.source import Frame
from edge_app.perception import Perception
from edge_app.perception.affect import affect
from edge_app.perception.detector import FaceDetector
from edge_app.perception.faces import Face, FrameError, Image, SeenFace
from edge_app.perception.perception import View
from edge_app.perception.schedule import DetectionSchedule
from edge_app.perception.smoothing import REACTIONS
from edge_app.perception.tracker import Tracker
from edge_app.perception.watcher import WatchedFace, Watcher, tracker_for

RATE = 15


class CountingDetector(FaceDetector):
    """Notes how often it is asked, and is blind when told so."""

    searches = 0
    is_blind = False

    def at_threshold(self, score_threshold: float) -> Self:
        del score_threshold
        return self

    def detect(self, frame: Image) -> list[Face]:
        # Looks at a face alone are squares of the network's input; they are no searches.
        if frame.shape[0] == frame.shape[1] == 320:
            return super().detect(frame)
        self.searches += 1
        return [] if self.is_blind else super().detect(frame)


class CountingSmallDetector(CountingDetector):
    """Notes how often it looks for somebody in a part of the frame, and is as sure as told."""

    confidence = 1.0
    _threshold = 0.0

    def at_threshold(self, score_threshold: float) -> Self:
        self._threshold = score_threshold
        return self

    def detect(self, frame: Image) -> list[Face]:
        if frame.ndim == 2:
            # Looks at a face alone are gray.
            return FaceDetector.detect(self, frame)
        faces = super().detect(frame)
        return [face for face in faces if face.score * self.confidence >= self._threshold]


class ShadedPerception(Perception):
    """Finds faces as ever; while `is_shaded`, there is nothing in them to be read."""

    is_shaded = False

    def read(
        self,
        image: Image,
        faces: Sequence[Face],
        *,
        look_again: bool = True,
        views: Sequence[View] = (),
    ) -> list[SeenFace]:
        shown = np.zeros_like(image) if self.is_shaded else image
        return super().read(shown, faces, look_again=look_again, views=views)


class Scene:
    """A watcher, and somebody who may be in view. rate: frames a second.

    nearby: search whoever is known with the small network; otherwise there is none.
    """

    def __init__(
        self,
        perception: Perception,
        *,
        rate: float = RATE,
        nearby: bool = False,
        **schedule: float,
    ) -> None:
        detector = CountingDetector(perception.detector.model)
        self.detector = detector
        self.nearby = CountingSmallDetector(perception.small_detector.model)
        self.perception = ShadedPerception(
            detector, perception.classifier, self.nearby if nearby else None
        )
        self.watcher = Watcher(
            self.perception,
            Tracker(),
            REACTIONS["normal"],
            DetectionSchedule(**schedule),
        )
        self.count, self.rate = 0, rate
        noise = np.random.default_rng(3).normal(0, 2, (4, 240, 320, 3))
        self._noise = noise.round().astype(np.int16)
        portrait = np.ascontiguousarray(skimage.data.astronaut()[..., ::-1])
        self._room = np.full((240, 320, 3), 100, np.uint8)
        self._portrait = portrait[:300:2, 100:400:2]

    def watch(
        self,
        seconds: float,
        left: float | None,
        speed: float = 0.0,
        roll_deg: float = 0.0,
    ) -> list[WatchedFace]:
        """left: where she is, in pixels; None: nobody is. speed: pixels a second."""
        present: list[WatchedFace] = []
        for _ in range(round(seconds * self.rate)):
            image = self._room.copy()
            if left is not None:
                at = round(left)
                image[50:200, at : at + 150] = self._portrait
                left += speed / self.rate
            if roll_deg:
                turn = cv2.getRotationMatrix2D((160, 120), -roll_deg, 1.0)
                turned = cv2.warpAffine(image, turn, (320, 240), borderMode=cv2.BORDER_REPLICATE)
                image = np.asarray(turned, np.uint8)
            noisy = (image + self._noise[self.count % 4]).clip(0, 255).astype(np.uint8)
            present = self.watcher.watch(Frame(noisy, round(self.count / self.rate * 1e9)))
            self.count += 1
        return present

    def leave_something(self) -> None:
        """Put a bag into the room, to stay there."""
        self._room[160:220, 20:90] = 30

    def searches(self, seconds: float, left: float | None, speed: float = 0.0) -> int:
        before = self.detector.searches
        self.watch(seconds, left, speed)
        return self.detector.searches - before


def test_an_empty_room_is_hardly_searched(perception: Perception) -> None:
    scene = Scene(perception, look_again_s=4.0)
    assert scene.searches(1.0, None) <= 2
    assert scene.searches(12.0, None) == 3, "every four seconds, whatever moves or does not"


def test_an_empty_room_is_known_to_be_after_a_second(perception: Perception) -> None:
    scene = Scene(perception)
    scene.watch(0.9, None)
    assert not scene.watcher.is_settled
    scene.watch(0.2, None)
    assert scene.watcher.is_settled
    scene.watcher.forget()
    scene.watch(0.9, None)
    assert not scene.watcher.is_settled


@pytest.mark.parametrize("rate", [15, 1])
def test_who_is_there_from_the_beginning_is_so_before_anybody_can_say_that_nobody_is(
    perception: Perception, rate: float
) -> None:
    scene = Scene(perception, rate=rate)
    while not (present := scene.watch(1 / rate, 100)):
        assert not scene.watcher.is_settled
    assert (len(present), scene.count) == (1, 3)
    assert scene.watcher.is_settled
    scene.watch(3.0, None)
    assert scene.watcher.is_settled, "once she left, nobody is there"


@pytest.mark.parametrize("detections_per_second", [5.0, 0.2])
def test_who_comes_is_found_within_a_moment(
    perception: Perception, detections_per_second: float
) -> None:
    scene = Scene(perception, detections_per_second=detections_per_second, look_again_s=60.0)
    scene.watch(3.0, None)
    assert [face.number for face in scene.watch(0.5, 100)] == [1]


def test_whoever_is_missed_at_first_has_moved_still(
    perception: Perception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The picture of the room is not begun anew with them in it."""
    scene = Scene(perception, look_again_s=60.0)
    monkeypatch.setattr(scene.watcher._tilted, "detect", lambda _, sides: [[] for _ in sides])
    scene.watch(3.0, None)
    scene.detector.is_blind = True
    scene.watch(0.5, 100)
    scene.detector.is_blind = False
    assert [face.number for face in scene.watch(0.6, 100)] == [1]


def test_what_the_last_one_leaves_behind_is_part_of_the_room(perception: Perception) -> None:
    scene = Scene(perception, look_again_s=60.0)
    scene.watch(1.0, None)
    assert scene.watch(1.5, 100)
    scene.leave_something()
    assert scene.watch(3.0, None) == []
    assert scene.searches(4.0, None) == 0


def test_whoever_leaves_does_not_stay_in_a_pattern_on_the_wall(perception: Perception) -> None:
    """What is there once they are hidden moves as they would who stand still."""
    scene = Scene(perception)
    y, x = np.mgrid[:240, :320]
    scene._room = cv2.merge([np.where((x // 12 + y // 12) % 2, 60, 180).astype(np.uint8)] * 3)
    assert len(scene.watch(2.0, 80)) == 1
    assert scene.watch(2.7, None) == []


def test_another_room_is_taken_as_it_is_after_all_is_forgotten(perception: Perception) -> None:
    scene = Scene(perception, look_again_s=60.0)
    scene.watch(1.0, None)
    scene.watcher.forget()
    scene.leave_something()
    assert scene.searches(4.0, None) == 1


def test_a_still_room_is_searched_for_tilted_faces_every_ten_seconds(
    perception: Perception, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(perception, look_again_s=5.0)
    asked: list[Sequence[float]] = []
    detect = scene.watcher._tilted.detect
    monkeypatch.setattr(
        scene.watcher._tilted,
        "detect",
        lambda frame, rolls_deg: asked.append(rolls_deg) or detect(frame, rolls_deg),
    )
    scene.watch(24.0, None)
    assert [len(sides) for sides in asked] == [2, 1, 1], "at 0, 10 and 20 s"


def test_nothing_is_remembered_of_whoever_left(perception: Perception) -> None:
    """A daemon runs for months, and each visit has a number of its own."""
    scene = Scene(perception)
    scene.watch(1.0, 100)
    assert (len(scene.watcher._filters), len(scene.watcher._readings._read)) == (1, 1)
    assert scene.watch(3.0, None) == []
    assert (len(scene.watcher._filters), len(scene.watcher._readings._read)) == (0, 0)


def test_valence_and_arousal_are_those_of_the_smoothed_probabilities(
    perception: Perception,
) -> None:
    scene = Scene(perception)
    (face,) = scene.watch(2.0, 100)
    assert face.emotion == "happy"
    assert face.affect == pytest.approx(affect(face.labels, face.probabilities.tolist()))
    assert face.affect is not None
    assert face.affect.valence > 0.5


def test_a_face_that_is_followed_and_cannot_be_read_is_soon_unsure(perception: Perception) -> None:
    scene = Scene(perception)
    scene.watch(2.0, 100)
    scene.perception.is_shaded = True
    (face,) = scene.watch(1.0, 100)
    assert (face.emotion, face.affect is None) == ("happy", False)
    (face,) = scene.watch(1.0, 100)
    assert face.last_seen_ns == round((scene.count - 1) / RATE * 1e9), "still seen"
    assert (face.emotion, face.shown, face.affect) == ("unsure", "unsure", None)
    scene.perception.is_shaded = False
    (face,) = scene.watch(1.0, 100)
    assert (face.number, face.emotion) == (1, "happy")


def test_somebody_is_searched_at_the_set_rate_and_seen_in_every_frame(
    perception: Perception,
) -> None:
    scene = Scene(perception, detections_per_second=3.0)
    scene.watch(1.0, 100)
    assert 5 <= scene.searches(2.0, 100) <= 7
    for _ in range(10):
        (face,) = scene.watch(1 / RATE, 100)
        assert face.last_seen_ns == round((scene.count - 1) / RATE * 1e9)


def test_a_face_is_read_ten_times_a_second_and_seen_in_every_frame(
    perception: Perception, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []
    predict = perception.classifier.predict
    monkeypatch.setattr(
        perception.classifier, "predict", lambda crops: read.append(len(crops)) or predict(crops)
    )
    scene = Scene(perception, rate=30.0)
    scene.watch(1.0, 100)
    read.clear()
    for _ in range(60):
        (face,) = scene.watch(1 / 30, 100)
        assert face.last_seen_ns == round((scene.count - 1) / 30 * 1e9)
    assert read == [1] * 20


def test_every_other_reading_is_of_the_mirror_image(
    perception: Perception, monkeypatch: pytest.MonkeyPatch
) -> None:
    crops: list[np.ndarray] = []
    predict = perception.classifier.predict
    monkeypatch.setattr(
        perception.classifier, "predict", lambda shown: crops.extend(shown) or predict(shown)
    )
    scene = Scene(perception, rate=10.0)
    scene.watch(2.0, 100)

    def apart(one: np.ndarray, other: np.ndarray) -> float:
        return float(np.abs(one.astype(float) - other).mean())

    for before, after in pairwise(crops[-6:]):
        assert apart(before, after[:, ::-1]) < 8 < apart(before, after)


def test_followed_boxes_move_with_the_face(perception: Perception) -> None:
    scene = Scene(perception, detections_per_second=1.0)
    (before,) = scene.watch(1.0, 50)
    searches = scene.detector.searches
    (after,) = scene.watch(0.6, 50, speed=100)
    assert scene.detector.searches - searches <= 1
    # Nine frames, of which the first one shows her where she was.
    assert after.box.left - before.box.left == pytest.approx(8 / RATE * 100, abs=8)


def test_a_lost_face_is_searched_at_once_and_kept_for_a_while(perception: Perception) -> None:
    scene = Scene(perception, detections_per_second=1.0)
    scene.watch(1.5, 100)
    searches = scene.detector.searches
    assert [face.number for face in scene.watch(2 / RATE, None)] == [1]
    assert scene.detector.searches > searches
    assert [face.number for face in scene.watch(1.0, None)] == [1]
    assert [face.number for face in scene.watch(1.0, 100)] == [1]
    assert scene.watch(3.0, None) == []


def test_missed_detections_leave_no_hole(perception: Perception) -> None:
    scene = Scene(perception)
    scene.watch(1.0, 100)
    scene.detector.is_blind = True
    assert [face.number for face in scene.watch(0.8, 100)] == [1]
    scene.detector.is_blind = False
    assert [face.number for face in scene.watch(0.5, 100)] == [1]


def test_frames_far_apart_are_searched_each(perception: Perception) -> None:
    scene = Scene(perception, detections_per_second=0.2)
    scene.watch(1.0, 100)
    scene.count += 8
    assert scene.searches(1 / RATE, 100) == 1


@pytest.mark.parametrize("rate", [1.5, 1.0])
def test_few_frames_a_second_are_enough_for_a_visit(perception: Perception, rate: float) -> None:
    scene = Scene(perception, rate=rate)
    scene.watch(3.0, None)
    assert scene.watch(2 / rate, 100) == []
    shown = [[face.emotion for face in scene.watch(1 / rate, 100)] for _ in range(6)]
    assert shown == [[None], *[["happy"]] * 5]
    scene.detector.is_blind = True
    assert [face.number for face in scene.watch(1 / rate, 100)] == [1]
    scene.detector.is_blind = False
    (face,) = scene.watch(1 / rate, 100)
    assert (face.number, face.last_seen_ns) == (1, round((scene.count - 1) / rate * 1e9))
    assert scene.watch(3.0, None) == []


def test_another_frame_size_ends_every_visit(perception: Perception) -> None:
    scene = Scene(perception)
    assert [face.number for face in scene.watch(1.0, 100)] == [1]
    at_ns = round(scene.count / RATE * 1e9)
    assert scene.watcher.watch(Frame(np.zeros((120, 200), np.uint8), at_ns)) == []
    scene.count += 1
    assert [face.number for face in scene.watch(1.0, 100)] == [2]


def test_whoever_is_forgotten_is_somebody_new_at_once(perception: Perception) -> None:
    scene = Scene(perception, look_again_s=60.0)
    scene.watch(1.0, 100)
    scene.watcher.forget()
    (face,) = scene.watch(3 / RATE, 100)
    assert face.number == 2
    assert face.first_seen_ns == round((scene.count - 3) / RATE * 1e9)


def test_another_frame_size_is_searched_and_one_that_cannot_be_read_refused(
    perception: Perception,
) -> None:
    scene = Scene(perception, detections_per_second=1.0)
    scene.watch(1.0, 100)
    searches = scene.detector.searches
    at_ns = round(scene.count / RATE * 1e9)
    scene.watcher.watch(Frame(np.zeros((120, 200), np.uint8), at_ns))
    assert scene.detector.searches == searches + 1
    with pytest.raises(FrameError):
        scene.watcher.watch(Frame(np.zeros((120, 200, 4), np.uint8), at_ns + 1))


def test_whoever_is_known_is_searched_nearby_and_the_whole_frame_once_a_second(
    perception: Perception,
) -> None:
    scene = Scene(perception, nearby=True)
    scene.watch(1.0, 100)
    whole, near = scene.detector.searches, scene.nearby.searches
    present = scene.watch(6.0, 100, speed=10)
    # Tilted faces are searched in turned frames as well, which is not counted here.
    assert 5 <= scene.detector.searches - whole <= 7
    assert 22 <= scene.nearby.searches - near <= 25
    assert [(face.number, face.emotion) for face in present] == [(1, "happy")]


def test_nobody_is_searched_nearby_in_an_empty_room(perception: Perception) -> None:
    scene = Scene(perception, nearby=True)
    scene.watch(6.0, None)
    assert scene.nearby.searches == 0


def test_somebody_new_is_searched_in_the_whole_frame(perception: Perception) -> None:
    scene = Scene(perception, nearby=True)
    # Just after a look at the empty room, so that none is due for its time alone.
    scene.watch(0.4, None)
    scene.watch(3 / RATE, 100)
    assert scene.nearby.searches == 0
    assert [face.number for face in scene.watch(1.0, 100)] == [1]
    assert scene.nearby.searches > 0


def test_somebody_hidden_is_searched_in_the_whole_frame(perception: Perception) -> None:
    scene = Scene(perception, nearby=True)
    scene.watch(1.5, 100)
    scene.watch(1 / RATE, None)
    near = scene.nearby.searches
    assert [face.number for face in scene.watch(1.0, None)] == [1]
    assert scene.nearby.searches == near


def test_a_face_that_is_doubtful_nearby_is_searched_everywhere_in_the_same_frame(
    perception: Perception,
) -> None:
    scene = Scene(perception, nearby=True)
    scene.watch(1.5, 100)
    scene.nearby.confidence = 0.3
    for _ in range(3 * RATE):
        (face,) = scene.watch(1 / RATE, 100)
        assert face.last_seen_ns == round((scene.count - 1) / RATE * 1e9)


def test_whoever_is_not_found_nearby_is_searched_everywhere_in_the_same_frame(
    perception: Perception,
) -> None:
    scene = Scene(perception, nearby=True)
    scene.watch(1.5, 100)
    scene.nearby.is_blind = True
    whole, near = scene.detector.searches, scene.nearby.searches
    for _ in range(3 * RATE):
        (face,) = scene.watch(1 / RATE, 100)
        assert face.last_seen_ns == round((scene.count - 1) / RATE * 1e9)
    assert face.number == 1
    # Five searches a second; nearby only after a whole search in which nobody was lost there.
    assert 14 <= scene.detector.searches - whole <= 16
    assert 2 <= scene.nearby.searches - near <= 4


def test_whoever_jumps_is_found_where_they_are(perception: Perception) -> None:
    scene = Scene(perception, nearby=True)
    scene.watch(1.2, 10)
    near = scene.nearby.searches
    while scene.nearby.searches == near:
        scene.watch(1 / RATE, 10)
    # Followed in the next frame, and lost: not near.
    whole, near = scene.detector.searches, scene.nearby.searches
    scene.watch(1 / RATE, 160)
    assert (scene.detector.searches - whole, scene.nearby.searches - near) == (1, 0)
    present = scene.watch(2 / RATE, 160)
    now_ns = round((scene.count - 1) / RATE * 1e9)
    (seen,) = (face for face in present if face.last_seen_ns == now_ns)
    assert seen.box.left > 200


def test_tilted_faces_are_searched_in_the_whole_frame(perception: Perception) -> None:
    scene = Scene(perception, nearby=True)
    scene.watch(1.0, 80)
    scene.watch(1.0, 80, roll_deg=30.0)
    near = scene.nearby.searches
    assert [face.number for face in scene.watch(2.0, 80, roll_deg=30.0)] == [1]
    assert scene.nearby.searches == near


def test_frames_far_apart_are_not_searched_nearby(perception: Perception) -> None:
    scene = Scene(perception, nearby=True, rate=1.5)
    scene.watch(6.0, 100)
    assert scene.nearby.searches == 0
    assert [face.number for face in scene.watch(2.0, 100)] == [1]


@pytest.mark.parametrize(("own", "doubtful"), [(0.6, 0.4), (0.25, 0.25)])
def test_a_room_is_searched_from_no_higher_score_than_a_photo(
    perception: Perception, own: float, doubtful: float
) -> None:
    """A detector of one's own may be sure of a face at less than the shipped ones doubt."""
    asked: list[float] = []

    class Noting(FaceDetector):
        def at_threshold(self, score_threshold: float) -> Self:
            asked.append(score_threshold)
            return self

    detector = Noting(perception.detector.model)
    detector.card = msgspec.structs.replace(detector.card, score_threshold=own)
    noting = Perception(detector, perception.classifier)
    asked.clear()
    Watcher(noting, tracker_for(detector), REACTIONS["normal"])
    assert asked == [doubtful]
