from __future__ import annotations

import resource

import cv2
import numpy as np
import pytest

from edge_app.frames.jpeg import DamagedPictureError, DamageLog, LumaDecoder, decode_luma
from edge_app.trouble_log import REPEAT_S
from tests.clock import Clock
from tests.edge_app.frames.pictures import in_several_scans, jpeg, resized_header


@pytest.mark.parametrize("gray", [True, False])
def test_luma_is_the_gray_picture(gray: bool) -> None:  # noqa: FBT001 - a parameter of the test
    picture = decode_luma(jpeg(gray=gray))
    assert (picture.shape, picture.dtype) == ((48, 64), np.uint8)
    assert 130 < picture.mean() < 150


def test_colours_give_the_luma_that_the_camera_sent() -> None:
    colours = np.zeros((32, 32, 3), np.uint8)
    colours[..., 2] = 255  # red: Y is 76
    assert abs(float(decode_luma(bytes(cv2.imencode(".jpg", colours)[1])).mean()) - 76) < 2


def test_one_pixel_is_a_picture() -> None:
    assert decode_luma(jpeg(1, 1)).shape == (1, 1)


def test_what_stands_behind_the_end_is_left_alone() -> None:
    assert decode_luma(jpeg() + bytes(1000)).shape == (48, 64)


def test_every_cut_is_found() -> None:
    whole = jpeg()
    for length in range(len(whole) - 1):
        with pytest.raises(DamagedPictureError):
            decode_luma(whole[:length])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no JPEG"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "no JPEG"),
        (b"\xff\xd8" + b"\xff" * 100, "without a picture"),
        (b"\xff\xd8\xff\xd9", "without a picture"),
        (resized_header(jpeg(), 0, 64), "64x0"),
        (resized_header(jpeg(), 48, 0), "0x48"),
        (resized_header(jpeg(), 65_000, 65_000), "65000x65000"),
        (resized_header(jpeg(), 4321, 8192), "a JPEG of 8192x4321"),
        (resized_header(jpeg(is_progressive=True), 3096, 4600), "several scans.* of 4600x3096"),
        (resized_header(in_several_scans(jpeg(gray=True)), 3096, 4600), "several scans"),
        (resized_header(jpeg(gray=True, is_progressive=True), 4400, 5440), "several scans"),
    ],
)
def test_what_is_no_picture_is_told(content: bytes, said: str) -> None:
    with pytest.raises(DamagedPictureError, match=said):
        decode_luma(content)


def test_sixteen_bits_are_no_camera_picture() -> None:
    png = bytes(cv2.imencode(".png", np.full((8, 8), 4000, np.uint16))[1])
    with pytest.raises(DamagedPictureError):
        decode_luma(png)


def test_flipped_bytes_never_crash() -> None:
    """They decode to something or are refused; libjpeg fills up what it cannot read."""
    random, whole = np.random.default_rng(11), np.frombuffer(jpeg(), np.uint8)
    refused = 0
    for _ in range(300):
        damaged = whole.copy()
        where = random.integers(0, len(damaged), 5)
        damaged[where] = random.integers(0, 256, 5, np.uint8)
        try:
            picture = decode_luma(damaged.tobytes())
        except DamagedPictureError:
            refused += 1
        else:
            assert picture.ndim == 2
    assert 0 < refused < 300


def test_a_claimed_size_takes_no_memory() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(3):
        with pytest.raises(DamagedPictureError):
            decode_luma(resized_header(jpeg(), 30_000, 30_000))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


@pytest.mark.parametrize(
    ("height", "width", "is_progressive"), [(4320, 7680, False), (2160, 3840, True)]
)
def test_what_large_cameras_send_is_decoded(
    height: int,
    width: int,
    is_progressive: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    assert decode_luma(jpeg(height, width, is_progressive=is_progressive)).shape == (height, width)


def test_small_pictures_in_several_scans_are_decoded() -> None:
    assert decode_luma(in_several_scans(jpeg(gray=True))).shape == (48, 64)


def test_damaged_pictures_of_many_openings_are_told_of_hourly(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Clock()
    log = DamageLog(clock)
    for _ in range(20):
        decoder = LumaDecoder("cam", log)
        for _ in range(3):
            assert decoder.decode(b"no picture", is_due=True) is None
        assert decoder.damaged == 3
        clock.now_s += REPEAT_S / 10
    assert caplog.messages == 2 * ["cam: no JPEG; such pictures are left out"]
