"""Probabilities of emotions → valence and arousal, as their weighted sum."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge_app.perception import labels as names

#: Mean pleasure and arousal, each -1…1, that people gave to the terms happy, surprised, angry,
#: disgusted, fearful and sad: Russell and Mehrabian, Evidence for a three-factor theory of
#: emotions, Journal of Research in Personality 11 (1977), 273-294. A neutral face is the scales'
#: middle. What shows in a face is not what its owner feels.
COORDINATES: dict[str, tuple[float, float]] = {
    names.ANGRY: (-0.51, 0.59),
    names.DISGUST: (-0.60, 0.35),
    names.FEAR: (-0.64, 0.60),
    names.HAPPY: (0.81, 0.51),
    names.SAD: (-0.63, -0.27),
    names.SURPRISE: (0.40, 0.67),
    names.NEUTRAL: (0.0, 0.0),
}


def affect(labels: tuple[str, ...], probabilities: NDArray[np.float32]) -> tuple[float, float]:
    """Valence (unpleasant -1 … pleasant 1) and arousal (calm -1 … aroused 1).

    probabilities: float32 [len(labels)], sums to 1. A label without coordinates counts as neutral.
    """
    places = np.array([COORDINATES.get(label, (0.0, 0.0)) for label in labels])
    valence, arousal = probabilities.astype(np.float64) @ places
    return float(valence), float(arousal)
