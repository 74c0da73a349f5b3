"""A network with two heads → which answer made of them is likeliest to be right on unseen faces.

The proxy, since faces of other data sets are not at hand: recall averaged over the seven emotions,
so that no data set's habit of showing happy people counts; on FER2013's labels and on FER+'s
majorities, so that neither crowd's habit of labelling counts; and averaged over PublicTest as it is
and in every mild and hard condition, so that FER2013's own pictures count little. PrivateTest has
no part in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from edge_app.perception.answers import Mixture
from edge_app.perception.card import Answer, Head
from edge_app.perception.labels import FER2013
from trainer.conditions import Condition
from trainer.data import DataError, Faces
from trainer.truth import majorities, truth_for

Floats = NDArray[np.float32]
#: Accuracy on either kind of labels that a better proxy may cost, 0…1.
MOST_LOST = 0.005
#: Pixels uint8 [N, 48, 48] → logits of all heads side by side, float32 [N, classes].
Logits = Callable[[NDArray[np.uint8]], Floats]


@dataclass(frozen=True, slots=True)
class OfPictures:
    """One answer to one set of pictures; figures are 0…1.

    On FER2013's labels and on FER+'s majorities: the mean recall of the emotions, and how many
    faces are read rightly.
    """

    recall_fer2013: float
    recall_ferplus: float
    accuracy_fer2013: float
    accuracy_ferplus: float

    @property
    def recall(self) -> float:
        """The mean of both."""
        return (self.recall_fer2013 + self.recall_ferplus) / 2


@dataclass(frozen=True, slots=True)
class Compared:
    """An answer and what comes of it; figures are 0…1.

    clean: the pictures as they are. harder: mean recall over all conditions. proxy: over the clean
    pictures and all conditions.
    """

    answer: Answer
    clean: OfPictures
    harder: float
    proxy: float


def compare_answers(
    logits: Logits,
    heads: Sequence[Head],
    faces: Faces,
    conditions: Sequence[Condition],
    answers: Sequence[Answer],
) -> list[Compared]:
    """Measure each answer, of FER2013's seven labels, on `faces`, which have both kinds of labels.

    heads: in the order of the logits.

    Raises:
        DataError: no face has a label of the seven, or none has a majority of FER+'s voters.
    """
    truth_for(FER2013, faces)
    if not len(majorities(faces, len(FER2013)).labels):
        raise DataError(
            f"FER+'s voters agree on an emotion for none of {len(faces)} faces, and answers are"
            " compared by that too; FER2013 has votes with fer2013new.csv beside it; without votes"
            " leave --shares of mien quantize classifier out, and all heads count alike"
        )
    makers = [Mixture(heads, answer) for answer in answers]
    measured: list[list[OfPictures]] = [[] for _ in answers]
    for pixels in _pictures(faces.pixels, conditions):
        said = logits(pixels)
        for found, maker in zip(measured, makers, strict=True):
            found.append(_measure(maker.probabilities(said), faces))
    return [
        Compared(
            answer=answer,
            clean=found[0],
            harder=fmean(each.recall for each in found[1:]) if len(found) > 1 else float("nan"),
            proxy=fmean(each.recall for each in found),
        )
        for answer, found in zip(answers, measured, strict=True)
    ]


def best(compared: Sequence[Compared], plain: Compared, most_lost: float = MOST_LOST) -> Compared:
    """The best by the proxy of those that are right as often as `plain`, but for `most_lost`.

    Mean recall alone would have rare emotions seen everywhere: what that costs on ordinary faces
    is accuracy.
    """

    def loses(one: Compared) -> bool:
        return (
            one.clean.accuracy_fer2013 < plain.clean.accuracy_fer2013 - most_lost
            or one.clean.accuracy_ferplus < plain.clean.accuracy_ferplus - most_lost
        )

    return max(
        (one for one in compared if one is plain or not loses(one)), key=lambda one: one.proxy
    )


def _pictures(
    pixels: NDArray[np.uint8], conditions: Sequence[Condition]
) -> Iterator[NDArray[np.uint8]]:
    """As they are, then in each condition, mild and hard."""
    yield pixels
    for condition in tqdm(conditions, desc="conditions", leave=False, disable=None):
        for strength in (condition.mild, condition.hard):
            yield condition.apply(pixels, strength, seed=0)


def _measure(answers: Floats, faces: Faces) -> OfPictures:
    """On FER2013's labels, and on FER+'s majorities among the seven emotions."""
    said = answers.argmax(axis=1)
    known, voted = truth_for(FER2013, faces), majorities(faces, len(FER2013))
    return OfPictures(
        recall_fer2013=mean_recall(said[known.rows], known.labels),
        recall_ferplus=mean_recall(said[voted.rows], voted.labels),
        accuracy_fer2013=float((said[known.rows] == known.labels).mean()),
        accuracy_ferplus=float((said[voted.rows] == voted.labels).mean()),
    )


def mean_recall(said: NDArray[np.integer], true: NDArray[np.integer]) -> float:
    """How often an emotion is found, 0…1, over the emotions that are there; there is a face."""
    return fmean(float((said[true == label] == label).mean()) for label in np.unique(true))
