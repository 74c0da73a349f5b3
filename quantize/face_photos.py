"""Folders of photos with face boxes → pictures to calibrate on, and others to be judged by."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import msgspec
import numpy as np

from edge_app.picture_file import PictureError, read_picture_file
from quantize.errors import QuantizeError
from trainer.data.pictures import pictures_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from edge_app.perception.faces import Image

#: How much of the input a photo fills when it stands for faces far away.
FAR = 0.4

#: Side of the picture cut around a face, in sides of its box, when it stands for a near one.
NEAR = 1.5


class _Face(msgspec.Struct):
    box: tuple[float, float, float, float] | None = None
    lm_box: tuple[float, float, float, float] | None = None


class _Labels(msgspec.Struct):
    faces: list[_Face]
    complete: bool


@dataclass(frozen=True, slots=True)
class FacePhoto:
    """A photo with faces.

    boxes: float32 [N, 4], left, top, right, bottom in pixels.
    complete: every face has its box; otherwise a detection without a box says nothing.
    """

    path: Path
    boxes: NDArray[np.float32]
    complete: bool


def read_face_photos(folder: Path) -> list[FacePhoto]:
    """Read `folder/boxes.json` and name its photos, ordered by name.

    Raises:
        QuantizeError: the file is missing or of another form, or `split` leaves no face to be
            judged by.
    """
    labels = folder / "boxes.json"
    try:
        photos = msgspec.json.decode(labels.read_bytes(), type=dict[str, _Labels])
    except OSError as error:
        raise QuantizeError(
            f"{labels}: {error.strerror}; name the folder that holds faces/ and no_faces/"
        ) from error
    except msgspec.DecodeError as error:
        raise QuantizeError(f"{labels}: not a list of photos with face boxes: {error}") from error
    read = [
        FacePhoto(
            folder / name,
            np.array([face.box or face.lm_box for face in said.faces], np.float32).reshape(-1, 4),
            said.complete,
        )
        for name, said in sorted(photos.items())
    ]
    _, judged = split(read)
    if not any(len(photo.boxes) for photo in judged):
        raise QuantizeError(
            f"{labels}: a detector is judged by every second photo by name, and none of them has a"
            " face with its box; add photos"
        )
    return read


def split(photos: Sequence[FacePhoto]) -> tuple[list[FacePhoto], list[FacePhoto]]:
    """Photos to calibrate on and photos to be judged by: by turns, in the order given."""
    return list(photos[::2]), list(photos[1::2])


def split_backgrounds(folder: Path) -> tuple[list[Path], list[Path]]:
    """Pictures without a face, to teach and to be judged by: by turns, by name.

    Raises:
        QuantizeError: there are not two.
    """
    paths = pictures_in(folder) if folder.is_dir() else []
    if len(paths) < 2:
        raise QuantizeError(
            f"{folder}: {len(paths)} pictures without a face, and two are the fewest: one to teach"
            " a detector, another to judge it by; add pictures"
        )
    return paths[::2], paths[1::2]


def read_picture(path: Path) -> Image:
    """Read a picture: uint8 [H, W, 3], BGR.

    Raises:
        QuantizeError: as `read_picture_file` raises PictureError.
    """
    try:
        return read_picture_file(path, colour=True)
    except PictureError as error:
        raise QuantizeError(f"{path}: {error}") from error


def pictures_at_all_sizes(photos: Sequence[FacePhoto]) -> Iterator[Image]:
    """Each photo as it is, from afar, and around each of its faces: uint8 [H, W, 3], BGR."""
    for photo in photos:
        whole = read_picture(photo.path)
        yield whole
        far = cv2.resize(whole, None, fx=FAR, fy=FAR, interpolation=cv2.INTER_AREA)
        picture = np.zeros_like(whole)
        picture[: far.shape[0], : far.shape[1]] = far
        yield picture
        for box in photo.boxes:
            centre, half = (box[:2] + box[2:]) / 2, NEAR / 2 * max(box[2:] - box[:2])
            left, top = np.maximum(centre - half, 0).astype(int)
            right, bottom = (centre + half).astype(int)
            yield whole[top:bottom, left:right]
