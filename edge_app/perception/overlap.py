"""Boxes and boxes → how much each overlaps each."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def intersection_over_union(some: ArrayLike, others: ArrayLike) -> NDArray[np.float64]:
    """Shared area over covered area of each box with each.

    some: [N, 4], others: [M, 4]: left, top, right, bottom.

    Returns float64 [N, M], 0…1; two boxes without an area share nothing.
    """
    a = np.asarray(some, dtype=np.float64).reshape(-1, 1, 4)
    b = np.asarray(others, dtype=np.float64).reshape(1, -1, 4)
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    shared = np.clip(sides, 0.0, None).prod(axis=-1)
    areas = [(boxes[..., 2:] - boxes[..., :2]).prod(axis=-1) for boxes in (a, b)]
    covered = areas[0] + areas[1] - shared
    return np.asarray(np.divide(shared, covered, out=np.zeros_like(shared), where=covered > 0))
