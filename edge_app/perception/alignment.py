"""A frame and a face's landmarks → the upright gray crop that the classifier looks at."""

from __future__ import annotations

import cmath
import math
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.perception.card import Alignment
from edge_app.perception.faces import Box, Image, middle_of, points_of

#: Rows of `Face.landmarks` that place the crop: the eyes and the corners of the mouth. With the
#: nose, which stands out of their plane, a turned head would tilt the crop.
_PLACED = [0, 1, 3, 4]
#: Where FER2013's pictures lie about the detector's boxes: their side, and how much lower their
#: middle, in geometric means of the box's sides. Medians of 1,461 faces of Training.
_BOX_TO_SIDE, _LOWER = 1.12, 0.02
#: How crops for the classifier are enlarged: of faces with 20 to 32 pixels in the frame a hundredth
#: more is read rightly than of linear ones (docs/perception.md).
TO_READ = cv2.INTER_CUBIC
#: How much larger a face is shown than it stands in its training picture: networks of our recipes
#: read that best, by the landmarks and by the box (docs/perception.md).
NEARER = 1.1
#: From the outer corner of a pixel, where Mien counts from, to its centre, where OpenCV does.
_CENTRE = 0.5 + 0.5j


def align(
    image: Image, landmarks: NDArray[np.float32], alignment: Alignment, side: int
) -> NDArray[np.uint8]:
    """Cut out one face as it stands in training pictures: its landmarks fit best (least squares).

    Devices show faces `NEARER`.

    image: uint8 [H, W] or BGR [H, W, 3]; landmarks: float32 [5, 2] in pixels of it.
    Beyond the frame's edge its outermost pixels are repeated, as in training.

    Returns uint8 [side, side].
    """
    return cut(image, *similarity(landmarks, alignment, side), side)


def nearer(
    rotation: complex, shift: complex, side: int, times: float = NEARER
) -> tuple[complex, complex]:
    """`rotation` and `shift` of `cut` that show the middle of the same square so much larger."""
    middle = (0.5 + 0.5j) * side
    return rotation * times, middle + (shift - middle) * times


