"""Boxes and boxes → how much each overlaps each, and which faces are one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edge_app.perception.faces import Box, Face

#: Two searches of a picture mean the same face from this intersection over union on.
SAME = 0.3
#: What lies within a surer face by more of its own area is an eye of it, or its mouth.
_INSIDE = 0.6


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


def iou(one: Sequence[float], other: Sequence[float]) -> float:
    """Intersection over union of two boxes, each left, top, right and bottom: 0…1.

    As `intersection_over_union`; for single boxes plain numbers are much quicker than arrays.
    """
    shared = shared_area(one, other)
    covered = _area(one) + _area(other) - shared
    return shared / covered if covered > 0.0 else 0.0


def buffered_overlap(one: Box, other: Box, buffer: float) -> float:
    """Intersection over union of two boxes after each side moved out by `buffer` of the box's size.

    The buffered IoU of C-BIoU (Yang et al. 2023).
    """
    return iou(_grown(one, buffer), _grown(other, buffer))


def shared_area(one: Sequence[float], other: Sequence[float]) -> float:
    """The area that two boxes share, each left, top, right and bottom."""
    a_left, a_top, a_right, a_bottom = one
    b_left, b_top, b_right, b_bottom = other
    width = min(a_right, b_right) - max(a_left, b_left)
    height = min(a_bottom, b_bottom) - max(a_top, b_top)
    # Boxes that are apart on both axes have no area of two negative sides.
    return width * height if width > 0.0 and height > 0.0 else 0.0


def unseen(faces: Sequence[Face], others: Sequence[Face]) -> list[Face]:
    """Those of `faces` that are none of the `others`."""
    return [face for face in faces if all(iou(face.box, each.box) < SAME for each in others)]


def outermost(faces: Sequence[Face]) -> list[Face]:
    """Those of `faces`, the surest first, that do not lie within a surer one."""
    kept: list[Face] = []
    for face in faces:
        most = _INSIDE * _area(face.box)
        if all(shared_area(face.box, surer.box) <= most for surer in kept):
            kept.append(face)
    return kept


def _area(box: Sequence[float]) -> float:
    left, top, right, bottom = box
    return (right - left) * (bottom - top)


def _grown(box: Box, buffer: float) -> Box:
    x, y = buffer * box.width, buffer * box.height
    return Box(box.left - x, box.top - y, box.right + x, box.bottom + y)
