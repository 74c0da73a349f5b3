from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from skimage import data

from edge_app.frames.source import Frame
from edge_app.perception import (
    Box,
    EmotionClassifier,
    Face,
    FaceDetector,
    FrameError,
    ModelError,
    Perception,
)
from edge_app.perception.alignment import canonical_landmarks
from edge_app.perception.labels import CONTEMPT, HAPPY, UNSURE
from edge_app.perception.light import spread
from edge_app.perception.perception import View
from edge_app.perception.shipped import FACE_160, FACE_320
from edge_app.perception.smoothing import REACTIONS
from edge_app.perception.tracker import Tracker
from edge_app.perception.watcher import Watcher


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    """NASA's portrait of Eileen Collins, who smiles: uint8 BGR [512, 512, 3]."""
    return cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2BGR)


def test_a_smiling_face_is_happy(perception: Perception, portrait: np.ndarray) -> None:
    (seen,) = perception.see(portrait)
    assert seen.emotion == HAPPY
    assert seen.confidence > 0.8
    assert seen.labels == perception.classifier.labels
    assert np.isclose(seen.probabilities.sum(), 1.0, atol=1e-5)


@pytest.mark.parametrize("angle_deg", [-25.0, 25.0])
def test_a_tilted_face_is_read_upright(
    perception: Perception, portrait: np.ndarray, angle_deg: float
) -> None:
    turn = cv2.getRotationMatrix2D((222, 110), angle_deg, 1.0)
    (seen,) = perception.see(cv2.warpAffine(portrait, turn, (512, 512)))
    assert seen.emotion == HAPPY


def test_gray_is_seen_as_colour_is(perception: Perception, portrait: np.ndarray) -> None:
    (in_gray,) = perception.see(cv2.cvtColor(portrait, cv2.COLOR_BGR2GRAY))
    assert in_gray.emotion == HAPPY


@pytest.mark.parametrize("margin", [0.0, 0.1, 0.2])
def test_a_face_that_fills_the_picture_is_found(
    perception: Perception, portrait: np.ndarray, margin: float
) -> None:
    """As face data sets crop their pictures; at the detector's scale it is larger than any face."""
    (face,) = perception.find(portrait)
    box = face.box
    left, right = box.left + margin * box.width, box.right - margin * box.width
    top, bottom = box.top + margin * box.height, box.bottom - margin * box.height
    tight = cv2.resize(portrait[round(top) : round(bottom), round(left) : round(right)], (192, 192))
    (seen,) = perception.see(tight)
    assert seen.emotion == HAPPY


def test_what_only_the_small_network_takes_for_a_small_face_is_none(
    perception: Perception, portrait: np.ndarray
) -> None:
    turn = cv2.getRotationMatrix2D((222, 110), -30.0, 1.0)
    # The edge's outermost pixels make a pattern that it is sure of at 0.66.
    photo = cv2.warpAffine(portrait, turn, (512, 512), borderMode=cv2.BORDER_REPLICATE)
    assert len(perception.find(photo)) == 1


def test_a_still_face_and_its_mirror_image_show_the_same(
    perception: Perception, portrait: np.ndarray
) -> None:
    (face,) = perception.find(portrait)
    width = portrait.shape[1]
    points = face.landmarks[[1, 0, 2, 4, 3]] * (-1, 1) + (width, 0)
    box = Box(width - face.box.right, face.box.top, width - face.box.left, face.box.bottom)
    mirrored = Face(box, points.astype(np.float32), face.score)
    (one,) = perception.read(portrait, [face], look_again=False, views=[View.FOUR])
    (other,) = perception.read(portrait[:, ::-1], [mirrored], look_again=False, views=[View.FOUR])
    assert other.probabilities == pytest.approx(one.probabilities, abs=0.03)
    (once,) = perception.read(portrait, [face], look_again=False)
    assert one.probabilities.sum() == pytest.approx(1.0, abs=1e-5)
    assert (once.probabilities != one.probabilities).any()


@pytest.mark.parametrize(
    "path", [str(FACE_320), FACE_320.parent / ".." / FACE_320.parent.name / FACE_320.name]
)
def test_the_shipped_detector_has_its_small_one_however_it_is_named(path: Path | str) -> None:
    assert Perception.load(detector=path).small_detector.model.path == FACE_160


def test_another_detector_is_alone() -> None:
    alone = Perception.load(detector=str(FACE_160))
    assert alone.small_detector is alone.detector


def test_another_answer_can_be_asked_for() -> None:
    assert CONTEMPT in Perception.load(answer="ferplus").classifier.labels
    with pytest.raises(ModelError, match="no answer 'poetic'"):
        Perception.load(answer="poetic")


