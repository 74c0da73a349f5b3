"""One picture → its faces with emotions: detection, alignment, classification."""

from __future__ import annotations

from typing import Self

import numpy as np

from edge_app.perception.alignment import align
from edge_app.perception.classifier import EmotionClassifier
from edge_app.perception.detector import FaceDetector
from edge_app.perception.faces import Image, SeenFace


class Perception:
    """The shipped models, or others, as one step. It remembers nothing between pictures."""

    def __init__(self, detector: FaceDetector, classifier: EmotionClassifier) -> None:
        self.detector, self.classifier = detector, classifier

    @classmethod
    def load(cls, *, threads: int = 1) -> Self:
        """Load the shipped detector and classifier.

        Raises:
            ModelError: a model does not fit its card, or no runtime takes it.
        """
        return cls(FaceDetector.load(threads=threads), EmotionClassifier.load(threads=threads))

    def see(self, frame: Image) -> list[SeenFace]:
        """All faces of `frame` (uint8 [H, W] or BGR [H, W, 3]), the surest first.

        Raises:
            FrameError: the frame is of another dtype or shape.
        """
        faces = self.detector.detect(frame)
        if not faces:
            return []
        classifier = self.classifier
        crops = np.stack(
            [align(frame, face.landmarks, classifier.alignment, classifier.side) for face in faces]
        )
        return [
            SeenFace(face, classifier.labels, row, classifier.emotion(row))
            for face, row in zip(faces, classifier.predict(crops), strict=True)
        ]
