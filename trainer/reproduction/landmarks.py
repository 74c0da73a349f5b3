"""Pictures → 68 landmarks of each face, for the paper that reads nothing else.

Source: dlib's regression trees (Kazemi and Sullivan 2014), trained on iBUG 300-W, which is not for
commercial use. They are for this alone: Mien's own networks never see them, and `pip install
dlib-bin face_recognition_models` brings what is needed here.
"""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from edge_app.errors import MienError
from trainer.array_cache import load_arrays, save_arrays

#: dlib finds no face below 80 pixels, and tells landmarks in whole pixels.
_ENLARGED = 4
#: Left, top, right and bottom of a face, in sides of the picture, where dlib finds none: the median
#: of 660 that it found in 1,000 pictures of FER2013.
_TYPICAL = (0.078, 0.151, 0.917, 0.927)
_PREDICTOR = "shape_predictor_68_face_landmarks.dat"
_PACKAGES = "pip install dlib-bin face_recognition_models"


class LandmarksError(MienError):
    """What finds landmarks is not installed."""


def find_predictor() -> Path:
    """Where dlib's predictor lies.

    Raises:
        LandmarksError: it or dlib is not installed.
    """
    # Found without being imported: the second imports what today's setuptools no longer has.
    folders = [_folder(package) for package in ("dlib", "face_recognition_models")]
    return folders[1] / "models" / _PREDICTOR


def _folder(package: str) -> Path:
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise LandmarksError(f"landmarks need {package}: {_PACKAGES}")
    return Path(found.submodule_search_locations[0])


class Landmarker:
    """Finds the landmarks of a face that fills its picture."""

    def __init__(self) -> None:
        """Load dlib and its predictor.

        Raises:
            LandmarksError: they are not installed.
        """
        predictor = find_predictor()
        import dlib  # noqa: PLC0415 - for one recipe

        self._dlib: Any = dlib
        self._detector = dlib.get_frontal_face_detector()
        self._predictor = dlib.shape_predictor(str(predictor))

    def find(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The landmarks of one gray face: uint8 [H, W] → float32 [68, 2].

        x and y from the corner of the box around the landmarks, in its longer sides: 0…1.
        """
        height, width = picture.shape
        large = (width * _ENLARGED, height * _ENLARGED)
        enlarged = cv2.resize(picture, large, interpolation=cv2.INTER_CUBIC)
        boxes = self._detector(enlarged, 0)
        typical = [round(place * side) for place, side in zip(_TYPICAL, large * 2, strict=True)]
        box = boxes[0] if boxes else self._dlib.rectangle(*typical)
        points = self._predictor(enlarged, box).parts()
        found = np.array([(point.x, point.y) for point in points], np.float32)
        found -= found.min(axis=0)
        return np.asarray(found / found.max(), np.float32)


def find_landmarks(pixels: NDArray[np.uint8], cache: Path) -> NDArray[np.float32]:
    """The landmarks of each face: uint8 [N, H, W] → float32 [N, 68, 2]; see `Landmarker.find`.

    cache: folder that keeps what was found.

    Raises:
        LandmarksError: dlib or its predictor is not installed.
    """
    digest = hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()
    path = cache / f"landmarks-{digest[:16]}.npz"
    stored = load_arrays(path, "landmarks are looked for again")
    if stored is not None and "landmarks" in stored:
        return np.asarray(stored["landmarks"], np.float32)
    landmarker = Landmarker()
    pictures = tqdm(pixels, desc="finding landmarks", unit="face", disable=None)
    landmarks = np.stack([landmarker.find(picture) for picture in pictures])
    save_arrays(path, {"landmarks": landmarks})
    return landmarks
