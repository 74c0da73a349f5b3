"""A folder → its picture files; a square crop → 48 x 48."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.picture_file import SUFFIXES, PictureError

SIDE = 48


class NotSquareError(PictureError):
    """A picture that is no crop of a face, which is square."""


def pictures_in(folder: Path) -> list[Path]:
    """A folder's own pictures by their suffix, ordered by name; hidden files are left out."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    )


def others_in(folder: Path) -> list[Path]:
    """A folder's own files that are no pictures by their suffix, ordered by name; none hidden."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() not in SUFFIXES and not path.name.startswith(".") and path.is_file()
    )


def pictures_below(folder: Path) -> list[Path]:
    """The pictures in a folder's own folders, however deep, ordered by name; none hidden.

    Links to folders are not followed: they may lead back.
    """
    found: list[Path] = []
    for part, inside, _ in os.walk(folder):
        inside[:] = sorted(name for name in inside if not name.startswith((".", "__")))
        if Path(part) != folder:
            found += pictures_in(Path(part))
    return found


def as_crop(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The square picture of one face, uint8 [S, S], gray, as uint8 [48, 48].

    Raises:
        NotSquareError: its sides differ.
    """
    height, width = picture.shape
    if height != width:
        raise NotSquareError(f"{width}x{height} pixels are no square crop of a face")
    if width == SIDE:
        return picture
    method = cv2.INTER_AREA if width > SIDE else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (SIDE, SIDE), interpolation=method), np.uint8)
