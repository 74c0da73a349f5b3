"""YuNet's int8 outputs → boxes, landmarks and scores in pixels of the network's input.

The same answers as OpenCV's FaceDetectorYN (`postProcess` in objdetect/src/face_detect.cpp), found
the other way round: cells are first sorted out by their bytes, and only what is left becomes real
numbers. A frame without faces costs a look at one byte a cell.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge_app.perception.int8_model import EVERY_BYTE, Int8, by_byte, dequantize
from edge_app.perception.overlap import iou

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from edge_app.perception.card import DetectorCard, Tensor


#: How many values each cell has in a head's output.
_VALUES = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}


class Detection(NamedTuple):
    """A face in pixels of the network's input.

    box: left, top, right, bottom. landmarks: five of x and y, in `Face`'s order. score: 0…1.
    """

    box: Sequence[float]
    landmarks: Sequence[tuple[float, float]]
    score: float


class Decoder:
    """Decodes the outputs that a card describes, at one threshold."""

    def __init__(self, card: DetectorCard, score_threshold: float | None = None) -> None:
        threshold = card.score_threshold if score_threshold is None else score_threshold
        self._levels = [_Level(card, stride, threshold) for stride in card.strides]
        self._nms_iou = card.nms_iou

    def decode(self, outputs: Mapping[str, Int8]) -> list[Detection]:
        """What reaches the threshold after non-maximum suppression, best score first.

        outputs: int8 by name, each [1, rows, columns, values] as the card says.
        """
        found = [
            (level, *candidate) for level in self._levels for candidate in level.candidates(outputs)
        ]
        boxes, squares = [box for _, _, _, box in found], [square for _, _, square, _ in found]
        kept = [found[index] for index in suppress(boxes, squares, self._nms_iou)]
        return [
            Detection(box, level.landmarks(outputs, cell), math.sqrt(square))
            for level, cell, square, box in kept
        ]


def output_shapes(strides: Iterable[int], side: int) -> dict[str, tuple[int, ...]]:
    """What a `Decoder` of these strides reads, by name, of a picture of side by side pixels."""
    return {
        f"{head}_{stride}": (1, side // stride, side // stride, values)
        for stride in strides
        for head, values in _VALUES.items()
    }


class _Level:
    """The cells of one stride.

    They are sorted out as bytes, and the few that are left are decoded with plain numbers: straight
    after a network ran, the code of no array operation is in the processor's cache any more.
    """

    def __init__(self, card: DetectorCard, stride: int, score_threshold: float) -> None:
        self._names = {head: f"{head}_{stride}" for head in _VALUES}
        tensors = {head: card.outputs[name] for head, name in self._names.items()}
        self._columns = tensors["cls"].shape[2]
        self._stride = stride
        # score² = P(cls) P(obj), and neither factor is above 1: a cell whose score reaches t has
        # P(obj) at t² or above. Its byte tells.
        self._least_square = score_threshold**2
        cls, obj = (probabilities(tensors[head]) for head in ("cls", "obj"))
        self._has_object = bytes(np.roll(obj >= self._least_square, 128).tolist())
        self._cls, self._obj = by_byte(cls), by_byte(obj)
        bbox, kps = (dequantize(EVERY_BYTE, tensors[head]) for head in ("bbox", "kps"))
        self._centre, self._half = by_byte(bbox * stride), by_byte(np.exp(bbox) * (stride / 2))
        self._landmark = by_byte(kps * stride)

    def candidates(
        self, outputs: Mapping[str, Int8]
    ) -> Iterator[tuple[int, float, tuple[float, float, float, float]]]:
        """The cells that reach the threshold, each with its score's square and its box.

        There are none in most frames.
        """
        obj = outputs[self._names["obj"]].tobytes()
        has_object = obj.translate(self._has_object)
        cell = has_object.find(1)
        if cell < 0:
            return
        cls, bbox = (outputs[self._names[head]].tobytes() for head in ("cls", "bbox"))
        while cell >= 0:
            square = self._cls[cls[cell]] * self._obj[obj[cell]]
            if square >= self._least_square:
                yield cell, square, self._box(bbox[4 * cell : 4 * cell + 4], cell)
            cell = has_object.find(1, cell + 1)

    def _box(self, values: bytes, cell: int) -> tuple[float, float, float, float]:
        x, y, width, height = values
        row, column = divmod(cell, self._columns)
        centre_x = column * self._stride + self._centre[x]
        centre_y = row * self._stride + self._centre[y]
        half_width, half_height = self._half[width], self._half[height]
        return (
            centre_x - half_width, centre_y - half_height,
            centre_x + half_width, centre_y + half_height,
        )  # fmt: skip

    def landmarks(self, outputs: Mapping[str, Int8], cell: int) -> list[tuple[float, float]]:
        """Those of one cell, x and y of each."""
        row, column = divmod(cell, self._columns)
        left, top = column * self._stride, row * self._stride
        values: bytes = outputs[self._names["kps"]][0, row, column].tobytes()
        offsets = [self._landmark[byte] for byte in values]
        return [(left + x, top + y) for x, y in zip(offsets[::2], offsets[1::2], strict=True)]


def probabilities(tensor: Tensor) -> NDArray[np.float64]:
    """The sigmoid of every byte of `tensor`, from -128 to 127: float64 [256]."""
    logits = (np.arange(-128, 128) - tensor.zero_point) * tensor.scale
    return np.asarray(0.5 * (1 + np.tanh(0.5 * logits)))


def suppress(
    boxes: Sequence[Sequence[float]], scores: Sequence[float], iou_threshold: float
) -> list[int]:
    """Greedy non-maximum suppression: the index of those kept, best score first.

    A box, left, top, right and bottom, goes when a better one that stays overlaps it by more than
    `iou_threshold`.
    """
    waiting = sorted(range(len(scores)), key=scores.__getitem__, reverse=True)
    kept = []
    while waiting:
        best = waiting[0]
        kept.append(best)
        waiting = [
            index for index in waiting[1:] if iou(boxes[best], boxes[index]) <= iou_threshold
        ]
    return kept
