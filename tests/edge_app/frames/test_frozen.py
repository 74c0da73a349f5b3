from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge_app.frames.frozen import Freeze

ROOM = np.random.default_rng(3).integers(60, 90, (48, 64), np.uint8)


def captioned(level: int) -> np.ndarray:
    """What a camera with a cap on its lens may give: nothing, and its name."""
    picture = np.full((480, 640), level, np.uint8)
    cv2.putText(picture, "Camera 1", (10, 30), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 255, 2)
    return picture


@pytest.mark.parametrize("image", [ROOM, np.dstack([ROOM] * 3)])
def test_the_same_picture_is_frozen_from_the_given_time_on(image: np.ndarray) -> None:
    freeze = Freeze(30.0)
    assert [freeze.is_frozen(image.copy(), now_s) for now_s in (5, 20, 34.9, 35, 36, 90)] == [
        False, False, False, True, True, True,
    ]  # fmt: skip


@pytest.mark.parametrize("top", [0, 16, 20, 44])
def test_noise_of_one_level_in_an_encoder_s_smallest_block_is_a_live_camera(top: int) -> None:
    freeze = Freeze(30.0)
    for now_s in range(100):
        image = ROOM.copy()
        image[top : top + 4, 8:12] += np.uint8(now_s % 2)
        assert not freeze.is_frozen(image, now_s)


def test_a_picture_that_changes_is_no_longer_frozen() -> None:
    freeze = Freeze(30.0)
    assert [freeze.is_frozen(ROOM, now_s) for now_s in (0, 30)] == [False, True]
    assert not freeze.is_frozen(ROOM + np.uint8(1), 31)
    assert [freeze.is_frozen(ROOM, now_s) for now_s in (32, 61, 62)] == [False, False, True]


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((48, 64), np.uint8),
        np.full((48, 64, 3), 255, np.uint8),
        captioned(0),
        captioned(16),
        np.zeros((0, 0), np.uint8),
        np.ones((2, 2), np.uint8),
    ],
)
def test_what_shows_nothing_may_repeat_itself(image: np.ndarray) -> None:
    freeze = Freeze(30.0)
    assert not any(freeze.is_frozen(image, now_s) for now_s in range(0, 200, 5))


def test_a_blue_screen_without_a_signal_is_frozen() -> None:
    freeze = Freeze(30.0)
    blue = np.full((48, 64, 3), (255, 0, 0), np.uint8)
    assert [freeze.is_frozen(blue, now_s) for now_s in (0, 30)] == [False, True]
