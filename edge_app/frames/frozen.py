"""Pictures of a camera, one after another → whether they are one and the same for too long."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Every so many rows are compared: a block that a video encoder has changed, 4 pixels high at
#: least, crosses one of them.
_ROWS = 4
#: Between the darkest and the brightest twentieth of a picture, in gray levels. What shows less is
#: dark, or has a cap on its lens, and may well repeat itself, with a caption in it or without.
_LEAST_CONTRAST = 8


class Freeze:
    """Real sensors never give the same bytes twice; a camera that hangs may do so for ever."""

    def __init__(self, after_s: float) -> None:
        """after_s: from so many seconds of the same picture on, it is frozen."""
        self._after_s = after_s
        self._sample, self._since_s, self._is_frozen = b"", 0.0, False

    def is_frozen(self, image: NDArray[np.uint8], now_s: float) -> bool:
        """Take the next picture, uint8 [H, W] or [H, W, 3]; now_s: never goes back."""
        sample = image[_ROWS // 2 :: _ROWS].tobytes()
        if sample != self._sample:
            self._sample, self._since_s, self._is_frozen = sample, now_s, False
        elif not self._is_frozen and now_s - self._since_s >= self._after_s:
            # Asked this rarely, since it takes as long as all the rest of a frame.
            self._is_frozen, self._since_s = _has_contrast(sample), now_s
        return self._is_frozen


def _has_contrast(sample: bytes) -> bool:
    if not sample:
        return False
    darkest, brightest = np.percentile(np.frombuffer(sample, np.uint8), (5, 95))
    return bool(brightest - darkest >= _LEAST_CONTRAST)
