"""A frame and a detected face → the same face with landmarks that follow its roll.

YuNet's landmarks follow the roll of a face that fills most of its input; those of smaller faces
stand nearly upright whatever the face does. So the detector looks again at the face alone.
"""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge_app.perception.alignment import cut, cut_upright, shrinkable
from edge_app.perception.detector import FaceDetector
from edge_app.perception.faces import Box, Face, Image, middle_of, points_of

#: From here on the face is turned upright and looked at once more. Below, what the second look
#: leaves of the roll costs nothing that could be measured.
THIRD_LOOK_FROM_DEG = 8.0
#: From here on the second look begins with the face turned back by its own landmarks.
_TILTED_FROM_DEG = 25.0
#: The face's middle may lie off the picture's by this fraction of it, and its side be another by
#: this factor; otherwise it is somebody else's face, or none.
_OFF_MIDDLE, _OTHER_SIZE = 0.25, 1.8


@dataclass(frozen=True, slots=True)
class Framing:
    """How large a detector is shown the face, and what its landmarks then make of roll and size.

    share: side of the face's box as a fraction of the input's. gain: true roll by measured roll.
    spread: how much wider they stand than where the face is smaller, as cards' alignments have it.
    """

    share: float
    gain: float
    spread: float


# docs/perception.md has the other ways, and what they measured.
_LARGE = Framing(share=0.7, gain=1.4, spread=1.04)
#: In a small input even a face as large as the input is too small for the coarsest level.
_SMALL = Framing(share=0.95, gain=2.2, spread=1.05)


class Upright:
    """A second and, for a tilted face, a third look of the detector at one face."""

    def __init__(self, detector: FaceDetector) -> None:
        self._detector = detector
        self._size = detector.side
        self._framing = _LARGE if self._size >= 256 else _SMALL

    def look_again(self, image: Image, face: Face) -> Face:
        """Give the face the landmarks of the last look that found it; box and score stay.

        image: uint8 [H, W] or BGR [H, W, 3].
        """
        own = roll_deg(face.landmarks)
        # Landmarks turned so far were found in a turned frame (`tilted`): upright, such a face is
        # often not found at all.
        start = own if abs(own) >= _TILTED_FROM_DEG else 0.0
        second = self.look(image, face.box, start)
        if second is None:
            return face
        measured = roll_deg(second)
        expected = start + (measured - start) * self._framing.gain
        if abs(expected - start) < THIRD_LOOK_FROM_DEG:
            return replace(face, landmarks=second)
        third = self.look(image, face.box, expected)
        if third is None:
            third = turned(second, expected - measured)
        return replace(face, landmarks=third)

    def look(self, image: Image, box: Box, roll: float) -> NDArray[np.float32] | None:
        """Find the landmarks of the face in `box`, seen alone and turned back by `roll` degrees.

        Returns float32 [5, 2] in pixels of the frame, or None where no such face is found.
        """
        size = self._size
        face_side = size * self._framing.share
        middle = box.middle
        # A box without any area is one pixel, as to `alignment.about_box`.
        scale = face_side / max(box.longer_side, 1.0)
        if roll:
            rotation = cmath.rect(scale, -math.radians(roll))
            shift = complex(size, size) / 2 - rotation * middle
            crop = cut(image, rotation, shift, size)
        else:
            width = shrinkable(max(1, round(size / scale)), size)
            left, top = (round(z - width / 2) for z in (middle.real, middle.imag))
            rotation = complex(size / width)
            shift = -rotation * complex(left, top)
            crop = cut_upright(image, left, top, width, size)
        faces = self._detector.detect(crop)
        found = min(faces, key=lambda face: _off_middle(face.box, size), default=None)
        if found is None or _off_middle(found.box, size) > _OFF_MIDDLE * size:
            return None
        if not face_side / _OTHER_SIZE < found.box.longer_side < face_side * _OTHER_SIZE:
            return None
        points = (_complex(found.landmarks) - shift) / rotation
        about = points[[0, 1, 3, 4]].mean()
        points = about + (points - about) / self._framing.spread
        return np.stack([points.real, points.imag], axis=1).astype(np.float32)


def roll_deg(landmarks: NDArray[np.float32]) -> float:
    """Roll as the eyes and the mouth below them show it: degrees, clockwise in the picture.

    landmarks: float32 [5, 2].
    """
    right_eye, left_eye, _, right_mouth, left_mouth = points_of(landmarks)
    across = left_eye - right_eye
    down = (right_mouth + left_mouth - right_eye - left_eye) / 2
    return math.degrees(cmath.phase(across + down / 1j))


def turned(landmarks: NDArray[np.float32], by_deg: float) -> NDArray[np.float32]:
    """Turn float32 [5, 2] clockwise in the picture, about the middle of eyes and mouth."""
    points = points_of(landmarks)
    middle = middle_of(points)
    turn = cmath.rect(1.0, math.radians(by_deg))
    moved = [(point - middle) * turn + middle for point in points]
    return np.array([(point.real, point.imag) for point in moved], np.float32)


def _complex(points: NDArray[np.float32]) -> NDArray[np.complex128]:
    wide = points.astype(np.float64)
    return wide[:, 0] + 1j * wide[:, 1]


def _off_middle(box: Box, size: int) -> float:
    return abs(box.middle - complex(size, size) / 2)
