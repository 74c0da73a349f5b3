"""A path → `Faces`, by the reader that knows what lies there."""

from __future__ import annotations

import argparse
from pathlib import Path

from trainer.data.ckplus import is_ckplus, read_ckplus
from trainer.data.face_crops import FaceCrops
from trainer.data.faces import DataError, Faces
from trainer.data.fer2013_csv import read_fer2013_csv
from trainer.data.image_folders import are_splits, is_image_folders, read_image_folders
from trainer.data.mosaic import LABELS, PICTURE, read_mosaic
from trainer.data.one_face_each import Way
from trainer.data.photo_folder import is_photo_folder, read_photo_folder
from trainer.data.rejections import Tell, warn

#: Names under which FER2013 comes, the best known first, and FER+ beside it.
FER2013_FILES = ("fer2013.csv", "icml_face_data.csv")
FERPLUS_FILE = "fer2013new.csv"

_UNDERSTOOD = (
    f"a folder with {PICTURE} and {LABELS}; FER2013 as {' or '.join(FER2013_FILES)}, or the folder"
    f" that holds it, with FER+ as {FERPLUS_FILE} beside it; train/<class>/* and test/<class>/*"
    " with crops of faces; CK+ as cohn-kanade-images/ and Emotion/, or as folders of classes;"
    " <class>/* with photos"
)


def add_arguments(
    parser: argparse.ArgumentParser, *, required: bool = True, more: str = ""
) -> None:
    """Say where a command's data set is, and how it is read.

    more: what else its folder holds, for the help.
    """
    parser.add_argument(
        "--data", type=Path, required=required, help=f"data set: see docs/training.md{more}"
    )
    parser.add_argument(
        "--crops",
        choices=[way.value for way in Way],
        help="take each picture of the data set for one face: as it is, or the one found about its"
        " middle (by the folders)",
    )


def read(
    path: Path,
    crops: FaceCrops | None = None,
    tell: Tell = warn,
    way: str | None = None,
) -> Faces:
    """Read whatever data set `path` holds.

    FER+'s votes come with FER2013's CSV file when `fer2013new.csv` lies beside it. A folder that
    holds nothing but another one is looked into, as archives often unpack to such.

    crops: cuts faces out of photos; the shipped models' where none is given. tell: takes the
    report on what was left out. way: of `Way`, how every picture becomes a face; None: as the data
    set's folders have it.

    Raises:
        DataError: nothing there that is understood, or the reader's own reasons.
    """
    if path.is_file():
        if path.suffix.lower() == ".csv" and path.name != FERPLUS_FILE:
            votes = path.with_name(FERPLUS_FILE)
            return read_fer2013_csv(path, votes if votes.is_file() else None, tell)
        raise DataError(f"{path}: not a data set; understood is {_UNDERSTOOD}")
    if not path.is_dir():
        raise DataError(f"{path}: no such file or folder")
    try:
        return _read_folder(path, crops, tell, Way(way) if way else None)
    except OSError as error:
        raise DataError(
            f"{error.filename or path}: {error.strerror}; is it yours to read?"
        ) from error


def _read_folder(folder: Path, crops: FaceCrops | None, tell: Tell, way: Way | None) -> Faces:
    if (folder / PICTURE).is_file() or (folder / LABELS).is_file():
        return read_mosaic(folder)
    for name in FER2013_FILES:
        if (folder / name).is_file():
            return read(folder / name, crops, tell)
    # Splits without any class that is known are refused with how classes are spelled.
    is_nothing_else = not is_ckplus(folder) and not is_photo_folder(folder)
    if is_image_folders(folder) or (is_nothing_else and are_splits(folder)):
        return read_image_folders(folder, crops, tell, way)
    if is_ckplus(folder):
        return read_ckplus(folder, crops, tell, way)
    if is_photo_folder(folder):
        return read_photo_folder(folder, crops, tell, way)
    inside = [part for part in folder.iterdir() if not part.name.startswith((".", "__"))]
    if len(inside) == 1 and inside[0].is_dir():
        return _read_folder(inside[0], crops, tell, way)
    raise DataError(f"{folder}: not a data set; understood is {_UNDERSTOOD}")