def cut(
    image: Image,
    rotation: complex,
    shift: complex,
    side: int,
    *,
    beyond: int = cv2.BORDER_REPLICATE,
    enlarged: int = cv2.INTER_LINEAR,
) -> NDArray[np.uint8]:
    """Draw the square that w = rotation · z + shift makes of the frame, in gray.

    z and w are points x + iy in pixels of the frame and of the square.

    beyond: what lies beyond the frame's edge, one of OpenCV's borders: its outermost pixels
    repeated, or, in a third of the time for a large square, black (`cv2.BORDER_CONSTANT`).
    enlarged: by which of OpenCV's interpolations, where the square has fewer pixels in the frame.

    Returns uint8 [side, side].
    """
    # The frame's pixels that the square's sides are long, right and down.
    back = side / rotation
    middle = (0.5 + 0.5j) * back - shift / rotation
    reach = (abs(back.real) + abs(back.imag)) / 2
    # A warp reads four pixels whatever it skips: shrink a large face by area first.
    shrink = max(int(abs(back) / side), 1)
    left, right = _span(middle.real, reach, image.shape[1], shrink)
    top, bottom = _span(middle.imag, reach, image.shape[0], shrink)
    patch = image[top:bottom, left:right]
    if patch.ndim == 3:
        patch = np.asarray(cv2.cvtColor(patch, cv2.COLOR_BGR2GRAY), dtype=np.uint8)

    height, width = patch.shape
    if shrink > 1:
        width, height = max(1, width // shrink), max(1, height // shrink)
        patch = np.asarray(cv2.resize(patch, (width, height), interpolation=cv2.INTER_AREA))
    step_x, step_y = (right - left) / width, (bottom - top) / height

    # Pixel (x, y) of the patch lies at (left + x * step_x, top + y * step_y) of the frame.
    origin = rotation * complex(left, top) + shift - _CENTRE
    across, down = rotation * step_x, rotation * step_y * 1j
    origin += (across + down) / 2
    matrix = np.array(
        [[across.real, down.real, origin.real], [across.imag, down.imag, origin.imag]]
    )
    flags = enlarged if abs(rotation) > 1 else cv2.INTER_LINEAR
    return np.asarray(
        cv2.warpAffine(patch, matrix, (side, side), flags=flags, borderMode=beyond), dtype=np.uint8
    )


def cut_upright(image: Image, left: int, top: int, width: int, side: int) -> NDArray[np.uint8]:
    """Draw an upright square of whole pixels of the frame, in gray.

    As `cut` does, sooner, since nothing is turned.

    left, top, width: of the square, in pixels of the frame; it may reach beyond. There the
    frame's outermost pixels are repeated. width: best as `shrinkable` gives it.

    Returns uint8 [side, side].
    """
    height, across = image.shape[:2]
    # At least one pixel of the frame, however far off the square lies.
    first_x, first_y = min(max(left, 0), across - 1), min(max(top, 0), height - 1)
    last_x = min(max(left + width, first_x + 1), across)
    last_y = min(max(top + width, first_y + 1), height)
    patch = image[first_y:last_y, first_x:last_x]
    if patch.ndim == 3:
        patch = np.asarray(cv2.cvtColor(patch, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
    beyond = (
        max(first_y - top, 0), max(top + width - last_y, 0),
        max(first_x - left, 0), max(left + width - last_x, 0),
    )  # fmt: skip
    if any(beyond):
        patch = np.asarray(cv2.copyMakeBorder(patch, *beyond, cv2.BORDER_REPLICATE), np.uint8)
    # By area as `cut` does.
    if (shrink := width // side) > 1:
        less = width // shrink
        patch = np.asarray(cv2.resize(patch, (less, less), interpolation=cv2.INTER_AREA))
    return np.asarray(cv2.resize(patch, (side, side)), np.uint8)


def shrinkable(width: int, side: int) -> int:
    """The next width from `width` on of which squares of whole pixels make `side` or a few more.

    Shrinking by another factor than a whole number of pixels takes four to twenty times as long.
    """
    return width + -width % max(width // side, 1)


def canonical_landmarks(alignment: Alignment) -> NDArray[np.float64]:
    """Eyes and corners of the mouth in the crop: float64 [4, 2], fractions of its side."""
    return np.array(
        [
            alignment.right_eye, alignment.left_eye, alignment.right_mouth, alignment.left_mouth,
        ]
    )  # fmt: skip


def similarity(
    landmarks: NDArray[np.float32], alignment: Alignment, side: int
) -> tuple[complex, complex]:
    """`rotation` and `shift` of `cut` that place a face best in a crop of `side` pixels.

    landmarks: float32 [5, 2] in pixels of the frame. The crop is side / |rotation| of them wide,
    which no resizing makes more of.
    """
    points = points_of(landmarks)
    source = [points[index] for index in _PLACED]
    target, to_middle = _targets(alignment, side)
    from_middle = middle_of(points)
    centred = [z - from_middle for z in source]
    spread = sum(z.real**2 + z.imag**2 for z in centred)
    # Landmarks that fall on one point have no size: one pixel keeps the crop finite.
    rotation = sum(z.conjugate() * w for z, w in zip(centred, target, strict=True)) / max(
        spread, 1.0
    )
    if rotation == 0:
        rotation = complex(1.0)
    return rotation, to_middle - rotation * from_middle


@lru_cache
def _targets(alignment: Alignment, side: int) -> tuple[tuple[complex, ...], complex]:
    """Where the placed landmarks shall lie in the crop, about their middle, and that."""
    places = [place * side for place in points_of(canonical_landmarks(alignment))]
    middle = sum(places) / 4
    return tuple(place - middle for place in places), middle


def about_box(box: Box, roll_deg: float, side: int) -> tuple[complex, complex]:
    """`rotation` and `shift` of `cut` that frame a face by its box, whatever its landmarks say.

    box: in pixels of the frame; roll_deg: the face's, clockwise, which is taken back.
    """
    size = math.sqrt(box.width * box.height)
    turn = cmath.rect(1.0, math.radians(roll_deg))
    middle = box.middle + _LOWER * size * 1j * turn
    # A box without any area is one pixel to the crop, as landmarks on one point are.
    rotation = side / (_BOX_TO_SIDE * max(size, 1.0)) / turn
    return rotation, side * (0.5 + 0.5j) - rotation * middle


def framed_box(left: float, top: float, side: float) -> Box:
    """The upright box that `about_box` frames by a square: the way back."""
    size = side / _BOX_TO_SIDE
    return Box.about(complex(left + side / 2, top + side / 2 - _LOWER * size), size, size)


def _span(middle: float, reach: float, limit: int, step: int) -> tuple[int, int]:
    """The pixels within `reach` of a place, two to spare, inside the frame.

    step: their number is a multiple of it, so that so many make one (`shrinkable`). Where the frame
    ends, that may cost less than `step` of them.
    """
    first = min(max(math.floor(middle - reach) - 2, 0), limit - 1)
    last = min(max(math.ceil(middle + reach) + 2, first + 1), limit)
    count = last - first + (first - last) % step
    first = max(min(first, limit - count), 0)
    # A frame narrower than that is one pixel.
    return first, first + min(count, (limit - first) // step * step or limit)
