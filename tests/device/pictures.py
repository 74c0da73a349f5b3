"""The sample clip → the models' inputs, and what other kernels make of its frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from edge_app.perception import EmotionClassifier, FaceDetector, Perception, SeenFace
from edge_app.perception.alignment import align
from edge_app.perception.card import DetectorCard, read_card
from edge_app.perception.faces import Image
from edge_app.perception.int8_model import Int8, Int8Model
from edge_app.perception.letterbox import Letterbox
from edge_app.perception.overlap import intersection_over_union
from edge_app.perception.patches import NetworkInput
from edge_app.perception.shipped import EMOTION, FACE_160, FACE_320
from edge_app.samples import CLIP

EVERY = 27


def frames() -> list[Image]:
    """Every 27th frame of the sample clip: uint8 [H, W, 3] BGR."""
    clip = cv2.VideoCapture(str(CLIP))
    read = [clip.read()[1] for _ in range(int(clip.get(cv2.CAP_PROP_FRAME_COUNT)))]
    clip.release()
    return [np.asarray(frame, np.uint8) for frame in read[::EVERY]]


def pictures(models: Sequence[Path]) -> dict[str, Int8]:
    """Inputs of each model by `MODEL|NUMBER`: frames for detectors, crops for classifiers."""
    detector, classifier = FaceDetector.load(), EmotionClassifier.load()
    inputs: dict[str, Int8] = {}
    for model in models:
        card = read_card(model)
        if isinstance(card, DetectorCard):
            letterbox = Letterbox(2 * card.input.shape[1])
            shown = [_fitted(letterbox, frame) for frame in frames()]
        else:
            shown = [
                NetworkInput(*card.input.shape[1:]).of(
                    align(frame, face.landmarks, classifier.alignment, classifier.side)
                )
                for frame in frames()
                for face in detector.detect(frame)
            ]
        for number, picture in enumerate(shown):
            inputs[f"{model.name}|{number}"] = (
                (picture ^ 0x80).view(np.int8).reshape(card.input.shape)
            )
    return inputs


def changed_answers() -> Iterator[str]:
    """What built-in kernels change of the faces that are found and read; Markdown."""
    usual, other = _perception(xnnpack=True), _perception(xnnpack=False)
    seen = [(usual.see(frame), other.see(frame)) for frame in frames()]
    pairs = [pair for one, two in seen for pair in zip(one, two, strict=False)]
    overlaps = [intersection_over_union(one.face.box, [two.face.box]).item() for one, two in pairs]
    scores = [abs(one.face.score - two.face.score) for one, two in pairs]
    chances = [float(np.abs(one.probabilities - two.probabilities).max()) for one, two in pairs]
    yield f"- faces found: {_count(one for one, _ in seen)}, {_count(two for _, two in seen)}"
    yield f"- overlap of a face's boxes (IoU): at least {min(overlaps):.3f}"
    yield f"- difference of its score: at most {max(scores):.3f}"
    yield f"- difference of an emotion's probability: at most {max(chances):.3f}"
    same = sum(one.emotion == two.emotion for one, two in pairs)
    yield f"- the same emotion: {same} of {len(pairs)}"


def _count(seen: Iterator[list[SeenFace]]) -> int:
    return sum(map(len, seen))


def _fitted(letterbox: Letterbox, frame: Image) -> Image:
    letterbox.fit(frame)
    return letterbox.patches


def _perception(*, xnnpack: bool) -> Perception:
    detector, small_detector, classifier = (
        Int8Model(path, read_card(path), 1, xnnpack=xnnpack)
        for path in (FACE_320, FACE_160, EMOTION)
    )
    return Perception(
        FaceDetector(detector), EmotionClassifier(classifier), FaceDetector(small_detector)
    )
