"""A face of 48 by 48 pixels and a picture → a scene in which the face is large and tilted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.errors import UsageError
from edge_app.perception import Face, FaceDetector

Gray = NDArray[np.uint8]

WIDTH, HEIGHT = 640, 480
#: Side of the face's square in the scene, in pixels; drawn evenly on a logarithmic scale.
SMALLEST, LARGEST = 100.0, 400.0

#: What is pasted is a disc, soft at its edge: a head is round, and a square's corners would tell
#: the detector about roll. Beyond the square, its outermost pixels are repeated.
_SIDE, _BORDER = 48, 24
_RADIUS, _SOFT = 28.0, 4.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where the face goes: its middle and the side of its square, in pixels of the scene."""

    x: float
    y: float
    side: float


def places(rng: np.random.Generator) -> Iterator[Place]:
    """Draw places inside of the scene, without end."""
    while True:
        side = float(np.exp(rng.uniform(np.log(SMALLEST), np.log(LARGEST))))
        reach = side * _RADIUS / _SIDE
        x = rng.uniform(min(reach, WIDTH / 2), max(WIDTH - reach, WIDTH / 2))
        y = rng.uniform(min(reach, HEIGHT / 2), max(HEIGHT - reach, HEIGHT / 2))
        yield Place(float(x), float(y), side)


def is_at(face: Face, place: Place) -> bool:
    """Whether a detection is of the face that was pasted there."""
    middle_x = (face.box.left + face.box.right) / 2
    middle_y = (face.box.top + face.box.bottom) / 2
    return bool(np.hypot(middle_x - place.x, middle_y - place.y) < 0.3 * place.side)


def backgrounds(folder: Path) -> list[Gray]:
    """Every .jpg of `folder` as uint8 [480, 640].

    Raises:
        UsageError: there is none.
    """
    read = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in sorted(folder.glob("*.jpg"))]
    pictures = [picture for picture in read if picture is not None]
    if not pictures:
        raise UsageError(f"{folder}: no .jpg picture; name a folder of scenes without faces")
    return [
        np.asarray(cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)
        for picture in pictures
    ]


def found(
    detector: FaceDetector, pixels: Gray, folder: Path, *, most_deg: float, seed: int
) -> Iterator[tuple[int, Gray, Face, Place]]:
    """Paste each face (uint8 [N, 48, 48]) into a scene of `folder` and find it there.

    most_deg: scenes are turned by up to this, both ways. Returns row, scene, the face that is
    found, and where it was pasted; of faces that are not found nothing.

    Raises:
        UsageError: as `backgrounds` raises it.
    """
    rng = np.random.default_rng(seed)
    behind = backgrounds(folder)
    for row, (face, place) in enumerate(zip(pixels, places(rng), strict=False)):
        background = behind[int(rng.integers(len(behind)))]
        scene = paste(background, face, place, float(rng.uniform(-most_deg, most_deg)))
        there = [each for each in detector.detect(scene) if is_at(each, place)]
        if there:
            yield row, scene, there[0], place


def paste(background: Gray, face: Gray, place: Place, roll_deg: float) -> Gray:
    """Put `face` (uint8 [48, 48]) into uint8 [480, 640], turned clockwise: uint8 [480, 640]."""
    border = (_BORDER,) * 4
    wide = cv2.copyMakeBorder(face, *border, cv2.BORDER_REPLICATE)
    middle = (_SIDE - 1) / 2 + _BORDER
    y, x = np.mgrid[: len(wide), : len(wide)] - middle
    disc = np.clip((_RADIUS + _SOFT - np.hypot(x, y)) / _SOFT, 0, 1).astype(np.float32)
    # OpenCV counts angles against the clock.
    matrix = np.asarray(
        cv2.getRotationMatrix2D((middle, middle), -roll_deg, place.side / _SIDE), np.float64
    )
    matrix[:, 2] += np.array([place.x, place.y]) - 0.5 - middle
    size = (WIDTH, HEIGHT)
    shown = cv2.warpAffine(
        wide, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    ).astype(np.float32)
    opacity = cv2.warpAffine(disc, matrix, size)
    return (
        np.asarray(background + (shown - background) * opacity + 0.5).clip(0, 255).astype(np.uint8)
    )
