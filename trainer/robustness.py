"""A classifier and faces → its accuracy in each condition, at each strength."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from edge_app.perception.labels import FER2013
from trainer.conditions import Condition
from trainer.data import Faces
from trainer.evaluation import label_agreement

#: Pixels uint8 [N, 48, 48] → probabilities float32 [N, a label each].
Predict = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
#: Where the plot has a point, beside mild and hard.
STRENGTHS = (0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class Strength:
    """Accuracy 0…1 at one strength 0…1; points_lost are percent points of the clean accuracy."""

    strength: float
    in_words: str
    accuracy: float
    points_lost: float


@dataclass(frozen=True, slots=True)
class ConditionFigures:
    """What one condition costs. curve: from strength 0 to 1, mild and hard among them."""

    name: str
    title: str
    mild: Strength
    hard: Strength
    curve: tuple[Strength, ...]


def measure_conditions(
    predict: Predict,
    faces: Faces,
    conditions: Sequence[Condition],
    seed: int = 0,
    *,
    strengths: Sequence[float] = STRENGTHS,
    labels: Sequence[str] = FER2013,
) -> tuple[ConditionFigures, ...]:
    """Show the classifier every face in every condition; a bar on a terminal tells how far it is.

    seed: chooses sides, lenses and noise. strengths: 0…1, beside mild and hard. labels: the
    answer's; a face of another one is left out.
    """

    def accuracy(pixels: NDArray[np.uint8]) -> float:
        return label_agreement(predict(pixels), faces, labels)

    clean = accuracy(faces.pixels)
    bar = tqdm(conditions, desc="conditions", unit="condition", leave=False, disable=None)
    return tuple(
        _measure(accuracy, faces, condition, clean, seed, strengths=strengths) for condition in bar
    )


def _measure(
    accuracy_on: Callable[[NDArray[np.uint8]], float],
    faces: Faces,
    condition: Condition,
    clean: float,
    seed: int,
    *,
    strengths: Sequence[float],
) -> ConditionFigures:
    curve = {0.0: Strength(0.0, "as it is", clean, 0.0)}
    for strength in sorted({*strengths, condition.mild, condition.hard}):
        accuracy = accuracy_on(condition.apply(faces.pixels, strength, seed))
        lost = 100 * (clean - accuracy)
        curve[strength] = Strength(strength, condition.in_words(strength), accuracy, lost)
    return ConditionFigures(
        name=condition.name,
        title=condition.title,
        mild=curve[condition.mild],
        hard=curve[condition.hard],
        curve=tuple(curve.values()),
    )
