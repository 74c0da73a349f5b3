"""Training faces → where their eyes and mouths stand, so that the device frames faces alike."""

from __future__ import annotations

import sys

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.perception.card import Alignment, read_card
from edge_app.perception.detector import FaceDetector
from edge_app.perception.int8_model import Int8Model
from edge_app.perception.shipped import FACE_320
from trainer.data.faces import DataError, Faces, Split

#: Side of the detector's picture: a training picture is all face, so it is enlarged, and given a
#: border as the detector was trained on faces in pictures.
INPUT = 320

#: Side to enlarge to where landmarks shall follow the face best. YuNet's level of stride 32
#: answers, whose landmarks follow a roll by 0.84 of it; where a face fills 30 % of the input the
#: level of stride 8 does, whose landmarks follow by 0.26 (300 faces, ±10° and ±20°).
LARGE = 224

#: Side to enlarge to where landmarks shall stand as on the device. From here down to 64 they are
#: spread alike (0.238 to 0.241 of the picture); at `LARGE` they are spread 7 % wider (0.255).
USUAL = 160

#: Of so many pictures the median landmarks are known to a few thousandths; of thirteen, a tenth of
#: the fewest that training takes, nine of ten draws have the size of a face within 7 % only.
ENOUGH = 2800


def find_landmarks(
    picture: NDArray[np.uint8], detector: FaceDetector, side: int
) -> NDArray[np.float32] | None:
    """The landmarks of the face that a training picture is of, or None where none is found.

    picture: uint8 [48, 48]. side: what it is enlarged to, in pixels of the detector's 320; beyond
    it the picture's outermost pixels are repeated. Of several faces it is the largest one's.

    Returns float32 [5, 2], x and y as fractions of the picture's side, in `Face.landmarks`' order.
    """
    border = (INPUT - side) // 2
    enlarged = cv2.resize(picture, (side, side), interpolation=cv2.INTER_CUBIC)
    bordered = cv2.copyMakeBorder(enlarged, border, border, border, border, cv2.BORDER_REPLICATE)
    faces = detector.detect(np.asarray(bordered, np.uint8))
    if not faces:
        return None
    largest = max(faces, key=lambda face: face.box.width * face.box.height)
    return (largest.landmarks - np.float32(border)) / np.float32(side)


def measure_alignment(
    pixels: NDArray[np.uint8], detector: FaceDetector, side: int = USUAL
) -> Alignment:
    """The median place of each landmark over the pictures in which a face is found.

    pixels: uint8 [N, 48, 48]; of many, every n-th, so that at least `ENOUGH` count. side: as for
    `find_landmarks`; `USUAL` for a model's card, `LARGE` for training pictures that are cut by
    landmarks found at `LARGE`. Either way the median face comes to stand as in its training
    picture.

    Raises:
        DataError: a face is found in fewer than half of the pictures.
    """
    shown = pixels[:: max(1, len(pixels) // ENOUGH)]
    landmarks = [find_landmarks(picture, detector, side) for picture in shown]
    found = [points for points in landmarks if points is not None]
    if not found or len(found) * 2 < len(shown):
        raise DataError(
            f"the detector finds a face in {len(found)} of {len(shown)} pictures of Training, and"
            " crops are cut on the device as faces stand in these; let each show one upright face,"
            " from the forehead to the chin"
        )
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


def training_alignment(faces: Faces) -> Alignment:
    """By which a device cuts the crops that a network learns from; measured, where others cut them.

    Raises:
        DataError: see `measure_alignment`.
    """
    if faces.alignment is not None:
        return faces.alignment
    sys.stderr.write("measuring where faces stand in the training pictures\n")
    # Unsigned: `make models` has just made it, and signs everything at the end.
    detector = FaceDetector(Int8Model(FACE_320, read_card(FACE_320), threads=1))
    return measure_alignment(faces.of(Split.TRAINING).pixels, detector)
