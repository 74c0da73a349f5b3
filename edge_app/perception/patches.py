"""A gray face → what the classifier's first convolution looks at, pixel by pixel.

int8 kernels take eight channels or more at a time. A convolution of 3 by 3 over one channel leaves
seven eighths of each step empty; over nine, the pixels of its window, it is one of 1 by 1 and fills
them. It costs a tenth of what it saves to lay the windows out here: docs/decisions/0009-patches.md.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

#: Pixels of a window of 3 by 3.
WINDOW = 9
_SIDE = 3


class NetworkInput:
    """Lays faces of one size out as a network takes them, in memory that it keeps."""

    def __init__(self, height: int, width: int, channels: int) -> None:
        """height, width: of the faces, in pixels.

        channels: 1, the pixels themselves; or `WINDOW`, around each pixel the window of 3 by 3, row
        by row, with 0 beyond the edges, as a convolution pads.
        """
        self._is_plain = channels == 1
        padded = np.zeros((height + 2, width + 2), np.uint8)
        self._face = padded[1:-1, 1:-1]
        self._shifted = [
            padded[row : row + height, column : column + width]
            for row in range(_SIDE)
            for column in range(_SIDE)
        ]
        self._windows = np.empty((1, height, width, WINDOW), np.uint8)

    def of(self, face: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """uint8 [height, width] → uint8 [1, height, width, channels]; the next overwrites it."""
        if self._is_plain:
            return face[np.newaxis, :, :, np.newaxis]
        self._face[:] = face
        cv2.merge(self._shifted, self._windows[0])
        return self._windows
