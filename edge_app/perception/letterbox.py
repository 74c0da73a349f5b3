"""A frame of any size → the detector's square gray picture, with the way back to the frame."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.perception.faces import Image, check_frame
from edge_app.perception.int8_model import SIGN_BIT, Int8


class Scale(NamedTuple):
    """Pixels of the frame per pixel of the square picture."""

    x: float
    y: float


class Letterbox:
    """Fits frames into one square picture that it keeps: the frame at the top left, the rest 0.

    picture: uint8 [size, size], which the next frame overwrites.
    """

    def __init__(self, size: int) -> None:
        """size: of the picture, in pixels; even."""
        # A row of zeros lies above the picture, as the first convolution pads it.
        self._padded = np.zeros((1 + size, size), np.uint8)
        self.picture: NDArray[np.uint8] = self._padded[1:]
        self._flipped = np.empty_like(self._padded)
        # Two pixels side by side are one number, so that a patch is three of them.
        pairs = self._flipped.view(np.uint16)
        self._rows = [pairs[row : row + size : 2] for row in range(3)]
        self._coloured: NDArray[np.uint8] | None = None
        self._filled = (0, 0)

    def fit(self, frame: Image) -> Scale:
        """Draw `frame` into `picture`, as large as it fits with its aspect kept.

        Raises:
            FrameError: not uint8 [H, W] or uint8 [H, W, 3] with at least one pixel.
        """
        check_frame(frame)
        size = len(self.picture)
        shrink = max(frame.shape[:2]) / size
        rows, columns = (max(1, round(side / shrink)) for side in frame.shape[:2])
        if self._filled != (rows, columns):
            self.picture.fill(0)
            self._filled = rows, columns
        whole = Scale(1.0, 1.0)
        while max(frame.shape[:2]) > 2 * size:
            frame, halved = _halve(frame)
            whole = Scale(whole.x * halved.x, whole.y * halved.y)
        target = self.shown
        if frame.ndim == 3:
            # Shrunk first: there is less of it to turn gray.
            if self._coloured is None:
                self._coloured = np.empty((size, size, 3), np.uint8)
            coloured = self._coloured[:rows, :columns]
            cv2.resize(frame, (columns, rows), dst=coloured)
            cv2.cvtColor(coloured, cv2.COLOR_BGR2GRAY, dst=target)
        else:
            cv2.resize(frame, (columns, rows), dst=target)
        height, width = frame.shape[:2]
        return Scale(whole.x * width / columns, whole.y * height / rows)

    @property
    def shown(self) -> NDArray[np.uint8]:
        """The part of `picture` that the frame fills: uint8 [rows, columns], a view."""
        rows, columns = self._filled
        return self.picture[:rows, :columns]

    def lay_out(self, patches: Int8) -> None:
        """Write the picture as the detector's network takes it.

        patches: int8 [1, size / 2, size / 2, 6], C-contiguous, is overwritten: every second row of
        the picture with the row above and the one below, two columns of them at a time, row by row.
        """
        # Fewer bytes to flip than there will be in the patches.
        np.bitwise_xor(self._padded, SIGN_BIT, out=self._flipped)
        cv2.merge(self._rows, patches.view(np.uint16)[0])

    @property
    def patches(self) -> NDArray[np.uint8]:
        """What `lay_out` writes, as bytes of a camera: uint8 [1, size / 2, size / 2, 6]."""
        half = len(self.picture) // 2
        patches = np.empty((1, half, half, 6), np.int8)
        self.lay_out(patches)
        return patches.view(np.uint8) ^ SIGN_BIT


def _halve(frame: Image) -> tuple[Image, Scale]:
    """Average two by two pixels, without an odd last row or column.

    Averaging keeps small faces that sampling between four pixels would break up. By two, OpenCV
    does it in a tenth of the time that it takes by the factor that a frame's size asks for.
    """
    height, width = frame.shape[:2]
    rows, columns = max(1, height // 2), max(1, width // 2)
    even = frame[: min(2 * rows, height), : min(2 * columns, width)]
    half = cv2.resize(even, (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(half, np.uint8), Scale(even.shape[1] / columns, even.shape[0] / rows)
