"""Logits of a classifier's heads → the probabilities that an answer of its card asks for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_app.perception.card import Answer, Head

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Part:
    """What one head says: the columns of the logits that count, and where they go."""

    share: float
    columns: tuple[int, ...]
    places: tuple[int, ...]


class Mixture:
    """Averages the heads' probabilities by the answer's shares, and weighs them.

    Each head's logits are divided by the answer's temperature and become probabilities of all its
    labels; those that the answer does not have are left out, and the others sum to 1 again.
    """

    def __init__(self, heads: Sequence[Head], answer: Answer) -> None:
        """heads: in the order of the logits.

        Raises:
            ValueError: the answer names a head that is not there or has none of its labels, or a
                label that none of its heads has, or its shares do not sum to 1, or it has a weight
                for some labels only.
        """
        start = 0
        self._parts: list[_Part] = []
        for head in heads:
            share = answer.shares.get(head.name, 0.0)
            both = [label for label in answer.labels if label in head.labels]
            if share:
                columns = tuple(start + head.labels.index(label) for label in both)
                places = tuple(answer.labels.index(label) for label in both)
                self._parts.append(_Part(share, columns, places))
            start += len(head.labels)
        known = {head.name for head in heads}
        said = {place for part in self._parts for place in part.places}
        if (
            set(answer.shares) - known
            or len(said) < len(answer.labels)
            or not all(part.places for part in self._parts)
            or abs(sum(answer.shares.values()) - 1.0) > 1e-3
        ):
            raise ValueError(
                f"the shares {answer.shares} of the heads {', '.join(sorted(known))} do not make"
                f" an answer of {', '.join(answer.labels)}"
            )
        if len(answer.weights) not in {0, len(answer.labels)}:
            raise ValueError(
                f"{len(answer.weights)} weights do not make an answer of {', '.join(answer.labels)}"
            )
        self._weights = answer.weights or (1.0,) * len(answer.labels)
        self.answer = answer

    def probabilities(self, logits: Floats) -> Floats:
        """float32 [N, all heads' labels] → float32 [N, len(answer.labels)]; rows sum to 1."""
        rows = [self.of_face(row) for row in logits.tolist()]
        return np.array(rows, np.float32).reshape(len(rows), len(self.answer.labels))

    def of_face(self, logits: Sequence[float]) -> list[float]:
        """One face's logits, all heads' labels → its probabilities, which sum to 1."""
        # Plain numbers: for a single face arrays take four times as long.
        mixed = [0.0] * len(self.answer.labels)
        for part in self._parts:
            kept = [logits[column] for column in part.columns]
            highest = max(kept)
            raised = [math.exp((logit - highest) / self.answer.temperature) for logit in kept]
            share = part.share / sum(raised)
            for place, value in zip(part.places, raised, strict=True):
                mixed[place] += share * value
        weighed = [weight * value for weight, value in zip(self._weights, mixed, strict=True)]
        whole = sum(weighed)
        return [value / whole for value in weighed]
