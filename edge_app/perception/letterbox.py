"""A frame of any size → the detector's square picture, with the way back to the frame."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.perception.faces import FrameError, Image


class Scale(NamedTuple):
    """Pixels of the frame per pixel of the square picture."""

    x: float
    y: float


class Letterbox:
    """Fits frames into one square picture that it keeps: the frame at the top left, the rest 0.

    picture: uint8 [size, size, 3], BGR; the next frame overwrites it.
    """

    def __init__(self, size: int) -> None:
        self.picture: NDArray[np.uint8] = np.zeros((size, size, 3), np.uint8)
        self._gray: NDArray[np.uint8] = np.empty((size, size), np.uint8)
        self._filled = (0, 0)

    def fit(self, frame: Image) -> Scale:
        """Draw `frame` into `picture`, as large as it fits with its aspect kept.

        Raises:
            FrameError: not uint8 [H, W] or uint8 [H, W, 3] with at least one pixel.
        """
        check_frame(frame)
        height, width = frame.shape[:2]
        size = len(self.picture)
        shrink = max(height, width) / size
        rows, columns = (max(1, round(side / shrink)) for side in (height, width))
        if self._filled != (rows, columns):
            self.picture.fill(0)
            self._filled = rows, columns
        # Averaging keeps small faces that sampling between four pixels would break up.
        method = cv2.INTER_AREA if shrink > 2 else cv2.INTER_LINEAR
        target = self.picture[:rows, :columns]
        if frame.ndim == 3:
            cv2.resize(frame, (columns, rows), dst=target, interpolation=method)
        else:
            gray = self._gray[:rows, :columns]
            cv2.resize(frame, (columns, rows), dst=gray, interpolation=method)
            cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR, dst=target)
        return Scale(width / columns, height / rows)


def check_frame(frame: Image) -> None:
    """Accept uint8 [H, W] and uint8 [H, W, 3] with at least one pixel.

    Raises:
        FrameError: anything else; names what came.
    """
    if not isinstance(frame, np.ndarray):
        raise FrameError(f"a frame is a NumPy array, not {type(frame).__name__}")
    colour = frame.ndim == 3 and frame.shape[2] == 3
    if frame.dtype != np.uint8 or frame.size == 0 or not (frame.ndim == 2 or colour):
        raise FrameError(
            f"a frame is uint8 [H, W] or [H, W, 3], not {frame.dtype} {list(frame.shape)}"
        )
