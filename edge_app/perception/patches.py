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


def network_input(face: NDArray[np.uint8], channels: int) -> NDArray[np.uint8]:
    """A face as a network takes it: uint8 [H, W] → uint8 [1, H, W, channels].

    channels: 1, the pixels themselves; or `WINDOW`, around each pixel the window of 3 by 3, row by
    row, with 0 beyond the edges, as a convolution pads.
    """
    if channels == 1:
        return face[np.newaxis, :, :, np.newaxis]
    height, width = face.shape
    padded = cv2.copyMakeBorder(face, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    shifted = [
        padded[row : row + height, column : column + width]
        for row in range(_SIDE)
        for column in range(_SIDE)
    ]
    return np.asarray(cv2.merge(shifted), np.uint8)[np.newaxis]
