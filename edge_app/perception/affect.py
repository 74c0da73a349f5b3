"""Probabilities of emotions → valence and arousal, as their weighted sum."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from edge_app.perception import labels as names

#: Mean pleasure and arousal, each -1…1, that people gave to the terms happy, surprised, angry,
#: disgusted, fearful and sad: Russell and Mehrabian, Evidence for a three-factor theory of
#: emotions, Journal of Research in Personality 11 (1977), 273-294. A neutral face is the scales'
#: middle, and contempt, of which they were not asked, is taken for it. What shows in a face is not
#: what its owner feels.
COORDINATES: dict[str, tuple[float, float]] = {
    names.ANGRY: (-0.51, 0.59),
    names.DISGUST: (-0.60, 0.35),
    names.FEAR: (-0.64, 0.60),
    names.HAPPY: (0.81, 0.51),
    names.SAD: (-0.63, -0.27),
    names.SURPRISE: (0.40, 0.67),
    names.NEUTRAL: (0.0, 0.0),
    names.CONTEMPT: (0.0, 0.0),
}


class Affect(NamedTuple):
    """What a face's expression says, without a unit.

    valence: unpleasant -1 … pleasant 1. arousal: calm -1 … aroused 1.
    """

    valence: float
    arousal: float


def affect(labels: Iterable[str], probabilities: Iterable[float]) -> Affect | None:
    """The sum of the emotions' coordinates, each weighted by its probability.

    probabilities: one a label; they sum to 1. None where a label has no coordinates, as somebody's
    own may: what it says of either scale nobody knows.
    """
    valence = arousal = 0.0
    for label, probability in zip(labels, probabilities, strict=True):
        if label not in COORDINATES:
            return None
        x, y = COORDINATES[label]
        valence += probability * x
        arousal += probability * y
    return Affect(valence, arousal)
