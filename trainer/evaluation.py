"""Probabilities and faces → the figures that say how good a classifier is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_app.perception.labels import FER2013
from trainer.data import Faces

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Report:
    """Figures over one set of faces; shares are 0…1.

    confusion: faces by true label (rows) and answer (columns), in `labels.FER2013`' order.
    without_twins: accuracy on the faces whose picture does not stand in Training too.
    ferplus_majority: agreement with FER+'s majority of eight emotions, where there is one;
    None where no face has one.
    """

    faces: int
    accuracy: float
    without_twins: float
    balanced_accuracy: float
    recall: dict[str, float]
    precision: dict[str, float]
    confusion: list[list[int]]
    calibration_error: float
    ferplus_majority: float | None


def evaluate(probabilities: Floats, faces: Faces, twins: NDArray[np.bool_]) -> Report:
    """Compare answers with labels.

    probabilities: float32 [N, 7 or more], the first seven in `labels.FER2013`' order.
    twins: bool [N], faces that stand in Training too. Faces labelled contempt are left out.
    """
    classes = len(FER2013)
    known = faces.labels < classes
    probabilities, faces, twins = probabilities[known], faces.where(known), twins[known]
    answers = probabilities[:, :classes].argmax(axis=1)
    right = answers == faces.labels
    confusion = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(confusion, (faces.labels, answers), 1)
    hits = np.diag(confusion)
    recall = hits / np.maximum(confusion.sum(axis=1), 1)
    precision = hits / np.maximum(confusion.sum(axis=0), 1)
    return Report(
        faces=len(faces),
        accuracy=float(right.mean()),
        without_twins=float(right[~twins].mean()),
        balanced_accuracy=float(recall.mean()),
        recall=dict(zip(FER2013, map(float, recall), strict=True)),
        precision=dict(zip(FER2013, map(float, precision), strict=True)),
        confusion=confusion.tolist(),
        calibration_error=calibration_error(probabilities, faces.labels),
        ferplus_majority=ferplus_agreement(probabilities, faces),
    )


def calibration_error(probabilities: Floats, labels: NDArray[np.int64], bins: int = 15) -> float:
    """Expected calibration error of the first answer (Guo et al. 2017), bins of equal width."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        (bin_of == b).mean() * abs(right[bin_of == b].mean() - confidence[bin_of == b].mean())
        for b in range(bins)
        if (bin_of == b).any()
    ]
    return float(np.sum(gaps))


def fit_temperature(
    probabilities_at: Callable[[float], Floats], labels: NDArray[np.int64]
) -> float:
    """The temperature that makes the labels likeliest (Guo et al. 2017), 0.25…4 in steps of 1 %.

    probabilities_at: temperature → float32 [N, K].
    """
    temperatures = np.exp(np.arange(np.log(0.25), np.log(4.0), 0.01))
    rows = np.arange(len(labels))
    losses = [
        -float(np.log(np.maximum(probabilities_at(float(t))[rows, labels], 1e-12)).mean())
        for t in temperatures
    ]
    return float(temperatures[int(np.argmin(losses))])


def unsure_threshold(probabilities: Floats, answered: float = 0.9) -> float:
    """The confidence that a share `answered` of the faces reach."""
    return float(np.quantile(probabilities.max(axis=1), 1.0 - answered))


def fer2013_agreement(answers: Floats, faces: Faces) -> float:
    """How often the first of seven answers is FER2013's label.

    answers: float32 [N, 7 or more], probabilities or logits, in `labels.FER2013`' order.
    """
    return float((answers[:, : len(FER2013)].argmax(axis=1) == faces.labels).mean())


def ferplus_agreement(answers: Floats, faces: Faces) -> float | None:
    """How often the first answer is FER+'s majority of eight emotions; None without a majority.

    As FER+'s authors count: a face without a majority is left out.
    answers: float32 [N, 7 or 8], probabilities or logits, in `labels.FERPLUS`' order.
    """
    votes = faces.emotion_votes()
    majority = votes.max(axis=1) > faces.votes.sum(axis=1) / 2
    if not majority.any():
        return None
    return float((answers.argmax(axis=1) == votes.argmax(axis=1))[majority].mean())


def agreements(logits: Mapping[str, Floats], faces: Faces) -> dict[str, float]:
    """How often each head says what FER2013's labels and FER+'s majorities say.

    logits: by head, as above. Returns shares by `<head>_fer2013` and `<head>_ferplus`, 0 for the
    latter where no face has a majority.
    """
    figures = {}
    for name, answers in logits.items():
        figures[f"{name}_fer2013"] = fer2013_agreement(answers, faces)
        figures[f"{name}_ferplus"] = ferplus_agreement(answers, faces) or 0.0
    return figures
