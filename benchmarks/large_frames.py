"""Photos as large as cameras' frames → the faces that are found in them, and what a search costs.

`python -m benchmarks.large_frames --data DATA` prints the table of docs/perception.md: gray photos,
brought to each size, on one thread; the median search beside the bare network.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median

import cv2
import numpy as np

from benchmarks.as_command import exit_code
from benchmarks.frame_budget import bare
from benchmarks.text_table import markdown
from edge_app.perception.detector import FaceDetector
from edge_app.perception.faces import Image
from edge_app.perception.shipped import FACE_160, FACE_320
from quantize.detector_report import Found, quality
from quantize.face_photos import FacePhoto, read_face_photos, read_picture, split

HEADER = ("larger side", "input", "found", "search, ms", "of it the network")
#: Of frames that cameras give: 640x480, 800x600, 1280x720, 1296x972 and 1920x1080.
SIDES = (640, 800, 1280, 1296, 1920)


def main(words: Sequence[str] | None = None) -> int:
    """Print one row a size and detector."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="holds faces/")
    arguments = parser.parse_args(words)
    cv2.setNumThreads(1)
    _, photos = split(read_face_photos(arguments.data / "faces"))
    rows = [
        (str(side), *_measure(FaceDetector.load(model), photos, side))
        for side in SIDES
        for model in (FACE_320, FACE_160)
    ]
    sys.stdout.write("\n".join(markdown([HEADER, *rows])) + "\n")
    return 0


def _measure(
    detector: FaceDetector, photos: Sequence[FacePhoto], side: int
) -> tuple[str, str, str, str]:
    shown = [_brought_to(read_picture(photo.path), side) for photo in photos]
    known = [
        FacePhoto(photo.path, photo.boxes * scale, photo.complete)
        for photo, (_, scale) in zip(photos, shown, strict=True)
    ]
    found = [detector.detect(picture) for picture, _ in shown]
    network = _milliseconds([bare(detector.model)] * len(shown))
    search = _milliseconds([partial(detector.detect, picture) for picture, _ in shown])
    recall = quality(known, Found(found, [])).recall
    return (
        f"{detector.side}x{detector.side}",
        f"{recall:.1%} of {sum(len(photo.boxes) for photo in photos)}",
        f"{search:.2f}",
        f"{network / search:.0%}",
    )


def _milliseconds(steps: Sequence[Callable[[], object]]) -> float:
    """The median of all steps."""
    times = []
    for step in steps:
        began = time.perf_counter()
        step()
        times.append(1e3 * (time.perf_counter() - began))
    return median(times)


def _brought_to(picture: Image, side: int) -> tuple[Image, float]:
    """The picture in gray, its larger side as long as asked, and by what it was enlarged."""
    scale = side / max(picture.shape[:2])
    method = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    gray = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    height, width = (round(scale * length) for length in gray.shape)
    return np.asarray(cv2.resize(gray, (width, height), interpolation=method), np.uint8), scale


if __name__ == "__main__":
    sys.exit(exit_code(main))
