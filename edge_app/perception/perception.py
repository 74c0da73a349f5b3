"""One picture → its faces with emotions: detection, alignment, classification."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from edge_app.perception.alignment import align, cut, similarity
from edge_app.perception.classifier import EmotionClassifier
from edge_app.perception.detector import FaceDetector
from edge_app.perception.faces import Face, Image, SeenFace
from edge_app.perception.labels import UNSURE
from edge_app.perception.letterbox import check_frame
from edge_app.perception.light import spread
from edge_app.perception.quality import Quality, assess
from edge_app.perception.shipped import FACE_160, FACE_320
from edge_app.perception.tilted import SIDES_DEG, TiltedSearch, unseen
from edge_app.perception.upright import Upright


class Perception:
    """The shipped models, or others, as one step. It remembers nothing between pictures."""

    def __init__(
        self,
        detector: FaceDetector,
        classifier: EmotionClassifier,
        small_detector: FaceDetector | None = None,
    ) -> None:
        """small_detector: for a face alone and for parts of a frame, where faces are large; None:
        `detector`.
        """
        self.detector, self.classifier = detector, classifier
        self.small_detector = small_detector or detector
        self.upright = Upright(self.small_detector)
        self._tilted = TiltedSearch(detector)

    @classmethod
    def load(
        cls, *, detector: Path | None = None, classifier: Path | None = None, threads: int = 1
    ) -> Self:
        """Load the shipped models, or the ones named.

        Beside another detector than the shipped one there is no small one: it need not find what
        that one finds.

        Raises:
            ModelError: a model does not fit its card, or no runtime takes it.
        """
        return cls(
            FaceDetector.load(detector, threads=threads),
            EmotionClassifier.load(classifier, threads=threads),
            FaceDetector.load(FACE_160, threads=threads) if detector in {None, FACE_320} else None,
        )

    def see(self, image: Image) -> list[SeenFace]:
        """All faces of `image` (uint8 [H, W] or BGR [H, W, 3]), the surest first.

        Raises:
            FrameError: the picture is of another dtype or shape.
        """
        return self.read(image, self.find(image))

    def find(self, image: Image) -> list[Face]:
        """All faces of `image`, best score first, also those turned by up to 50°.

        Three runs of the detector.

        Raises:
            FrameError: the picture is of another dtype or shape.
        """
        faces = self.detector.detect(image)
        for tilted in self._tilted.detect(image, SIDES_DEG):
            faces += unseen(tilted, faces)
        return sorted(faces, key=lambda face: -face.score)

    def read(
        self, image: Image, faces: Sequence[Face], *, look_again: bool = True
    ) -> list[SeenFace]:
        """What the given faces of `image` show, in their order.

        look_again: find each face's landmarks once more, so that tilted faces are read upright:
        one or two runs of the small detector a face. False where that is done already, as a
        `RollMemory` does it. Faces of which nothing can be read are not classified.

        Raises:
            FrameError: the picture is of another dtype or shape.
        """
        check_frame(image)
        if look_again:
            faces = [self.upright.look_again(image, face) for face in faces]
        classifier = self.classifier
        alignment, side = classifier.alignment, classifier.side
        placed = [similarity(face.landmarks, alignment, side) for face in faces]
        crops = [cut(image, rotation, shift, side) for rotation, shift in placed]
        qualities = [
            assess(crop, face.landmarks, side / abs(rotation))
            for crop, face, (rotation, _) in zip(crops, faces, placed, strict=True)
        ]
        readable = [
            spread(crop)
            for crop, quality in zip(crops, qualities, strict=True)
            if quality.weight > 0.0
        ]
        answers = iter(classifier.predict(np.stack(readable)) if readable else ())
        return [
            self._seen(face, quality, next(answers) if quality.weight > 0.0 else None)
            for face, quality in zip(faces, qualities, strict=True)
        ]

    def crop(self, image: Image, face: Face) -> NDArray[np.uint8]:
        """Cut `face` out of `image` as `read` shows it to the classifier.

        Returns uint8 [side, side], gray.

        Raises:
            FrameError: the picture is of another dtype or shape.
        """
        check_frame(image)
        face = self.upright.look_again(image, face)
        classifier = self.classifier
        return spread(align(image, face.landmarks, classifier.alignment, classifier.side))

    def _seen(
        self, face: Face, quality: Quality, probabilities: NDArray[np.float32] | None
    ) -> SeenFace:
        labels = self.classifier.labels
        if probabilities is None:
            probabilities = np.full(len(labels), 1.0 / len(labels), np.float32)
            emotion = UNSURE
        else:
            emotion = self.classifier.emotion(probabilities)
        return SeenFace(face, labels, probabilities, emotion, quality.weight, quality.flaws)
