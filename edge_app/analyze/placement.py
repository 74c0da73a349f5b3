"""Faces with the sizes of their labels → where each label hides least."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from edge_app.perception.overlap import shared_area


class Rectangle(NamedTuple):
    """Whole pixels; right and bottom are the first ones outside."""

    left: int
    top: int
    right: int
    bottom: int


class Places:
    """The free room of one picture; every label that is placed takes some of it."""

    def __init__(self, width: int, height: int, faces: Iterable[Rectangle]) -> None:
        self._width, self._height = width, height
        self._occupied = list(faces)

    def hidden_by(self, place: Rectangle) -> float:
        """How many pixels of faces and labels `place` would cover."""
        return sum(shared_area(place, other) for other in self._occupied)

    def best(self, face: Rectangle, width: int, height: int) -> Rectangle:
        """Find room for a label of this size at `face`, all of it inside of the picture.

        The first place that hides nothing: above the face, then below; with its left edge, its
        middle, its right edge. Otherwise the one that hides least.
        """
        return min(self._candidates(face, width, height), key=self.hidden_by)

    def take(self, place: Rectangle) -> None:
        """Put a label there."""
        self._occupied.append(place)

    def _candidates(self, face: Rectangle, width: int, height: int) -> Iterator[Rectangle]:
        middle = (face.left + face.right - width) // 2
        for top in (face.top - height, face.bottom):
            for left in (face.left, middle, face.right - width):
                x = max(0, min(left, self._width - width))
                y = max(0, min(top, self._height - height))
                yield Rectangle(x, y, x + width, y + height)
