"""A picture file → its pixels."""

from __future__ import annotations

import logging
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.frames.opencv_messages import silence_opencv
from edge_app.frames.opencv_name import opencv_name
from edge_app.frames.source import SourceError
from edge_app.picture_depth import ADVICE, is_lost_in_8_bits
from edge_app.standard_error import muted_stderr

_LOG = logging.getLogger(__name__)

#: OpenCV's own variable, which `mien` sets where it is not set.
_MOST_PIXELS = "OPENCV_IO_MAX_IMAGE_PIXELS"
#: What a folder's files must end with to be taken for pictures.
SUFFIXES = frozenset(
    f".{kind}"
    for kind in "bmp jfif jpe jpeg jpg pgm png pnm ppm tif tiff webp".split()  # noqa: SIM905
)
#: Photos that OpenCV does not read, or not upright; FFmpeg takes them for videos.
UNREADABLE_SUFFIXES = frozenset({".avif", ".heic", ".heif"})


def read_picture(path: Path) -> NDArray[np.uint8]:
    """Read a file as uint8 [H, W, 3], BGR, upright as its EXIF orientation says.

    Of several pictures in it, the first: that is told.

    Raises:
        SourceError: there is no such file, it may not be read, it is no whole picture, one of more
            pixels than OpenCV is allowed, or one of 16 bits a value that would read as black.
    """
    silence_opencv()
    try:
        # A pipe would be waited for.
        if not (path.is_file() or path.is_dir()) and path.exists():
            raise SourceError(f"{path}: not a file; name a picture file")
        content = np.fromfile(path, np.uint8)
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}; name another picture") from error
    if not content.size:
        raise SourceError(f"{path}: the file is empty; copy it again")
    try:
        with muted_stderr():
            image = cv2.imdecode(content, cv2.IMREAD_COLOR)
            is_lost = image is not None and is_lost_in_8_bits(content, np.asarray(image, np.uint8))
            name = opencv_name(path)
            count = cv2.imcount(name) if name is not None else 1
    except cv2.error as error:
        # Said before it takes memory.
        if "CV_IO_MAX_IMAGE_PIXELS" in error.err:
            raise SourceError(
                f"{path}: too many pixels; scale it down, or allow more by {_MOST_PIXELS}"
            ) from error
        raise SourceError(f"{path}: OpenCV refuses it: {error.err}") from error
    if image is None:
        raise SourceError(f"{path}: not a picture that can be read, or damaged; copy it again")
    if is_lost:
        raise SourceError(f"{path}: {ADVICE}")
    if count > 1:
        _LOG.warning("%s: holds %d pictures; only the first is read", path, count)
    return np.asarray(image, np.uint8)
