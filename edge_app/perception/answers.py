"""Logits of a classifier's heads → the probabilities that an answer of its card asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_app.perception.card import Answer, Head

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Part:
    """What one head says: its columns of the logits, which of them count, and where they go."""

    share: float
    columns: slice
    kept: list[int]
    places: list[int]


class Mixture:
    """Averages the heads' probabilities by the answer's shares.

    Each head's logits are divided by the answer's temperature and become probabilities of all its
    labels; those that the answer does not have are left out, and the others sum to 1 again.
    """

    def __init__(self, heads: Sequence[Head], answer: Answer) -> None:
        """heads: in the order of the logits.

        Raises:
            ValueError: the answer names a head that is not there, or a label that none of its
                heads has, or its shares do not sum to 1.
        """
        start = 0
        self._parts = []
        for head in heads:
            columns = slice(start, start + len(head.labels))
            start = columns.stop
            share = answer.shares.get(head.name, 0.0)
            both = [label for label in answer.labels if label in head.labels]
            if share:
                kept = [head.labels.index(label) for label in both]
                places = [answer.labels.index(label) for label in both]
                self._parts.append(_Part(share, columns, kept, places))
        known = {head.name for head in heads}
        said = {place for part in self._parts for place in part.places}
        if (
            set(answer.shares) - known
            or len(said) < len(answer.labels)
            or abs(sum(answer.shares.values()) - 1.0) > 1e-3
        ):
            raise ValueError(
                f"the shares {answer.shares} of the heads {', '.join(sorted(known))} do not make"
                f" an answer of {', '.join(answer.labels)}"
            )
        self.answer = answer

    def probabilities(self, logits: Floats) -> Floats:
        """float32 [N, all heads' labels] → float32 [N, len(answer.labels)]; rows sum to 1."""
        mixed = np.zeros((len(logits), len(self.answer.labels)), np.float32)
        for part in self._parts:
            scaled = logits[:, part.columns] / np.float32(self.answer.temperature)
            kept = softmax(scaled[:, part.kept])
            mixed[:, part.places] += np.float32(part.share) * kept
        return np.asarray(mixed / mixed.sum(axis=1, keepdims=True), dtype=np.float32)


def softmax(logits: Floats) -> Floats:
    """Softmax of each row: float32 [N, K] → float32 [N, K]."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), dtype=np.float32)
