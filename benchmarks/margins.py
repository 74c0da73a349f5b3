"""FER2013's faces with margins about them → how many are read rightly, as they stand and found.

`python -m benchmarks.margins --data DATA`. Many face data sets leave more about a face than FER2013
does. Each face is made smaller by so much and put into the middle of a picture of 160 pixels a
side, whose margin repeats the face's outermost pixels. As it stands, the whole picture is what
`EmotionClassifier.predict` and `mien train evaluate --crops as-they-are` show the network; points
are gained on the face of 48 pixels as it comes, with a standard error, face by face, and so is what
is read otherwise. Right is the likeliest label, which a face of which nothing can be read has not.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from benchmarks import labelled_faces
from benchmarks.as_command import exit_code
from benchmarks.text_table import markdown
from benchmarks.tight_crops import likeliest
from edge_app.perception import Perception
from edge_app.perception.labels import FER2013
from trainer.data import Faces
from trainer.data.face_crops import filled

#: Sides of the pictures, in FER2013's, and those in geometric means of the detector's box' sides.
MARGINS = (1.0, 1.1, 1.2, 1.3, 1.45, 1.6, 1.8, 2.0)
TILE = 1.12
SIDE = 160


def widened(face: NDArray[np.uint8], margin: float) -> NDArray[np.uint8]:
    """uint8 [48, 48] → uint8 [160, 160], of which the face is one `margin`th a side."""
    side = round(SIDE / margin)
    before = (SIDE - side) // 2
    after = SIDE - side - before
    small = cv2.resize(face, (side, side), interpolation=cv2.INTER_CUBIC)
    wide = cv2.copyMakeBorder(small, before, after, before, after, cv2.BORDER_REPLICATE)
    return np.asarray(wide, np.uint8)


def row(perception: Perception, faces: Faces, margin: float) -> list[str]:
    """Read all faces with one margin."""
    classifier = perception.classifier
    truth = np.array([classifier.labels.index(FER2013[label]) for label in faces.labels])
    tight = classifier.predict(faces.pixels).argmax(axis=1)
    wide = [widened(face, margin) for face in faces.pixels]
    stands = classifier.predict(np.stack(wide)).argmax(axis=1)
    gained = (stands == truth).astype(float) - (tight == truth)
    found, fills = 0, []
    for picture, label in tqdm(zip(wide, faces.labels, strict=True), f"{margin:g}", disable=None):
        seen = perception.read_crop(picture)
        found += likeliest(seen) == FER2013[label]
        fills.append(filled(picture, seen.face))
    return [
        f"{margin * TILE:.2f}",
        f"{np.median(fills):.2f}",
        f"{(stands == truth).mean():.1%}",
        f"{100 * gained.mean():+.1f} ± {100 * gained.std() / len(gained) ** 0.5:.1f}",
        f"{(stands != tight).mean():.0%}",
        f"{found / len(wide):.1%}",
    ]


def main(words: Sequence[str] | None = None) -> int:
    """Print a row for each margin."""
    parser = argparse.ArgumentParser(description=__doc__)
    labelled_faces.add_arguments(parser, faces=1500)
    faces = labelled_faces.draw(parser.parse_args(words))
    perception = Perception.load()
    head = [
        "side, times the box", "a face fills", "right as it stands", "points", "read otherwise",
        "right by read_crop",
    ]  # fmt: skip
    table = [head, *(row(perception, faces, margin) for margin in MARGINS)]
    sys.stdout.write("\n".join(markdown(table)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
