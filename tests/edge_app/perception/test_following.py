from __future__ import annotations

import cv2
import numpy as np
import pytest
import skimage.data

from edge_app.perception.faces import Box, Face
from edge_app.perception.following import follow

LANDMARKS = np.array([[206, 104], [245, 104], [224, 126], [208, 146], [241, 146]], np.float32)


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    return np.ascontiguousarray(skimage.data.astronaut()[..., ::-1])


@pytest.fixture
def face() -> Face:
    return Face(Box(178, 65, 270, 175), LANDMARKS.copy(), 0.9)


def moved(image: np.ndarray, angle_deg: float, scale: float, shift: tuple[float, float]) -> tuple:
    """The picture turned about the face's middle, and what became of the landmarks."""
    matrix = cv2.getRotationMatrix2D((224, 120), -angle_deg, scale)
    matrix[:, 2] += shift
    points = LANDMARKS @ matrix[:, :2].T + matrix[:, 2]
    return cv2.warpAffine(image, matrix, image.shape[1::-1]), points


@pytest.mark.parametrize("colour", [True, False])
@pytest.mark.parametrize(
    ("angle_deg", "scale", "shift"),
    [(0, 1, (0, 0)), (0, 1, (9, -6)), (6, 1, (4, 2)), (0, 1.06, (0, 3)), (-5, 0.95, (-7, 5))],
)
def test_follows_movement(
    portrait: np.ndarray, face: Face, angle_deg: float, scale: float, shift: tuple[float, float],
    *, colour: bool,
) -> None:  # fmt: skip
    image = portrait if colour else cv2.cvtColor(portrait, cv2.COLOR_BGR2GRAY)
    now, points = moved(image, angle_deg, scale, shift)
    found = follow(image, face, now)
    assert found is not None
    assert found.landmarks.dtype == np.float32
    # Two pixels of forty between the eyes: less than the detector's own jitter.
    assert np.abs(found.landmarks - points).max() < 2.0
    assert found.box.width == pytest.approx(face.box.width * scale, rel=0.03)
    assert found.score == face.score


@pytest.mark.parametrize(("angle_deg", "is_followed"), [(16, True), (20, False), (24, False)])
def test_who_turns_too_far_between_two_frames_is_lost(
    portrait: np.ndarray, face: Face, angle_deg: float, *, is_followed: bool
) -> None:
    """From there on flow leads astray by several pixels."""
    now, _ = moved(portrait, angle_deg, 1.0, (0, 0))
    assert (follow(portrait, face, now) is not None) == is_followed


def test_whoever_is_hidden_is_lost(portrait: np.ndarray, face: Face) -> None:
    hidden = portrait.copy()
    hidden[40:220, 150:300] = np.random.default_rng(1).integers(0, 255, (180, 150, 3), np.uint8)
    assert follow(portrait, face, hidden) is None


def test_a_flow_that_leads_to_no_face_is_not_believed(
    portrait: np.ndarray, face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Flow may stay on whoever steps between; what is there must look like the face."""
    stays = lambda _old, _new, points, *_rest, **_how: (points, np.ones((5, 1)), None)  # noqa: E731
    monkeypatch.setattr(cv2, "calcOpticalFlowPyrLK", stays)
    assert follow(portrait, face, portrait) is not None
    assert follow(portrait, face, np.ascontiguousarray(portrait[::-1])) is None


def test_another_scene_is_no_face(portrait: np.ndarray, face: Face) -> None:
    assert follow(portrait, face, np.ascontiguousarray(portrait[::-1, ::-1])) is None


def test_frames_of_two_sizes_are_not_compared(portrait: np.ndarray, face: Face) -> None:
    assert follow(portrait, face, portrait[:-2]) is None


@pytest.mark.parametrize("corner", [(-90.0, -90.0), (505.0, 500.0), (-30.0, 200.0), (2000.0, 0.0)])
@pytest.mark.parametrize("side", [0.0, 1.0, 20.0, 100.0, 900.0])
def test_faces_at_the_edge_are_followed_or_lost(
    portrait: np.ndarray, corner: tuple[float, float], side: float
) -> None:
    points = (np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]]) * side
              + corner).astype(np.float32)  # fmt: skip
    face = Face(Box(*corner, corner[0] + side, corner[1] + side), points, 0.7)
    found = follow(portrait, face, portrait)
    assert found is None or np.isfinite(found.landmarks).all()
