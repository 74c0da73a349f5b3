"""Dark FER2013 faces, with their gray levels handled in several ways → the accuracy of each.

The device does what clearly pays, as docs/perception.md says: the row `as the device does`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks import labelled_faces
from benchmarks.as_command import exit_code
from edge_app.perception import EmotionClassifier
from edge_app.perception.light import spread
from trainer.conditions import low_light

Gray = NDArray[np.uint8]
Handling = Callable[[Gray], cv2.typing.MatLike]

#: Strengths of `trainer.conditions.low_light`, and shares of contrast that are left.
STRENGTHS = (0.0, 0.4, 0.7, 1.0)
CONTRASTS = (0.25, 0.12, 0.06)
#: Deviation of the camera's noise in faces of little contrast, in gray levels.
_NOISE = 1.5


def gamma(face: Gray) -> cv2.typing.MatLike:
    """The power that brings the mean to half of the range, between 1/3 and 3."""
    mean = float(np.clip(face.mean() / 255.0, 0.01, 0.99))
    power = float(np.clip(np.log(0.5) / np.log(mean), 1 / 3, 3.0))
    table = ((np.arange(256) / 255.0) ** power) * 255.0 + 0.5
    return np.asarray(table.astype(np.uint8)[face], np.uint8)


def stretch(face: Gray) -> cv2.typing.MatLike:
    """Percentiles 1 and 99 to the ends of the range."""
    low, high = np.percentile(face, (1, 99))
    wide = (face.astype(np.float32) - low) * (255.0 / max(float(high - low), 1.0))
    return np.asarray(np.clip(wide + 0.5, 0, 255), np.uint8)


def contrast_limited(face: Gray) -> cv2.typing.MatLike:
    """CLAHE (Zuiderveld 1994), 4 by 4 tiles, clip limit 2."""
    return cv2.createCLAHE(clipLimit=2.0, tileGridSize=(4, 4)).apply(face)


def where_dark(handling: Handling) -> Handling:
    """The same for faces of little light or little contrast alone."""
    return lambda face: handling(face) if face.mean() < 60 or face.std() < 20 else face


HANDLINGS: dict[str, Handling] = {
    "none": lambda face: face,
    "stretch": stretch,
    "gamma": gamma,
    "CLAHE": contrast_limited,
    "equalisation": cv2.equalizeHist,
    "stretch where dark": where_dark(stretch),
    "gamma where dark": where_dark(gamma),
    "CLAHE where dark": where_dark(contrast_limited),
    "equalisation where dark": where_dark(cv2.equalizeHist),
    "as the device does": spread,
}


def main() -> int:
    """Print a row for each handling, a column for each kind of light."""
    parser = argparse.ArgumentParser(description=__doc__)
    labelled_faces.add_arguments(parser, faces=1000)
    parser.add_argument("--classifier", type=Path, help="another classifier than the shipped one")
    arguments = parser.parse_args()
    faces = labelled_faces.draw(arguments)
    classifier = EmotionClassifier.load(arguments.classifier)
    lights = dark_faces(faces.pixels)
    sys.stdout.write(f"{len(faces)} faces of {arguments.split}, accuracy in per cent\n\n")
    sys.stdout.write("| handling | " + " | ".join(lights) + " |\n|---")
    sys.stdout.write("|---:" * len(lights) + "|\n")
    for name, handling in HANDLINGS.items():
        cells = []
        for pixels in lights.values():
            handled = np.array([handling(face) for face in pixels], np.uint8)
            right = classifier.predict(handled).argmax(axis=1) == faces.labels
            cells.append(f"{100 * right.mean():.1f}")
        sys.stdout.write(f"| {name} | " + " | ".join(cells) + " |\n")
    return 0


def dark_faces(pixels: Gray) -> dict[str, Gray]:
    """The same faces by light; the same noise every time."""
    lights = {
        f"low light {strength}": low_light(pixels, strength, np.random.default_rng(1))
        for strength in STRENGTHS
    }
    lights |= {f"contrast {share}": noisy for share, noisy in little_contrast(pixels, CONTRASTS)}
    return lights


def little_contrast(pixels: Gray, shares: Sequence[float]) -> Iterator[tuple[float, Gray]]:
    """The faces with a share of their contrast left, and a camera's noise; always the same."""
    rng = np.random.default_rng(2)
    for share in shares:
        noisy = pixels * share + rng.normal(0.0, _NOISE, pixels.shape)
        yield share, np.asarray(np.clip(noisy, 0, 255), np.uint8)


if __name__ == "__main__":
    sys.exit(exit_code(main))
