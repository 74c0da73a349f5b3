"""A photo of one person → the crop that the device would see."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from edge_app.perception.alignment import align
from edge_app.perception.card import Alignment, ClassifierCard, read_card
from edge_app.perception.detector import FaceDetector
from edge_app.perception.shipped import EMOTION
from trainer.data.faces import DataError
from trainer.data.pictures import SIDE, PictureError


class FaceCrops:
    """Cuts faces out of photos with the device's own detector and alignment."""

    def __init__(self, detector: FaceDetector, alignment: Alignment) -> None:
        self._detector, self._alignment = detector, alignment

    @classmethod
    def shipped(cls) -> Self:
        """As the models that come with Mien see faces.

        Raises:
            DataError: the shipped classifier's card is another model's.
        """
        card = read_card(EMOTION)
        if not isinstance(card, ClassifierCard):
            raise DataError(f"{EMOTION}: its card is no emotion classifier's; make models")
        return cls(FaceDetector.load(), card.alignment)

    def cut(self, photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Cut out the one face of `photo`: uint8 [H, W] or BGR [H, W, 3] → uint8 [48, 48], gray.

        Raises:
            PictureError: there is no face, or more than one.
        """
        faces = self._detector.detect(photo)
        if len(faces) != 1:
            raise PictureError(f"{len(faces)} faces" if faces else "no face found")
        return align(photo, faces[0].landmarks, self._alignment, SIDE)