def test_threads_may_share_it(perception: Perception, portrait: np.ndarray) -> None:
    pictures = [portrait, cv2.resize(portrait[:240, ::-1], (300, 200))] * 4
    alone = [perception.see(picture) for picture in pictures]
    with ThreadPoolExecutor(2) as threads:
        together = [*threads.map(perception.see, pictures)]
    for (one,), (other,) in zip(alone, together, strict=True):
        assert other.face.box == one.face.box
        assert np.array_equal(other.probabilities, one.probabilities)


def test_an_empty_frame_has_no_faces(perception: Perception) -> None:
    assert perception.see(np.zeros((480, 640), np.uint8)) == []


@pytest.mark.parametrize(
    "frame",
    [
        np.zeros((10, 10), np.uint16),
        np.zeros((10, 10, 4), np.uint8),
        np.zeros((0, 10), np.uint8),
        np.zeros(10, np.uint8),
    ],
)
def test_a_frame_of_another_form_is_refused(perception: Perception, frame: np.ndarray) -> None:
    with pytest.raises(FrameError):
        perception.see(frame)


@pytest.mark.parametrize(
    "crops",
    [
        np.zeros((1, 48, 48), np.float32),
        np.zeros((48, 48), np.uint8),
        np.zeros((1, 0, 48), np.uint8),
        None,
        [[[0]]],
    ],
)
def test_crops_of_another_form_are_refused(crops: Any) -> None:
    classifier = EmotionClassifier.load()
    for asked in (classifier.predict, classifier.logits):
        with pytest.raises(FrameError, match="uint8"):
            asked(crops)


@pytest.mark.parametrize("shape", [(480, 640, 3), (48, 48, 4), (48, 48, 1), (3, 48, 7), (3, 7, 48)])
def test_a_picture_in_colour_is_not_taken_for_crops(shape: tuple[int, ...]) -> None:
    with pytest.raises(FrameError, match=r"which show no face; .* cv2\.COLOR_BGR2GRAY\)\[None\]$"):
        EmotionClassifier.load().predict(np.zeros(shape, np.uint8))


def test_a_file_that_cannot_be_read_is_told(perception: Perception, tmp_path: Path) -> None:
    for asked in (perception.see, perception.read_crop, perception.detector.detect):
        with pytest.raises(FrameError, match=r"not None, which is what cv2\.imread returns for a"):
            asked(cv2.imread(str(tmp_path / "missing.jpg")))


def test_an_unlikely_emotion_is_unsure(perception: Perception) -> None:
    labels = len(perception.classifier.labels)
    even = np.full(labels, 1 / labels, np.float32)
    assert perception.classifier.emotion(even) == UNSURE


def test_reading_given_faces_keeps_their_order(
    perception: Perception, portrait: np.ndarray
) -> None:
    (face,) = perception.detector.detect(portrait)
    hidden = Face(Box(0, 400, 6, 407), face.landmarks * 0.05, 0.7)
    tiny, seen = perception.read(portrait, [hidden, face])
    assert seen.emotion == HAPPY
    assert seen.quality == 1.0
    assert seen.flaws == frozenset()
    assert "small" in tiny.flaws


def test_a_face_that_cannot_be_read_is_not_classified(
    perception: Perception, portrait: np.ndarray
) -> None:
    small = cv2.resize(portrait, (32, 32), interpolation=cv2.INTER_AREA)
    (face,) = perception.detector.detect(portrait)
    scale = 32 / 512
    tiny = Face(Box(*(edge * scale for edge in face.box)), face.landmarks * scale, 0.7)
    (seen,) = perception.read(small, [tiny], look_again=False)
    assert seen.quality == 0.0
    assert seen.emotion == UNSURE
    assert np.allclose(seen.probabilities, 1 / len(seen.labels))


@pytest.mark.parametrize(
    ("middle", "beside"),
    [
        pytest.param((256, 256, 150), (130, 382, 260), id="somebody larger stands in the margin"),
        pytest.param((190, 256, 260), (310, 262, 100), id="somebody smaller stands behind"),
    ],
)
def test_of_a_crop_with_a_margin_the_face_about_the_middle_is_read(
    perception: Perception,
    portrait: np.ndarray,
    middle: tuple[int, int, int],
    beside: tuple[int, int, int],
) -> None:
    """x, y, side: of a square that shows a face in its middle, in pixels of the crop."""
    crop = np.full((512, 512, 3), 90, np.uint8)
    for x, y, side in (middle, beside):
        left, top = x - side // 2, y - side // 2
        shown = cv2.resize(portrait[:230, 110:340], (side, side), interpolation=cv2.INTER_AREA)
        crop[top : top + side, left : left + side] = shown
    assert len(perception.find(crop)) == 2
    seen = perception.read_crop(crop)
    box, (x, y, side) = seen.face.box, middle
    assert np.hypot((box.left + box.right) / 2 - x, (box.top + box.bottom) / 2 - y) < 0.1 * side
    assert seen.face.score > 0.0
    assert seen.emotion == HAPPY


