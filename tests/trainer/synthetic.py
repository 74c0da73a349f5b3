"""Faces made of nothing: a network can learn them, and they are in nobody's data set."""

from pathlib import Path

import cv2
import numpy as np

from trainer.data import Faces, Split
from trainer.data.faces import FERPLUS_COLUMNS


def synthetic_faces(n: int, seed: int = 0, split: Split = Split.TRAINING) -> Faces:
    """A bright bar whose height is the label, in noise."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n, dtype=np.int64) % 7
    pixels = rng.integers(0, 90, (n, 48, 48)).astype(np.uint8)
    for picture, label in zip(pixels, labels, strict=True):
        picture[label * 6 + 2 : label * 6 + 8, 8:40] += 150
    votes = np.zeros((n, len(FERPLUS_COLUMNS)), np.float32)
    return Faces(pixels, labels, votes, np.full(n, split, np.int64))


def all_splits(training: int, others: int) -> Faces:
    parts = [
        synthetic_faces(training, 0),
        synthetic_faces(others, 1, Split.PUBLIC_TEST),
        synthetic_faces(others, 2, Split.PRIVATE_TEST),
    ]
    return Faces(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("pixels", "labels", "votes", "split")
        )
    )


def write_mosaic(faces: Faces, folder: Path) -> None:
    """A row of tiles and its labels, as the data set comes."""
    cv2.imwrite(str(folder / "fer2013_mosaic.png"), np.hstack(list(faces.pixels)))
    np.savez(
        folder / "fer2013_labels.npz",
        emotion=faces.labels, usage=faces.split, ferplus_votes=faces.votes,
    )  # fmt: skip
