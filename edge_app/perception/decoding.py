"""YuNet's int8 outputs → boxes, landmarks and scores in pixels of the network's input.

The same answers as OpenCV's FaceDetectorYN (`postProcess` in objdetect/src/face_detect.cpp), found
the other way round: cells are first sorted out by comparing bytes, and only what is left becomes
real numbers. A frame without faces costs two comparisons a cell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge_app.perception.int8_model import Int8, dequantize

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edge_app.perception.card import DetectorCard, Tensor

Float = NDArray[np.float32]
Index = NDArray[np.intp]


class Detections(NamedTuple):
    """boxes: float32 [N, 4], left, top, right, bottom; landmarks: float32 [N, 5, 2], x and y, in
    `Face`'s order; scores: float32 [N], 0…1. Pixels of the network's input.
    """

    boxes: Float
    landmarks: Float
    scores: Float

    def take(self, index: Index) -> Detections:
        """Those of `index`, in its order."""
        return Detections(self.boxes[index], self.landmarks[index], self.scores[index])


class Decoder:
    """Decodes the outputs that a card describes, at one threshold."""

    def __init__(self, card: DetectorCard, score_threshold: float | None = None) -> None:
        threshold = card.score_threshold if score_threshold is None else score_threshold
        self._levels = [_Level(card, stride, threshold) for stride in card.strides]
        self._nms_iou = card.nms_iou

    def decode(self, outputs: Mapping[str, Int8]) -> Detections:
        """Detections at or above the threshold after non-maximum suppression, best score first.

        outputs: int8 by name, each [1, rows, columns, values] as the card says.
        """
        levels = [found for level in self._levels if (found := level.decode(outputs)) is not None]
        if not levels:
            return Detections(*(np.empty((0, *shape), np.float32) for shape in ((4,), (5, 2), ())))
        found = Detections(*map(np.concatenate, zip(*levels, strict=True)))
        return found.take(suppress(found.boxes, found.scores, self._nms_iou))


class _Level:
    """The cells of one stride."""

    def __init__(self, card: DetectorCard, stride: int, score_threshold: float) -> None:
        self._names = {head: f"{head}_{stride}" for head in ("cls", "obj", "bbox", "kps")}
        self._tensors = {head: card.outputs[name] for head, name in self._names.items()}
        self._stride = stride
        self._columns = self._tensors["cls"].shape[2]
        # score² = P(cls) P(obj), and neither factor is above 1: a cell whose score reaches t has
        # both at t² or above. The sigmoid rises with its byte, so the bound is a byte.
        self._least_square = score_threshold**2
        cls, obj = (probabilities(self._tensors[head]) for head in ("cls", "obj"))
        self._least_cls, self._least_obj = (
            int(np.searchsorted(table, self._least_square)) - 128 for table in (cls, obj)
        )
        # From byte 0 on, so that negative bytes count from the end.
        self._cls, self._obj = (np.roll(table, 128) for table in (cls, obj))

    def decode(self, outputs: Mapping[str, Int8]) -> Detections | None:
        """The cells that reach the threshold; None where there are none, as in most frames."""
        obj = outputs[self._names["obj"]].reshape(-1)
        cls = outputs[self._names["cls"]].reshape(-1)
        cells = ((obj >= self._least_obj) & (cls >= self._least_cls)).nonzero()[0]
        if not cells.size:
            return None
        square = self._cls[cls[cells]] * self._obj[obj[cells]]
        enough = square >= self._least_square
        cells = cells[enough]
        if not cells.size:
            return None
        boxes, landmarks = locate(
            cells,
            dequantize(outputs[self._names["bbox"]].reshape(-1, 4)[cells], self._tensors["bbox"]),
            dequantize(outputs[self._names["kps"]].reshape(-1, 10)[cells], self._tensors["kps"]),
            stride=self._stride,
            columns=self._columns,
        )
        return Detections(boxes, landmarks, np.sqrt(square[enough]).astype(np.float32))


def probabilities(tensor: Tensor) -> NDArray[np.float64]:
    """The sigmoid of every byte of `tensor`, from -128 to 127: float64 [256]."""
    logits = (np.arange(-128, 128) - tensor.zero_point) * tensor.scale
    return np.asarray(0.5 * (1 + np.tanh(0.5 * logits)))


def locate(
    cells: Index, bbox: Float, kps: Float, *, stride: int, columns: int
) -> tuple[Float, Float]:
    """Boxes float32 [N, 4] and landmarks float32 [N, 5, 2] of `cells`, in pixels of the input.

    cells: [N], row · columns + column; bbox: float32 [N, 4], offset of the centre from the cell's
    corner (x, y) and log of the size (width, height), in strides; kps: float32 [N, 10], offsets
    of the landmarks, x and y by turns.
    """
    row, column = np.divmod(cells, columns)
    corner = np.stack([column, row], axis=1).astype(np.float32)
    centre = (corner + bbox[:, :2]) * np.float32(stride)
    half = np.exp(bbox[:, 2:]) * np.float32(stride / 2)
    landmarks = (corner[:, None] + kps.reshape(-1, 5, 2)) * np.float32(stride)
    return np.concatenate([centre - half, centre + half], axis=1), landmarks


def suppress(boxes: Float, scores: Float, iou_threshold: float) -> Index:
    """Greedy non-maximum suppression: the index of those kept, best score first.

    A box goes when a better one that stays overlaps it by more than `iou_threshold`.
    """
    # Plain numbers: straight after a network ran, arrays took five times as long for one face.
    edges, ranks = boxes.tolist(), scores.tolist()
    waiting = sorted(range(len(ranks)), key=ranks.__getitem__, reverse=True)
    kept = []
    while waiting:
        best = waiting[0]
        kept.append(best)
        waiting = [
            index for index in waiting[1:] if not _is_same(edges[best], edges[index], iou_threshold)
        ]
    return np.array(kept, np.intp)


def _is_same(one: Sequence[float], other: Sequence[float], iou_threshold: float) -> bool:
    """Whether two boxes' intersection over union is above the threshold."""
    a_left, a_top, a_right, a_bottom = one
    b_left, b_top, b_right, b_bottom = other
    width = min(a_right, b_right) - max(a_left, b_left)
    height = min(a_bottom, b_bottom) - max(a_top, b_top)
    if width <= 0.0 or height <= 0.0:
        return False
    areas = (a_right - a_left) * (a_bottom - a_top) + (b_right - b_left) * (b_bottom - b_top)
    shared = width * height
    return shared > iou_threshold * (areas - shared)
