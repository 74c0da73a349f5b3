"""`train/<class>/*`, `test/<class>/*` and perhaps `validation/<class>/*` → `Faces`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from edge_app.picture_file import SUFFIXES, PictureError
from trainer.data.class_names import folders_in, is_number, label_of, split_of
from trainer.data.face_crops import FaceCrops
from trainer.data.faces import FERPLUS_COLUMNS, DataError, Faces, Split
from trainer.data.one_face_each import OneFaceEach, Way
from trainer.data.pictures import (
    NotSquareError,
    others_in,
    pictures_below,
    pictures_in,
)
from trainer.data.rejections import Rejections, Tell, warn
from trainer.data.splits import hold_out

#: The copy of FER2013 that puts both tests into `test` keeps the rows' `Usage` in their names.
_NAMED = re.compile(r"(Training|PublicTest|PrivateTest)_\d+\b", re.ASCII)

_SQUARE = "cut such pictures square about the face, or let it be found in each: --crops find"


def is_image_folders(folder: Path) -> bool:
    """Whether `folder` holds a folder for a split, with a class' folder in it."""
    return any(
        split_of(part.name) is not None and class_folders(part) for part in folders_in(folder)
    )


def are_splits(folder: Path) -> bool:
    """Whether `folder` holds a folder for a split, with folders of pictures in it, of any name."""
    return any(
        split_of(part.name) is not None and any(map(pictures_in, folders_in(part)))
        for part in folders_in(folder)
    )


def read_image_folders(
    folder: Path,
    crops: FaceCrops | None = None,
    tell: Tell = warn,
    way: Way | None = None,
) -> Faces:
    """Read pictures of one face each, gray or coloured, of any size; they become 48 x 48 gray.

    Classes are spelled as `class_names.label_of` knows them, splits as `class_names.split_of`.
    A picture named like `PublicTest_12.jpg` belongs to that split wherever it lies. Where nothing
    is left to choose by, a tenth of Training becomes PublicTest (`splits.hold_out`).

    crops, way: as `OneFaceEach` takes them; pictures must be square unless faces are to be found.
    tell: takes the report on pictures that cannot be read, and on what is passed over: see
    `pass_over_in`, and pictures in classes beside the splits.

    Raises:
        DataError: no such folder, a folder whose class is unknown or a number alone, a class in two
            folders of a split, or more than 5 % of the pictures unreadable or not square.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder")
    rejections = Rejections(folder)
    pictures = OneFaceEach(crops, way)
    pixels, labels, splits = [], [], []
    for path, label, split in _pictures(folder):
        rejections.rows += 1
        try:
            pixels.append(pictures.read(path))
        except PictureError as error:
            remedy = _SQUARE if isinstance(error, NotSquareError) else ""
            rejections.add(str(path.relative_to(folder)), str(error), remedy)
            continue
        labels.append(label)
        splits.append(split)
    _pass_over_beside_splits(folder, rejections)
    rejections.close(tell, cut=pictures.told)
    faces, split_of_row = np.stack(pixels), np.array(splits, np.int64)
    if Split.PUBLIC_TEST not in splits:
        held_out = hold_out(faces) & (split_of_row == Split.TRAINING)
        split_of_row[held_out] = Split.PUBLIC_TEST
    votes = np.zeros((len(faces), len(FERPLUS_COLUMNS)), np.float32)
    return Faces(faces, np.array(labels, np.int64), votes, split_of_row, pictures.alignment)


def _pictures(folder: Path) -> Iterator[tuple[Path, int, Split]]:
    for part in folders_in(folder):
        split = split_of(part.name)
        if split is None:
            continue
        for path, label in labelled_pictures(part):
            named = _NAMED.match(path.name)
            yield path, label, (split_of(named[1]) if named else None) or split


def labelled_pictures(folder: Path) -> Iterator[tuple[Path, int]]:
    """Each picture of `<class>/*` with its label, by class and name.

    Raises:
        DataError: a folder with pictures whose name is no known class, or a number alone, or two
            of one class.
    """
    folder_of: dict[int, Path] = {}
    for part in folders_in(folder):
        paths = pictures_in(part)
        if not paths:
            continue
        if is_number(part.name):
            raise DataError(
                f"{part}: data sets number their classes in different orders; name the folder by"
                " its class, such as angry, or 0_angry with FER2013's number"
            )
        label = label_of(part.name)
        if label is None:
            raise DataError(
                f"{part}: no class is spelled so; rename it to one like angry, disgust, fear,"
                " happy, sad, surprise, neutral or contempt, or 0_angry with FER2013's number"
            )
        if label in folder_of:
            raise DataError(f"{part}: the same class as {folder_of[label].name}; join the two")
        folder_of[label] = part
        yield from ((path, label) for path in paths)


def pass_over_in(folder: Path, rejections: Rejections) -> None:
    """Tell what a folder of `<class>/*` holds that `labelled_pictures` does not read."""
    rejections.pass_over(
        pictures_in(folder),
        "beside the classes' folders; move each into its class' folder",
    )
    for part in folders_in(folder):
        if label_of(part.name) is None:
            rejections.pass_over(
                pictures_below(part),
                "in folders inside of one that names no class; move them into their class' folder",
            )
        else:
            rejections.pass_over(
                pictures_below(part),
                "in folders inside of a class' folder; move them into the class' folder itself",
            )
            rejections.pass_over(
                others_in(part),
                f"of another kind than {', '.join(sorted(SUFFIXES))}; convert what is a picture",
            )


def class_folders(folder: Path) -> list[Path]:
    """Folders that are named by a class, or by a number that stands for one: those are refused."""
    return [
        part
        for part in folders_in(folder)
        if label_of(part.name) is not None or (is_number(part.name) and pictures_in(part))
    ]


def _pass_over_beside_splits(folder: Path, rejections: Rejections) -> None:
    for part in folders_in(folder):
        if split_of(part.name) is not None:
            pass_over_in(part, rejections)
            continue
        own = [part] if label_of(part.name) is not None else []
        for classes in (*own, *class_folders(part)):
            rejections.pass_over(
                pictures_in(classes),
                f"in {part.name}, which is no split; splits are named train, validation and test",
            )
