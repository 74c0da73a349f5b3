"""Figures of a classifier that nobody trained."""

import numpy as np

from tests.softmax import softmax
from tests.trainer.synthetic import synthetic_faces
from trainer.evaluation import evaluate
from trainer.reliability import reliability
from trainer.reports.figures import SplitFigures
from trainer.robustness import ConditionFigures, Strength
from trainer.selective import risk_coverage


def condition(title: str) -> ConditionFigures:
    clean = Strength(0.0, "as it is", 0.8, 0.0)
    mild, hard = Strength(0.5, "half <a>", 0.765, 3.5), Strength(1.0, "whole", 0.6, 20.0)
    return ConditionFigures(title.lower(), title, mild, hard, (clean, mild, hard))


def figures(titles: tuple[str, ...] = ("Fog", "Rain"), without: int | None = None) -> SplitFigures:
    """without: a label that no face has."""
    faces = synthetic_faces(140)
    logits = np.random.default_rng(8).normal(size=(140, 7)).astype(np.float32)
    logits[np.arange(140), faces.labels] += 2
    there = faces.labels != without
    faces, logits = faces.where(there), logits[there]
    uncalibrated, probabilities = softmax(logits), softmax(logits / np.float32(1.5))
    return SplitFigures(
        evaluate(probabilities, faces, np.zeros(len(faces), bool)),
        reliability(uncalibrated, probabilities, faces.labels, 1.5),
        risk_coverage(probabilities, faces.labels, 0.345),
        tuple(condition(title) for title in titles),
    )
