"""A picture file → its pixels in 8 bits, or the one reason why it gives none."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.standard_error import muted_stderr

#: What a folder's files must end with to be taken for pictures.
SUFFIXES = frozenset(
    f".{kind}"
    for kind in "bmp jfif jpe jpeg jpg pgm png pnm ppm tif tiff webp".split()  # noqa: SIM905
)
#: Photos that OpenCV does not read, or not upright; FFmpeg takes them for videos.
UNREADABLE_SUFFIXES = frozenset({".avif", ".heic", ".heif"})

#: OpenCV's own variable, which `mien` sets where it is not set.
_MOST_PIXELS = "OPENCV_IO_MAX_IMAGE_PIXELS"
#: Of 16 bits: from here on the upper 8 hold more than what looks black.
_DARK_BELOW = 4096


class PictureError(ValueError):
    """A file that is no picture of the wanted kind; the text says why, without the file's name."""


def read_picture_file(path: Path, *, colour: bool) -> NDArray[np.uint8]:
    """Read a file as uint8 [H, W, 3], BGR, or as uint8 [H, W]; upright as its EXIF data say.

    Of several pictures in it, the first.

    Raises:
        PictureError: there is no such file, it may not be read, it is no whole picture, one of more
            pixels than OpenCV is allowed, or one of 16 bits a value that would read as black.
    """
    try:
        # A pipe would be waited for.
        if not (path.is_file() or path.is_dir()) and path.exists():
            raise PictureError("not a file; name a picture file")
        content = np.fromfile(path, np.uint8)
    except OSError as error:
        raise PictureError(f"{error.strerror}; name another picture") from error
    if not content.size:
        raise PictureError("the file is empty; copy it again")
    try:
        with muted_stderr():
            picture = cv2.imdecode(content, cv2.IMREAD_COLOR if colour else cv2.IMREAD_GRAYSCALE)
            read = None if picture is None else np.asarray(picture, np.uint8)
            is_lost = read is not None and _is_lost_in_8_bits(content, read)
    except cv2.error as error:
        # Said before it takes memory.
        if "CV_IO_MAX_IMAGE_PIXELS" in error.err:
            raise PictureError(
                f"too many pixels; scale it down, or allow more by {_MOST_PIXELS}"
            ) from error
        raise PictureError(f"OpenCV refuses it: {error.err}") from error
    if read is None:
        raise PictureError("not a picture that can be read, or damaged; copy it again")
    if is_lost:
        raise PictureError(
            "its 16 bits a value hold 12 at most, which would read as black; store it with 8"
        )
    return read


def _is_lost_in_8_bits(content: NDArray[np.uint8], picture: NDArray[np.uint8]) -> bool:
    """Whether a file has 16 bits a value of which it uses the lower 12 only, as some cameras' do.

    OpenCV keeps the upper 8. A picture that is black in 16 bits, too, loses nothing.

    content: the file's bytes, uint8 [N], that OpenCV can decode; picture: what it made of them in
    8 bits.
    """
    if picture.max() >= _DARK_BELOW >> 8:
        return False
    deep = cv2.imdecode(content, cv2.IMREAD_ANYDEPTH | cv2.IMREAD_GRAYSCALE)
    return deep is not None and deep.dtype == np.uint16 and 0 < int(deep.max()) < _DARK_BELOW
