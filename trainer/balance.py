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

    training: labels of faces, int [N], in FER+'s order. A label that no face has counts like one
    that a single face has. An average label weighs 1.
    """
    counts = np.bincount(training, minlength=len(FERPLUS))
    found = np.maximum([counts[FERPLUS.index(label)] for label in labels], 1)
    return tuple(round(float(weight), 4) for weight in (found.mean() / found) ** balance)
