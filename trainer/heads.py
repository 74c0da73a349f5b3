"""What a network is taught: each head turns faces into targets and how much each face counts.

A head is named as its output, whose classes are its `labels`; of N faces its targets are
distributions, float32 [N, len(labels)], and weights, float32 [N].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_app.perception.labels import FER2013, FERPLUS
from trainer.data import Faces

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class MixedHead:
    """FER2013's label mixed with FER+'s votes over the same seven classes.

    `hard_share` of the weight goes to FER2013's label and the rest to the votes, contempt and the
    non-emotions left out; a face without votes keeps its label alone.
    """

    hard_share: float
    name: str = "logits"
    labels: tuple[str, ...] = FER2013

    def targets(self, faces: Faces) -> tuple[Floats, Floats]:
        """The mixture; every face counts alike, but for contempt, which is none of the seven."""
        hard, weights = _hard(faces)
        voted = _distribution(faces.emotion_votes()[:, : len(FER2013)], hard)
        mixed = self.hard_share * hard + (1.0 - self.hard_share) * voted
        return np.asarray(mixed, dtype=np.float32), weights


@dataclass(frozen=True, slots=True)
class LabelHead:
    """FER2013's label, smoothed: `smoothing` of the weight is spread over all classes."""

    smoothing: float = 0.1
    name: str = "fer2013"
    labels: tuple[str, ...] = FER2013

    def targets(self, faces: Faces) -> tuple[Floats, Floats]:
        """The smoothed label; every face counts alike, but for contempt, none of the seven."""
        hard, weights = _hard(faces)
        smooth = (1.0 - self.smoothing) * hard + self.smoothing / len(FER2013)
        return np.asarray(smooth, dtype=np.float32), weights


@dataclass(frozen=True, slots=True)
class VoteHead:
    """FER+'s votes for its eight emotions; a face whose voters saw none of them does not count.

    A face that nobody voted on has its label in the place of votes: data sets other than FER+ have
    no votes, and a head that learns nothing would still answer.
    """

    name: str = "ferplus"
    labels: tuple[str, ...] = FERPLUS

    def targets(self, faces: Faces) -> tuple[Floats, Floats]:
        """The votes as a distribution."""
        votes = faces.emotion_votes()
        unvoted = faces.votes.sum(axis=1) == 0
        votes[unvoted] = np.eye(len(FERPLUS), dtype=np.float32)[faces.labels[unvoted]]
        even = np.full_like(votes, 1.0 / len(FERPLUS))
        weights = (votes.sum(axis=1) > 0).astype(np.float32)
        return _distribution(votes, even), weights


def taught_labels(training: Faces) -> tuple[str, ...]:
    """The emotions that these faces teach: those that one is labelled or was voted to show."""
    times = np.bincount(training.labels, minlength=len(FERPLUS)) + training.emotion_votes().sum(0)
    return tuple(label for label, count in zip(FERPLUS, times, strict=True) if count)


def _hard(faces: Faces) -> tuple[Floats, Floats]:
    """FER2013's label as a distribution float32 [N, 7], and the weight of each face float32 [N]."""
    known = faces.labels < len(FER2013)
    hard = np.eye(len(FERPLUS), dtype=np.float32)[faces.labels][:, : len(FER2013)]
    hard[~known] = 1.0 / len(FER2013)
    return hard, known.astype(np.float32)


def _distribution(votes: Floats, otherwise: Floats) -> Floats:
    """Rows that sum to 1; `otherwise` where there is no vote."""
    total = votes.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(votes, total, out=otherwise.copy(), where=total > 0))
