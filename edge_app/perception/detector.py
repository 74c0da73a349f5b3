"""A frame → its faces."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from pathlib import Path
from typing import Self

import numpy as np

from edge_app.perception.card import DetectorCard, ModelCard, ModelError
from edge_app.perception.decoding import Decoder, Detection, output_shapes
from edge_app.perception.faces import Box, Face, Picture
from edge_app.perception.int8_model import Int8Model
from edge_app.perception.letterbox import Letterbox, Scale
from edge_app.perception.shipped import FACE_320


def check_detector(path: Path, card: ModelCard) -> DetectorCard:
    """Whether a card is a face detector's. path: of its model, for messages.

    Raises:
        ModelError: it is not, or `FaceDetector` cannot read what it says the model answers.
    """
    if not isinstance(card, DetectorCard):
        raise ModelError(f"{path}: its card is no face detector's; name another model")
    border = card.input
    # Empty where there is no second number: such a shape fits as little as any other.
    half = border.shape[1:2]
    if (border.shape, border.dtype, border.scale, border.zero_point) != (
        (1, *half, *half, 6), "int8", 1.0, -128,
    ):  # fmt: skip
        raise ModelError(
            f"{path}: takes {border.dtype} {list(border.shape)}, scale {border.scale},"
            f" zero point {border.zero_point}; a face detector takes int8 [1, S/2, S/2, 6],"
            " scale 1, zero point -128: quantize it again with this Mien, or remove it from the"
            " folder"
        )
    side = 2 * border.shape[1]
    said = {name: (tensor.dtype, tensor.shape) for name, tensor in card.outputs.items()}
    needed = {name: ("int8", shape) for name, shape in output_shapes(card.strides, side).items()}
    if said != needed:
        raise ModelError(
            f"{path}: its card's outputs, {min(said.items() ^ needed.items())[0]} for one, do not"
            f" fit its strides {list(card.strides)} and a picture of S = {side} pixels; a face"
            " detector has cls_T, obj_T, bbox_T and kps_T of each stride T, int8 [1, S/T, S/T, N],"
            " N being 1, 1, 4 and 10"
        )
    return card


class FaceDetector:
    """YuNet with its model. Threads that share it search one after the other.

    side: of the square picture that it looks at, in pixels.
    """

    def __init__(self, model: Int8Model) -> None:
        card = check_detector(model.path, model.card)
        self.model = model
        self.card: DetectorCard = card
        self.side = 2 * card.input.shape[1]
        self._letterbox = Letterbox(self.side)
        self._decoder = Decoder(card)

    @classmethod
    def load(cls, path: Path | str | None = None, *, threads: int = 1) -> Self:
        """Load the model at `path`, or the shipped one of 320 by 320 pixels.

        Raises:
            ModelError: the model and its card do not belong together, or are no face detector.
        """
        return cls(Int8Model.load(FACE_320 if path is None else Path(path), threads))

    def at_threshold(self, score_threshold: float) -> Self:
        """The same detector with faces from another score on, not the card's."""
        other = copy.copy(self)
        other._decoder = Decoder(self.card, score_threshold)  # noqa: SLF001 - of its own class
        return other

    def detect(self, frame: Picture) -> list[Face]:
        """Find the faces of `frame`, best score first.

        frame: uint8 [H, W] gray or uint8 [H, W, 3] BGR, from 1 by 1 pixel. Boxes end at the frame's
        edges; landmarks of a face that the edge cuts may lie outside.

        Raises:
            FrameError: another dtype or shape.
        """
        # Letterbox and interpreter are also those of others at other thresholds.
        with self.model.lock:
            scale = self._letterbox.fit(frame)
            found = self._decoder.decode(self.model.run_laid_out(self._letterbox.lay_out))
        return in_frame(found, scale, height=frame.shape[0], width=frame.shape[1])


def in_frame(found: Iterable[Detection], scale: Scale, *, height: int, width: int) -> list[Face]:
    """Map detections from the letterboxed picture to its frame of height by width pixels.

    A detection that lies in the padding altogether is dropped.
    """
    faces = []
    for (left, top, right, bottom), points, score in found:
        box = Box(
            max(left * scale.x, 0.0), max(top * scale.y, 0.0),
            min(right * scale.x, float(width)), min(bottom * scale.y, float(height)),
        )  # fmt: skip
        if box.right > box.left and box.bottom > box.top:
            landmarks = np.array([(x * scale.x, y * scale.y) for x, y in points], np.float32)
            faces.append(Face(box, landmarks, score))
    return faces


def shifted(face: Face, left: int, top: int) -> Face:
    """A face of a part of the frame that begins at column `left` and row `top`, in the frame."""
    box = face.box
    return Face(
        Box(box.left + left, box.top + top, box.right + left, box.bottom + top),
        face.landmarks + np.array([left, top], np.float32),
        face.score,
    )
