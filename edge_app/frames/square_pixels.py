"""A video whose pixels are not square → its pictures as they are meant to be seen."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.frames.jpeg import MOST_PIXELS

#: Width of a pixel by its height, or height by width: emotions are read as well below the first,
#: and what claims more than the second is no picture.
_LEAST, _MOST = 1.25, 4.0


class SquarePixels:
    """Makes the pictures of one video wider or higher, as it says that its pixels are.

    Encoders of analogue cameras send every other row or column, and films were stored narrow;
    squeezed to half its width, a happy face looks surprised.
    """

    def __init__(self, native: cv2.VideoCapture) -> None:
        """native: open. What it says of its pixels holds for all pictures."""
        ratio = _ratio(native)
        self._width, self._height = 1.0, 1.0
        if _LEAST <= ratio <= _MOST:
            self._width = ratio
        elif _LEAST <= 1 / ratio <= _MOST:
            self._height = 1 / ratio

    def of(self, image: NDArray[Any]) -> NDArray[Any]:
        """The picture in its right shape; the same one where that makes no difference.

        image: uint8 [H, W] or [H, W, 3].
        """
        height, width = image.shape[:2]
        size = round(width * self._width), round(height * self._height)
        if size == (width, height) or size[0] * size[1] > MOST_PIXELS:
            return image
        return np.asarray(cv2.resize(image, size))


def _ratio(native: cv2.VideoCapture) -> float:
    """A pixel's width by its height; 1 where nothing is said."""
    width, height = native.get(cv2.CAP_PROP_SAR_NUM), native.get(cv2.CAP_PROP_SAR_DEN)
    # Of a video on its side FFmpeg says that now before it is turned, now afterwards.
    is_on_its_side = native.get(cv2.CAP_PROP_ORIENTATION_META) % 180 != 0
    if is_on_its_side or not (0 < width < np.inf and 0 < height < np.inf):
        return 1.0
    return width / height
