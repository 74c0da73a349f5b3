"""A classifier's heads, and what they say of PublicTest → the answers of its card."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge_app.perception.answers import Mixture
from edge_app.perception.card import DEFAULT_ANSWER, Answer, Head
from edge_app.perception.labels import FER2013, FERPLUS
from quantize.errors import QuantizeError
from trainer.data import Faces
from trainer.truth import truth_for

Floats = NDArray[np.float32]

#: Fewer faces than this say too little of confidence: where all of them are read rightly, the
#: likeliest temperature is the lowest that is tried.
LEAST_FACES = 100
#: However sure a network is of the faces it is calibrated on, some are to be answered elsewhere.
_HIGHEST_THRESHOLD = 0.9


def make_answers(
    heads: Sequence[Head],
    logits: Floats,
    faces: Faces,
    shares: Mapping[str, float] | None = None,
    weights: tuple[float, ...] = (),
    *,
    taught: Collection[str] = FERPLUS,
) -> dict[str, Answer]:
    """The default answer, of FER2013's emotions, and one of each head alone if there are several.

    logits: float32 [N, all heads' labels], of `faces`, on which temperature and threshold are
    chosen, by `trainer.truth.truth_for`; of fewer than `LEAST_FACES` the temperature stays 1.
    shares: of each head in the default answer; all alike where nothing is said. weights: of the
    labels in the default answer. taught: what the network has learned to tell; other labels are
    left out.

    Raises:
        QuantizeError: the shares are of other heads.
        DataError: no face has one of the labels.
    """
    shares = dict(shares or {head.name: 1.0 / len(heads) for head in heads})

    def among(labels: Sequence[str]) -> tuple[str, ...]:
        return tuple(label for label in labels if label in taught)

    plain = {DEFAULT_ANSWER: Answer(among(FER2013), shares, 1.0, 0.0, weights)}
    if len(heads) > 1:
        plain |= {
            head.name: Answer(among(head.labels), {head.name: 1.0}, 1.0, 0.0) for head in heads
        }
    return {name: _calibrated(heads, answer, logits, faces) for name, answer in plain.items()}


def _calibrated(heads: Sequence[Head], plain: Answer, logits: Floats, faces: Faces) -> Answer:
    """The answer with its temperature and threshold."""
    try:
        Mixture(heads, plain)
    except ValueError as error:
        raise QuantizeError(f"{error}; name its heads with --shares") from error
    truth = truth_for(plain.labels, faces)
    temperature = 1.0
    if len(truth.labels) >= LEAST_FACES:
        temperature = fit_temperature(
            lambda t: Mixture(heads, msgspec.structs.replace(plain, temperature=t)).probabilities(
                logits[truth.rows]
            ),
            truth.labels,
        )
    warm = msgspec.structs.replace(plain, temperature=round(temperature, 4))
    threshold = unsure_threshold(Mixture(heads, warm).probabilities(logits))
    # Rounded down: rounded up it may be above every answer.
    below = min(math.floor(threshold * 1e4) / 1e4, _HIGHEST_THRESHOLD)
    return msgspec.structs.replace(warm, unsure_below=below)


def fit_temperature(
    probabilities_at: Callable[[float], Floats], labels: NDArray[np.int64]
) -> float:
    """The temperature that makes the labels likeliest (Guo et al. 2017), 0.25…4 in steps of 1 %.

    probabilities_at: temperature → float32 [N, K].
    """
    temperatures = np.exp(np.arange(np.log(0.25), np.log(4.0), 0.01))
    rows = np.arange(len(labels))
    losses = [
        -float(np.log(np.maximum(probabilities_at(float(t))[rows, labels], 1e-12)).mean())
        for t in temperatures
    ]
    return float(temperatures[int(np.argmin(losses))])


def unsure_threshold(probabilities: Floats, answered: float = 0.9) -> float:
    """The confidence that a share `answered` of the faces reach."""
    return float(np.quantile(probabilities.max(axis=1), 1.0 - answered))
