"""Calibrated probabilities → how far confidence is from truth, before and after the temperature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.evaluation import calibration_error

Floats = NDArray[np.float32]
BINS = 15


@dataclass(frozen=True, slots=True)
class Bin:
    """The faces whose confidence falls into one of `BINS` equal parts of 0…1; means are 0…1."""

    faces: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Reliability:
    """Expected calibration error (Guo et al. 2017), 0…1, with what it is made of.

    temperature: what the logits are divided by.
    before: at temperature 1; after: at `temperature`. Bins without a face are left out.
    """

    temperature: float
    error_before: float
    error_after: float
    bins_before: tuple[Bin, ...]
    bins_after: tuple[Bin, ...]


def reliability(
    uncalibrated: Floats, probabilities: Floats, labels: NDArray[np.int64], temperature: float
) -> Reliability:
    """Measure the first answer's confidence.

    uncalibrated, probabilities: float32 [N, K], at temperature 1 and at `temperature`.
    labels: int64 [N], columns of `probabilities`.
    """
    return Reliability(
        temperature=temperature,
        error_before=calibration_error(uncalibrated, labels, BINS),
        error_after=calibration_error(probabilities, labels, BINS),
        bins_before=_bins(uncalibrated, labels),
        bins_after=_bins(probabilities, labels),
    )


def _bins(probabilities: Floats, labels: NDArray[np.int64]) -> tuple[Bin, ...]:
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    bin_of = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return tuple(
        Bin(
            faces=int((bin_of == b).sum()),
            confidence=float(confidence[bin_of == b].mean()),
            accuracy=float(right[bin_of == b].mean()),
        )
        for b in range(BINS)
        if (bin_of == b).any()
    )
