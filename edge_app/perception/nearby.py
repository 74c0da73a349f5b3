"""A frame and where faces are known to be → the same faces again, by a smaller network.

A face that is somewhere is in the next frame not far from there: to find it, a part of the frame
is enough, and in a part it is large. The rest of the frame is for whoever is not known yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from edge_app.perception.detector import FaceDetector, shifted
from edge_app.perception.faces import Box, Face, Image
from edge_app.perception.overlap import iou

#: How far the part reaches beyond each face, in sizes of it: so far may it have moved.
_MARGIN = 0.35
#: The least side of the part, as a share of the frame's larger side: a smaller one costs as much.
_LEAST_PART = 0.5
#: As shares of the part's side: a face is not larger, unless it is in the whole frame; there the
#: network has too little to see around it. And not smaller: such it misses (docs/tracking.md).
_LARGEST, _SMALLEST = 0.55, 0.15
#: Intersection over union of a face with itself where it was last seen.
_SAME = 0.3


class Part(NamedTuple):
    """A square of the frame, in whole pixels; the frame's edges may cut it."""

    left: int
    top: int
    side: int


class NearbySearch:
    """Looks for known faces where they were. One thread at a time may call it."""

    def __init__(self, detector: FaceDetector, *, sure_score: float) -> None:
        """detector: the small network, at the score from which on it is sure. sure_score: what
        that is called on the scale of the network that looks at whole frames.
        """
        self._detector, self._sure_score = detector, sure_score

    def detect(self, frame: Image, known: Sequence[Face]) -> list[Face] | None:
        """Find every one of `known`, upright faces of a frame shortly before.

        frame: uint8 [H, W] or BGR [H, W, 3].

        Returns a face for each of `known`, in their order, with scores of `sure_score` or above;
        None where the whole frame must be searched: one of them is not surely found, somebody
        else is there, too, or they do not fit into one part that the network sees them all in.

        Raises:
            FrameError: another dtype or shape.
        """
        height, width = frame.shape[:2]
        part = part_for([face.box for face in known], height=height, width=width)
        if part is None:
            return None
        rows = slice(part.top, part.top + part.side)
        columns = slice(part.left, part.left + part.side)
        found = [
            replace(shifted(face, part.left, part.top), score=max(face.score, self._sure_score))
            for face in self._detector.detect(frame[rows, columns])
        ]
        again = []
        for face in known:
            same = max(found, key=lambda other: iou(face.box, other.box), default=None)
            if same is None or iou(face.box, same.box) < _SAME:
                return None
            found.remove(same)
            again.append(same)
        return None if found else again


def part_for(boxes: Sequence[Box], *, height: int, width: int) -> Part | None:
    """The part of a frame of height by width pixels to find faces again in that are in `boxes`.

    None where there is none in which the small network sees all of them.
    """
    larger = max(height, width)
    margins = [_MARGIN * box.longer_side for box in boxes]
    edges = list(zip(boxes, margins, strict=True))
    left = min(box.left - margin for box, margin in edges)
    top = min(box.top - margin for box, margin in edges)
    right = max(box.right + margin for box, margin in edges)
    bottom = max(box.bottom + margin for box, margin in edges)
    sides = [box.longer_side for box in boxes]
    side = max(right - left, bottom - top, max(sides) / _LARGEST, larger * _LEAST_PART)
    side = min(side, larger)
    if min(sides) < _SMALLEST * side:
        return None
    return Part(
        _first((left + right) / 2, side, width),
        _first((top + bottom) / 2, side, height),
        max(1, round(side)),
    )


def _first(middle: float, side: float, limit: int) -> int:
    """Where a part begins that lies around `middle` and, if it can, inside of the frame."""
    return max(round(min(middle - side / 2, limit - side)), 0)
