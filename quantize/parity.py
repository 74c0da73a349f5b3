"""Answers of a float and an int8 model to the same pictures → how far they agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_app.perception.faces import Face
from edge_app.perception.labels import FER2013
from edge_app.perception.overlap import intersection_over_union
from quantize.detector_report import MATCH_IOU, Agreement, Found, Quality, agreement, quality
from quantize.face_photos import FacePhoto
from trainer.data import Faces
from trainer.evaluation import label_agreement
from trainer.reliability import calibration_error
from trainer.truth import labelled

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ClassifierParity:
    """Float and int8 answers to one split of faces; shares are 0…1, divergences in nats.

    same_answer: share of the faces for which the first class is the same. kl_mean, kl_max:
    Kullback-Leibler divergence of the int8 probabilities from the float ones, a face.
    """

    faces: int
    float_accuracy: float
    int8_accuracy: float
    same_answer: float
    kl_mean: float
    kl_max: float
    float_calibration_error: float
    int8_calibration_error: float

    @property
    def points_lost(self) -> float:
        """Accuracy that int8 costs, in points of a hundred."""
        return 100 * (self.float_accuracy - self.int8_accuracy)


@dataclass(frozen=True, slots=True)
class DetectorParity:
    """Float and int8 detections in the same photos.

    score_error_mean, score_error_max: difference between the scores of two detections that
    overlap by `MATCH_IOU`.
    """

    photos: int
    faces: int
    of_float: Quality
    of_int8: Quality
    agreement: Agreement
    score_error_mean: float
    score_error_max: float

    @property
    def points_lost(self) -> float:
        """Recall that int8 costs, in points of a hundred."""
        return 100 * (self.of_float.recall - self.of_int8.recall)


def classifier_parity(
    as_float: Floats, as_int8: Floats, faces: Faces, labels: Sequence[str] = FER2013
) -> ClassifierParity:
    """Compare probabilities, float32 [N, len(labels)] each, for the `faces` with such a label.

    Raises:
        DataError: there is none.
    """
    known = labelled(labels, faces)
    as_float, as_int8, faces = as_float[known.rows], as_int8[known.rows], faces.where(known.rows)
    divergence = kl_divergence(as_float, as_int8)
    same = as_float.argmax(axis=1) == as_int8.argmax(axis=1)
    return ClassifierParity(
        faces=len(faces),
        float_accuracy=label_agreement(as_float, faces, labels),
        int8_accuracy=label_agreement(as_int8, faces, labels),
        same_answer=float(same.mean()),
        kl_mean=float(divergence.mean()),
        kl_max=float(divergence.max()),
        float_calibration_error=calibration_error(as_float, known.labels),
        int8_calibration_error=calibration_error(as_int8, known.labels),
    )


def detector_parity(photos: Sequence[FacePhoto], by_float: Found, by_int8: Found) -> DetectorParity:
    """Compare detections at the shipped threshold."""
    errors = np.array(list(_score_errors(by_float.in_photos, by_int8.in_photos)) or [0.0])
    return DetectorParity(
        photos=len(photos),
        faces=sum(len(photo.boxes) for photo in photos),
        of_float=quality(photos, by_float),
        of_int8=quality(photos, by_int8),
        agreement=agreement(by_float, by_int8),
        score_error_mean=round(float(errors.mean()), 5),
        score_error_max=round(float(errors.max()), 5),
    )


def kl_divergence(expected: Floats, answers: Floats) -> NDArray[np.float64]:
    """Kullback-Leibler divergence of each row of `answers` from `expected`: float64 [N], nats."""
    p, q = (np.maximum(rows.astype(np.float64), 1e-12) for rows in (expected, answers))
    return np.asarray(np.maximum((p * np.log(p / q)).sum(axis=1), 0))


def _score_errors(
    by_float: Sequence[Sequence[Face]], by_int8: Sequence[Sequence[Face]]
) -> list[float]:
    errors = []
    for of_float, of_int8 in zip(by_float, by_int8, strict=True):
        boxes = [face.box for face in of_int8]
        for face in of_float if boxes else ():
            row = intersection_over_union(face.box, boxes)[0]
            if row.max() >= MATCH_IOU:
                errors.append(abs(face.score - of_int8[int(row.argmax())].score))
    return errors
