"""Training faces → where their eyes and mouths stand, so that the device frames faces alike."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.perception.card import Alignment
from edge_app.perception.detector import FaceDetector
from trainer.data import DataError

#: A training picture is all face: it is enlarged and given a border, as the detector was trained.
ENLARGED = 160
BORDER = 80


def measure_alignment(pixels: NDArray[np.uint8], detector: FaceDetector) -> Alignment:
    """The median place of each landmark over the pictures in which a face is found.

    pixels: uint8 [N, 48, 48].

    Raises:
        DataError: a face is found in fewer than half of the pictures.
    """
    found = []
    for picture in pixels:
        enlarged = cv2.resize(picture, (ENLARGED, ENLARGED), interpolation=cv2.INTER_CUBIC)
        bordered = cv2.copyMakeBorder(
            enlarged, BORDER, BORDER, BORDER, BORDER, cv2.BORDER_REPLICATE
        )
        faces = detector.detect(np.asarray(bordered, dtype=np.uint8))
        if faces:
            found.append((faces[0].landmarks - BORDER) / ENLARGED)
    if len(found) * 2 < len(pixels):
        raise DataError(f"the detector finds a face in {len(found)} of {len(pixels)} pictures")
    right_eye, left_eye, _, right_mouth, left_mouth = (
        np.median(found, axis=0).astype(np.float64).round(4).tolist()
    )
    span = max(left_eye[0] - right_eye[0], right_mouth[1] - right_eye[1])
    return Alignment(
        right_eye=tuple(right_eye),
        left_eye=tuple(left_eye),
        right_mouth=tuple(right_mouth),
        left_mouth=tuple(left_mouth),
        margin=round((1.0 / span - 1.0) / 2, 4),
    )
