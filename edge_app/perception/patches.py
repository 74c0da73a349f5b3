"""A gray face → what the classifier's first convolution looks at, pixel by pixel.

int8 kernels take eight channels or more at a time. A convolution of 3 by 3 over one channel leaves
seven eighths of each step empty; over nine, the pixels of its window, it is one of 1 by 1 and fills
them. It costs a tenth of what it saves to lay the windows out here: docs/decisions/0009-patches.md.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.perception.int8_model import SIGN_BIT, Int8

#: Pixels of a window of 3 by 3.
WINDOW = 9
_SIDE = 3


class NetworkInput:
    """Lays faces of one size out as a network takes them."""

    def __init__(self, height: int, width: int, channels: int) -> None:
        """height, width: of the faces, in pixels.

        channels: 1, the pixels themselves; or `WINDOW`, around each pixel the window of 3 by 3, row
        by row, with 0 beyond the edges, as a convolution pads.
        """
        self._is_plain = channels == 1
        padded = np.full((height + 2, width + 2), SIGN_BIT)
        self._face = padded[1:-1, 1:-1]
        self._shifted = [
            padded[row : row + height, column : column + width]
            for row in range(_SIDE)
            for column in range(_SIDE)
        ]
        self._shape = (1, height, width, channels)

    def lay_out(self, face: NDArray[np.uint8], into: Int8) -> None:
        """Write a face as the network takes it.

        face: uint8 [height, width]. into: int8 [1, height, width, channels], C-contiguous, is
        overwritten.
        """
        given = into.view(np.uint8)[0]
        if self._is_plain:
            np.bitwise_xor(face, SIGN_BIT, out=given[..., 0])
            return
        np.bitwise_xor(face, SIGN_BIT, out=self._face)
        cv2.merge(self._shifted, given)

    def of(self, face: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """What `lay_out` writes, as bytes of a camera.

        uint8 [height, width] → uint8 [1, height, width, channels].
        """
        if self._is_plain:
            return face[np.newaxis, :, :, np.newaxis]
        laid_out = np.empty(self._shape, np.int8)
        self.lay_out(face, laid_out)
        return laid_out.view(np.uint8) ^ SIGN_BIT
