"""fer with each of its detectors and models, as its README asks for; and with MediaPipe's."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from benchmarks.peers.peer import Peer, Picture

Boxes = list[tuple[int, int, int, int]]


def make(*, mtcnn: bool = False, use_tflite: bool = True, mediapipe: bool = False) -> Peer:
    """mtcnn, use_tflite: fer's own options; mediapipe: its detector finds the faces for fer."""
    fer: Any = importlib.import_module("fer.fer").FER
    whole = fer(mtcnn=mtcnn, use_tflite=use_tflite)
    # Of a face that is cut out already, nothing is added around it.
    alone = fer(use_tflite=use_tflite, offsets=(0, 0))
    detect = _mediapipe_detector() if mediapipe else None

    def see(frame: Picture) -> list[str]:
        boxes = None if detect is None else detect(frame)
        found = whole.detect_emotions(frame, boxes) if boxes != [] else []
        return [_best(face["emotions"]) for face in found]

    def read(face: Picture) -> str:
        side = face.shape[0]
        picture = np.repeat(face[:, :, None], 3, axis=2)
        (found,) = alone.detect_emotions(picture, [(0, 0, side, side)])
        return _best(found["emotions"])

    return Peer(see, read)


def _mediapipe_detector() -> Callable[[Picture], Boxes]:
    """For faces within two metres, which is what the sample clip shows."""
    solutions: Any = importlib.import_module("mediapipe").solutions
    detection = solutions.face_detection.FaceDetection(model_selection=0)

    def detect(frame: Picture) -> Boxes:
        height, width = frame.shape[:2]
        found = detection.process(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)).detections or []
        boxes = [each.location_data.relative_bounding_box for each in found]
        return [
            (int(box.xmin * width), int(box.ymin * height),
             int(box.width * width), int(box.height * height))
            for box in boxes
        ]  # fmt: skip

    return detect


def _best(emotions: dict[str, float]) -> str:
    return max(emotions, key=lambda name: emotions[name])
