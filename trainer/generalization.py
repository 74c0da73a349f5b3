"""A network with two heads → which mixture of them is likeliest to be right on unseen faces.

The proxy, since faces of other data sets are not at hand: recall averaged over the seven emotions,
so that no data set's habit of showing happy people counts; on FER2013's labels and on FER+'s
majorities, so that neither crowd's habit of labelling counts; and averaged over PublicTest as it is
and in every mild and hard condition, so that FER2013's own pictures count little. PrivateTest has
no part in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from edge_app.perception.answers import Mixture
from edge_app.perception.card import Answer, Head
from edge_app.perception.labels import FER2013
from trainer.conditions import Condition
from trainer.data import Faces

Floats = NDArray[np.float32]
#: Pixels uint8 [N, 48, 48] → logits of all heads side by side, float32 [N, classes].
Logits = Callable[[NDArray[np.uint8]], Floats]


@dataclass(frozen=True, slots=True)
class Compared:
    """Shares of the heads and what comes of them; figures are 0…1.

    clean: mean recall on the pictures as they are, on FER2013's labels and FER+'s majorities.
    harder: the mean of both over all conditions. proxy: over the clean pictures and all conditions.
    """

    shares: Mapping[str, float]
    clean_fer2013: float
    clean_ferplus: float
    harder: float
    proxy: float


def compare_mixtures(
    logits: Logits,
    heads: Sequence[Head],
    faces: Faces,
    conditions: Sequence[Condition],
    mixtures: Sequence[Mapping[str, float]],
    *,
    seed: int = 0,
) -> list[Compared]:
    """Measure each mixture of the heads on `faces`, which have both kinds of labels.

    heads: in the order of the logits. mixtures: the share of each head by its name.
    """
    makers = [Mixture(heads, Answer(FER2013, dict(shares), 1.0, 0.0)) for shares in mixtures]
    recalls: list[list[tuple[float, float]]] = [[] for _ in mixtures]
    for pixels in _pictures(faces.pixels, conditions, seed):
        said = logits(pixels)
        for found, maker in zip(recalls, makers, strict=True):
            found.append(_recalls(maker.probabilities(said), faces))
    compared = []
    for shares, found in zip(mixtures, recalls, strict=True):
        table = np.array(found)
        compared.append(
            Compared(
                shares=dict(shares),
                clean_fer2013=float(table[0, 0]),
                clean_ferplus=float(table[0, 1]),
                harder=float(table[1:].mean()) if len(table) > 1 else float("nan"),
                proxy=float(table.mean()),
            )
        )
    return compared


def _pictures(
    pixels: NDArray[np.uint8], conditions: Sequence[Condition], seed: int
) -> Iterator[NDArray[np.uint8]]:
    """As they are, then in each condition, mild and hard."""
    yield pixels
    for condition in tqdm(conditions, desc="conditions", leave=False, disable=None):
        for strength in (condition.mild, condition.hard):
            yield condition.apply(pixels, strength, seed)


def _recalls(answers: Floats, faces: Faces) -> tuple[float, float]:
    """Mean recall on FER2013's labels, and on FER+'s majorities among the seven emotions."""
    votes = faces.emotion_votes()
    is_clear = votes.max(axis=1) > faces.votes.sum(axis=1) / 2
    majority = votes.argmax(axis=1)
    is_clear &= majority < len(FER2013)
    said = answers.argmax(axis=1)
    return (
        _mean_recall(said, faces.labels),
        _mean_recall(said[is_clear], majority[is_clear]),
    )


def _mean_recall(said: NDArray[np.int64], true: NDArray[np.int64]) -> float:
    return float(
        np.mean(
            [
                (said[true == label] == label).mean()
                for label in np.unique(true[true < len(FER2013)])
            ]
        )
    )
