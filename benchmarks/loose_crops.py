"""Photos' faces cut out with ever wider margins → how many are read as in the whole photo.

`python -m benchmarks.loose_crops --data DATA`. Some face data sets leave much of the surroundings,
and other people in them. A face is cut by a square that is so many times its box, a little off its
middle, and shown with 100 pixels a side. As it stands, such a crop and its mirror image are shown
to the classifier; the surest face that is found in it may be another one, and so may that of
`Perception.read_crop`. Small faces, and those of which Mien itself is not sure, are left out.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from benchmarks.as_command import exit_code
from benchmarks.labelled_faces import DATA
from benchmarks.text_table import markdown
from benchmarks.tight_crops import likeliest
from edge_app.errors import UsageError
from edge_app.perception import Box, Perception, SeenFace
from edge_app.perception.faces import Image

#: Sides of the squares, in geometric means of the box's sides; FER2013's are 1.12.
SIDES = (1.0, 1.12, 1.3, 1.5, 1.8, 2.2, 2.7, 3.3, 4.0)
#: How far off the face a square's middle may lie, in its sides.
OFF = 0.1
SHOWN = 100
SMALLEST, SUREST = 60, 0.6


@dataclass(slots=True)
class Counts:
    """Of the crops at one margin."""

    crops: int = 0
    as_it_stands: int = 0
    surest: int = 0
    read_crop: int = 0
    other_surest: int = 0
    other_read_crop: int = 0

    def shares(self) -> list[str]:
        """Crops; in per cent of them, those read alike, and those in which others were read."""
        counted = (
            self.as_it_stands, self.surest, self.read_crop, self.other_surest, self.other_read_crop
        )  # fmt: skip
        crops = max(self.crops, 1)
        return [str(self.crops), *(f"{count / crops:.0%}" for count in counted)]


def crops(
    photo: Image, box: Box, rng: np.random.Generator
) -> Iterator[tuple[float, Image, complex]]:
    """Cut a face out at each of `SIDES` that the photo holds.

    Returns each side, the crop, gray, uint8 [S, S], and the face's middle x + iy in it.
    """
    gray = photo if photo.ndim == 2 else cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY)
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    for times in SIDES:
        side = round(times * float(np.sqrt(box.width * box.height)))
        off_x, off_y = side * rng.uniform(-OFF, OFF, 2)
        left, top = round(x + off_x - side / 2), round(y + off_y - side / 2)
        crop = gray[max(top, 0) : top + side, max(left, 0) : left + side]
        if min(left, top) < 0 or crop.shape != (side, side):
            continue
        shown = cv2.resize(crop, (SHOWN, SHOWN), interpolation=cv2.INTER_AREA)
        yield times, np.asarray(shown, np.uint8), complex(x - left, y - top) * SHOWN / side


def count(
    perception: Perception, crop: Image, middle: complex, emotion: str, counts: Counts
) -> None:
    """Read one crop of a face at `middle` that shows `emotion` in the whole photo."""
    counts.crops += 1
    stands = perception.classifier.predict(np.stack([crop, crop[:, ::-1]])).mean(axis=0)
    counts.as_it_stands += perception.classifier.labels[int(stands.argmax())] == emotion
    if found := perception.see(crop):
        counts.surest += likeliest(found[0]) == emotion
        counts.other_surest += not _is_at(found[0], middle)
    seen = perception.read_crop(crop)
    counts.read_crop += likeliest(seen) == emotion
    counts.other_read_crop += not _is_at(seen, middle)


def _is_at(seen: SeenFace, middle: complex) -> bool:
    box = seen.face.box
    off = complex(box.left + box.right, box.top + box.bottom) / 2 - middle
    return abs(off) < 0.5 * max(box.width, box.height)


def _photos(data: Path) -> list[Path]:
    paths = [*sorted((data / "photos").glob("*.jpg")), *sorted((data / "faces").glob("*/*.jpg"))]
    if not paths:
        raise UsageError(f"{data}: no .jpg picture in photos or faces/*; name a folder with some")
    return paths


def main(words: Sequence[str] | None = None) -> int:
    """Print a row for each margin."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="default: %(default)s")
    paths = _photos(parser.parse_args(words).data)
    perception = Perception.load()
    rng = np.random.default_rng(2013)
    counts = {times: Counts() for times in SIDES}
    for path in tqdm(paths, disable=None):
        photo = np.asarray(cv2.imread(str(path)), np.uint8)
        for seen in perception.see(photo):
            box = seen.face.box
            emotion = likeliest(seen)
            if box.height >= SMALLEST and emotion is not None and seen.confidence >= SUREST:
                for times, crop, middle in crops(photo, box, rng):
                    count(perception, crop, middle, emotion, counts[times])
    head = [
        "side, times the box", "crops", "as it stands", "the surest found", "read_crop",
        "another face: surest", "another face: read_crop",
    ]  # fmt: skip
    table = [head, *([f"{times:g}", *each.shares()] for times, each in counts.items())]
    sys.stdout.write("\n".join(markdown(table)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
