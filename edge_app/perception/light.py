"""A crop of very little contrast → the same with its gray levels spread over the whole range.

Only such crops gain: of eight ways to handle gray levels none helped faces that are dark and
noisy, and all but this one harmed others. `python -m benchmarks.low_light` compares them.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

#: Standard deviation of a crop, in gray levels, below which it is spread. FER2013's faces lie at
#: 34 and above, all but one in twenty.
FLAT_BELOW = 20.0


def spread(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Bring percentiles 1 and 99 to 0 and 255 where the crop is flat; leave it as it is elsewhere.

    crop: uint8 [S, S].
    """
    if cv2.meanStdDev(crop)[1].item() >= FLAT_BELOW:
        return crop
    low, high = np.percentile(crop, (1, 99))
    levels = (np.arange(256) - low) * (255.0 / max(float(high - low), 1.0))
    table: NDArray[np.uint8] = np.clip(levels + 0.5, 0, 255).astype(np.uint8)
    return np.asarray(table[crop], np.uint8)
