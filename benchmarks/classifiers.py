"""Classifiers on the same faces, found and cut as on the device → how often each is right.

`python -m benchmarks.classifiers --data DATA NAME=MODEL.tflite …`; `-` is the shipped model.
FER2013's faces are pasted into scenes, turned by up to 15°, and must be found there: what a network
is worth behind a camera, and not on crops that are framed as FER2013's are.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from benchmarks import labelled_faces, scenes
from benchmarks.as_command import exit_code
from benchmarks.text_table import markdown
from edge_app.perception import EmotionClassifier, Perception
from edge_app.perception.labels import FER2013
from trainer.data import Faces
from trainer.generalization import mean_recall
from trainer.report import percent
from trainer.truth import majorities

MOST_TURNED_DEG = 15.0
HEADER = ("classifier", "faces", "labels", "mean recall", "FER+ majorities", "mean recall")


def main(words: Sequence[str] | None = None) -> int:
    """Print a row a classifier."""
    parser = argparse.ArgumentParser(description=__doc__)
    labelled_faces.add_arguments(parser, faces=1000)
    parser.add_argument("classifiers", nargs="+", metavar="NAME=MODEL.tflite")
    arguments = parser.parse_args(words)
    faces = labelled_faces.draw(arguments)
    named = dict(each.split("=", 1) for each in arguments.classifiers)
    shipped = Perception.load()
    detector, small_detector = shipped.detector, shipped.small_detector
    readers = {
        name: Perception(
            detector, EmotionClassifier.load(None if path == "-" else Path(path)), small_detector
        )
        for name, path in named.items()
    }
    answers: dict[str, list[int]] = {name: [] for name in readers}
    seen = []
    found = scenes.found(
        detector, faces.pixels, arguments.data / "no_faces", most_deg=MOST_TURNED_DEG, seed=30
    )
    for row, scene, face, _ in tqdm(found, "scenes", len(faces), disable=None):
        seen.append(row)
        for name, perception in readers.items():
            (read,) = perception.read(scene, [face])
            order = [read.labels.index(label) for label in FER2013]
            answers[name].append(int(read.probabilities[order].argmax()))
    read_faces = faces.where(np.isin(np.arange(len(faces)), seen))
    rows: list[tuple[str, ...]] = [HEADER]
    for name, said in answers.items():
        cells = figures(np.array(said, np.intp), read_faces)
        rows.append((name, f"{len(seen)} of {len(faces)}", *cells))
    sys.stdout.write("\n".join(markdown(rows)) + "\n")
    return 0


def figures(said: NDArray[np.intp], faces: Faces) -> tuple[str, ...]:
    """Cells of a row, as `HEADER` names them: by labels, then by what FER+'s voters agree on.

    said: an answer a face, int [N], index into `labels.FER2013`.
    """
    voted = majorities(faces, len(FER2013))
    return *_right(said, faces.labels), *_right(said[voted.rows], voted.labels)


def _right(said: NDArray[np.intp], labels: NDArray[np.integer]) -> tuple[str, str]:
    """Share of right answers, and the mean over the emotions; there may be no face."""
    if not len(labels):
        return percent(None), percent(None)
    return f"{np.mean(said == labels):.1%}", f"{mean_recall(said, labels):.1%}"


if __name__ == "__main__":
    sys.exit(exit_code(main))
