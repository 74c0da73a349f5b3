"""FER+'s CSV file and the rows of FER2013 → the votes of those rows.

Barsoum et al. 2016: `fer2013new.csv` has one row for each of FER2013's, in its order, with the
columns `Usage`, `Image name` (`fer0000000.png` is row 0; empty where the picture was given up) and
ten counts of votes.
"""

from __future__ import annotations

import re
from collections.abc import Container
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainer.data.csv_rows import USAGES, read_rows, split_named
from trainer.data.faces import DataError
from trainer.data.rejections import Rejections, Tell, warn

#: The counts' columns in the order of `faces.FERPLUS_COLUMNS`.
COUNTS = (
    "neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt",
    "unknown", "NF",
)  # fmt: skip
_NAME = re.compile(r"fer(\d{7})\.png", re.ASCII)
_LARGEST_COUNT = 100


def votes_for(
    rows: NDArray[np.int64], split: NDArray[np.int64], path: Path, tell: Tell = warn
) -> NDArray[np.float32]:
    """Read the votes for the rows of FER2013's own file.

    rows: int64 [N], each face's row there, from 0; split: int64 [N], a `Split` a face. A row that
    is missing or malformed has no votes. tell: takes the report on malformed rows.

    Returns float32 [N, 10].

    Raises:
        DataError: the file is missing, lacks a column, has more than 5 % malformed rows, lacks
            more than 5 % of the faces, or has another `Usage` for a face: then it is the file of
            another FER2013, and its votes would be other pictures'.
    """
    votes, usage = _read(path, tell)
    known = [index for index, row in enumerate(rows.tolist()) if row in votes]
    if len(known) < 0.95 * len(rows):
        raise DataError(f"{path}: has votes for {len(known)} of {len(rows)} faces only")
    counts = np.zeros((len(rows), len(COUNTS)), np.float32)
    for index in known:
        row = int(rows[index])
        if usage[row] != split[index]:
            raise DataError(
                f"{path}: row {row} is {USAGES[usage[row]]}, but {USAGES[split[index]]} in"
                " FER2013's file; these files do not belong together"
            )
        counts[index] = votes[row]
    return counts


def _read(path: Path, tell: Tell) -> tuple[dict[int, list[int]], dict[int, int]]:
    """Votes and split by row of FER2013's file."""
    rejections = Rejections(path)
    votes: dict[int, list[int]] = {}
    usages: dict[int, int] = {}
    for position, line, (usage, name, *texts) in read_rows(
        path, ("Usage", "Image name", *COUNTS), rejections
    ):
        try:
            row = _row(name, position, votes)
            counts = [_count(text) for text in texts]
            split = split_named(usage)
        except ValueError as error:
            rejections.add(f"{path.name}:{line}", str(error))
            continue
        votes[row], usages[row] = counts, split
    rejections.close(tell)
    return votes, usages


def _row(name: str, position: int, taken: Container[int]) -> int:
    found = _NAME.fullmatch(name)
    if name and not found:
        raise ValueError(f"image name {name!r:.20} is none like fer0000000.png")
    row = int(found[1]) if found else position
    if row in taken:
        raise ValueError(f"a second row for picture {row}")
    return row


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) <= _LARGEST_COUNT):
        raise ValueError(f"{text!r:.20} is no count of votes")
    return int(text)
