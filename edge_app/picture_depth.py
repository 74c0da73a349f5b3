"""A picture file's bytes → whether reading it as 8 bits a value leaves next to nothing of it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

#: Of 16 bits: from here on the upper 8 hold more than what looks black.
_DARK_BELOW = 4096
#: For whoever refuses such a file; continues a sentence about it.
ADVICE = "its 16 bits a value hold 12 at most, which would read as black; store it with 8"


def is_lost_in_8_bits(content: NDArray[np.uint8], picture: NDArray[np.uint8]) -> bool:
    """Whether a file has 16 bits a value of which it uses the lower 12 only, as some cameras' do.

    OpenCV keeps the upper 8. A picture that is black in 16 bits, too, loses nothing.

    content: the file's bytes, uint8 [N], that OpenCV can decode; picture: what it made of them in
    8 bits.
    """
    if picture.max() >= _DARK_BELOW >> 8:
        return False
    deep = cv2.imdecode(content, cv2.IMREAD_ANYDEPTH | cv2.IMREAD_GRAYSCALE)
    return deep is not None and deep.dtype == np.uint16 and 0 < int(deep.max()) < _DARK_BELOW