def test_a_crop_is_read_by_the_same_views_as_a_photo(
    perception: Perception, portrait: np.ndarray
) -> None:
    (seen,) = perception.see(portrait)
    assert np.array_equal(perception.read_crop(portrait).probabilities, seen.probabilities)


class Blind(FaceDetector):
    """Finds nobody, as detectors do whose faces are cut too tightly."""

    def detect(self, frame: np.ndarray) -> list[Face]:
        return super().detect(frame)[:0]


def test_a_crop_in_which_nobody_is_found_is_read_as_it_stands(
    perception: Perception, portrait: np.ndarray
) -> None:
    (face,) = perception.find(portrait)
    crop = perception.crop(portrait, face)
    perception = Perception(Blind(perception.detector.model), perception.classifier)
    seen = perception.read_crop(crop)
    assert seen.emotion == HAPPY
    assert (seen.face.score, seen.quality) == (0.0, 1.0)
    both = perception.classifier.predict(np.stack([crop, crop[:, ::-1]])).mean(axis=0)
    assert seen.probabilities == pytest.approx(both, abs=0.02)
    # Of a picture that is no square, its middle.
    wide = cv2.copyMakeBorder(crop, 0, 0, 12, 12, cv2.BORDER_CONSTANT)
    assert perception.read_crop(wide).probabilities == pytest.approx(seen.probabilities, abs=0.03)


def test_somebody_in_the_corner_of_a_crop_is_not_read_for_who_is_not_found(
    perception: Perception, portrait: np.ndarray
) -> None:
    crop = np.full((192, 192, 3), 90, np.uint8)
    crop[6:58, 6:58] = cv2.resize(portrait[:230, 110:340], (52, 52), interpolation=cv2.INTER_AREA)
    assert len(perception.find(crop)) == 1
    seen = perception.read_crop(crop)
    assert seen.face.score == 0.0
    assert (seen.face.box.left + seen.face.box.right) / 2 == pytest.approx(96, abs=2)


@pytest.mark.parametrize(
    ("above", "beside"),
    [
        pytest.param(0, 0, id="half-length, 1.25 times the face off the middle"),
        pytest.param(100, 0, id="longer, 1.7 times"),
        pytest.param(0, 300, id="beside a wall"),
    ],
)
def test_the_only_face_of_a_photo_is_read_wherever_it_stands(
    perception: Perception, portrait: np.ndarray, above: int, beside: int
) -> None:
    wall = cv2.copyMakeBorder(portrait, 0, above, 0, beside, cv2.BORDER_CONSTANT, value=(90,) * 3)
    seen = perception.read_crop(wall)
    assert seen.face.score > 0.8
    assert seen.emotion == HAPPY


def test_a_turned_face_in_the_middle_is_meant_and_no_sure_one_beside_it(
    perception: Perception, portrait: np.ndarray
) -> None:
    near = portrait[:230, 110:340]
    turned = cv2.warpAffine(near, cv2.getRotationMatrix2D((115, 115), 40, 1.0), (230, 230))
    crop = np.full((400, 400, 3), 90, np.uint8)
    crop[85:315, 85:315] = turned
    crop[5:105, 5:105] = cv2.resize(near, (100, 100), interpolation=cv2.INTER_AREA)
    (upright,) = [face for face in perception.detector.detect(crop) if face.box.right < 110]
    assert upright.score > 0.8
    seen = perception.read_crop(crop)
    assert (seen.face.box.left + seen.face.box.right) / 2 == pytest.approx(200, abs=25)


def test_a_doubtful_face_in_the_middle_is_meant_and_no_sure_one_in_the_corner(
    perception: Perception, portrait: np.ndarray
) -> None:
    """Blurred so far that no search of a photo finds it."""
    near = portrait[:230, 110:340]
    crop = np.full((400, 400, 3), 90, np.uint8)
    crop[130:360, 85:315] = cv2.GaussianBlur(near, (0, 0), 14.0)
    crop[5:105, 5:105] = cv2.resize(near, (100, 100), interpolation=cv2.INTER_AREA)
    (corner,) = perception.find(crop)
    assert corner.box.right < 110
    seen = perception.read_crop(crop)
    assert 0.2 < seen.face.score < 0.5
    assert 130 < (seen.face.box.left + seen.face.box.right) / 2 < 270


