import cv2
import numpy as np
import pytest
from skimage import data

from edge_app.perception import Face, FaceDetector
from edge_app.perception.faces import Box
from edge_app.perception.shipped import FACE_320
from edge_app.perception.upright import Upright, roll_deg, turned

#: Her eyes in the portrait itself roll by about this.
OWN_DEG = 3.5


def portrait(angle_deg: float, shrink: float = 0.6) -> np.ndarray:
    """NASA's portrait of Eileen Collins, small in 640 by 480 and turned clockwise: uint8 BGR."""
    picture = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2BGR)
    turn = cv2.getRotationMatrix2D((222, 110), -angle_deg, shrink)
    turn[:, 2] += (320 - 222, 220 - 110)
    return cv2.warpAffine(picture, turn, (640, 480), borderMode=cv2.BORDER_REPLICATE)


@pytest.mark.parametrize("angle_deg", [-30.0, -20.0, 0.0, 20.0, 30.0])
def test_a_small_tilted_face_is_measured(detector: FaceDetector, angle_deg: float) -> None:
    frame = portrait(angle_deg, shrink=0.95)
    face = detector.detect(frame)[0]
    again = Upright(detector).look_again(frame, face)
    assert abs(roll_deg(again.landmarks) - angle_deg - OWN_DEG) < 8.0
    if abs(angle_deg) == 30.0:
        assert abs(roll_deg(face.landmarks) - angle_deg - OWN_DEG) > 8.0, "needs no second look"


def test_box_and_score_stay(detector: FaceDetector) -> None:
    frame = portrait(20.0, shrink=0.9)
    face = detector.detect(frame)[0]
    again = Upright(detector).look_again(frame, face)
    assert (again.box, again.score) == (face.box, face.score)
    assert np.abs(again.landmarks.mean(axis=0) - face.landmarks.mean(axis=0)).max() < 10


def test_faces_stay_as_large_as_their_own_landmarks_have_them(detector: FaceDetector) -> None:
    """All in all: of one face it depends on where its pixels fall."""
    upright, large = Upright(detector), FaceDetector.load(FACE_320)
    grown = []
    for shrink in np.arange(0.4, 2.0, 0.1):
        frame = portrait(0.0, float(shrink))
        face = large.detect(frame)[0]
        again = upright.look_again(frame, face)
        own, seen = (np.sqrt(each.landmarks.var(axis=0).sum()) for each in (face, again))
        grown.append(seen / own)
    assert np.median(grown) == pytest.approx(1.0, abs=0.04)


def test_what_is_no_face_keeps_its_landmarks(detector: FaceDetector) -> None:
    landmarks = np.array([[300, 200], [340, 200], [320, 220], [305, 240], [335, 240]], np.float32)
    face = Face(Box(280, 170, 360, 270), landmarks, 0.9)
    assert Upright(detector).look_again(np.zeros((480, 640), np.uint8), face) is face


def test_a_face_beside_the_box_is_not_taken(detector: FaceDetector) -> None:
    """A box of her hand's size beside her head: what it shows is somebody else's face."""
    frame = portrait(0.0)
    face = detector.detect(frame)[0].box
    width = face.right - face.left
    beside = Box(face.left + 0.7 * width, face.top, face.right + 0.7 * width, face.bottom)
    assert Upright(detector).look(frame, beside, 0.0) is None


def test_a_face_of_another_size_than_the_box_is_not_taken(detector: FaceDetector) -> None:
    """A box about her and the wall around: it is not hers."""
    frame = portrait(0.0, shrink=1.0)
    face = detector.detect(frame)[0].box
    upright = Upright(detector)

    def around(times: float) -> Box:
        x, y = (face.left + face.right) / 2, (face.top + face.bottom) / 2
        half_width, half_height = times * face.width / 2, times * face.height / 2
        return Box(x - half_width, y - half_height, x + half_width, y + half_height)

    assert upright.look(frame, around(1.3), 0.0) is not None
    assert upright.look(frame, around(2.2), 0.0) is None


@pytest.mark.parametrize("edge", ["left", "top", "right", "bottom"])
def test_a_face_that_the_frame_s_edge_cuts_is_found_where_it_is(
    detector: FaceDetector, edge: str
) -> None:
    frame = portrait(0.0)
    face = detector.detect(frame)[0].box
    whole = Upright(detector).look(frame, face, 0.0)
    width, height = face.right - face.left, face.bottom - face.top
    left = round(face.left + 0.2 * width) if edge == "left" else 0
    top = round(face.top + 0.2 * height) if edge == "top" else 0
    right = round(face.right - 0.2 * width) if edge == "right" else 640
    bottom = round(face.bottom - 0.2 * height) if edge == "bottom" else 480
    box = Box(face.left - left, face.top - top, face.right - left, face.bottom - top)
    found = Upright(detector).look(frame[top:bottom, left:right], box, 0.0)
    assert found is not None
    assert whole is not None
    assert np.abs(found + np.array([left, top]) - whole).max() < 0.15 * width


@pytest.mark.parametrize("place", [(-40.0, 10.0), (630.0, 470.0), (5.0, 5.0)])
def test_at_the_frame_s_edge_nobody_is_found_where_nobody_is(
    detector: FaceDetector, place: tuple[float, float]
) -> None:
    box = Box(*place, place[0] + 60, place[1] + 80)
    assert Upright(detector).look(portrait(0.0), box, 25.0) is None


@pytest.mark.parametrize("roll", [0.0, 25.0])
def test_in_an_empty_box_nobody_is_found(detector: FaceDetector, roll: float) -> None:
    assert Upright(detector).look(portrait(0.0), Box(500, 20, 500, 20), roll) is None


@pytest.mark.parametrize("by_deg", [-90.0, -12.0, 0.0, 30.0])
def test_turning_turns_about_the_middle(by_deg: float) -> None:
    landmarks = np.array([[30, 40], [70, 40], [50, 60], [35, 80], [65, 80]], np.float32)
    after = turned(landmarks, by_deg)
    assert roll_deg(landmarks) == pytest.approx(0.0, abs=1e-6)
    assert roll_deg(after) == pytest.approx(by_deg, abs=1e-3)
    placed = [0, 1, 3, 4]
    assert np.allclose(after[placed].mean(axis=0), landmarks[placed].mean(axis=0), atol=1e-3)
