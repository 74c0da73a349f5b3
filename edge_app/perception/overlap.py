"""Boxes and boxes → how much each overlaps each, and which faces are one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edge_app.perception.faces import Box, Face

#: Two searches of a picture mean the same face from this intersection over union on.
_SAME = 0.3
#: What lies within a surer face by so much of its own area is an eye of it, or its mouth.
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


def buffered_overlap(one: Box, other: Box, buffer: float) -> float:
    """Intersection over union of two boxes after each side moved out by `buffer` of the box's size.

    The buffered IoU of C-BIoU (Yang et al. 2023). For single boxes plain numbers are much quicker
    than arrays.
    """
    a_x, a_y = buffer * one.width, buffer * one.height
    b_x, b_y = buffer * other.width, buffer * other.height
    width = min(one.right + a_x, other.right + b_x) - max(one.left - a_x, other.left - b_x)
    height = min(one.bottom + a_y, other.bottom + b_y) - max(one.top - a_y, other.top - b_y)
    if width <= 0.0 or height <= 0.0:
        return 0.0
    grown = (1.0 + 2.0 * buffer) ** 2
    areas = grown * (one.width * one.height + other.width * other.height)
    return width * height / (areas - width * height)


def unseen(faces: Sequence[Face], others: Sequence[Face]) -> list[Face]:
    """Those of `faces` that are none of the `others`."""
    return [
        face
        for face in faces
        if all(buffered_overlap(face.box, each.box, 0.0) < _SAME for each in others)
    ]


def outermost(faces: Sequence[Face]) -> list[Face]:
    """Those of `faces`, the surest first, that do not lie within a surer one."""
    kept: list[Face] = []
    for face in faces:
        if all(_share_within(face.box, surer.box) < _INSIDE for surer in kept):
            kept.append(face)
    return kept


def _share_within(one: Box, other: Box) -> float:
    """How much of the area of `one` lies within `other`, 0…1."""
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    if width <= 0.0 or height <= 0.0:
        return 0.0
    return width * height / (one.width * one.height)
