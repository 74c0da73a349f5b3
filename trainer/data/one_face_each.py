"""Files with one face each → 48 x 48 gray, with one line on how the faces were cut."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from edge_app.perception.card import Alignment
from edge_app.picture_file import read_picture_file
from trainer.data.face_crops import FaceCrops
from trainer.data.pictures import SIDE, as_crop

#: Of so many pictures the median share that a face fills is known to two hundredths.
SAMPLE = 100
#: The median share of FER2013's pictures, and from where on pictures lose two points of accuracy or
#: more where they are read as they stand: docs/training.md.
FER2013_FILLS, LOOSE = 0.88, 0.74


class Way(StrEnum):
    """How a picture of one face becomes what a network is shown."""

    #: The whole picture.
    AS_THEY_ARE = "as-they-are"
    #: The face about its middle, framed as `Perception.read_crop` frames it.
    FIND = "find"


class OneFaceEach:
    """Reads the pictures of one data set, and counts how."""

    def __init__(self, crops: FaceCrops | None, way: Way | None) -> None:
        """crops: finds faces; the shipped models where none is given.

        way: None: as they are, and some of those that are larger than a crop are looked at.
        """
        self._crops = crops or FaceCrops.shipped()
        self._way = way
        self._larger: list[Path] = []
        self._as_they_are = self._framed = self._not_found = self._cut = 0

    def read(self, path: Path) -> NDArray[np.uint8]:
        """Read a picture in the way that was asked for: uint8 [48, 48].

        Raises:
            NotSquareError: it is to be read as it is, and its sides differ.
            PictureError: it cannot be read.
        """
        if self._way is Way.FIND:
            crop, found = self._crops.frame(read_picture_file(path, colour=True))
            self._framed += found
            self._not_found += not found
            return crop
        picture = read_picture_file(path, colour=False)
        crop = as_crop(picture)
        self._as_they_are += 1
        if len(picture) > SIDE:
            self._larger.append(path)
        return crop

    def cut(self, path: Path) -> NDArray[np.uint8]:
        """Cut the only face out of a photo: uint8 [48, 48].

        Raises:
            NoFaceError: there is no face.
            PictureError: there is more than one, or the photo cannot be read.
        """
        crop = self._crops.cut(read_picture_file(path, colour=True))
        self._cut += 1
        return crop

    @property
    def alignment(self) -> Alignment | None:
        """By which all of them were cut; None where a picture was read as it is."""
        return None if self._as_they_are else self._crops.alignment

    def told(self) -> str:
        """How the faces were cut, and what to do where that is not how networks are shown them."""
        parts = []
        if self._as_they_are:
            parts.append(f"pictures read as they are: {self._as_they_are}{self._looked_at()}")
        if self._framed or self._not_found:
            parts.append(f"pictures of which the face about the middle is read: {self._framed}")
        if self._not_found:
            parts.append(f"without one, read as they are: {self._not_found}")
        if self._cut:
            parts.append(f"photos of which the only face is read: {self._cut}")
        return "; ".join(parts)

    def _looked_at(self) -> str:
        """What a sample of them shows."""
        if self._way is not None or not self._larger:
            return ""
        shown = self._larger[:: -(-len(self._larger) // SAMPLE)]
        share = median(self._crops.fills(read_picture_file(path, colour=True)) for path in shown)
        said = f"; faces fill {share:.2f} of the side (median of {len(shown)})"
        if share >= LOOSE:
            return said
        return (
            f"{said}, FER2013's {FER2013_FILLS}: a network that knows FER2013 reads these worse;"
            " add --crops find"
        )
