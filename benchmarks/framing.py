"""Faces cut by landmarks, by the detector's box, or as in photos → what each is worth.

`python -m benchmarks.framing --data DATA`. A camera's frames are cut by landmarks; of a photo the
mean of four views is told. Scenes: FER2013's faces pasted into pictures and turned, found there and
read each way: accuracy. Clips and photos carry no labels: each frame is turned, found and read
again, and who reads the same face alike is worth more. Faces that the device would not read are
left out.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from benchmarks import labelled_faces, scenes
from benchmarks.as_command import exit_code
from benchmarks.text_table import markdown
from edge_app.frames.video_file import SUFFIXES, VideoFileSource
from edge_app.perception import Box, Face, Perception
from edge_app.perception.faces import Image
from edge_app.perception.labels import FER2013
from edge_app.perception.overlap import intersection_over_union
from edge_app.perception.perception import View

#: How far scenes are turned at most, and frames, both ways.
SCENES_TURNED_DEG = (15.0, 30.0)
FRAMES_TURNED_DEG = (-15.0, 15.0)
#: Of a clip: every so many frames. A face is one and the same from this overlap of its boxes on.
EVERY, SAME_FACE = 10, 0.4

Rows = NDArray[np.float32]


class Readers:
    """The same classifier on faces that are cut in several ways."""

    names = ("by landmarks", "by the box", "as in photos")

    def __init__(self, perception: Perception, box_to_side: float) -> None:
        """box_to_side: side of the square that is cut, as a multiple of the box's longer side."""
        self._perception, self._box_to_side = perception, box_to_side
        self.labels = perception.classifier.labels

    def read(self, image: Image, face: Face) -> tuple[Rows, ...] | None:
        """Probabilities of the emotions by each, float32 [len(labels)]; None: not to be read."""
        (seen,) = self._perception.read(image, [face])
        if not seen.quality:
            return None
        crop = square(image, face.box, self._box_to_side, self._perception.classifier.side)
        (boxed,) = self._perception.classifier.predict(crop[np.newaxis])
        (still,) = self._perception.read(image, [face], views=[View.FOUR])
        return seen.probabilities, boxed, still.probabilities


