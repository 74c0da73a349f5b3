"""Annotated pictures and videos → files."""

from __future__ import annotations

import errno
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.analyze.inputs import is_picture
from edge_app.errors import MienError
from edge_app.frames.opencv_name import opencv_name, printable

#: MPEG-4 takes a rate as a fraction whose numerator is no greater. OpenCV makes it one of tenths,
#: hundredths or thousandths, as exactly as it needs.
_GREATEST_NUMERATOR = 65_535
#: OpenCV takes less for a rate of nothing.
_LEAST_FRAMES_PER_SECOND = 0.002
_JPEG = frozenset({".jpg", ".jpeg", ".jpe", ".jfif"})
#: What a file system says of one file, by its name or its size; others can be written to it.
_OF_ONE_FILE = {errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ, errno.EFBIG}
#: More than FFmpeg may hold back, in bytes: a disk that takes it was not full.
_SAMPLE = bytes(1 << 20)


class OutputError(MienError):
    """The output folder takes nothing more, whichever file comes next: the disk may be full."""


def write_error(path: Path, error: OSError) -> MienError:
    """Say that `path` cannot be written: an `OutputError`, unless the fault is of this file."""
    kind = MienError if error.errno in _OF_ONE_FILE else OutputError
    return kind(f"{path}: cannot be written: {error.strerror}")


def copy_suffix(path: Path) -> str:
    """What a copy is written as: JPEG stays JPEG, other pictures become PNG, videos MPEG-4."""
    if not is_picture(path):
        return ".mp4"
    return path.suffix if path.suffix.lower() in _JPEG | {".png"} else ".png"


def write_picture(path: Path, image: NDArray[np.uint8]) -> None:
    """Write uint8 [H, W, 3] BGR as what the suffix says.

    Raises:
        OutputError: nothing can be written there.
        MienError: this one cannot.
    """
    quality = [cv2.IMWRITE_JPEG_QUALITY, 95] if path.suffix.lower() in _JPEG else []
    _, content = cv2.imencode(".jpg" if quality else ".png", image, quality)
    try:
        path.write_bytes(content.tobytes())
    except OSError as error:
        raise write_error(path, error) from error


class VideoWriter:
    """Writes frames as MPEG-4 in .mp4; all have the first one's size, made even by a pixel.

    The rate is that of the frames, rounded as far as MPEG-4 demands.
    """

    def __init__(self, path: Path, frames_per_second: float) -> None:
        self._path, self._frames_per_second = path, _writable(frames_per_second)
        self._name = opencv_name(path)
        self._native: cv2.VideoWriter | None = None
        self._size = (0, 0)
        self._frames = 0

    def write(self, image: NDArray[np.uint8]) -> None:
        """Add a frame: uint8 [H, W, 3], BGR.

        Raises:
            OutputError: nothing can be written there.
            MienError: this one cannot.
        """
        if self._name is None:
            raise MienError(
                f"{printable(self._path)}: OpenCV writes no video whose path is not UTF-8;"
                " name another folder with --output"
            )
        if self._native is None:
            self._size = (image.shape[1], image.shape[0])
            width, height = (side + side % 2 for side in self._size)
            codec = cv2.VideoWriter.fourcc(*"mp4v")
            self._native = cv2.VideoWriter(
                self._name, cv2.CAP_FFMPEG, codec, self._frames_per_second, (width, height)
            )  # fmt: skip
            if not self._native.isOpened():
                self._try_disk()
                raise MienError(f"{self._path}: cannot be written as a video of {width}x{height}")
        if (image.shape[1], image.shape[0]) != self._size:
            image = np.asarray(cv2.resize(image, self._size), np.uint8)
        # MPEG-4 has half as many pixels of colour: OpenCV would cut off an odd row or column.
        odd = (self._size[1] % 2, self._size[0] % 2)
        if any(odd):
            image = np.pad(image, ((0, odd[0]), (0, odd[1]), (0, 0)), mode="edge")
        self._native.write(image)
        self._frames += 1

    def close(self) -> None:
        """End the file; a second call does nothing."""
        if self._native is not None:
            self._native.release()
            self._native = None

    def check(self) -> None:
        """Count the frames of the closed file: OpenCV does not tell when a disk is full.

        Raises:
            OutputError: some are missing, and the disk takes nothing more.
            MienError: some are missing.
        """
        native = cv2.VideoCapture(self._name or "", cv2.CAP_FFMPEG)
        written = native.get(cv2.CAP_PROP_FRAME_COUNT)
        native.release()
        if written != self._frames:
            self._try_disk()
            raise MienError(f"{self._path}: the video cannot be written whole")

    def _try_disk(self) -> None:
        """Write to the file, as OpenCV does not tell what failed; it is of no use any more.

        Raises:
            OutputError: nothing can be written there.
            MienError: this one cannot.
        """
        try:
            with self._path.open("ab") as file:
                file.write(_SAMPLE)
        except OSError as error:
            raise write_error(self._path, error) from error


def _writable(frames_per_second: float) -> float:
    """The nearest rate that can be written."""
    digits = next(
        (digits for digits in (3, 2, 1) if frames_per_second * 10**digits < _GREATEST_NUMERATOR), 0
    )
    return max(round(frames_per_second, digits), _LEAST_FRAMES_PER_SECOND)
