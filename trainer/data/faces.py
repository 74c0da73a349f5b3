"""Labelled faces in memory: what every reader returns and all of training takes."""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge_app.errors import MienError
from edge_app.perception.card import Alignment
from edge_app.perception.labels import FERPLUS

#: FER+'s columns, in the order of its file: eight emotions, then two ways to give none.
FERPLUS_COLUMNS: tuple[str, ...] = (
    "neutral", "happy", "surprise", "sad", "angry", "disgust", "fear", "contempt",
    "unknown", "no_face",
)  # fmt: skip


class DataError(MienError):
    """A data set that is missing, damaged or of another shape than its format says."""


class Split(enum.IntEnum):
    """FER2013's `Usage`: train on the first, choose by the second, report on the third."""

    TRAINING = 0
    PUBLIC_TEST = 1
    PRIVATE_TEST = 2

    @property
    def usage(self) -> str:
        """As FER2013 writes it: `PublicTest`."""
        return self.name.title().replace("_", "")


@dataclass(frozen=True, slots=True)
class Faces:
    """N labelled faces.

    pixels: uint8 [N, 48, 48], gray.
    labels: int64 [N], index into `labels.FERPLUS`: FER2013's seven, and 7 for contempt in data
    sets that know it.
    votes:  float32 [N, 10], FER+'s votes by `FERPLUS_COLUMNS`; all zero where there are none.
    split:  int64 [N], a `Split` a row.
    alignment: by which the device's own path cut them; None where others framed them.
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]
    votes: NDArray[np.float32]
    split: NDArray[np.int64]
    alignment: Alignment | None = None

    def __post_init__(self) -> None:
        n = len(self.pixels)
        shapes = (self.pixels.shape[1:], self.labels.shape, self.votes.shape, self.split.shape)
        if shapes != ((48, 48), (n,), (n, len(FERPLUS_COLUMNS)), (n,)):
            raise DataError(f"faces of unequal lengths or shapes: {n} pictures with {shapes}")
        if n and (self.labels.min() < 0 or self.labels.max() >= len(FERPLUS)):
            raise DataError(f"labels outside 0 to {len(FERPLUS) - 1}")

    def __len__(self) -> int:
        return len(self.pixels)

    def where(self, rows: NDArray[np.bool_]) -> Faces:
        """The faces whose row is true in `rows`: bool [N]."""
        return replace(
            self,
            pixels=self.pixels[rows],
            labels=self.labels[rows],
            votes=self.votes[rows],
            split=self.split[rows],
        )

    def of(self, split: Split) -> Faces:
        """The faces of one split, in their order."""
        return self.where(self.split == split)

    def emotion_votes(self) -> NDArray[np.float32]:
        """FER+ votes for its eight emotions, in `labels.FERPLUS`' order: float32 [N, 8]."""
        order = [FERPLUS_COLUMNS.index(name) for name in FERPLUS]
        return self.votes[:, order]

    def not_a_face(self) -> NDArray[np.bool_]:
        """Rows that FER+'s voters called no face, and blank pictures: bool [N]."""
        return self.voted_no_face() | self.blank()

    def voted_no_face(self) -> NDArray[np.bool_]:
        """Rows that more than half of FER+'s voters called no face: bool [N]."""
        no_face = self.votes[:, FERPLUS_COLUMNS.index("no_face")]
        return np.asarray(no_face > self.votes.sum(axis=1) / 2)

    def blank(self) -> NDArray[np.bool_]:
        """Rows whose pixels are all of one gray, or nearly: bool [N]."""
        # One by one: all at once would take eight bytes a pixel.
        return np.array([picture.std() < 1.0 for picture in self.pixels], np.bool_)

    def twins_of(self, others: Faces) -> NDArray[np.bool_]:
        """Rows whose picture stands in `others` too, byte for byte: bool [N]."""
        known = {picture.tobytes() for picture in others.pixels}
        return np.array([picture.tobytes() in known for picture in self.pixels], dtype=bool)

    def sha256(self) -> str:
        """One hash over pictures, labels, votes and splits: names the data in a report."""
        digest = hashlib.sha256()
        for array in (self.pixels, self.labels, self.votes, self.split):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()
