"""Training faces → the few that quantization looks at, chosen to span classes and light."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quantize.errors import QuantizeError
from trainer.data import Faces


def choose(faces: Faces, a_class: int) -> NDArray[np.uint8]:
    """`a_class` faces of each label, evenly spaced from the darkest to the brightest.

    Returns uint8 [n, 48, 48].

    Raises:
        QuantizeError: a label has fewer faces than that.
    """
    brightness = faces.pixels.reshape(len(faces), -1).mean(axis=1)
    chosen: list[int] = []
    for label in np.unique(faces.labels):
        rows = np.flatnonzero(faces.labels == label)
        if len(rows) < a_class:
            raise QuantizeError(
                f"calibration: label {label} has {len(rows)} faces, {a_class} are needed"
            )
        ordered = rows[np.argsort(brightness[rows], kind="stable")]
        chosen += ordered[np.linspace(0, len(rows) - 1, a_class).astype(int)].tolist()
    return faces.pixels[chosen]
