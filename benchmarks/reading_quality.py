"""FER2013 faces made worse step by step → accuracy, beside the quality they are given."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks import labelled_faces
from benchmarks.as_command import exit_code
from benchmarks.low_light import little_contrast
from edge_app.perception import EmotionClassifier, FaceDetector
from edge_app.perception.alignment import TO_READ
from edge_app.perception.light import spread
from edge_app.perception.quality import Quality, assess, turn
from trainer.conditions import low_light
from trainer.data import Faces
from trainer.framing import LARGE, find_landmarks

Gray = NDArray[np.uint8]

SIGMAS = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0)
WIDTHS = (36, 24, 20, 16, 12, 8)
STRENGTHS = (0.4, 0.7, 1.0)
CONTRASTS = (0.5, 0.25, 0.12, 0.06, 0.03)
#: Bounds of `quality.turn`.
TURNS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, np.inf)

_FRONTAL = np.array([[16, 18], [32, 18], [24, 27], [17, 36], [31, 36]], np.float32)


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    labelled_faces.add_arguments(parser, faces=800)
    parser.add_argument("--detector", type=Path, help="another detector than the shipped one")
    parser.add_argument("--classifier", type=Path, help="another classifier than the shipped one")
    arguments = parser.parse_args()
    faces = labelled_faces.draw(arguments)
    classifier = EmotionClassifier.load(arguments.classifier)
    sys.stdout.write(f"{len(faces)} faces of {arguments.split}\n\n")
    sys.stdout.write("| made worse | accuracy | median quality | with a flaw | not classified |\n")
    sys.stdout.write("|---|---:|---:|---:|---:|\n")
    for name, pixels, width in worse(faces.pixels):
        answers = classifier.predict(_each(pixels, spread))
        right = answers.argmax(axis=1) == faces.labels
        qualities = [assess(crop, _FRONTAL, width) for crop in pixels]
        sys.stdout.write(f"| {name} | {right.mean():.1%} | {_summary(qualities)} |\n")
    sys.stdout.write("\n| nose beside the middle | faces | accuracy |\n|---|---:|---:|\n")
    for row in turned(faces, FaceDetector.load(arguments.detector), classifier):
        sys.stdout.write(row + "\n")
    return 0


def worse(pixels: Gray) -> Iterator[tuple[str, Gray, float]]:
    """Name, pixels and how many pixels of the frame each face would be wide."""
    yield "as it is", pixels, 48.0
    for sigma in SIGMAS:
        yield f"blur, sigma {sigma} px", _each(pixels, _blur(sigma)), 48.0
    for width in WIDTHS:
        yield f"{width} px wide", _each(pixels, _shrink(width, TO_READ)), float(width)
        linear = _each(pixels, _shrink(width, cv2.INTER_LINEAR))
        yield f"{width} px wide, enlarged linearly", linear, float(width)
    for strength in STRENGTHS:
        yield f"low light {strength}", low_light(pixels, strength, np.random.default_rng(1)), 48.0
    for share, noisy in little_contrast(pixels, CONTRASTS):
        yield f"{share:.0%} of the contrast", noisy, 48.0


def turned(faces: Faces, detector: FaceDetector, classifier: EmotionClassifier) -> Iterator[str]:
    """Rows of accuracy by how far FER2013's own faces are turned."""
    found = [find_landmarks(face, detector, LARGE) for face in faces.pixels]
    turns = np.array([np.nan if points is None else turn(points) for points in found])
    right = classifier.predict(faces.pixels).argmax(axis=1) == faces.labels
    for least, most in pairwise(TURNS):
        rows = (turns >= least) & (turns < most)
        if rows.any():
            yield f"| {least} to {most} | {rows.sum()} | {right[rows].mean():.1%} |"


def _summary(qualities: list[Quality]) -> str:
    weights = np.array([quality.weight for quality in qualities])
    flawed = np.mean([bool(quality.flaws) for quality in qualities])
    return f"{np.median(weights):.2f} | {flawed:.0%} | {np.mean(weights == 0):.0%}"


def _each(pixels: Gray, change: Callable[[Gray], cv2.typing.MatLike]) -> Gray:
    return np.array([change(face) for face in pixels], np.uint8)


def _blur(sigma: float) -> Callable[[Gray], cv2.typing.MatLike]:
    return lambda face: cv2.GaussianBlur(face, (0, 0), sigma)


def _shrink(width: int, enlarged: int) -> Callable[[Gray], cv2.typing.MatLike]:
    return lambda face: cv2.resize(
        cv2.resize(face, (width, width), interpolation=cv2.INTER_AREA),
        face.shape,
        interpolation=enlarged,
    )


if __name__ == "__main__":
    sys.exit(exit_code(main))
