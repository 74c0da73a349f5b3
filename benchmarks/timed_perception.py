"""The device's own perception, with a stopwatch around each of its stages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.stopwatch import Stopwatch
from edge_app.perception import EmotionClassifier, FaceDetector, Perception
from edge_app.perception.faces import Face, Image, SeenFace
from edge_app.perception.int8_model import Int8Model
from edge_app.perception.manifest import read_signed_card
from edge_app.perception.perception import View
from edge_app.perception.shipped import EMOTION, FACE_160, FACE_320, RELEASE_KEY

#: Invocations of the detector's and of the classifier's model.
MODEL_STAGES = ("detector model", "classifier model")


class TimedModel(Int8Model):
    """A shipped model whose bare invocations are a stage of their own."""

    def __init__(self, path: Path, stopwatch: Stopwatch, stage: str) -> None:
        super().__init__(path, read_signed_card(path, RELEASE_KEY), threads=1)
        self._interpreter = _TimedInterpreter(self._interpreter, stopwatch, stage)


class TimedDetector(FaceDetector):
    """Stage `detect`: letterbox and decoding; also of the second looks at one face."""

    def __init__(self, model: Int8Model, stopwatch: Stopwatch) -> None:
        super().__init__(model)
        self._stopwatch = stopwatch

    def detect(self, frame: Image) -> list[Face]:
        """As `FaceDetector.detect`."""
        with self._stopwatch.stage("detect"):
            return super().detect(frame)


class TimedClassifier(EmotionClassifier):
    """Stage `classify`: what is around the model's invocations."""

    def __init__(self, model: Int8Model, stopwatch: Stopwatch) -> None:
        super().__init__(model)
        self._stopwatch = stopwatch

    def predict(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """As `EmotionClassifier.predict`."""
        with self._stopwatch.stage("classify"):
            return super().predict(crops)


class TimedPerception(Perception):
    """Stage `align`: cutting the crops out and judging them."""

    def __init__(self, stopwatch: Stopwatch) -> None:
        """Load the shipped models.

        Raises:
            ModelError: as `Perception.load`.
        """
        searches, reads = MODEL_STAGES
        detector, small_detector, classifier = (
            TimedModel(path, stopwatch, stage)
            for path, stage in ((FACE_320, searches), (FACE_160, searches), (EMOTION, reads))
        )
        super().__init__(
            TimedDetector(detector, stopwatch),
            TimedClassifier(classifier, stopwatch),
            TimedDetector(small_detector, stopwatch),
        )
        self._stopwatch = stopwatch

    def read(
        self,
        image: Image,
        faces: Sequence[Face],
        *,
        look_again: bool = True,
        views: Sequence[View] = (),
    ) -> list[SeenFace]:
        """As `Perception.read`."""
        with self._stopwatch.stage("align"):
            return super().read(image, faces, look_again=look_again, views=views)


class _TimedInterpreter:
    """Passes everything on."""

    def __init__(self, interpreter: Any, stopwatch: Stopwatch, stage: str) -> None:
        self._interpreter, self._stopwatch, self._stage = interpreter, stopwatch, stage

    def invoke(self) -> None:
        with self._stopwatch.stage(self._stage):
            self._interpreter.invoke()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._interpreter, name)
