import cmath

import cv2
import numpy as np
import pytest

from edge_app.perception.alignment import (
    about_box,
    align,
    canonical_landmarks,
    cut,
    cut_upright,
    nearer,
    shrinkable,
)
from edge_app.perception.card import Alignment
from edge_app.perception.faces import Box

ALIGNMENT = Alignment(
    right_eye=(0.3, 0.4),
    left_eye=(0.7, 0.4),
    right_mouth=(0.35, 0.8),
    left_mouth=(0.65, 0.8),
    margin=0.75,
)
SIDE = 48


def dots(size: int, points: np.ndarray, radius: float) -> np.ndarray:
    """White dots on black at points (x, y) in pixels."""
    y, x = np.mgrid[:size, :size] + 0.5
    shown = np.zeros((size, size), np.uint8)
    for point in points:
        shown[np.hypot(x - point[0], y - point[1]) <= radius] = 255
    return shown


def landmarks_at(angle_deg: float, scale: float, centre: tuple[float, float]) -> np.ndarray:
    """The canonical landmarks, turned, enlarged and moved; the nose lies between them."""
    points = (canonical_landmarks(ALIGNMENT) - 0.5) * scale
    angle = np.deg2rad(angle_deg)
    turned = points @ np.array(
        [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
    ) + np.array(centre)
    nose = turned.mean(axis=0, keepdims=True)
    return np.concatenate([turned[:2], nose, turned[2:]]).astype(np.float32)


@pytest.mark.parametrize("angle_deg", [0.0, 30.0, -30.0, 75.0])
@pytest.mark.parametrize("scale", [48.0, 130.0, 400.0])
def test_landmarks_land_on_their_canonical_places(angle_deg: float, scale: float) -> None:
    landmarks = landmarks_at(angle_deg, scale, (320.0, 300.0))
    placed = landmarks[[0, 1, 3, 4]]
    for index, wanted in enumerate(canonical_landmarks(ALIGNMENT) * SIDE):
        image = dots(640, placed[index : index + 1], radius=max(2.0, scale / 30))
        crop = align(image, landmarks, ALIGNMENT, SIDE).astype(float)
        y, x = np.mgrid[:SIDE, :SIDE] + 0.5
        found = np.array([(crop * x).sum(), (crop * y).sum()]) / crop.sum()
        assert np.abs(found - wanted).max() < 0.25


def test_a_crop_of_the_canonical_size_is_the_picture_itself() -> None:
    image = np.random.default_rng(1).integers(0, 256, (SIDE, SIDE), np.uint8)
    landmarks = landmarks_at(0.0, SIDE, (SIDE / 2, SIDE / 2))
    crop = align(image, landmarks, ALIGNMENT, SIDE)
    assert np.abs(crop.astype(int) - image).max() <= 1


def test_colour_becomes_gray() -> None:
    gray = dots(200, np.array([[90.0, 110.0]]), radius=30)
    landmarks = landmarks_at(10.0, 120.0, (100.0, 100.0))
    from_colour = align(np.repeat(gray[..., None], 3, 2), landmarks, ALIGNMENT, SIDE)
    assert np.array_equal(from_colour, align(gray, landmarks, ALIGNMENT, SIDE))


def test_a_large_face_is_shrunk_by_area_and_not_by_picking_pixels() -> None:
    checks = (np.indices((960, 960)).sum(axis=0) % 2 * 255).astype(np.uint8)
    crop = align(checks, landmarks_at(0.0, 800.0, (480.0, 480.0)), ALIGNMENT, SIDE)
    assert np.abs(crop.astype(int) - 127).max() <= 3


@pytest.mark.parametrize("middle", [(480.0, 480.0), (301.0, 655.0), (0.0, 959.0)])
@pytest.mark.parametrize("width", [530.0, 611.0, 803.0])
def test_large_faces_are_shrunk_by_whole_numbers_of_pixels(
    middle: tuple[float, float], width: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = np.random.default_rng(0).integers(0, 256, (960, 959)).astype(np.uint8)
    factors = []
    resize = cv2.resize

    def noting_resize(patch: np.ndarray, size: tuple[int, int], **options: int) -> np.ndarray:
        factors.extend([patch.shape[1] / size[0], patch.shape[0] / size[1]])
        return np.asarray(resize(patch, size, **options))

    monkeypatch.setattr(cv2, "resize", noting_resize)
    align(image, landmarks_at(15.0, width, middle), ALIGNMENT, SIDE)
    assert len(set(factors)) == 1
    assert factors[0] == int(factors[0]) > 1


@pytest.mark.parametrize(("width", "side", "expected"), [(47, 48, 47), (95, 48, 95),
                                                         (97, 48, 98), (213, 48, 216)])  # fmt: skip
def test_a_square_is_enlarged_until_it_can_be_shrunk(width: int, side: int, expected: int) -> None:
    assert shrinkable(width, side) == expected


@pytest.mark.parametrize("place", [(0.0, 0.0), (199.0, 5.0), (-500.0, 900.0)])
@pytest.mark.parametrize("scale", [0.0, 3.0, 300.0])
def test_faces_at_and_beyond_the_edge_give_a_crop(place: tuple[float, float], scale: float) -> None:
    image = np.full((150, 200, 3), 90, np.uint8)
    crop = align(image, landmarks_at(20.0, scale, place), ALIGNMENT, SIDE)
    assert crop.shape == (SIDE, SIDE)
    assert crop.dtype == np.uint8
    assert (crop == 90).all()


def test_a_frame_of_one_pixel_gives_a_crop() -> None:
    image = np.full((1, 1), 7, np.uint8)
    assert (align(image, landmarks_at(0.0, 50.0, (0.5, 0.5)), ALIGNMENT, SIDE) == 7).all()


@pytest.mark.parametrize(
    ("left", "top", "width"),
    [
        (30, 20, 48),
        (30, 20, 20),
        (30, 20, 90),
        (5, 5, 110),
        (-10, -15, 40),
        (140, 90, 60),
        (-90, 300, 40),
    ],
)
@pytest.mark.parametrize("channels", [0, 3])
def test_an_upright_square_is_what_the_general_cut_draws(
    left: int, top: int, width: int, channels: int
) -> None:
    rows, columns = np.mgrid[:120, :160]
    frame = (128 + 60 * np.sin(rows / 9) + 60 * np.cos(columns / 7)).astype(np.uint8)
    shown = np.dstack([frame] * channels) if channels else frame
    rotation = complex(48 / width)
    expected = cut(shown, rotation, -rotation * complex(left, top), 48)
    crop = cut_upright(shown, left, top, width, 48)
    assert crop.shape == expected.shape
    # Its edges may lie on the other side of a pixel's middle.
    assert np.abs(crop.astype(int) - expected)[1:-1, 1:-1].max() <= 6


@pytest.mark.parametrize("roll_deg", [0.0, 20.0, -35.0])
def test_a_box_frames_a_face_as_wide_and_turned_as_it_is(roll_deg: float) -> None:
    box = Box(100.0, 150.0, 180.0, 250.0)
    rotation, shift = about_box(box, roll_deg, SIDE)
    assert SIDE / abs(rotation) == pytest.approx(1.12 * np.sqrt(80 * 100))
    # The box's middle lies in the middle of the crop, a little above it.
    middle = rotation * complex(140, 200) + shift
    assert middle == pytest.approx(complex(24, 24 - SIDE * 0.02 / 1.12))
    # What points down the face points down the crop.
    down = np.exp(1j * np.deg2rad(roll_deg)) * 1j
    assert np.angle(rotation * down) == pytest.approx(np.pi / 2)


def test_a_box_without_an_area_is_still_a_crop() -> None:
    crop = cut(np.zeros((20, 30), np.uint8), *about_box(Box(5, 5, 5, 9), 0.0, SIDE), SIDE)
    assert crop.shape == (SIDE, SIDE)


def test_nearer_shows_the_middle_of_the_same_square() -> None:
    """Its middle stays where it is, and what lay a tenth within the edge lies on it."""
    rotation, shift = cmath.rect(0.3, 0.4), complex(-20, 35)
    closer = nearer(rotation, shift, 48, 1.25)

    def back(placed: tuple[complex, complex], w: complex) -> complex:
        return (w - placed[1]) / placed[0]

    assert back(closer, 24 + 24j) == pytest.approx(back((rotation, shift), 24 + 24j))
    assert back(closer, 0j) == pytest.approx(back((rotation, shift), 4.8 + 4.8j))
    assert back(closer, 48 + 48j) == pytest.approx(back((rotation, shift), 43.2 + 43.2j))


def test_a_crop_of_fewer_pixels_is_enlarged_smoothly() -> None:
    """A step of gray between two pixels overshoots: cubic, where it was asked for."""
    step = np.repeat(np.array([[60] * 6 + [180] * 6], np.uint8), 12, axis=0)
    linear, cubic = (
        cut(step, complex(4), 0j, 48, enlarged=way) for way in (cv2.INTER_LINEAR, cv2.INTER_CUBIC)
    )
    assert (linear.min(), linear.max()) == (60, 180)
    assert cubic.min() < 60
    assert cubic.max() > 180
    whole = cut(step, complex(1), 0j, 12, enlarged=cv2.INTER_CUBIC)
    assert np.array_equal(whole, step)
