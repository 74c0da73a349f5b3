from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge_app.perception.faces import FrameError
from edge_app.perception.letterbox import Letterbox


@pytest.mark.parametrize(
    ("shape", "filled"),
    [
        ((120, 160), (48, 64)),
        ((160, 120, 3), (64, 48)),
        ((10, 10), (64, 64)),
        ((1, 1, 3), (64, 64)),
        ((1, 2000), (1, 64)),
        ((2000, 1, 3), (64, 1)),
    ],
)
def test_fits_with_its_aspect_kept(shape: tuple[int, ...], filled: tuple[int, int]) -> None:
    letterbox = Letterbox(64)
    scale = letterbox.fit(np.full(shape, 200, np.uint8))
    rows, columns = filled
    assert (letterbox.picture[:rows, :columns] == 200).all()
    assert not letterbox.picture[rows:].any()
    assert not letterbox.picture[:, columns:].any()
    assert (scale.x, scale.y) == pytest.approx((shape[1] / columns, shape[0] / rows))


def test_a_frame_of_another_size_leaves_nothing_behind() -> None:
    letterbox = Letterbox(64)
    letterbox.fit(np.full((64, 64), 255, np.uint8))
    letterbox.fit(np.zeros((64, 32, 3), np.uint8))
    assert not letterbox.picture.any()


def test_patches_are_three_rows_of_two_columns() -> None:
    frame = np.random.default_rng(0).integers(1, 256, (64, 64)).astype(np.uint8)
    letterbox = Letterbox(64)
    letterbox.fit(frame)
    assert (letterbox.picture == frame).all()
    laid_out = np.empty((1, 32, 32, 6), np.int8)
    letterbox.lay_out(laid_out)
    assert (laid_out.astype(int) + 128 == letterbox.patches).all()
    (patches,) = letterbox.patches
    assert patches[3, 5].tolist() == frame[5:8, 10:12].ravel().tolist()
    assert patches[31, 31].tolist() == frame[61:64, 62:].ravel().tolist()
    assert patches[0, 5].tolist() == [0, 0, *frame[0:2, 10:12].ravel()]
    letterbox.fit(frame[:, ::-1])
    (mirrored,) = letterbox.patches
    assert (mirrored[:, ::-1, [1, 0, 3, 2, 5, 4]] == patches).all()


def test_a_gray_frame_is_its_three_equal_channels() -> None:
    gray = np.random.default_rng(0).integers(0, 256, (90, 130)).astype(np.uint8)
    one, three = Letterbox(64), Letterbox(64)
    one.fit(gray)
    three.fit(np.dstack([gray] * 3))
    assert (one.picture == three.picture).all()
    assert one.picture.std() > 10


def test_averages_the_noise_of_a_large_frame() -> None:
    frame = np.random.default_rng(0).integers(0, 256, (640, 640)).astype(np.uint8)
    letterbox = Letterbox(64)
    letterbox.fit(frame)
    # 74 / 10 when all hundred pixels count alike, less where neighbours' do too; 74 / 2 when four
    # of them do.
    assert 5.0 < letterbox.picture.std() < 8.0


@pytest.mark.parametrize(
    "frame",
    [
        np.zeros((4, 4), np.float32),
        np.zeros((4, 4, 3), np.int8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 1), np.uint8),
        np.zeros(4, np.uint8),
        np.zeros((0, 4), np.uint8),
        np.zeros((4, 0, 3), np.uint8),
        None,
        [[1, 2], [3, 4]],
    ],
    ids=str,
)
def test_refuses_what_is_no_frame(frame: object) -> None:
    with pytest.raises(FrameError, match="a frame is"):
        Letterbox(64).fit(frame)


@pytest.mark.parametrize("channels", [1, 4])
def test_a_picture_of_other_channels_is_made_fit_by_what_is_advised(channels: int) -> None:
    picture = np.zeros((4, 5, channels), np.uint8)
    with pytest.raises(FrameError, match=r"; .*give ") as caught:
        Letterbox(8).fit(picture)
    advised = str(caught.value).rpartition("give ")[2]
    Letterbox(8).fit(eval(advised, {"cv2": cv2, "picture": picture}))  # noqa: S307 - our own words
