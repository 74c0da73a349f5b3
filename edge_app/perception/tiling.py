"""A frame → its faces, the far ones too: searched whole and in overlapping tiles."""

from __future__ import annotations

import math
from collections.abc import Iterator

from edge_app.perception.decoding import suppress
from edge_app.perception.detector import FaceDetector, shifted
from edge_app.perception.faces import Box, Face, Image
from edge_app.perception.int8_model import Int8Model
from edge_app.perception.overlap import SAME

#: How much of a tile its neighbour shows as well: a face that one edge cuts is whole in the other.
_SHARED = 0.2
#: How far from such an edge a whole face ends, in its sides: the detector closes the box of one
#: that is cut there just within.
_FROM_EDGE = 0.1


class TiledDetector(FaceDetector):
    """Runs the network tiles² + 1 times a frame, and finds faces nearly `tiles` times smaller."""

    def __init__(self, model: Int8Model, *, tiles: int) -> None:
        """tiles: how many side by side, and one above the other."""
        super().__init__(model)
        self._tiles = tiles

    def detect(self, frame: Image) -> list[Face]:
        """As `FaceDetector.detect`.

        Raises:
            FrameError: another dtype or shape.
        """
        faces = super().detect(frame)
        height, width = frame.shape[:2]
        for top, bottom in _spans(height, self._tiles):
            for left, right in _spans(width, self._tiles):
                inner = Box(
                    left or -math.inf,
                    top or -math.inf,
                    right if right < width else math.inf,
                    bottom if bottom < height else math.inf,
                )
                for face in super().detect(frame[top:bottom, left:right]):
                    moved = shifted(face, left, top)
                    if _is_whole(moved.box, inner):
                        faces.append(moved)
        boxes, scores = [face.box for face in faces], [face.score for face in faces]
        return [faces[index] for index in suppress(boxes, scores, SAME)]


def _spans(length: int, tiles: int) -> Iterator[tuple[int, int]]:
    """Each tile's first pixel along one side, and the first one behind it."""
    tile = length / (tiles - (tiles - 1) * _SHARED)
    for index in range(tiles):
        first = index * tile * (1 - _SHARED)
        yield int(first), min(length, max(int(first) + 1, round(first + tile)))


def _is_whole(box: Box, inner: Box) -> bool:
    """Whether a face ends well before the edges that cut it off from the next tile."""
    far = _FROM_EDGE * box.longer_side
    return (
        box.left > inner.left + far
        and box.top > inner.top + far
        and box.right < inner.right - far
        and box.bottom < inner.bottom - far
    )
