"""One picture → its faces with emotions: detection, alignment, classification."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from edge_app.perception.alignment import (
    NEARER,
    TO_READ,
    about_box,
    canonical_landmarks,
    cut,
    framed_box,
    nearer,
    similarity,
)
from edge_app.perception.card import DEFAULT_ANSWER
from edge_app.perception.classifier import EmotionClassifier
from edge_app.perception.detector import FaceDetector
from edge_app.perception.faces import Face, Image, Picture, SeenFace, check_frame
from edge_app.perception.labels import UNSURE
from edge_app.perception.light import spread
from edge_app.perception.quality import assess
from edge_app.perception.search import FaceSearch
from edge_app.perception.shipped import FACE_160, FACE_320
from edge_app.perception.upright import Upright, roll_deg


class View(Enum):
    """How a face is shown to the classifier.

    A camera's frames show a face now a little like this, now a little like that, and their answers
    are smoothed; of a picture that has no next frame the mean of four views is steadier.
    """

    #: Cut by its landmarks.
    PLAIN = 0
    #: The mirror image of that.
    MIRRORED = 1
    #: Both, and both of the face cut about its box; the answer is the mean of four.
    FOUR = 2


class Perception:
    """The shipped models, or others, as one step. It remembers nothing between pictures.

    Threads may share it. They gain little by that: each model runs for one of them at a time.
    """

    def __init__(
        self,
        detector: FaceDetector,
        classifier: EmotionClassifier,
        small_detector: FaceDetector | None = None,
        *,
        tiles: int = 1,
    ) -> None:
        """small_detector: for a face alone and for parts of a frame, where faces are large; None:
        `detector`, which then finds fewer of the faces that fill a picture.

        tiles: from 2 on, pictures are searched in so many by so many overlapping tiles as well, for
        faces that are nearly so many times smaller: of 2 the detector runs five times, not once.
        """
        self.detector, self.classifier = detector, classifier
        self.small_detector = small_detector or detector
        self.search = FaceSearch(detector, self.small_detector, tiles=tiles)
        self.upright = Upright(self.small_detector)

    @classmethod
    def load(
        cls,
        *,
        detector: Path | str | None = None,
        classifier: Path | str | None = None,
        answer: str = DEFAULT_ANSWER,
        threads: int = 1,
        tiles: int = 1,
    ) -> Self:
        """Load the shipped models, or the ones named.

        Beside another detector than the shipped one there is no small one: it need not find what
        that one finds.

        answer: as `EmotionClassifier.load` takes it. tiles: as `Perception` does.

        Raises:
            ModelError: a model does not fit its card, the card has no such answer, or no runtime
                takes it.
        """
        searched_by = FACE_320 if detector is None else Path(detector)
        has_small_one = searched_by.resolve() == FACE_320.resolve()
        return cls(
            FaceDetector.load(searched_by, threads=threads),
            EmotionClassifier.load(classifier, threads=threads, answer=answer),
            FaceDetector.load(FACE_160, threads=threads) if has_small_one else None,
            tiles=tiles,
        )

    def see(self, image: Picture) -> list[SeenFace]:
        """All faces of `image` (uint8 [H, W] or BGR [H, W, 3]), the surest first.

        Those that `find` finds, each read in four views.

        Raises:
            FrameError: the picture is of another dtype or shape.
        """
        faces = self.find(image)
        return self.read(image, faces, views=[View.FOUR] * len(faces))

    def find(self, image: Picture) -> list[Face]:
        """All faces of `image`, best score first, also those tilted by up to 50°.

        Three runs of the detector, and one of the small one: a face that the picture hardly holds
        is larger than any that the detector looks for.

        Raises:
            FrameError: the picture is of another dtype or shape.
        """
        return self.search.find(image)

    def read(
        self,
        image: Picture,
        faces: Sequence[Face],
        *,
        look_again: bool = True,
        views: Sequence[View] = (),
    ) -> list[SeenFace]:
        """What the given faces of `image` show, in their order.

        look_again: find each face's landmarks once more, so that tilted faces are read upright:
        one or two runs of the small detector a face. False where that is done already, as a
        `RollMemory` does it. Faces of which nothing can be read are not classified.

        views: how each face is shown to the classifier; empty: each as it is.

        Raises:
            FrameError: the picture is of another dtype or shape.
        """
        check_frame(image)
        if look_again:
            faces = [self.upright.look_again(image, face) for face in faces]
        views = views or [View.PLAIN] * len(faces)
        return [self._seen(image, face, view) for face, view in zip(faces, views, strict=True)]

    def read_crop(self, image: Picture) -> SeenFace:
        """What the one face shows that `image` was cut for, as pictures of face data sets are.

        Of the faces that `find` finds that about the middle: others may stand in the margin. Where
        nobody is found, or in a square picture somebody small in a corner alone, the middle square
        is taken for a face framed as FER2013's, with the score 0.

        It is always classified, since it is known to be a face: with the quality 0, as one of which
        little can be read, it is `unsure`, and its probabilities are the best that there are.

        Raises:
            FrameError: the picture is of another dtype or shape.
        """
        face = self.search.meant(image)
        if face is None:
            return self._seen(image, self._framed(image), View.FOUR, is_known=True)
        face = self.upright.look_again(image, face)
        return self._seen(image, face, View.FOUR, is_known=True)

    def _framed(self, image: Image) -> Face:
        """The face that the middle square of a picture would be cut for."""
        height, width = image.shape[:2]
        side = NEARER * min(height, width)
        left, top = (width - side) / 2, (height - side) / 2
        placed = side * canonical_landmarks(self.classifier.alignment) + (left, top)
        # The nose's tip lies before the middle of a face that looks at the camera.
        landmarks = np.insert(placed, 2, placed.mean(axis=0), axis=0).astype(np.float32)
        return Face(framed_box(left, top, side), landmarks, 0.0)

    def _seen(self, image: Image, face: Face, view: View, *, is_known: bool = False) -> SeenFace:
        """What one face shows, if anything can be read of it, or it is known to be one."""
        classifier = self.classifier
        labels = classifier.labels
        crop, pixels_across = self._cut(image, face)
        quality = assess(crop, face.landmarks, pixels_across)
        if quality.weight > 0.0 or is_known:
            answers = classifier.predict(self._shown(image, face, crop, view))
            # The one answer of a frame's face is not computed again.
            probabilities = answers[0] if len(answers) == 1 else answers.mean(axis=0)
            emotion = classifier.emotion(probabilities) if quality.weight > 0.0 else UNSURE
        else:
            probabilities = np.full(len(labels), 1.0 / len(labels), np.float32)
            emotion = UNSURE
        return SeenFace(face, labels, probabilities, emotion, quality.weight, quality.flaws)

    def _shown(
        self, image: Image, face: Face, crop: NDArray[np.uint8], view: View
    ) -> NDArray[np.uint8]:
        """What the classifier looks at to read a face that was cut as `crop`: uint8 [N, S, S]."""
        plain = spread(crop)
        if view is View.PLAIN:
            return plain[np.newaxis]
        if view is View.MIRRORED:
            return plain[np.newaxis, :, ::-1]
        side = self.classifier.side
        placed = nearer(*about_box(face.box, roll_deg(face.landmarks), side), side)
        boxed = spread(cut(image, *placed, side, enlarged=TO_READ))
        return np.stack([plain, plain[:, ::-1], boxed, boxed[:, ::-1]])

    def crop(self, image: Picture, face: Face, *, look_again: bool = True) -> NDArray[np.uint8]:
        """Cut `face` out of `image` as `read` shows it to the classifier.

        look_again: as `read` takes it.

        Returns uint8 [side, side], gray.

        Raises:
            FrameError: the picture is of another dtype or shape.
        """
        check_frame(image)
        crop, _ = self._cut(image, self.upright.look_again(image, face) if look_again else face)
        return spread(crop)

    def _cut(self, image: Image, face: Face) -> tuple[NDArray[np.uint8], float]:
        """A face by its landmarks: uint8 [side, side], gray; and how many pixels of the picture
        its training picture would be wide.
        """
        side = self.classifier.side
        rotation, shift = similarity(face.landmarks, self.classifier.alignment, side)
        crop = cut(image, *nearer(rotation, shift, side), side, enlarged=TO_READ)
        return crop, side / abs(rotation)
