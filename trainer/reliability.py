"""Probabilities → how far confidence is from truth, before and after the temperature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
BINS = 15
_DRAWS = 100


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
    before, after = _bins(uncalibrated, labels), _bins(probabilities, labels)
    return Reliability(temperature, _error(before), _error(after), before, after)


def calibration_error(probabilities: Floats, labels: NDArray[np.int64]) -> float:
    """Expected calibration error of the first answer (Guo et al. 2017), bins of equal width."""
    return _error(_bins(probabilities, labels))


def calibration_error_by_chance(probabilities: Floats) -> float:
    """What `calibration_error` is, on the mean of draws, where each confidence is exactly right.

    It is no 0: within a bin of few faces the share of right answers strays from any confidence.
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    bin_of = np.minimum((confidence * BINS).astype(int), BINS - 1)
    right = np.random.default_rng(0).random((_DRAWS, len(confidence))) < confidence
    surplus = right - confidence
    gaps = sum(np.abs(surplus[:, bin_of == b].sum(axis=1)) for b in range(BINS))
    return float(np.mean(gaps)) / max(len(confidence), 1)


def _error(bins: tuple[Bin, ...]) -> float:
    gaps = [one.faces * abs(one.accuracy - one.confidence) for one in bins]
    return sum(gaps) / max(sum(one.faces for one in bins), 1)


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
