"""Probabilities → what answering "unsure" costs and gains: the risk-coverage curve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
#: Confidences at which the curve is given.
THRESHOLDS = tuple(step / 100 for step in range(100))


@dataclass(frozen=True, slots=True)
class Operating:
    """Answers whose confidence is at least `threshold`; all values are 0…1.

    coverage: the share of faces that get an answer; error: the share of wrong ones among them.
    """

    threshold: float
    coverage: float
    error: float


@dataclass(frozen=True, slots=True)
class RiskCoverage:
    """The curve of El-Yaniv and Wiener (2010).

    curve: at each of `THRESHOLDS` that leaves a face answered.
    area: mean error over all coverages, the surest faces first (AURC, Geifman et al. 2019); less
    is better, and answers of random confidence have the classifier's error.
    chosen: at the threshold of the model's card; None where no face reaches it.
    """

    area: float
    chosen: Operating | None
    curve: tuple[Operating, ...]


def risk_coverage(
    probabilities: Floats, labels: NDArray[np.int64], unsure_below: float
) -> RiskCoverage:
    """Measure the first answer against its confidence.

    probabilities: float32 [N, K]; labels: int64 [N], columns of `probabilities`.
    unsure_below: the card's threshold, 0…1.
    """
    confidence = probabilities.max(axis=1)
    wrong = probabilities.argmax(axis=1) != labels

    def at(threshold: float) -> Operating | None:
        answered = confidence >= threshold
        if not answered.any():
            return None
        return Operating(threshold, float(answered.mean()), float(wrong[answered].mean()))

    surest_first = np.argsort(-confidence, kind="stable")
    errors = np.cumsum(wrong[surest_first]) / np.arange(1, len(wrong) + 1)
    points = (at(threshold) for threshold in THRESHOLDS)
    return RiskCoverage(
        area=float(errors.mean()),
        chosen=at(unsure_below),
        curve=tuple(point for point in points if point is not None),
    )
