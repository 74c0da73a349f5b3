"""Faces → how many each class has in each split, a line each, for a person who checks them."""

from __future__ import annotations

import numpy as np

from edge_app.perception.labels import FER2013, FERPLUS
from trainer.data.faces import Faces, Split


def class_lines(faces: Faces) -> list[str]:
    """A table by class and split, then the classes that Training has no face of.

    FER2013's classes, and contempt where a face has it.
    """
    counts = np.zeros((len(FERPLUS), len(Split)), np.int64)
    np.add.at(counts, (faces.labels, faces.split), 1)
    classes = [
        (name, row)
        for name, row in zip(FERPLUS, counts.tolist(), strict=True)
        if name in FER2013 or any(row)
    ]
    splits = [split.usage for split in Split]
    rows = [("label", *splits), *((name, *map(str, row)) for name, row in classes)]
    missing = [name for name, row in classes if not row[Split.TRAINING]]
    return [
        *(f"{name:<8}{''.join(f'{each:>13}' for each in cells)}" for name, *cells in rows),
        *(f"no Training face is labelled {name}" for name in missing),
    ]
