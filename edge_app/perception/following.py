"""A face in one frame and the next frame → where the face is there, without detection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.perception.faces import Box, Face, Image, points_of

#: The longer side of the two gray patches that are compared, and how far they reach beyond the
#: face, in sizes of it on each side: so far may it move between two frames.
_SIDE, _MARGIN = 96, 0.35
#: A patch of which the frame's edge leaves less, in pixels of the frame, says nothing.
_LEAST_SIDE = 12
_WINDOW, _LEVELS = (15, 15), 2
#: How alike the face must still be: correlation of the gray values inside of its box.
_LEAST_LIKENESS = 0.6
#: A face may turn (radians) or grow (share) by as much between two frames.
_MOST_CHANGE = 0.3


class _Region(NamedTuple):
    """A part of the frame in whole pixels, and its patch's pixels per pixel of the frame."""

    left: int
    top: int
    right: int
    bottom: int
    columns: int
    rows: int

    def patch(self, image: Image) -> NDArray[np.uint8]:
        """Gray, uint8 [rows, columns]."""
        part = image[self.top : self.bottom, self.left : self.right]
        patch = cv2.resize(part, (self.columns, self.rows))
        if patch.ndim == 3:
            patch = cv2.cvtColor(patch, cv2.COLOR_BGR2GRAY)
        return np.asarray(patch, np.uint8)

    @property
    def scale(self) -> tuple[float, float]:
        """Of x and of y."""
        return self.columns / (self.right - self.left), self.rows / (self.bottom - self.top)

    def inside(self, box: Box) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of `box` in the patch, in whole pixels inside of it."""
        across, down = self.scale
        return (
            max(round((box.left - self.left) * across), 0),
            max(round((box.top - self.top) * down), 0),
            min(round((box.right - self.left) * across), self.columns),
            min(round((box.bottom - self.top) * down), self.rows),
        )

    def to_patch(self, points: Sequence[complex]) -> NDArray[np.float32]:
        """Points of the frame in the patch, as OpenCV takes them: float32 [N, 1, 2]."""
        across, down = self.scale
        return np.array(
            [[((z.real - self.left) * across, (z.imag - self.top) * down)] for z in points],
            np.float32,
        )

    def to_frame(self, points: NDArray[np.float32]) -> list[complex]:
        """The way back."""
        across, down = self.scale
        return [
            complex(x / across + self.left, y / down + self.top) for ((x, y),) in points.tolist()
        ]


class _Similarity(NamedTuple):
    """z → factor · (z - before) + after, with points as complex numbers in pixels of the frame."""

    factor: complex
    before: complex
    after: complex

    def move(self, face: Face, points: Sequence[complex]) -> Face:
        """The face with those landmarks at its new place; its box stays upright."""
        growth = abs(self.factor)
        middle = self.after + self.factor * (face.box.middle - self.before)
        box = Box.about(middle, face.box.width * growth, face.box.height * growth)
        moved = [self.after + self.factor * (z - self.before) for z in points]
        landmarks = np.array([(z.real, z.imag) for z in moved], np.float32)
        return Face(box, landmarks, face.score)


def follow(before: Image, face: Face, now: Image) -> Face | None:
    """Find `face` of the frame `before` in the frame `now`; None if it is lost.

    Sparse optical flow (Lucas-Kanade with pyramids, Bouguet 2001) of the five landmarks, and the
    similarity that fits it best. Both frames are uint8 [H, W] or BGR [H, W, 3] of one size.
    """
    region = _region(face.box, before) if before.shape == now.shape else None
    if region is None:
        return None
    # Plain numbers where there are few: straight after a network ran, the code of no array
    # operation is in the processor's cache any more.
    points = points_of(face.landmarks)
    old, new = region.patch(before), region.patch(now)
    moved, is_found, _ = cv2.calcOpticalFlowPyrLK(
        old, new, region.to_patch(points), np.empty(0), winSize=_WINDOW, maxLevel=_LEVELS
    )
    if not is_found.all():
        return None
    change = _similarity(points, region.to_frame(np.asarray(moved, np.float32)))
    if abs(change.factor - 1.0) > _MOST_CHANGE:
        return None
    if _likeness(old, new, change, region, face.box) < _LEAST_LIKENESS:
        return None
    return change.move(face, points)


def _region(box: Box, image: Image) -> _Region | None:
    half = box.longer_side * (0.5 + _MARGIN)
    x, y = box.middle.real, box.middle.imag
    left, top = max(0, int(x - half)), max(0, int(y - half))
    right, bottom = min(image.shape[1], int(x + half) + 1), min(image.shape[0], int(y + half) + 1)
    width, height = right - left, bottom - top
    if min(width, height) < _LEAST_SIDE:
        return None
    shrink = max(width, height) / _SIDE
    columns, rows = max(1, round(width / shrink)), max(1, round(height / shrink))
    return _Region(left, top, right, bottom, columns, rows)


def _similarity(points: Sequence[complex], moved: Sequence[complex]) -> _Similarity:
    """The least-squares fit."""
    before, after = sum(points) / len(points), sum(moved) / len(moved)
    spread = sum(abs(z - before) ** 2 for z in points)
    factor = sum((z - before).conjugate() * (w - after) for z, w in zip(points, moved, strict=True))
    return _Similarity(factor / max(spread, 1.0), before, after)


def _likeness(
    old: NDArray[np.uint8],
    new: NDArray[np.uint8],
    change: _Similarity,
    region: _Region,
    box: Box,
) -> float:
    """How alike the old patch and the new one, moved back by `change`, are inside of `box`."""
    left, top, right, bottom = region.inside(box)
    if right <= left or bottom <= top:
        return -1.0
    across, down = region.scale
    # z of the old frame lies at factor · z + shift of the new one. Where the frame's edge cuts the
    # patch, x and y are scaled by numbers that differ by a pixel in a hundred: of a turn, nothing.
    factor = change.factor
    shift = change.after - factor * change.before
    offset = factor * complex(region.left + left / across, region.top + top / down) + shift
    forth = np.array(
        [
            [factor.real, -factor.imag, (offset.real - region.left) * across],
            [factor.imag, factor.real, (offset.imag - region.top) * down],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = right - left, bottom - top
    back = cv2.warpAffine(new, forth, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return _correlation(old[top:bottom, left:right], np.asarray(back, np.uint8))


def _correlation(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Of the gray values, -1…1; a picture without any contrast is like every other."""
    (mean, deviation), (other_mean, other_deviation) = (
        (of.item() for of in cv2.meanStdDev(picture)) for picture in (one, other)
    )
    contrast = deviation * other_deviation
    if contrast == 0.0:
        return 1.0
    apart = cv2.norm(one, other, cv2.NORM_L2SQR) / one.size
    shared = deviation**2 + other_deviation**2 + (mean - other_mean) ** 2 - apart
    return float(shared / 2 / contrast)
