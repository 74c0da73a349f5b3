"""OpenCV's VideoCapture, made so that one thread may close it while another reads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray


class Captured(NamedTuple):
    """image: uint8 [H, W] or [H, W, 3] BGR.

    position_ms: in a file, or in a stream from any beginning; a V4L2 camera's says nothing.
    """

    image: NDArray[np.uint8]
    position_ms: float


class Capture:
    """Owns `native`. OpenCV crashes when it is released during a read, so that never happens."""

    def __init__(self, native: cv2.VideoCapture) -> None:
        self._native = native
        self._lock = threading.Lock()
        #: Set once `close` was called.
        self.closed = threading.Event()

    def read(self, is_wanted: Callable[[float], bool] | None = None) -> Captured | None:
        """Wait for the next picture; None if there is none or the capture was closed.

        is_wanted: told each picture's position_ms, which of them to give; the others' colours are
        not converted. It is asked while the capture cannot be released.

        Raises:
            Exception: what `is_wanted` raises.
        """
        with self._lock:
            if self.closed.is_set():
                return None
            is_read, image = self._next(is_wanted)
            position_ms = self._native.get(cv2.CAP_PROP_POS_MSEC)
        if self.closed.is_set():
            self.close()
            return None
        # Of whatever dtype it is, as in `turned`: a cast would wrap what is not uint8.
        picture: NDArray[Any] = np.asarray(image)
        return Captured(picture, position_ms) if is_read else None

    def _next(
        self, is_wanted: Callable[[float], bool] | None
    ) -> tuple[bool, cv2.typing.MatLike | None]:
        if is_wanted is None:
            return self._native.read()
        while self._native.grab() and not self.closed.is_set():
            if is_wanted(self._native.get(cv2.CAP_PROP_POS_MSEC)):
                return self._native.retrieve()
        return False, None

    def close(self) -> None:
        """Give the device or file back, at the latest when a read that is under way ends."""
        self.closed.set()
        if self._lock.acquire(blocking=False):
            try:
                self._native.release()
            finally:
                self._lock.release()
