"""Stands in for Perception: the test says which faces a picture has."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from edge_app.analyze.table import Maker
from edge_app.perception import Box, Face, SeenFace

LABELS = ("angry", "happy", "neutral")
MAKER = Maker({"emotion": "0123456789abcdef"}, "cards", "default", LABELS)


def seen(
    box: tuple[float, float, float, float], emotion: str = "happy", confidence: float = 0.9
) -> SeenFace:
    """A face in `box` (left, top, right, bottom) that shows `emotion`."""
    left, top, right, bottom = box
    probabilities = np.full(len(LABELS), (1 - confidence) / (len(LABELS) - 1), np.float32)
    probabilities[LABELS.index(emotion if emotion in LABELS else "neutral")] = confidence
    places = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]], np.float32)
    landmarks = np.array([left, top], np.float32) + places * (right - left, bottom - top)
    face = Face(Box(left, top, right, bottom), landmarks.astype(np.float32), 0.8)
    return SeenFace(face, LABELS, probabilities, emotion)


class FakePerception:
    """Finds one happy face in the middle of every picture, unless it is told otherwise."""

    def __init__(
        self,
        find: Callable[[NDArray[np.uint8]], list[SeenFace]] | None = None,
        maker: Maker = MAKER,
    ) -> None:
        self.calls = 0
        self.maker = maker
        self._find = find or _middle

    def see(self, frame: NDArray[np.uint8], /) -> list[SeenFace]:
        self.calls += 1
        return self._find(frame)


def _middle(frame: NDArray[np.uint8]) -> list[SeenFace]:
    height, width = frame.shape[:2]
    return [seen((width * 0.25, height * 0.25, width * 0.75, height * 0.75))]
