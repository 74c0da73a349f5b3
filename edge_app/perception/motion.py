"""Frames of a room → whether anything in it moved."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.perception.faces import Image

#: The width of the picture that is compared; its height follows the frame's.
_CELLS_ACROSS = 80
#: A cell has changed when it differs by as many times its own noise, and by as many gray levels.
_NOISES, _LEAST_LEVELS = 7.0, 4.0
#: As many changed cells are a movement: a face of a twentieth of the frame's height covers nine.
_LEAST_CELLS = 4
#: How fast the picture of the room and its noise are learnt: share of each new frame.
_ROOM_GAIN, _NOISE_GAIN = 0.1, 0.05
_FIRST_NOISE = 2.0


class MotionGate:
    """Compares a small gray picture of the room with a running one.

    Each cell has its own noise floor, so that a flickering screen or a noisy dark corner soon
    counts for nothing. What all cells do together is the light, and counts for nothing either.
    """

    def __init__(self) -> None:
        self._room: NDArray[np.float32] | None = None
        self._noise = np.empty((0, 0), np.float32)

    def forget(self) -> None:
        """Take the next frame for the empty room; what is known of its noise stays."""
        self._room = None

    def moved(self, image: Image) -> bool:
        """Whether `image` (uint8 [H, W] or BGR [H, W, 3]) shows a change; True for the first."""
        now = _small(image)
        if self._room is None or self._room.shape != now.shape:
            if self._noise.shape != now.shape:
                self._noise = np.full(now.shape, _FIRST_NOISE, np.float32)
            self._room = now
            return True
        # A lamp's flicker and the camera's exposure multiply; dark and bright cells bear it alike.
        light = _median(now) / max(1.0, _median(self._room))
        difference = np.abs(now - self._room * np.float32(np.clip(light, 0.5, 2.0)))
        changed = difference > np.maximum(_NOISES * self._noise, _LEAST_LEVELS)
        self._room += np.float32(_ROOM_GAIN) * (now - self._room)
        # Nothing may add more than the bound to its own noise, or one visitor would hide the next.
        learnt = np.minimum(difference, 2.0 * self._noise + 0.5)
        self._noise += np.float32(_NOISE_GAIN) * (learnt - self._noise)
        return int(np.count_nonzero(changed)) >= _LEAST_CELLS


def _median(values: NDArray[np.float32]) -> float:
    """The upper one of even numbers; in a tenth of the time of NumPy's own."""
    middle = values.size // 2
    return float(np.partition(values, middle, axis=None)[middle])


def _small(image: Image) -> NDArray[np.float32]:
    height, width = image.shape[:2]
    columns = min(width, _CELLS_ACROSS)
    rows = max(1, round(height * columns / width))
    # Four samples of a cell are enough, in two of its rows: the others are not even read.
    step = max(1, height // (2 * rows))
    sampled = image[step // 2 :: step]
    twice = cv2.resize(sampled, (2 * columns, 2 * rows), interpolation=cv2.INTER_LINEAR)
    small = cv2.resize(twice, (columns, rows), interpolation=cv2.INTER_AREA)
    if small.ndim == 3:
        small = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
    return np.asarray(small, np.float32)
