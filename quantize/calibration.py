"""Training faces → the few that quantization looks at, chosen to span classes and light."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trainer.data import Faces


def choose(faces: Faces, a_class: int) -> NDArray[np.uint8]:
    """`a_class` faces of each label, evenly spaced from the darkest to the brightest.

    Of a label with fewer faces all are chosen. Returns uint8 [n, 48, 48].
    """
    brightness = faces.pixels.mean(axis=(1, 2))
    chosen: list[int] = []
    for label in np.unique(faces.labels):
        rows = np.flatnonzero(faces.labels == label)
        ordered = rows[np.argsort(brightness[rows], kind="stable")]
        places = np.linspace(0, len(rows) - 1, min(len(rows), a_class))
        chosen += ordered[places.astype(int)].tolist()
    return faces.pixels[np.array(chosen, np.intp)]
