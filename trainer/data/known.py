"""The hash of a data set → what its Training split is, in the words of a model's card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainer.data.faces import Faces, Split

_FER2013 = "FER2013 Training (Goodfellow et al. 2013)"
#: By `Faces.sha256`: what is the same faces, labels and votes everywhere. Both are one data set.
KNOWN = {
    "bb654ea346bc0c91ebdfc2fbeefbe054e4bdc339569c01fa5c8ae1773cae81ca": (
        f"{_FER2013} with FER+ votes (Barsoum et al. 2016)"
    ),
    "6f3956252814e015b1a6ab8ae287933d00011494d068d65352e8965aa1b24895": _FER2013,
}

#: In a run's recipe: the other data sets that what it began with, and its teachers, learned from.
EARLIER_DATA = "earlier_data_sha256"
#: Among them: that of weights beside which no recipe lies.
UNKNOWN = "unknown"


def learned_sets(recipe: Mapping[str, Any]) -> tuple[str, ...]:
    """SHA-256 of each data set that weights have learned from, the run's own first.

    recipe: the run's, or its card's; None is told by cards of other origin.
    """
    own = recipe.get("data_sha256")
    return (*(() if own is None else (own,)), *recipe.get(EARLIER_DATA, ()))


def describe(sha256: str, faces: Faces) -> str:
    """Name a data set, or say how large it is.

    faces: what is at hand; a set of another hash is named if it is known, and not guessed at.
    """
    if sha256 in KNOWN:
        return KNOWN[sha256]
    if sha256 != faces.sha256():
        return "faces that were not at hand"
    training = faces.of(Split.TRAINING)
    voted = int((training.emotion_votes().sum(axis=1) > 0).sum())
    return f"{len(training):,} faces, {voted:,} of them with FER+ votes"


def same_pictures(one: str | None, other: str) -> bool:
    """Whether two hashes are of one data set, if with votes in one place and without in another."""
    return one == other or (one in KNOWN and other in KNOWN)
