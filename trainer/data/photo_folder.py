"""Anybody's folder of labelled photos, `<class>/*` → `Faces`, framed as the device frames them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from trainer.data.face_crops import FaceCrops, NoFaceError
from trainer.data.faces import FERPLUS_COLUMNS, DataError, Faces
from trainer.data.image_folders import class_folders, labelled_pictures, pass_over_in
from trainer.data.pictures import PictureError, read_picture
from trainer.data.rejections import Rejections, Tell, warn
from trainer.data.splits import groups_of_photos, split_by_group

_FACES = (
    "put square pictures that are faces already into train/<class>/ or test/<class>/, where no"
    " face is looked for"
)


def is_photo_folder(folder: Path) -> bool:
    """Whether `folder` holds at least one folder of a class: `image_folders.class_folders`."""
    return bool(class_folders(folder))


def read_photo_folder(folder: Path, crops: FaceCrops | None = None, tell: Tell = warn) -> Faces:
    """Read photos with one face each.

    Photos without a face or with several are left out and reported, however many they are. The
    split of a photo depends on its file's name, and copies of it stay together, in whatever classes
    and under whatever names (`splits.groups_of_photos`).

    crops: cuts the faces out; the shipped models' where none is given. tell: takes the report, on
    what is passed over too: `image_folders.pass_over_in`.

    Raises:
        DataError: no such folder, a folder whose class is unknown or a number alone, or not one
            face.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder")
    crops = crops or FaceCrops.shipped()
    rejections = Rejections(folder)
    pixels, labels, names = [], [], []
    for path, label in labelled_pictures(folder):
        rejections.rows += 1
        try:
            pixels.append(crops.cut(read_picture(path, colour=True)))
        except PictureError as error:
            remedy = _FACES if isinstance(error, NoFaceError) else ""
            rejections.add(str(path.relative_to(folder)), str(error), remedy)
            continue
        labels.append(label)
        names.append(path.name)
    pass_over_in(folder, rejections)
    rejections.close(tell, largest_share=1.0)
    votes = np.zeros((len(pixels), len(FERPLUS_COLUMNS)), np.float32)
    faces = np.stack(pixels)
    split = split_by_group(groups_of_photos(names, faces))
    return Faces(faces, np.array(labels, np.int64), votes, split)
