"""Labels and votes → the distribution that the network is taught, a row a face."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge_app.perception.labels import FER2013
from trainer.data.faces import Faces


def mixed_targets(faces: Faces, hard_share: float) -> NDArray[np.float32]:
    """FER2013's label mixed with FER+'s votes over the same seven classes.

    `hard_share` of the weight goes to FER2013's label and the rest to the votes, contempt and
    the non-emotions left out; a face without votes keeps its label alone.

    Returns float32 [N, 7], rows sum to 1.
    """
    hard = np.eye(len(FER2013), dtype=np.float32)[faces.labels]
    votes = faces.emotion_votes()[:, : len(FER2013)]
    total = votes.sum(axis=1, keepdims=True)
    voted = np.divide(votes, total, out=hard.copy(), where=total > 0)
    mixed = hard_share * hard + (1.0 - hard_share) * voted
    return np.asarray(mixed, dtype=np.float32)
