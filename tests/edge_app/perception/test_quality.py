import cv2
import numpy as np
import pytest
from skimage import data

from edge_app.perception.quality import BLURRED, DARK, SMALL, TURNED, Quality, assess, turn

FRONTAL = np.array([[16, 18], [32, 18], [24, 27], [17, 36], [31, 36]], np.float32)


@pytest.fixture(scope="module")
def face() -> np.ndarray:
    """Her face in NASA's portrait of Eileen Collins: uint8 [48, 48]."""
    gray = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2GRAY)
    return cv2.resize(gray[70:170, 175:275], (48, 48), interpolation=cv2.INTER_AREA)


def turned_nose(by: float) -> np.ndarray:
    """The nose `by` distances of the eyes beside the middle."""
    landmarks = FRONTAL.copy()
    landmarks[2, 0] += 16 * by
    return landmarks


def test_a_clear_face_has_no_flaw(face: np.ndarray) -> None:
    assert assess(face, FRONTAL, 100.0) == Quality(1.0, frozenset())


def test_a_face_of_few_pixels_is_small(face: np.ndarray) -> None:
    assert assess(face, FRONTAL, 24.0).weight == 1.0
    assert assess(face, FRONTAL, 14.0).flaws == {SMALL}
    assert assess(face, FRONTAL, 8.0).weight == 0.0


def test_the_weight_falls_as_blur_grows(face: np.ndarray) -> None:
    weights = [
        assess(cv2.GaussianBlur(face, (0, 0), sigma), FRONTAL, 100.0).weight
        for sigma in (0.5, 1.5, 2.0, 3.0, 6.0)
    ]
    assert weights == sorted(weights, reverse=True)
    assert weights[0] == 1.0
    assert weights[-1] == 0.0
    assert assess(cv2.GaussianBlur(face, (0, 0), 3.0), FRONTAL, 100.0).flaws == {BLURRED}


def test_little_contrast_under_noise_is_dark(face: np.ndarray) -> None:
    noise = np.random.default_rng(1).normal(0, 1.5, face.shape)
    dim = np.clip(face * 0.05 + noise, 0, 255).astype(np.uint8)
    assert DARK in assess(dim, FRONTAL, 100.0).flaws


def test_noise_is_dark_and_not_sharp(face: np.ndarray) -> None:
    noise = np.random.default_rng(1).normal(0, 60, face.shape)
    noisy = np.clip(face.astype(float) * 0.5 + 60 + noise, 0, 255).astype(np.uint8)
    assert DARK in assess(noisy, FRONTAL, 100.0).flaws


def test_a_turned_face_weighs_less(face: np.ndarray) -> None:
    assert assess(face, turned_nose(0.1), 100.0).weight == 1.0
    assert 0.0 < assess(face, turned_nose(0.6), 100.0).weight < 0.5
    assert assess(face, turned_nose(0.6), 100.0).flaws == {TURNED}
    assert assess(face, turned_nose(-1.2), 100.0).weight == 0.0


@pytest.mark.parametrize("angle_deg", [0.0, 40.0, 180.0])
def test_turn_does_not_depend_on_roll_or_size(angle_deg: float) -> None:
    angle = np.deg2rad(angle_deg)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    landmarks = (turned_nose(0.25) @ rotation.T * 3 + 100).astype(np.float32)
    assert turn(landmarks) == pytest.approx(0.25, abs=1e-3)


def test_an_even_crop_and_landmarks_on_one_point_are_worth_nothing() -> None:
    even = np.full((48, 48), 90, np.uint8)
    assert assess(even, np.full((5, 2), 7, np.float32), 100.0).weight == 0.0


def test_a_crop_of_another_side_is_judged_alike(face: np.ndarray) -> None:
    large = cv2.resize(face, (96, 96), interpolation=cv2.INTER_CUBIC)
    assert assess(large, FRONTAL, 100.0).weight == 1.0
