"""Stands in for cv2.VideoCapture: no camera is at hand in tests."""

from __future__ import annotations

import threading

import cv2
import numpy as np


class FakeCapture:
    """Gives `pictures` gray pictures, then fails; `gate` holds a read up."""

    def __init__(self, *, is_open: bool = True, pictures: int = 1) -> None:
        self.is_open, self.pictures = is_open, pictures
        self.settings: list[tuple[int, float]] = []
        self.opened_with: tuple[str, int] | None = None
        self.releases = self.conversions = 0
        self.is_reading = threading.Event()
        self.gate = threading.Event()
        self.gate.set()

    def open(self, device: str, backend: int) -> cv2.VideoCapture:
        self.opened_with = (device, backend)
        return self  # type: ignore[return-value]

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return self.is_open

    def set(self, what: int, value: float) -> bool:
        self.settings.append((what, value))
        return True

    def get(self, _what: int) -> float:
        return 0.0

    def read(self) -> tuple[bool, np.ndarray | None]:
        self.is_reading.set()
        assert self.gate.wait(10)
        assert self.releases == 0, "released during a read"
        if not self.pictures:
            return False, None
        self.pictures -= 1
        return True, np.full((4, 6, 3), 7, np.uint8)

    def grab(self) -> bool:
        self._grabbed, image = self.read()
        self._image = image
        return self._grabbed

    def retrieve(self) -> tuple[bool, np.ndarray | None]:
        self.conversions += 1
        return self._grabbed, self._image

    def release(self) -> None:
        self.releases += 1
