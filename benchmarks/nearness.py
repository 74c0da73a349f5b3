"""Faces shown larger than FER2013's pictures show them → how many are read rightly.

`python -m benchmarks.nearness --data DATA`. FER2013's faces are pasted into scenes, found there and
cut so many times closer than their own pictures: by the camera's own landmarks, by those of a look
at the face alone, and in four views, as photos are read (`alignment.NEARER`). How large a crop
comes to be beside the picture that was pasted says how well landmarks keep a face's size.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from benchmarks import labelled_faces, scenes
from benchmarks.as_command import exit_code
from benchmarks.text_table import markdown
from edge_app.perception import Face, Perception
from edge_app.perception.alignment import TO_READ, about_box, cut, nearer, similarity
from edge_app.perception.faces import Image
from edge_app.perception.labels import FER2013
from edge_app.perception.light import spread
from edge_app.perception.upright import roll_deg

TIMES = (0.95, 1.0, 1.05, 1.1, 1.15, 1.2)
#: Scenes are turned by up to this, both ways.
TURNED_DEG = 15.0
WAYS = ("the camera's landmarks", "landmarks of a look", "four views")

Rows = NDArray[np.float32]


def crop_side(perception: Perception, face: Face) -> float:
    """Side of the crop by a face's landmarks, no closer than its training picture, in pixels."""
    side, alignment = perception.classifier.side, perception.classifier.alignment
    return side / abs(similarity(face.landmarks, alignment, side)[0])


def answers(perception: Perception, image: Image, own: Face, look: Face, times: float) -> Rows:
    """Probabilities by each of `WAYS`: float32 [3, labels]."""
    side, alignment = perception.classifier.side, perception.classifier.alignment
    placed = (
        similarity(own.landmarks, alignment, side),
        similarity(look.landmarks, alignment, side),
        about_box(look.box, roll_deg(look.landmarks), side),
    )
    crops = [
        spread(cut(image, *nearer(*each, side, times), side, enlarged=TO_READ)) for each in placed
    ]
    mirrored = [crop[:, ::-1] for crop in crops[1:]]
    plain, looked, boxed, *mirror_images = perception.classifier.predict(
        np.stack([*crops, *mirrored])
    )
    return np.stack([plain, looked, np.mean([looked, boxed, *mirror_images], axis=0)])


def main(words: Sequence[str] | None = None) -> int:
    """Print a row for each way, and how large the crops are."""
    parser = argparse.ArgumentParser(description=__doc__)
    labelled_faces.add_arguments(parser, faces=0)
    parser.add_argument("--answer", default="default", help="of the card; default: %(default)s")
    parser.add_argument("--classifier", type=Path, help="another classifier than the shipped one")
    arguments = parser.parse_args(words)
    faces = labelled_faces.draw(arguments)
    perception = Perception.load(classifier=arguments.classifier, answer=arguments.answer)
    order = [perception.classifier.labels.index(label) for label in FER2013]
    right: dict[float, list[NDArray[np.bool_]]] = defaultdict(list)
    sides: list[tuple[float, float]] = []
    shown = scenes.found(
        perception.detector,
        faces.pixels,
        arguments.data / "no_faces",
        most_deg=TURNED_DEG,
        seed=11,
    )
    for row, scene, own, place in tqdm(shown, "scenes", len(faces), disable=None):
        look = perception.upright.look_again(scene, own)
        sides.append(tuple(crop_side(perception, each) / place.side for each in (own, look)))
        for times in TIMES:
            guesses = answers(perception, scene, own, look, times)[:, order].argmax(axis=1)
            right[times].append(guesses == faces.labels[row])
    shares = {times: np.mean(rows, axis=0) for times, rows in right.items()}
    table = [["times closer", *(f"{times:g}" for times in TIMES)]]
    table += [
        [way, *(f"{shares[times][number]:.1%}" for times in TIMES)]
        for number, way in enumerate(WAYS)
    ]
    own_side, look_side = np.median(sides, axis=0)
    sys.stdout.write("\n".join(markdown(table)) + "\n\n")
    sys.stdout.write(
        f"{len(sides)} of {len(faces)} faces; crops are {own_side:.3f} times as wide as the picture"
        f" by the camera's landmarks, {look_side:.3f} by those of a look\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
