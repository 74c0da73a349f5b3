"""A photo of one person → the crop that the device's classifier would be shown."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from edge_app.perception import Perception
from trainer.data.faces import DataError
from trainer.data.pictures import SIDE, PictureError


class NoFaceError(PictureError):
    """A photo in which the detector finds nobody."""


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

    def cut(self, photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Cut out the one face of `photo`: uint8 [H, W] or BGR [H, W, 3] → uint8 [48, 48], gray.

        Raises:
            NoFaceError: there is no face.
            PictureError: there is more than one.
            DataError: the classifier takes crops of another size than the training's.
            ModelError: a model does not fit its card, or no runtime takes it.
        """
        faces = self._perception.find(photo)
        if not faces:
            raise NoFaceError("no face found")
        if len(faces) > 1:
            raise PictureError(f"{len(faces)} faces")
        return self._perception.crop(photo, faces[0])

    @cached_property
    def _perception(self) -> Perception:
        perception = self._load()
        classifier = perception.classifier
        if classifier.side != SIDE:
            raise DataError(
                f"{classifier.model.path}: takes crops of {classifier.side}x{classifier.side}"
                f" pixels; name a classifier of {SIDE}x{SIDE}"
            )
        return perception
