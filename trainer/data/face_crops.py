"""A photo of one person → the crop that the device's classifier would be shown."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from edge_app.perception import Face, Perception
from edge_app.perception.card import Alignment
from edge_app.picture_file import PictureError
from trainer.data.faces import DataError
from trainer.data.pictures import SIDE


class NoFaceError(PictureError):
    """A photo in which the detector finds nobody."""


def filled(picture: NDArray[np.uint8], face: Face) -> float:
    """The geometric mean of a face's box' sides, as a share of a picture's smaller side.

    Where `Perception.read_crop` finds no face, it is taken to fill 0.98.
    """
    smaller = min(picture.shape[:2])
    return math.sqrt(face.box.width * face.box.height) / float(smaller)


class FaceCrops:
    """Cuts faces out of photos by the device's own path, tilted ones upright, flat ones spread."""

    def __init__(self, load: Callable[[], Perception]) -> None:
        """load: gives it as the device loads it; called with the first photo, since what has been
        cut already needs no detectors.
        """
        self._load = load

    @classmethod
    def shipped(cls) -> Self:
        """As the models that come with Mien see faces."""
        return cls(Perception.load)

    @property
    def alignment(self) -> Alignment:
        """By which they are cut.

        Raises:
            ModelError: as `cut` raises it.
        """
        return self._perception.classifier.alignment

    def cut(self, photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Cut out the one face of `photo`: uint8 [H, W] or BGR [H, W, 3] → uint8 [48, 48], gray.

        Raises:
            NoFaceError: there is no face.
            PictureError: there is more than one.
            DataError: the classifier takes crops of another size than the training's.
            ModelError: a model does not fit its card, or no runtime takes it.
        """
        perception = self._fitting()
        faces = perception.find(photo)
        if not faces:
            raise NoFaceError("no face found")
        if len(faces) > 1:
            raise PictureError(f"{len(faces)} faces")
        return perception.crop(photo, faces[0])

    def frame(self, picture: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], bool]:
        """Cut out what `Perception.read_crop` reads in a picture of one face.

        picture: uint8 [H, W] or BGR [H, W, 3]. Returns uint8 [48, 48], gray, and whether a face was
        found: where none was, it is the picture's middle square.

        Raises:
            DataError, ModelError: as `cut` raises them.
        """
        perception = self._fitting()
        face = perception.read_crop(picture).face
        return perception.crop(picture, face, look_again=False), face.score > 0.0

    def fills(self, picture: NDArray[np.uint8]) -> float:
        """How much of a picture the face about its middle fills, as `filled` has it.

        picture: uint8 [H, W] or BGR [H, W, 3].

        Raises:
            ModelError: as `cut` raises it.
        """
        return filled(picture, self._perception.read_crop(picture).face)

    def _fitting(self) -> Perception:
        """Raises DataError where its crops are no training pictures."""
        perception = self._perception
        classifier = perception.classifier
        if classifier.side != SIDE:
            raise DataError(
                f"{classifier.model.path}: takes crops of {classifier.side}x{classifier.side}"
                f" pixels; name a classifier of {SIDE}x{SIDE}"
            )
        return perception

    @cached_property
    def _perception(self) -> Perception:
        return self._load()
