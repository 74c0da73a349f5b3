"""FER2013 as Kaggle's CSV file, with FER+'s votes where their file is given → `Faces`.

Goodfellow et al. 2013: one row a face, with the columns `emotion` (0 to 6, `labels.FER2013`),
`pixels` (48 x 48 gray values, row by row, between blanks) and `Usage`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edge_app.perception.labels import FER2013
from trainer.data.csv_rows import read_rows, split_named
from trainer.data.faces import FERPLUS_COLUMNS, Faces
from trainer.data.ferplus_csv import votes_for
from trainer.data.rejections import Rejections, Tell, warn

SIDE = 48
_BYTES = {str(value): value for value in range(256)}


def read_fer2013_csv(path: Path, votes: Path | None = None, tell: Tell = warn) -> Faces:
    """Read `fer2013.csv`, or the later `icml_face_data.csv` with its columns in another order.

    votes: FER+'s `fer2013new.csv`; without it all votes are zero. tell: takes the report on
    malformed rows, which are left out; it is called a second time for the votes.

    Raises:
        DataError: a file is missing, lacks a column, or has more than 5 % malformed rows.
    """
    rejections = Rejections(path)
    rows, pixels, labels, splits = [], [], [], []
    for row, line, (emotion, text, usage) in read_rows(
        path, ("emotion", "pixels", "Usage"), rejections
    ):
        try:
            label, split, picture = _label(emotion), split_named(usage), _picture(text)
        except ValueError as error:
            rejections.add(f"{path.name}:{line}", str(error))
            continue
        rows.append(row)
        pixels.append(picture)
        labels.append(label)
        splits.append(split)
    rejections.close(tell)
    split_of = np.array(splits, np.int64)
    counts = np.zeros((len(rows), len(FERPLUS_COLUMNS)), np.float32)
    if votes is not None:
        counts = votes_for(np.array(rows, np.int64), split_of, votes, tell)
    return Faces(
        np.frombuffer(b"".join(pixels), np.uint8).reshape(-1, SIDE, SIDE),
        np.array(labels, np.int64),
        counts,
        split_of,
    )


def _label(text: str) -> int:
    if text not in _BYTES or _BYTES[text] >= len(FER2013):
        raise ValueError(f"emotion {text!r:.20} is none of 0 to {len(FER2013) - 1}")
    return _BYTES[text]


def _picture(text: str) -> bytes:
    values = text.split()
    if len(values) != SIDE * SIDE:
        raise ValueError(f"{len(values)} pixels, not {SIDE * SIDE}")
    try:
        return bytes(map(_BYTES.__getitem__, values))
    except KeyError as error:
        raise ValueError(f"pixel {error.args[0]!r:.20} is no number from 0 to 255") from None
