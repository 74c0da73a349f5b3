"""A face's crop and landmarks → what its answer should weigh, with the flaws that cost it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.perception.faces import middle_of, points_of

SMALL, BLURRED, DARK, TURNED = "small", "blurred", "dark", "turned"

#: Side at which the bounds were measured.
_SIDE = 48
#: A flaw is named where it costs half of the weight or more.
_NAMED_FROM = 0.5


@dataclass(frozen=True, slots=True)
class Bounds:
    """From where on a measure costs nothing, and where an answer is worth nothing."""

    fine: float
    useless: float

    def weight(self, measure: float) -> float:
        """0…1, linear between the bounds."""
        return min(max((measure - self.useless) / (self.fine - self.useless), 0.0), 1.0)


# Where accuracy on FER2013 begins to fall, and where little is left of it: docs/perception.md.
#: Pixels of the frame across what would be the face's training picture.
PIXELS_ACROSS = Bounds(fine=24.0, useless=8.0)
#: Fine edges in relation to contrast.
SHARPNESS = Bounds(fine=0.14, useless=0.03)
#: Standard deviation of the crop's middle, in gray levels.
CONTRAST = Bounds(fine=5.0, useless=0.5)
#: Edges as they are, in relation to the same without single pixels' noise.
NOISE = Bounds(fine=5.0, useless=11.0)
#: How far the tip of the nose lies beside the face's middle, in distances between the eyes.
TURN = Bounds(fine=0.15, useless=0.8)


@dataclass(frozen=True, slots=True)
class Quality:
    """weight: 0…1, the worst flaw's. flaws: those that halve it or worse."""

    weight: float
    flaws: frozenset[str]


def assess(
    crop: NDArray[np.uint8], landmarks: NDArray[np.float32], pixels_across: float
) -> Quality:
    """Judge how much can be read from a face.

    crop: uint8 [S, S], as the classifier sees it. landmarks: float32 [5, 2] in pixels of the
    frame, as in `Face`. pixels_across: width of the face's training picture, which
    shows a little more than the crop, in pixels of the frame.
    """
    sharpness, contrast, noise = _measure(crop)
    weights = {
        SMALL: PIXELS_ACROSS.weight(pixels_across),
        BLURRED: SHARPNESS.weight(sharpness),
        DARK: min(CONTRAST.weight(contrast), NOISE.weight(noise)),
        TURNED: TURN.weight(turn(landmarks)),
    }
    flaws = frozenset(flaw for flaw, weight in weights.items() if weight <= _NAMED_FROM)
    return Quality(min(weights.values()), flaws)


def turn(landmarks: NDArray[np.float32]) -> float:
    """Place of the nose's tip beside the middle of eyes and mouth, in distances of the eyes.

    landmarks: float32 [5, 2]. 0 is a face from the front; a profile reaches 1 and more.
    """
    points = points_of(landmarks)
    right_eye, left_eye, nose = points[:3]
    eyes = left_eye - right_eye
    beside = nose - middle_of(points)
    # The real part of one point by the other's conjugate is their scalar product.
    return abs((beside * eyes.conjugate()).real) / max(abs(eyes), 1e-6) ** 2


def _measure(crop: NDArray[np.uint8]) -> tuple[float, float, float]:
    """Sharpness, contrast and noise, in the units of the bounds."""
    if crop.shape != (_SIDE, _SIDE):
        crop = np.asarray(cv2.resize(crop, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), np.uint8)
    # Of one type throughout: straight after a network ran, OpenCV's code for each further one is no
    # longer in the processor's cache, and fetching it takes twice as long as the work itself.
    gray = crop.astype(np.float32)
    smooth = cv2.GaussianBlur(gray, (0, 0), 1.0)
    edges = _deviation(cv2.Laplacian(gray, cv2.CV_32F))
    smooth_edges = _deviation(cv2.Laplacian(smooth, cv2.CV_32F))
    # One gray level is added so that an even crop has no sharpness, and no noise either.
    return (
        smooth_edges / (_deviation(gray) + 1.0),
        _deviation(smooth[_SIDE // 6 : -_SIDE // 6, _SIDE // 6 : -_SIDE // 6]),
        edges / (smooth_edges or 1.0),
    )


def _deviation(values: NDArray[np.integer | np.floating]) -> float:
    """The standard deviation, in a quarter of NumPy's time."""
    return float(cv2.meanStdDev(values)[1].item())