def test_a_crop_of_which_little_can_be_read_has_an_answer_too(
    perception: Perception, portrait: np.ndarray
) -> None:
    (face,) = perception.find(portrait)
    blurred = cv2.GaussianBlur(perception.crop(portrait, face), (0, 0), 9.0)
    seen = perception.read_crop(blurred)
    assert (seen.quality, seen.emotion) == (0.0, UNSURE)
    assert np.ptp(seen.probabilities) > 0.1


def test_of_a_crop_that_shows_a_sure_face_in_its_middle_no_turned_one_is_looked_for(
    perception: Perception, portrait: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    crop = portrait[:230, 110:340]
    expected = perception.read_crop(crop)
    monkeypatch.setattr(perception.search, "tilted", None)
    seen = perception.read_crop(crop)
    assert seen.face.box == expected.face.box
    with pytest.raises(AttributeError):
        perception.read_crop(np.rot90(crop).copy())


def test_a_face_is_shown_a_tenth_nearer_than_the_card_has_it(perception: Perception) -> None:
    """Dots where the card places eyes and mouth, ten times as large."""
    placed = canonical_landmarks(perception.classifier.alignment)
    points = 480 * placed + 100
    frame = np.full((700, 700), 200, np.uint8)
    for x, y in points:
        cv2.circle(frame, (round(x), round(y)), 9, 0, -1)
    landmarks = np.insert(points, 2, points.mean(axis=0), axis=0).astype(np.float32)
    face = Face(Box(100, 100, 580, 580), landmarks, 0.9)
    crop = perception.crop(frame, face, look_again=False)
    *_, middles = cv2.connectedComponentsWithStats((crop < 150).astype(np.uint8))
    shown = sorted(((middles[1:] + 0.5) / 48).tolist())
    assert np.array(shown) == pytest.approx(
        np.array(sorted((0.5 + 1.1 * (placed - 0.5)).tolist())), abs=0.01
    )
    (seen,) = perception.read(frame, [face], look_again=False)
    assert "small" not in seen.flaws


def test_a_picture_in_which_nobody_is_found_is_shown_as_it_stands(
    perception: Perception, portrait: np.ndarray
) -> None:
    (face,) = perception.find(portrait)
    picture = perception.crop(portrait, face)
    blind = Perception(Blind(perception.detector.model), perception.classifier)
    nobody = blind.read_crop(picture).face
    assert np.array_equal(perception.crop(picture, nobody, look_again=False), spread(picture))


def test_a_crop_is_of_the_classifiers_size(perception: Perception, portrait: np.ndarray) -> None:
    """tests/trainer/data/test_photo_folder.py holds that it is what the classifier is shown."""
    (face,) = perception.find(portrait)
    crop = perception.crop(portrait, face)
    assert (crop.shape, crop.dtype) == ((48, 48), np.uint8)
    with pytest.raises(FrameError):
        perception.crop(np.zeros((4, 4), np.uint16), face)


def test_no_faces_are_nothing_to_read(perception: Perception, portrait: np.ndarray) -> None:
    assert perception.read(portrait, []) == []
    with pytest.raises(FrameError):
        perception.read(np.zeros((4, 4), np.uint16), [])


def test_a_face_in_flat_light_is_read(perception: Perception, portrait: np.ndarray) -> None:
    flat = (portrait // 20 + 100).astype(np.uint8)
    faces = perception.detector.detect(portrait)
    (seen,) = perception.read(flat, faces, look_again=False)
    assert seen.emotion == HAPPY


def test_watching_decides_and_lets_go(perception: Perception, portrait: np.ndarray) -> None:
    watcher = Watcher(perception, Tracker(), REACTIONS["normal"])
    empty = np.zeros_like(portrait)
    told = []
    for n in range(60):
        image = portrait if 10 <= n < 40 else empty
        told.append(watcher.watch(Frame(image, int(n * 1e8))))
    assert told[9] == []
    assert [face.number for face in told[20]] == [1]
    assert told[39][0].emotion == HAPPY
    assert told[39][0].first_seen_ns == int(1e9)
    assert [face.number for face in told[45]] == [1], "hidden for less than a second"
    assert told[59] == []


def test_the_faces_of_group_photos_are_found(perception: Perception, shared_data: Path) -> None:
    """At least as many as a person counts without effort."""
    for name, faces in (("group-1", 12), ("group_photo_9", 8), ("group_photo_3", 5)):
        photo = cv2.imread(str(shared_data / "photos" / f"{name}.jpg"))
        assert len(perception.see(photo)) >= faces, name
