"""The models and options asked for → what reads pictures, with what it is called."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge_app.analyze.table import Maker
from edge_app.perception import EmotionClassifier, FaceDetector, Perception, SeenFace
from edge_app.perception.card import DEFAULT_ANSWER, ModelCard, deciding_sha256
from edge_app.perception.model_folder import ModelFolder
from edge_app.perception.shipped import EMOTION, EMOTION_SMALL, FACE_160, FACE_320


class Reading:
    """Sees as the options ask; `maker` says which models and options these are."""

    def __init__(
        self, models: ModelFolder, *, tiles: int, crops: bool, answer: str = DEFAULT_ANSWER
    ) -> None:
        """tiles, crops, answer: as `mien analyze` takes them.

        Raises:
            MienError: the models cannot be loaded, or have no such answer.
        """
        self._perception = perception = _load(models, answer, tiles)
        self._crops = crops
        cards: dict[str, ModelCard] = {
            "face-detection": perception.detector.card,
            "face-detection-nearby": perception.small_detector.card,
            "emotion": perception.classifier.card,
        }
        self.maker = Maker(
            models={task: card.sha256 for task, card in cards.items()},
            cards=deciding_sha256(cards.values()),
            answer=answer,
            labels=perception.classifier.labels,
            tiles=tiles,
            crops=crops,
        )

    def see(self, frame: NDArray[np.uint8], /) -> list[SeenFace]:
        """As `Perception.see`; with `crops`, the one face of `Perception.read_crop`."""
        if self._crops:
            return [self._perception.read_crop(frame)]
        return self._perception.see(frame)


def _load(models: ModelFolder, answer: str, tiles: int) -> Perception:
    """Mien's models, but for those that the folder holds; its small classifier if that is alone."""
    classifier = EMOTION if models.passed_over(EMOTION) is None else EMOTION_SMALL
    return Perception(
        FaceDetector(models.load(FACE_320)),
        EmotionClassifier(models.load(classifier), answer),
        FaceDetector(models.load(FACE_160)) if models.has_a_pair_of_detectors() else None,
        tiles=tiles,
    )
