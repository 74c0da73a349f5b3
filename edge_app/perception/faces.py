"""Pictures as perception takes them, and what it says of them: faces, and what they show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from edge_app.errors import MienError

#: A frame as every source gives it: uint8 [H, W] gray or uint8 [H, W, 3] BGR.
Image = NDArray[np.uint8]
#: The same as anybody's code has it: to a type checker what `cv2` gives is of any number. Whether
#: it is uint8 is seen when it comes.
Picture = NDArray[Any]

#: What to do with a picture of other channels than three, as Python code may have it.
_CHANNELS = {
    1: "; give picture[:, :, 0]",
    4: "; with an alpha channel, give cv2.cvtColor(picture, cv2.COLOR_BGRA2BGR)",
}


class FrameError(MienError):
    """A picture of a shape or dtype that perception does not take."""


def check_frame(frame: Picture | None) -> None:
    """Accept uint8 [H, W] and uint8 [H, W, 3] with at least one pixel.

    Raises:
        FrameError: anything else; names what came.
    """
    if frame is None:
        raise FrameError(
            "a frame is a NumPy array, not None, which is what cv2.imread returns for a file that"
            " is not there or no picture; look whether it can be read"
        )
    if not isinstance(frame, np.ndarray):
        raise FrameError(f"a frame is a NumPy array, not {type(frame).__name__}")
    colour = frame.ndim == 3 and frame.shape[2] == 3
    if frame.dtype != np.uint8 or frame.size == 0 or not (frame.ndim == 2 or colour):
        advice = _CHANNELS.get(frame.shape[2], "") if frame.ndim == 3 else ""
        raise FrameError(
            f"a frame is uint8 [H, W] or [H, W, 3], not {frame.dtype} {list(frame.shape)}{advice}"
        )


class Box(NamedTuple):
    """Edges in pixels of the frame; (0, 0) is the outer corner of the top left pixel."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Pixels from left to right."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Pixels from top to bottom."""
        return self.bottom - self.top

    @property
    def longer_side(self) -> float:
        """The greater of width and height, in pixels."""
        return max(self.width, self.height)

    @property
    def middle(self) -> complex:
        """The point x + iy between its edges."""
        return complex((self.left + self.right) / 2, (self.top + self.bottom) / 2)

    @classmethod
    def about(cls, middle: complex, width: float, height: float) -> Self:
        """The box of that size around a point x + iy."""
        half_width, half_height = width / 2, height / 2
        return cls(
            middle.real - half_width, middle.imag - half_height,
            middle.real + half_width, middle.imag + half_height,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One detected face; equal to itself alone, since arrays have no one answer to `==`.

    landmarks: float32 [5, 2], x and y in pixels of the frame: right eye, left eye, tip of the
    nose, right and left corner of the mouth. Right and left are the person's own, so the right
    eye of a face that looks at the camera stands left in the picture.
    score: 0…1.
    """

    box: Box
    landmarks: NDArray[np.float32]
    score: float


def points_of(landmarks: NDArray[np.floating]) -> list[complex]:
    """Points x + iy of float [N, 2], in plain numbers: for five, arrays take ten times as long."""
    return [complex(x, y) for x, y in landmarks.tolist()]


def middle_of(points: Sequence[complex]) -> complex:
    """The middle of eyes and mouth, of a face's five points.

    The nose stands out of their plane: in a face that looks aside it lies elsewhere.
    """
    right_eye, left_eye, _, right_mouth, left_mouth = points
    return (right_eye + left_eye + right_mouth + left_mouth) / 4


@dataclass(frozen=True, slots=True, eq=False)
class SeenFace:
    """One face with its emotions in one frame; equal to itself alone, as `Face` is.

    labels: names of the emotions; probabilities: float32 [len(labels)], calibrated, sums to 1.
    emotion: the likeliest label, or `labels.UNSURE` below the model's threshold.
    quality: 0…1, what this frame's answer should weigh among others of the same face. At 0 the
    face was not classified: its probabilities are all alike and its emotion is unsure.
    flaws: why quality is low: `small`, `blurred`, `dark` and `turned`, as `quality` names them.
    """

    face: Face
    labels: tuple[str, ...]
    probabilities: NDArray[np.float32]
    emotion: str
    quality: float = 1.0
    flaws: frozenset[str] = frozenset()

    @property
    def confidence(self) -> float:
        """Probability of the likeliest label."""
        return float(self.probabilities.max())
