"""FER2013 and FER+ as one picture of tiles beside one file of labels → `Faces`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_app.picture_file import PictureError, read_picture_file
from trainer.data.faces import FERPLUS_COLUMNS, DataError, Faces, Split

PICTURE = "fer2013_mosaic.png"
LABELS = "fer2013_labels.npz"
TILE = 48
TILES_A_ROW = 341
#: What the labels' file holds.
_ARRAYS = {"emotion": np.int64, "usage": np.int64, "ferplus_votes": np.float32}
_POINTER = b"version https://git-lfs"


def read_mosaic(folder: Path) -> Faces:
    """Read `fer2013_mosaic.png` and `fer2013_labels.npz` of `folder`.

    Tiles stand row-major, 341 a row, in FER2013's original order.

    Raises:
        DataError: a file is missing, cannot be read, is a Git LFS pointer, no picture, no archive
            of labels, or holds fewer tiles than labels.
    """
    picture_path, labels_path = folder / PICTURE, folder / LABELS
    for path in (picture_path, labels_path):
        if not path.is_file():
            raise DataError(
                f"{path}: no such file; FER2013 is read from a folder with {PICTURE} and {LABELS}"
            )
        if _is_pointer(path):
            raise DataError(f"{path}: a Git LFS pointer, not the file; get it with git lfs pull")
    try:
        mosaic = read_picture_file(picture_path, colour=False)
    except PictureError as error:
        raise DataError(f"{picture_path}: {error}") from error
    rows = mosaic.shape[0] // TILE
    if mosaic.shape != (rows * TILE, TILES_A_ROW * TILE):
        raise DataError(
            f"{picture_path}: {mosaic.shape[1]}x{mosaic.shape[0]} pixels are not"
            f" rows of {TILES_A_ROW} tiles of {TILE}x{TILE}"
        )
    tiles = mosaic.reshape(rows, TILE, TILES_A_ROW, TILE).transpose(0, 2, 1, 3)
    pixels = tiles.reshape(-1, TILE, TILE)

    labels, split, votes = _labels(labels_path)
    if len(pixels) < len(labels) or votes.shape != (len(labels), len(FERPLUS_COLUMNS)):
        raise DataError(
            f"{labels_path}: {len(labels)} labels and votes {votes.shape}"
            f" for {len(pixels)} pictures"
        )
    if set(np.unique(split)) - set(Split):
        raise DataError(f"{labels_path}: a usage other than {[int(s) for s in Split]}")
    return Faces(np.ascontiguousarray(pixels[: len(labels)]), labels, votes, split)


def _labels(path: Path) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Labels, splits and votes."""
    try:
        # NumPy leaves a damaged archive open that it opened itself.
        with path.open("rb") as file, np.load(file) as stored:
            arrays = {
                name: stored[name].astype(dtype)
                for name, dtype in _ARRAYS.items()
                if name in stored.files
            }
    except MemoryError:
        # Nothing is wrong with the file.
        raise
    except OSError as error:
        raise _unreadable(path, error) from error
    except Exception as error:  # NumPy passes on what its readers of archives and headers raise
        raise DataError(f"{path}: not an archive of NumPy's with numbers; get it again") from error
    missing = _ARRAYS.keys() - arrays.keys()
    if missing:
        raise DataError(f"{path}: without {', '.join(sorted(missing))}")
    return arrays["emotion"], arrays["usage"], arrays["ferplus_votes"]


def _is_pointer(path: Path) -> bool:
    """Whether Git left a few lines in the place of a large file."""
    try:
        with path.open("rb") as file:
            return file.read(len(_POINTER)) == _POINTER
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> DataError:
    return DataError(f"{path}: {error.strerror or error}; make it readable, or get it again")
