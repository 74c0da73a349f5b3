"""How often each emotion stood in training → how much its probability counts in an answer.

A network answers for the set that it learned from, in which one face of 66 is disgusted and one of
four is happy. How often people show what where the device stands is not known, so a part of that
habit is taken back. Source: Menon et al. 2021 ("Long-tail learning via logit adjustment"), from
whose adjustment by log(prior) this takes the share `balance`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge_app.perception.labels import FERPLUS


def label_weights(
    training: NDArray[np.integer], labels: Sequence[str], balance: float
) -> tuple[float, ...]:
    """Weights of `labels`, the same for all at a balance of 0, (1 / how common) at 1.

    training: labels of faces, int [N], in FER+'s order. An average label weighs 1, and so does one
    that no face has, which has no part in the average: how common it is is not known.
    """
    counts = _counts(training, labels)
    has_faces = counts > 0
    average = counts[has_faces].mean() if has_faces.any() else 1
    common = np.where(has_faces, counts / average, 1)
    return tuple(round(float(weight), 4) for weight in (1 / common) ** balance)


def unbalanced(training: NDArray[np.integer], labels: Sequence[str]) -> list[str]:
    """A line for a person about those of `labels` that no balance takes anything back of."""
    counts = _counts(training, labels)
    absent = [label for label, count in zip(labels, counts, strict=True) if not count]
    if not absent:
        return []
    return [f"balance: no Training face is labelled {', '.join(absent)}; weighed 1, as average"]


def _counts(training: NDArray[np.integer], labels: Sequence[str]) -> NDArray[np.int64]:
    counts = np.bincount(training, minlength=len(FERPLUS))
    return counts[[FERPLUS.index(label) for label in labels]]
