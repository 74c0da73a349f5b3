"""Probabilities and faces → the figures that say how good a classifier is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from edge_app.perception.labels import FER2013, FERPLUS
from trainer.data import Faces
from trainer.reliability import calibration_error, calibration_error_by_chance
from trainer.truth import Truth, authors_majorities, labelled, majorities, truth_for

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Report:
    """Figures over one set of faces; shares are 0…1.

    Labels are the answer's. A face of another one has no part but in the agreement with FER+'s
    majority.

    without_twins: accuracy on the faces whose picture does not stand in Training too; None where
    all do, or where Training is not known.
    recall, precision: None for a class that no face has, or that is never answered.
    balanced_accuracy: mean recall of the classes that are there.
    confusion: faces by true label (rows) and answer (columns), in the order of recall.
    calibration_error: by what the answer is fitted to, `truth.truth_for`.
    calibration_error_by_chance: what it would be of so many faces if each confidence were right.
    ferplus_majority: agreement with FER+'s majority of eight emotions, where there is one;
    None where no face has one. ferplus_majority_faces: how many have.
    ferplus_authors: the same as FER+'s authors count, `truth.authors_majorities`.
    left_out: how many faces have each label that the answer lacks.
    """

    faces: int
    accuracy: float
    without_twins: float | None
    balanced_accuracy: float
    recall: dict[str, float | None]
    precision: dict[str, float | None]
    confusion: list[list[int]]
    calibration_error: float
    calibration_error_by_chance: float
    ferplus_majority: float | None
    ferplus_majority_faces: int
    ferplus_authors: float | None
    ferplus_authors_faces: int
    left_out: dict[str, int]


def evaluate(
    probabilities: Floats,
    faces: Faces,
    twins: NDArray[np.bool_] | None,
    labels: Sequence[str] = FER2013,
) -> Report:
    """Compare answers with labels.

    probabilities: float32 [N, len(labels)]. labels: the answer's, some of `labels.FERPLUS`.
    twins: bool [N], faces that stand in Training too; None where Training is not known.

    Raises:
        DataError: no face has one of the labels.
    """
    classes = len(labels)
    known = labelled(labels, faces)
    answers = probabilities[known.rows].argmax(axis=1)
    right = answers == known.labels
    unseen = np.zeros_like(right) if twins is None else ~twins[known.rows]
    confusion = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(confusion, (known.labels, answers), 1)
    recall = _shares(np.diag(confusion), confusion.sum(axis=1))
    precision = _shares(np.diag(confusion), confusion.sum(axis=0))
    fitted = truth_for(labels, faces)
    voted, as_authors = majorities(faces), authors_majorities(faces)
    others = np.bincount(faces.labels[~known.rows], minlength=len(FERPLUS)).tolist()
    return Report(
        faces=len(known.labels),
        accuracy=float(right.mean()),
        without_twins=float(right[unseen].mean()) if unseen.any() else None,
        balanced_accuracy=fmean(share for share in recall if share is not None),
        recall=dict(zip(labels, recall, strict=True)),
        precision=dict(zip(labels, precision, strict=True)),
        confusion=confusion.tolist(),
        calibration_error=calibration_error(probabilities[fitted.rows], fitted.labels),
        calibration_error_by_chance=calibration_error_by_chance(probabilities[fitted.rows]),
        ferplus_majority=_agreement(probabilities, voted, labels),
        ferplus_majority_faces=len(voted.labels),
        ferplus_authors=_agreement(probabilities, as_authors, labels),
        ferplus_authors_faces=len(as_authors.labels),
        left_out={label: n for label, n in zip(FERPLUS, others, strict=True) if n},
    )


def _shares(hits: NDArray[np.int64], of: NDArray[np.int64]) -> list[float | None]:
    """By class; None where there is nothing to have a share of."""
    return [float(h / n) if n else None for h, n in zip(hits, of, strict=True)]


def label_agreement(answers: Floats, faces: Faces, labels: Sequence[str] = FER2013) -> float:
    """How often the first answer is the face's label, where that is one of `labels`.

    answers: float32 [N, len(labels)], probabilities or logits.

    Raises:
        DataError: no face has such a label.
    """
    known = labelled(labels, faces)
    return float((answers[known.rows].argmax(axis=1) == known.labels).mean())


def fer2013_agreement(answers: Floats, faces: Faces) -> float:
    """How often the first of seven answers is FER2013's label, where that is one of the seven.

    answers: float32 [N, 7 or more], probabilities or logits, in `labels.FER2013`' order.

    Raises:
        DataError: no face has such a label.
    """
    return label_agreement(answers[:, : len(FER2013)], faces)


def _agreement(answers: Floats, voted: Truth, labels: Sequence[str] = FERPLUS) -> float | None:
    """How often the first answer is what was voted for; None where nothing was.

    answers: float32 [N, K], probabilities or logits, of the first K `labels`.
    """
    if not len(voted.labels):
        return None
    said = np.array([FERPLUS.index(label) for label in labels])
    return float((said[answers[voted.rows].argmax(axis=1)] == voted.labels).mean())


def agreements(logits: Mapping[str, Floats], faces: Faces) -> dict[str, float]:
    """How often each head says what FER2013's labels and FER+'s majorities say.

    logits: by head, as above. Returns shares by `<head>_fer2013` and `<head>_ferplus`, without the
    latter where no face has a majority.
    """
    figures = {}
    for name, answers in logits.items():
        figures[f"{name}_fer2013"] = fer2013_agreement(answers, faces)
        voted = _agreement(answers, majorities(faces))
        if voted is not None:
            figures[f"{name}_ferplus"] = voted
    return figures
