"""CK+, as it is distributed or as copies sort it into folders of classes → `Faces`.

Lucey et al. 2010: The Extended Cohn-Kanade Dataset. A sequence leads from the neutral face to the
peak of an expression; 327 of 593 have a label, of 1 anger, 2 contempt, 3 disgust, 4 fear, 5 happy,
6 sadness, 7 surprise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from edge_app.perception.labels import FERPLUS
from edge_app.picture_file import PictureError
from trainer.data.class_names import folders_in, label_of
from trainer.data.face_crops import FaceCrops
from trainer.data.faces import FERPLUS_COLUMNS, DataError, Faces
from trainer.data.image_folders import labelled_pictures, pass_over_in
from trainer.data.one_face_each import OneFaceEach, Way
from trainer.data.pictures import NotSquareError, pictures_in
from trainer.data.rejections import Rejections, Tell, warn
from trainer.data.splits import split_by_group

IMAGES, EMOTIONS = "cohn-kanade-images", "Emotion"
#: CK+'s number → label.
LABELS = tuple(
    map(
        FERPLUS.index,
        ("neutral", "angry", "contempt", "disgust", "fear", "happy", "sad", "surprise"),
    )
)
#: The copies of CK+ that are sorted by class hold the last three frames of each sequence.
PEAK_FRAMES = 3

_FRAME = re.compile(r"(S\d{3})_\d{3}_\d{8}\b", re.ASCII)


def is_ckplus(folder: Path) -> bool:
    """Whether `folder` has CK+'s own two folders, or classes of pictures named as its frames."""
    if _own_folders(folder):
        return True
    firsts = [
        pictures_in(part)[:1] for part in folders_in(folder) if label_of(part.name) is not None
    ]
    named = [_FRAME.match(paths[0].name) is not None for paths in firsts if paths]
    return bool(named) and all(named)


def read_ckplus(
    folder: Path,
    crops: FaceCrops | None = None,
    tell: Tell = warn,
    way: Way | None = None,
) -> Faces:
    """Read the last `PEAK_FRAMES` of each labelled sequence; contempt is label 7.

    A square picture is a crop of a face already, unless faces are to be found; out of any other the
    face is cut as the device would. A subject's faces are all in one split
    (`splits.split_by_group`).

    crops, way: as `OneFaceEach` takes them. tell: takes the report on frames that are left out.

    Raises:
        DataError: neither of the two layouts, or more than 5 % of the frames unusable.
    """
    if not is_ckplus(folder):
        raise DataError(
            f"{folder}: not CK+; expected {IMAGES}/ and {EMOTIONS}/, or folders named by class"
            " with pictures like S010_004_00000017.png"
        )
    rejections = Rejections(folder)
    frames = _sequences(folder, rejections) if _own_folders(folder) else labelled_pictures(folder)
    pictures = OneFaceEach(crops, way)
    pixels, labels, subjects = [], [], []
    for path, label in frames:
        rejections.rows += 1
        try:
            subject = _subject(path)
            try:
                face = pictures.read(path)
            except NotSquareError:
                face = pictures.cut(path)
        except PictureError as error:
            rejections.add(str(path.relative_to(folder)), str(error))
            continue
        pixels.append(face)
        labels.append(label)
        subjects.append(subject)
    if not _own_folders(folder):
        pass_over_in(folder, rejections)
    rejections.close(tell, cut=pictures.told)
    votes = np.zeros((len(pixels), len(FERPLUS_COLUMNS)), np.float32)
    split = split_by_group(subjects)
    return Faces(np.stack(pixels), np.array(labels, np.int64), votes, split, pictures.alignment)


def _own_folders(folder: Path) -> bool:
    return (folder / IMAGES).is_dir() and (folder / EMOTIONS).is_dir()


def _sequences(folder: Path, rejections: Rejections) -> Iterator[tuple[Path, int]]:
    """Frames and labels of the sequences that have a file with their emotion."""
    for path in sorted((folder / EMOTIONS).glob("S*/*/*_emotion.txt")):
        try:
            label = LABELS[_number(path.read_text(encoding="ascii", errors="replace"))]
            frames = _frames(folder, f"{IMAGES}/{path.parts[-3]}/{path.parts[-2]}")
        except PictureError as error:
            rejections.rows += 1
            rejections.add(f"{path.relative_to(folder)}:1", str(error))
            continue
        yield from ((frame, label) for frame in frames[-PEAK_FRAMES:])


def _frames(folder: Path, sequence: str) -> list[Path]:
    """The frames of one sequence in their order."""
    path = folder / sequence
    frames = pictures_in(path) if path.is_dir() else []
    if not frames:
        raise PictureError(f"no frames in {sequence}")
    return frames


def _subject(path: Path) -> str:
    named = _FRAME.match(path.name)
    if not named:
        raise PictureError("named like no frame of CK+")
    return named[1]


def _number(text: str) -> int:
    """CK+ writes its numbers as 3.0000000e+00."""
    try:
        number = float(text)
    except ValueError:
        raise PictureError(f"{text.strip()!r:.20} is no number of an emotion") from None
    if number not in range(len(LABELS)):
        raise PictureError(f"emotion {number:g} is none of 0 to {len(LABELS) - 1}")
    return int(number)
