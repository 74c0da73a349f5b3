"""Photos that a detector is made with: what cannot be read is one line that names the file."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from quantize.errors import QuantizeError
from quantize.face_photos import read_picture, split_backgrounds


def test_a_photo_is_read_in_colour(tmp_path: Path) -> None:
    photo = np.arange(24 * 32 * 3, dtype=np.uint8).reshape(24, 32, 3)
    cv2.imwrite(str(tmp_path / "a.png"), photo)
    assert np.array_equal(read_picture(tmp_path / "a.png"), photo)


def test_a_picture_of_too_many_pixels_is_refused(tmp_path: Path) -> None:
    """A header that promises 60000 by 60000 pixels."""
    content = bytearray(cv2.imencode(".bmp", np.zeros((2, 2, 3), np.uint8))[1].tobytes())
    content[18:26] = (60_000).to_bytes(4, "little") * 2
    path = tmp_path / "huge.bmp"
    path.write_bytes(content)
    with pytest.raises(QuantizeError, match=r"huge\.bmp: too many pixels; scale it down, or "):
        read_picture(path)


def test_a_picture_of_16_bits_that_would_read_as_black_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "deep.png"
    cv2.imwrite(str(path), np.linspace(0, 4095, 20).reshape(4, 5).astype(np.uint16))
    with pytest.raises(QuantizeError, match=r"deep\.png: its 16 bits .* black; store it with 8"):
        read_picture(path)


def test_backgrounds_are_what_mien_analyze_takes_for_pictures(tmp_path: Path) -> None:
    for name in ("a.jpe", "b.ppm", "c.txt"):
        (tmp_path / name).touch()
    assert split_backgrounds(tmp_path) == ([tmp_path / "a.jpe"], [tmp_path / "b.ppm"])
