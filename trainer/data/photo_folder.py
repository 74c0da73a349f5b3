"""Anybody's folder of labelled photos, `<class>/*` → `Faces`, framed as the device frames them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edge_app.picture_file import PictureError
from trainer.data.face_crops import FaceCrops, NoFaceError
from trainer.data.faces import FERPLUS_COLUMNS, DataError, Faces
from trainer.data.image_folders import class_folders, labelled_pictures, pass_over_in
from trainer.data.one_face_each import OneFaceEach, Way
from trainer.data.rejections import Rejections, Tell, warn
from trainer.data.splits import groups_of_photos, split_by_group

_FACES = "where each picture is of one face, cut out already: --crops find, which leaves none out"


def is_photo_folder(folder: Path) -> bool:
    """Whether `folder` holds at least one folder of a class: `image_folders.class_folders`."""
    return bool(class_folders(folder))


def read_photo_folder(
    folder: Path,
    crops: FaceCrops | None = None,
    tell: Tell = warn,
    way: Way | None = None,
) -> Faces:
    """Read photos with one face each.

    Photos without a face or with several are left out and reported, however many they are, unless
    a way is asked for, in which every picture is taken for one of the face about its middle. The
    split of a photo depends on its file's name, and copies of it stay together, in whatever classes
    and under whatever names (`splits.groups_of_photos`).

    crops, way: as `OneFaceEach` takes them, but for None. tell: takes the report, on what is passed
    over too: `image_folders.pass_over_in`.

    Raises:
        DataError: no such folder, a folder whose class is unknown or a number alone, or not one
            face.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder")
    rejections = Rejections(folder)
    pictures = OneFaceEach(crops, way)
    read = pictures.cut if way is None else pictures.read
    pixels, labels, names = [], [], []
    for path, label in labelled_pictures(folder):
        rejections.rows += 1
        try:
            pixels.append(read(path))
        except PictureError as error:
            remedy = _FACES if isinstance(error, NoFaceError) else ""
            rejections.add(str(path.relative_to(folder)), str(error), remedy)
            continue
        labels.append(label)
        names.append(path.name)
    pass_over_in(folder, rejections)
    rejections.close(tell, largest_share=1.0, cut=pictures.told)
    votes = np.zeros((len(pixels), len(FERPLUS_COLUMNS)), np.float32)
    faces = np.stack(pixels)
    split = split_by_group(groups_of_photos(names, faces))
    return Faces(faces, np.array(labels, np.int64), votes, split, pictures.alignment)
