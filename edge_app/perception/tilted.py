"""A frame → its tilted faces, searched in the frame turned to one side or the other.

YuNet learned on upright faces: of those tilted by 30° it finds three in four, by 40° half. Turned
back it finds them all; docs/perception.md has the figures.
"""

from __future__ import annotations

import cmath
import math
import threading
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.perception.alignment import cut
from edge_app.perception.detector import FaceDetector
from edge_app.perception.faces import Box, Face, Image
from edge_app.perception.letterbox import Letterbox, Scale

#: To which side the frame is turned, in degrees: two searches reach from -50° to 50°.
SIDES_DEG = (35.0, -35.0)
#: How much surer than of an upright face the detector must be: two more looks at a picture are two
#: more chances to take something for a face.
_SURER = 0.1


class TiltedSearch:
    """Shows a detector turned frames. Threads that share it search one after the other."""

    def __init__(self, detector: FaceDetector) -> None:
        self._detector = detector.at_threshold(detector.card.score_threshold + _SURER)
        self._letterbox = Letterbox(detector.side)
        self._lock = threading.Lock()

    def detect(self, frame: Image, rolls_deg: Sequence[float]) -> list[list[Face]]:
        """Find the faces of `frame` that are tilted clockwise by about each of `rolls_deg`.

        frame: uint8 [H, W] or BGR [H, W, 3]. Boxes are upright, and end at the frame's edges;
        landmarks are turned as the face is. Faces in a corner that turns out of the picture are
        not found.

        Returns what is found by each of `rolls_deg`, in their order.

        Raises:
            FrameError: another dtype or shape.
        """
        with self._lock:
            # Shrunk once for all rolls: of a large frame that takes as long as to turn it.
            scale = self._letterbox.fit(frame)
            height, width = frame.shape[:2]
            return [
                [
                    Face(_inside(face.box, width, height), face.landmarks, face.score)
                    for face in self._turned(self._letterbox.shown, scale, roll_deg)
                    # What is found mostly beyond the frame is no face.
                    if _is_within(face.box, width, height)
                ]
                for roll_deg in rolls_deg
            ]

    def _turned(self, shown: NDArray[np.uint8], scale: Scale, roll_deg: float) -> list[Face]:
        """The faces of the shrunk frame, turned back, where they are in the frame."""
        size = self._detector.side
        rows, columns = shown.shape
        rotation = cmath.rect(1.0, -math.radians(roll_deg))
        shift = complex(size, size) / 2 - rotation * complex(columns, rows) / 2
        # Black beyond the frame, as a letterbox is.
        picture = cut(shown, rotation, shift, size, beyond=cv2.BORDER_CONSTANT)
        return [_back(face, rotation, shift, scale) for face in self._detector.detect(picture)]


def _back(face: Face, rotation: complex, shift: complex, scale: Scale) -> Face:
    """From the turned picture to the frame; the box keeps its size and is upright again."""
    box = Box.about((face.box.middle - shift) / rotation, face.box.width, face.box.height)
    wide = face.landmarks.astype(np.float64)
    points = (wide[:, 0] + 1j * wide[:, 1] - shift) / rotation
    landmarks = np.stack([points.real * scale.x, points.imag * scale.y], axis=1)
    return Face(
        Box(box.left * scale.x, box.top * scale.y, box.right * scale.x, box.bottom * scale.y),
        landmarks.astype(np.float32),
        face.score,
    )


def _is_within(box: Box, width: int, height: int) -> bool:
    """Whether a box's middle lies in the frame."""
    return 0 <= box.middle.real < width and 0 <= box.middle.imag < height


def _inside(box: Box, width: int, height: int) -> Box:
    return Box(
        max(box.left, 0.0), max(box.top, 0.0),
        min(box.right, float(width)), min(box.bottom, float(height)),
    )  # fmt: skip
