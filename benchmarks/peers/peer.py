"""What is asked of every peer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Peer:
    """see: one frame, uint8 [H, W, 3] BGR → an emotion a face; read: one 48 x 48 gray face."""

    see: Callable[[Picture], list[str]]
    read: Callable[[Picture], str]