def square(image: Image, box: Box, box_to_side: float, side: int) -> NDArray[np.uint8]:
    """An upright square about the middle of a box, in gray: uint8 [side, side]."""
    gray = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    reach = box_to_side * max(box.width, box.height)
    scale = side / reach
    middle = np.array([(box.left + box.right) / 2, (box.top + box.bottom) / 2])
    matrix = np.column_stack([scale * np.eye(2), side / 2 - scale * middle])
    # By area, as `alignment.cut` shrinks: a warp reads four pixels whatever it skips.
    shrink = max(1, int(1.0 / scale))
    if shrink > 1:
        height, width = (max(1, edge // shrink) for edge in gray.shape)
        matrix[:, :2] *= np.array([gray.shape[1] / width, gray.shape[0] / height])
        gray = cv2.resize(np.asarray(gray), (width, height), interpolation=cv2.INTER_AREA)
    cut = cv2.warpAffine(np.asarray(gray), matrix, (side, side), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cut, np.uint8)


def turned(image: Image, degrees: float) -> tuple[Image, NDArray[np.float64]]:
    """A picture turned about its middle, and the matrix that turns points: float64 [2, 3]."""
    height, width = image.shape[:2]
    matrix = np.asarray(cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0), np.float64)
    shown = cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(shown, np.uint8), matrix


def pictures(folder: Path) -> Iterator[Image]:
    """The photos of a folder, and every `EVERY`th frame of its clips."""
    for path in sorted(folder.iterdir()):
        if path.suffix == ".jpg" and (photo := cv2.imread(str(path))) is not None:
            yield np.asarray(photo, np.uint8)
        elif path.suffix in SUFFIXES:
            with VideoFileSource(path, pace="fast") as clip:
                count = 0
                while (frame := clip.read()) is not None:
                    if count % EVERY == 0:
                        yield frame.image
                    count += 1


def agreement(readers: Readers, perception: Perception, shown: Sequence[Image]) -> list[list[str]]:
    """Read each face upright and turned: a row a way of cutting."""
    same: list[list[bool]] = [[] for _ in readers.names]
    moved: list[list[float]] = [[] for _ in readers.names]
    for image in tqdm(shown, desc="clips and photos", disable=None):
        found = [(face, readers.read(image, face)) for face in perception.detector.detect(image)]
        for degrees in FRAMES_TURNED_DEG:
            again, matrix = turned(image, degrees)
            there = perception.detector.detect(again)
            for face, upright in found:
                match = _same_face(face.box, matrix, there)
                other_way_up = None if match is None else readers.read(again, match)
                if upright is None or other_way_up is None:
                    continue
                for way, (one, other) in enumerate(zip(upright, other_way_up, strict=True)):
                    same[way].append(bool(one.argmax() == other.argmax()))
                    moved[way].append(float(np.abs(one - other).sum() / 2))
    return [
        [name, str(len(alike)), f"{np.mean(alike):.1%}", f"{np.mean(far):.1%}"]
        for name, alike, far in zip(readers.names, same, moved, strict=True)
    ]


def _same_face(box: Box, matrix: NDArray[np.float64], there: Sequence[Face]) -> Face | None:
    """Which of the turned picture's faces stands where the box went."""
    middle = matrix @ [(box.left + box.right) / 2, (box.top + box.bottom) / 2, 1.0]
    x, y = (float(each) for each in middle)
    half = Box(x - box.width / 2, y - box.height / 2, x + box.width / 2, y + box.height / 2)
    if not there:
        return None
    (overlaps,) = intersection_over_union(half, [face.box for face in there])
    best = int(np.argmax(overlaps))
    return there[best] if overlaps[best] >= SAME_FACE else None


def main(words: Sequence[str] | None = None) -> int:
    """Print a table for the scenes, and one for the clips and the photos each."""
    parser = argparse.ArgumentParser(description=__doc__)
    labelled_faces.add_arguments(parser, faces=1000)
    arguments = parser.parse_args(words)
    faces = labelled_faces.draw(arguments)
    perception = Perception.load()
    scenes_by_roll = {
        degrees: list(
            scenes.found(
                perception.detector,
                faces.pixels,
                arguments.data / "no_faces",
                most_deg=degrees,
                seed=30,
            )
        )
        for degrees in SCENES_TURNED_DEG
    }
    # A box is framed as FER2013's pictures are, by the median face.
    sides = [
        place.side / max(face.box.width, face.box.height)
        for _, _, face, place in scenes_by_roll[SCENES_TURNED_DEG[0]]
    ]
    readers = Readers(perception, float(np.median(sides)))
    order = [readers.labels.index(label) for label in FER2013]
    for degrees, found in scenes_by_roll.items():
        right = [
            [rows[order].argmax() == faces.labels[row] for rows in read]
            for row, scene, face, _ in tqdm(found, desc="scenes", disable=None)
            if (read := readers.read(scene, face))
        ]
        table = [["cut", "read, of", "right"]]
        for name, share in zip(readers.names, np.mean(right, axis=0), strict=True):
            table.append([name, f"{len(right)} of {len(faces.labels)}", f"{share:.1%}"])
        _print(f"Scenes, turned by up to {degrees:.0f}°", table)
    head = ["cut", "faces, turned", "same emotion", "probability that moved"]
    for name in ("clips", "photos"):
        shown = list(pictures(arguments.data / name))
        _print(name.capitalize(), [head, *agreement(readers, perception, shown)])
    return 0


def _print(title: str, rows: Sequence[Sequence[str]]) -> None:
    sys.stdout.write(f"\n{title}\n\n" + "\n".join(markdown(rows)) + "\n")


if __name__ == "__main__":
    sys.exit(exit_code(main))
