"""Faces found in labelled photos, by the float and by the int8 detector → figures for the card."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from edge_app.perception.overlap import intersection_over_union

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from edge_app.perception.faces import Face
    from quantize.face_photos import FacePhoto

#: Intersection over union from which a detection counts as the face, WIDER FACE's own bound.
MATCH_IOU = 0.5


@dataclass(frozen=True, slots=True)
class Found:
    """What one detector found at a threshold below all those reported."""

    in_photos: Sequence[Sequence[Face]]
    without_faces: Sequence[Sequence[Face]]

    def at(self, threshold: float) -> Found:
        """Those that reach `threshold`."""
        return Found(_at(self.in_photos, threshold), _at(self.without_faces, threshold))


@dataclass(frozen=True, slots=True)
class Quality:
    """How one detector did.

    recall: share of the labelled faces that a detection overlaps by `MATCH_IOU`.
    mean_iou: of those, with the label. extra: detections without a label in completely labelled
    photos. false_alarms: detections in pictures without a face.
    """

    recall: float
    mean_iou: float
    extra: int
    false_alarms: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """kept: share of the float detections that an int8 detection overlaps by `MATCH_IOU`.

    Of those, between the two: mean_iou, and landmark_distance, the mean of all landmarks as a
    share of the distance between the eyes.
    """

    float_detections: int
    kept: float
    mean_iou: float
    landmark_distance: float


def report(
    photos: Sequence[FacePhoto],
    by_float: Found,
    by_int8: Found,
    *,
    thresholds: Sequence[float],
    shipped: float,
) -> dict[str, Any]:
    """Figures at the shipped threshold, and recall against false alarms at the others."""
    of_float, of_int8 = by_float.at(shipped), by_int8.at(shipped)
    return {
        "match_iou": MATCH_IOU,
        "photos": len(photos),
        "faces": sum(len(photo.boxes) for photo in photos),
        "pictures_without_faces": len(by_int8.without_faces),
        "float": asdict(quality(photos, of_float)),
        "int8": asdict(quality(photos, of_int8)),
        "agreement": asdict(agreement(of_float, of_int8)),
        "int8_by_threshold": {
            f"{threshold:.2f}": asdict(quality(photos, by_int8.at(threshold)))
            for threshold in thresholds
        },
    }


def quality(photos: Sequence[FacePhoto], found: Found) -> Quality:
    """Judge detections by the labels."""
    ious, faces, extra = [], 0, 0
    for photo, detections in zip(photos, found.in_photos, strict=True):
        table = intersection_over_union(photo.boxes, _boxes(detections))
        best = table.max(axis=1, initial=0)
        ious += best[best >= MATCH_IOU].tolist()
        faces += len(photo.boxes)
        if photo.complete:
            extra += int((table.max(axis=0, initial=0) < MATCH_IOU).sum())
    return Quality(
        recall=round(len(ious) / faces, 4),
        mean_iou=_mean(ious),
        extra=extra,
        false_alarms=sum(len(detections) for detections in found.without_faces),
    )


def agreement(by_float: Found, by_int8: Found) -> Agreement:
    """Compare int8 detections with the float ones, photo by photo."""
    detections, ious, distances = 0, [], []
    for of_float, of_int8 in zip(by_float.in_photos, by_int8.in_photos, strict=True):
        detections += len(of_float)
        for face, row in zip(
            of_float, intersection_over_union(_boxes(of_float), _boxes(of_int8)), strict=True
        ):
            if row.max(initial=0) >= MATCH_IOU:
                ious.append(float(row.max()))
                distances.append(_landmark_distance(face, of_int8[int(row.argmax())]))
    kept = round(len(ious) / max(1, detections), 4)
    return Agreement(detections, kept, _mean(ious), _mean(distances))


def _at(pictures: Sequence[Sequence[Face]], threshold: float) -> list[list[Face]]:
    return [[face for face in faces if face.score >= threshold] for faces in pictures]


def _boxes(faces: Sequence[Face]) -> NDArray[np.float32]:
    return np.array([face.box for face in faces], np.float32).reshape(-1, 4)


def _landmark_distance(face: Face, other: Face) -> float:
    eyes = np.linalg.norm(face.landmarks[0] - face.landmarks[1])
    return float(np.linalg.norm(face.landmarks - other.landmarks, axis=1).mean() / eyes)


def _mean(values: Sequence[float]) -> float:
    return round(float(np.mean(values)), 4) if values else 0.0
