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
from edge_app.perception.overlap import buffered_overlap

#: How far the part reaches beyond each face, in sizes of it: so far may it have moved.
_MARGIN = 0.35
#: The least side of the part, as a share of the frame's larger side: a smaller one costs as much.
_LEAST_PART = 0.5
#: A face must not be larger in its part, nor smaller, as shares of its side. The small network
#: misses faces below the latter (docs/tracking.md), and has nothing to see around those above.
_LARGEST, _SMALLEST = 0.55, 0.15
#: Intersection over union of a face with itself where it was last seen.
_SAME = 0.3
#: From here on what is found must be a face, known or not: as `watcher` asks of one who comes.
_SURER = 0.1


class Part(NamedTuple):
    """A square of the frame, in whole pixels; the frame's edges may cut it."""

    left: int
    top: int
    side: int


class NearbySearch:
    """Looks for known faces where they were. One thread at a time may call it."""

    def __init__(self, small: FaceDetector, whole: FaceDetector, *, threshold: float) -> None:
        """small: what looks at parts. whole: what looks at whole frames; what is found has scores
        as it would give them. threshold: of such scores, from which on faces are told.
        """
        self._score_shift = whole.card.score_threshold - small.card.score_threshold
        self._small = small.at_threshold(threshold - self._score_shift)
        self._sure_score = whole.card.score_threshold + _SURER

    def detect(self, frame: Image, known: Sequence[Face]) -> list[Face] | None:
        """Find every one of `known`, upright faces of a frame shortly before.

        frame: uint8 [H, W] or BGR [H, W, 3].

        Returns a face for each of `known`, in some order; None where the whole frame must be
        searched: not all of them are found, somebody else is there, too, or they do not fit into
        one part that the small network sees them all in.

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
            replace(shifted(face, part.left, part.top), score=face.score + self._score_shift)
            for face in self._small.detect(frame[rows, columns])
        ]
        again = []
        for face in known:
            same = max(found, key=lambda other: _shared(face, other), default=None)
            if same is None or _shared(face, same) < _SAME:
                return None
            found.remove(same)
            again.append(same)
        return None if any(face.score >= self._sure_score for face in found) else again


def part_for(boxes: Sequence[Box], *, height: int, width: int) -> Part | None:
    """The part of a frame of height by width pixels to find faces again in that are in `boxes`.

    None where there is none in which the small network sees all of them.
    """
    larger = max(height, width)
    margins = [_MARGIN * max(box.width, box.height) for box in boxes]
    edges = list(zip(boxes, margins, strict=True))
    left = min(box.left - margin for box, margin in edges)
    top = min(box.top - margin for box, margin in edges)
    right = max(box.right + margin for box, margin in edges)
    bottom = max(box.bottom + margin for box, margin in edges)
    sides = [max(box.width, box.height) for box in boxes]
    side = max(right - left, bottom - top, max(sides) / _LARGEST, larger * _LEAST_PART)
    side = min(side, larger)
    if min(sides) < _SMALLEST * side:
        return None
    return Part(
        _first((left + right) / 2, side, width),
        _first((top + bottom) / 2, side, height),
        round(side),
    )


def _first(middle: float, side: float, limit: int) -> int:
    """Where a part begins that lies around `middle` and, if it can, inside of the frame."""
    return max(round(min(middle - side / 2, limit - side)), 0)


def _shared(one: Face, other: Face) -> float:
    return buffered_overlap(one.box, other.box, 0.0)
