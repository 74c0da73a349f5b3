"""FER2013's faces with their margins cut off → how many are found, and read rightly.

`python -m benchmarks.tight_crops --data DATA`. Face data sets cut their pictures as they like, some
so tightly that chin and forehead are gone. As it stands, a picture and its mirror image are shown
to the classifier; of the surest face that is found, none is a wrong answer; `Perception.read_crop`
is what `mien analyze --crops` does, also with somebody else's small face in a corner. Right is the
likeliest label, and by `emotion`, where unsure is none, that of `read_crop`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from benchmarks import labelled_faces
from benchmarks.as_command import exit_code
from benchmarks.text_table import markdown
from edge_app.perception import Perception, SeenFace
from edge_app.perception.labels import FER2013

#: Of a face that is enlarged to `SIDE` pixels, so much is cut off on each side.
CUT_OFF = (0.0, 0.1, 0.15, 0.2, 0.25)
SIDE = 192
#: The side of a bystander's face, and how far it lies from the picture's edges, in its sides.
SMALL, EDGE = 0.23, 0.03


@dataclass(slots=True)
class Counts:
    """Of the faces at one margin."""

    faces: int = 0
    found_alone: int = 0
    found: int = 0
    right_as_it_stands: int = 0
    right_if_found: int = 0
    right: int = 0
    right_by_emotion: int = 0
    right_beside_another: int = 0
    other_read: int = 0

    def shares(self) -> list[str]:
        """Of all faces, in per cent."""
        counted = (
            self.found_alone, self.found, self.right_as_it_stands, self.right_if_found,
            self.right, self.right_by_emotion, self.right_beside_another, self.other_read,
        )  # fmt: skip
        return [f"{count / self.faces:.1%}" for count in counted]


def trimmed(face: NDArray[np.uint8], cut_off: float) -> NDArray[np.uint8]:
    """uint8 [48, 48] → the middle of it, enlarged: uint8 [S, S]."""
    large = cv2.resize(face, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    edge = round(SIDE * cut_off)
    return np.asarray(large[edge : SIDE - edge, edge : SIDE - edge], np.uint8)


def accompanied(picture: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture, with another face in its upper left corner."""
    small, edge = round(SMALL * len(picture)), round(EDGE * len(picture))
    together = picture.copy()
    shown = cv2.resize(other, (small, small), interpolation=cv2.INTER_AREA)
    together[edge : edge + small, edge : edge + small] = shown
    return together


def count(
    perception: Perception,
    picture: NDArray[np.uint8],
    truth: str,
    counts: Counts,
    other: NDArray[np.uint8],
) -> None:
    """Search and read one picture, and once more beside another face."""
    found = perception.see(picture)
    counts.faces += 1
    counts.found_alone += bool(perception.detector.detect(picture))
    counts.found += bool(found)
    stands = perception.classifier.predict(np.stack([picture, picture[:, ::-1]])).mean(axis=0)
    seen = perception.read_crop(picture)
    counts.right_as_it_stands += perception.classifier.labels[int(stands.argmax())] == truth
    counts.right_if_found += bool(found) and likeliest(found[0]) == truth
    counts.right += likeliest(seen) == truth
    counts.right_by_emotion += seen.emotion == truth
    seen = perception.read_crop(accompanied(picture, other))
    counts.right_beside_another += likeliest(seen) == truth
    box = seen.face.box
    counts.other_read += max(box.right, box.bottom) < len(picture) / 2


def likeliest(seen: SeenFace) -> str | None:
    """The likeliest label; None where all are equally likely, since nothing could be read."""
    probabilities = seen.probabilities
    return seen.labels[int(probabilities.argmax())] if np.ptp(probabilities) > 0 else None


def main(words: Sequence[str] | None = None) -> int:
    """Print a row for each margin."""
    parser = argparse.ArgumentParser(description=__doc__)
    labelled_faces.add_arguments(parser, faces=500)
    faces = labelled_faces.draw(parser.parse_args(words))
    perception = Perception.load()
    head = [
        "cut off", "by the detector alone", "found", "right as it stands", "right where found",
        "right by read_crop", "by its emotion", "beside another face", "the other read",
    ]  # fmt: skip
    table = [head]
    for cut_off in CUT_OFF:
        counts = Counts()
        others = np.roll(faces.pixels, 1, axis=0)
        shown = zip(faces.pixels, faces.labels, others, strict=True)
        for face, label, other in tqdm(shown, f"{cut_off:.0%}", len(faces), disable=None):
            count(perception, trimmed(face, cut_off), FER2013[label], counts, other)
        table.append([f"{cut_off:.0%} on each side", *counts.shares()])
    sys.stdout.write("\n".join(markdown(table)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
