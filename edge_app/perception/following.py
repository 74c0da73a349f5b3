"""A face in one frame and the next frame → where the face is there, without detection."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.perception.faces import Box, Face, Image

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

Points = NDArray[np.float32]


class _Region(NamedTuple):
    """A part of the frame in whole pixels, and its patch's pixels per pixel of the frame."""

    corner: Points
    rows: slice
    columns: slice
    size: tuple[int, int]
    scale: Points

    def patch(self, image: Image) -> NDArray[np.uint8]:
        """Gray, uint8 [height, width]."""
        patch = cv2.resize(image[self.rows, self.columns], self.size)
        if patch.ndim == 3:
            patch = cv2.cvtColor(patch, cv2.COLOR_BGR2GRAY)
        return np.asarray(patch, np.uint8)

    def inside(self, box: Box) -> tuple[slice, slice]:
        """Rows and columns of the patch that show `box`."""
        edges = (np.reshape(box, (2, 2)) - self.corner) * self.scale
        (left, top), (right, bottom) = edges.round().astype(int).clip(0).tolist()
        return slice(top, bottom), slice(left, right)


class _Similarity(NamedTuple):
    """z → turn · (z - before) + after, with points as complex numbers in pixels of the frame."""

    turn: complex
    before: complex
    after: complex

    def move(self, face: Face) -> Face:
        """The face at its new place; its box stays upright."""
        points = self.after + self.turn * (_complex(face.landmarks) - self.before)
        box, growth = face.box, abs(self.turn)
        middle = complex(box.left + box.right, box.top + box.bottom) / 2
        middle = self.after + self.turn * (middle - self.before)
        half = complex(box.width, box.height) / 2 * growth
        low, high = middle - half, middle + half
        landmarks = np.stack([points.real, points.imag], axis=1).astype(np.float32)
        return Face(Box(low.real, low.imag, high.real, high.imag), landmarks, face.score)


def follow(before: Image, face: Face, now: Image) -> Face | None:
    """Find `face` of the frame `before` in the frame `now`; None if it is lost.

    Sparse optical flow (Lucas-Kanade with pyramids, Bouguet 2001) of the five landmarks, and the
    similarity that fits it best. Both frames are uint8 [H, W] or BGR [H, W, 3] of one size.
    """
    region = _region(face.box, before) if before.shape == now.shape else None
    if region is None:
        return None
    old, new = region.patch(before), region.patch(now)
    points = (face.landmarks - region.corner) * region.scale
    moved, is_found, _ = cv2.calcOpticalFlowPyrLK(
        old, new, points[:, None], np.empty(0), winSize=_WINDOW, maxLevel=_LEVELS
    )
    if not is_found.all():
        return None
    change = _similarity(face.landmarks, moved[:, 0] / region.scale + region.corner)
    if abs(change.turn - 1.0) > _MOST_CHANGE:
        return None
    rows, columns = region.inside(face.box)
    likeness = _correlation(old[rows, columns], _back(new, change, region)[rows, columns])
    return change.move(face) if likeness >= _LEAST_LIKENESS else None


def _region(box: Box, image: Image) -> _Region | None:
    half = max(box.width, box.height) * (0.5 + _MARGIN)
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    left, top = max(0, int(x - half)), max(0, int(y - half))
    right, bottom = min(image.shape[1], int(x + half) + 1), min(image.shape[0], int(y + half) + 1)
    width, height = right - left, bottom - top
    if min(width, height) < _LEAST_SIDE:
        return None
    shrink = max(width, height) / _SIDE
    size = max(1, round(width / shrink)), max(1, round(height / shrink))
    return _Region(
        np.array([left, top], np.float32),
        slice(top, bottom),
        slice(left, right),
        size,
        np.array([size[0] / width, size[1] / height], np.float32),
    )


def _similarity(points: Points, moved: Points) -> _Similarity:
    """The least-squares fit."""
    old, new = _complex(points), _complex(moved)
    before, after = complex(old.mean()), complex(new.mean())
    spread = max(float(np.vdot(old - before, old - before).real), 1.0)
    return _Similarity(complex(np.vdot(old - before, new - after)) / spread, before, after)


def _back(new: NDArray[np.uint8], change: _Similarity, region: _Region) -> NDArray[np.uint8]:
    """The new patch, moved back by `change`, so that it covers the old one."""
    turn, (scale_x, scale_y) = change.turn, region.scale
    before, after = (
        np.array([(at.real - region.corner[0]) * scale_x, (at.imag - region.corner[1]) * scale_y])
        for at in (change.before, change.after)
    )
    matrix = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
    forth = np.column_stack([matrix, after - matrix @ before])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    back = cv2.warpAffine(new, forth, new.shape[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(back, np.uint8)


def _correlation(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Of the gray values, -1…1; pictures without any contrast are alike."""
    return float(
        cv2.matchTemplate(
            np.ascontiguousarray(one), np.ascontiguousarray(other), cv2.TM_CCOEFF_NORMED
        )[0, 0]
    )


def _complex(points: Points) -> NDArray[np.complex128]:
    return np.asarray(points[:, 0] + 1j * points[:, 1], np.complex128)
