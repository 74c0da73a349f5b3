"""A picture file → its pixels, and a warning where it holds more than are read."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.frames.opencv_messages import silence_opencv
from edge_app.frames.opencv_name import opencv_name
from edge_app.frames.source import SourceError
from edge_app.picture_file import PictureError, read_picture_file
from edge_app.standard_error import muted_stderr

_LOG = logging.getLogger(__name__)

#: An animated PNG says before its pixels how many pictures it holds.
_PNG, _ANIMATION, _HEAD = b"\x89PNG", b"acTL", 65_536


def read_picture(path: Path) -> NDArray[np.uint8]:
    """Read a file as uint8 [H, W, 3], BGR, upright as its EXIF orientation says.

    Of several pictures in it, the first: that is told.

    Raises:
        SourceError: as `read_picture_file` raises PictureError.
    """
    silence_opencv()
    try:
        image = read_picture_file(path, colour=True)
    except PictureError as error:
        raise SourceError(f"{path}: {error}") from error
    if (count := _count(path)) > 1:
        _LOG.warning("%s: holds %d pictures; only the first is read", path, count)
    return image


def _count(path: Path) -> int:
    """How many pictures a readable file holds; 1 where OpenCV does not take its name."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        head = file.read(_HEAD)
        if head.startswith(_PNG):
            # OpenCV takes memory for as many, though there be none: for 10 million 2 GB.
            said = head.partition(_ANIMATION)[2][:4]
            return int.from_bytes(said, "big")
    name = opencv_name(path)
    if name is not None:
        # Whatever is wrong behind the first one.
        with muted_stderr(), contextlib.suppress(cv2.error):
            return cv2.imcount(name)
    return 1
