from __future__ import annotations

import logging
import os
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data

from edge_app.frames.picture import read_picture
from edge_app.frames.source import SourceError
from edge_app.picture_file import SUFFIXES


@pytest.fixture
def portrait() -> np.ndarray:
    return np.ascontiguousarray(skimage.data.astronaut()[..., ::-1])


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".bmp", ".tiff"])
def test_pictures_are_read_as_bgr(tmp_path: Path, portrait: np.ndarray, suffix: str) -> None:
    path = tmp_path / f"größe {suffix}"
    path.write_bytes(cv2.imencode(suffix, portrait)[1].tobytes())
    image = read_picture(path)
    assert image.dtype == np.uint8
    assert image.shape == portrait.shape
    assert np.abs(image.astype(int) - portrait).mean() < 3


@pytest.mark.parametrize("suffix", [".tiff", ".webp", ".png"])
def test_of_several_pictures_in_a_file_the_first_is_read_and_that_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, suffix: str
) -> None:
    path = tmp_path / f"several{suffix}"
    pictures = [np.full((24, 32, 3), level, np.uint8) for level in (50, 100, 200)]
    if suffix == ".tiff":
        assert cv2.imwritemulti(str(path), pictures)
    else:
        animation = cv2.Animation()
        animation.frames, animation.durations = pictures, np.full(3, 100)
        assert cv2.imwriteanimation(str(path), animation)
    with caplog.at_level(logging.WARNING):
        assert np.abs(read_picture(path).astype(int) - 50).max() <= 2
    assert caplog.messages == [f"{path}: holds 3 pictures; only the first is read"]


def test_pictures_that_a_file_only_promises_take_no_memory(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    animation, path = cv2.Animation(), tmp_path / "promises.png"
    animation.frames = [np.full((8, 8, 3), level, np.uint8) for level in (50, 100)]
    animation.durations = np.full(2, 100)
    assert cv2.imwriteanimation(str(path), animation)
    content = path.read_bytes()
    place = content.index(b"acTL")
    chunk = b"acTL" + struct.pack(">2I", 10_000_000, 0)
    rest = content[place + len(chunk) + 4 :]
    path.write_bytes(content[:place] + chunk + struct.pack(">I", zlib.crc32(chunk)) + rest)
    # Asked for it, OpenCV takes 2 GB.
    monkeypatch.delattr(cv2, "imcount")
    assert read_picture(path).shape == (8, 8, 3)
    assert "holds 10000000 pictures" in caplog.text


def test_a_single_picture_is_told_nothing_of(
    tmp_path: Path, portrait: np.ndarray, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("plain.jpg", os.fsdecode(b"caf\xe9.png")):
        path = tmp_path / name
        path.write_bytes(cv2.imencode(path.suffix, portrait)[1].tobytes())
        assert read_picture(path).shape == portrait.shape
    assert caplog.messages == []


def test_gray_and_16_bit_pictures_become_bgr_bytes(tmp_path: Path) -> None:
    path = tmp_path / "deep.png"
    cv2.imwrite(str(path), np.full((4, 5), 0x8000, np.uint16))
    image = read_picture(path)
    assert image.shape == (4, 5, 3)
    assert image.dtype == np.uint8
    assert image.min() == image.max() == 128


@pytest.mark.parametrize("suffix", [".png", ".tiff", ".pgm"])
@pytest.mark.parametrize("brightest", [255, 4095])
def test_16_bit_pictures_that_would_read_as_black_are_refused(
    tmp_path: Path, suffix: str, brightest: int
) -> None:
    """As some cameras store 8 or 12 bits: OpenCV keeps the upper 8 of the 16."""
    path = tmp_path / f"deep{suffix}"
    cv2.imwrite(str(path), np.linspace(0, brightest, 20).reshape(4, 5).astype(np.uint16))
    with pytest.raises(SourceError, match=r"deep\.\w+: its 16 bits .* black; store it with 8"):
        read_picture(path)


@pytest.mark.parametrize("picture", [np.zeros((4, 5), np.uint16), np.full((4, 5), 7, np.uint8)])
def test_dark_pictures_are_read(tmp_path: Path, picture: np.ndarray) -> None:
    path = tmp_path / "dark.png"
    cv2.imwrite(str(path), picture)
    assert (read_picture(path) == picture.max()).all()


@pytest.mark.parametrize("suffix", [".jpg", ".jfif"])
def test_picture_stands_upright_as_exif_says(
    tmp_path: Path, portrait: np.ndarray, suffix: str
) -> None:
    """Orientation 6: turn it clockwise to see it upright. Browsers on Windows save as .jfif."""
    assert suffix in SUFFIXES
    jpeg = cv2.imencode(".jpg", portrait[:100])[1].tobytes()
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01" + b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0" + b"\0\0\0\0"
    path = tmp_path / f"turned{suffix}"
    path.write_bytes(jpeg[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + jpeg[2:])
    assert read_picture(path).shape == (512, 100, 3)


def damaged(portrait: np.ndarray, suffix: str) -> bytes:
    content: bytes = cv2.imencode(suffix, portrait)[1].tobytes()
    return content[: len(content) // 2]


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_half_a_picture_is_one_error(
    tmp_path: Path, portrait: np.ndarray, suffix: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"half{suffix}"
    path.write_bytes(damaged(portrait, suffix))
    with pytest.raises(SourceError, match="damaged") as caught:
        read_picture(path)
    assert str(path) in str(caught.value)
    # libpng and libjpeg have nothing to add.
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("content", "reason"), [(b"", "empty"), (b"hello\n" * 99, "not a picture")]
)
def test_file_that_is_no_picture_is_one_error(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "no.jpg"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=reason):
        read_picture(path)


def test_missing_file_and_folder_are_errors(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"missing\.jpg: No such file"):
        read_picture(tmp_path / "missing.jpg")
    with pytest.raises(SourceError, match="Is a directory"):
        read_picture(tmp_path)


def test_picture_of_too_many_pixels_is_one_error(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A header that promises 60000 by 60000 pixels."""
    content = bytearray(cv2.imencode(".bmp", np.zeros((2, 2, 3), np.uint8))[1].tobytes())
    content[18:26] = (60_000).to_bytes(4, "little") * 2
    path = tmp_path / "huge.bmp"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"huge\.bmp: too many pixels; scale it down, or "):
        read_picture(path)
    assert capfd.readouterr() == ("", "")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe.jpg"
    os.mkfifo(path)
    with pytest.raises(SourceError, match=r"pipe\.jpg: not a file; name a picture file"):
        read_picture(path)
