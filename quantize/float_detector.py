"""The detector before quantization: what the int8 model is compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edge_app.perception.decoding import Detection, suppress
from edge_app.perception.detector import in_frame
from edge_app.perception.letterbox import Letterbox
from edge_app.perception.runtime import make_interpreter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from edge_app.perception.faces import Face, Image

Floats = NDArray[np.float32]


class FloatDetector:
    """Decodes every cell as a real number, with no short cut over bytes."""

    def __init__(
        self, model: bytes, *, strides: Sequence[int], score_threshold: float, nms_iou: float
    ) -> None:
        self._interpreter, _ = make_interpreter(model, threads=1)
        details = self._interpreter.get_signature_runner().get_output_details()
        self._output_index = {name: tensor["index"] for name, tensor in details.items()}
        self._input = self._interpreter.get_input_details()[0]
        self._letterbox = Letterbox(2 * int(self._input["shape"][1]))
        self._strides, self._score_threshold, self._nms_iou = strides, score_threshold, nms_iou

    def detect(self, frame: Image) -> list[Face]:
        """Find the faces of `frame`, as `FaceDetector.detect` does."""
        scale = self._letterbox.fit(frame)
        picture = self._letterbox.patches.astype(np.float32)
        self._interpreter.set_tensor(self._input["index"], picture)
        self._interpreter.invoke()
        found = [face for stride in self._strides for face in self._decode(stride)]
        boxes, scores = [face.box for face in found], [face.score for face in found]
        kept = [found[index] for index in suppress(boxes, scores, self._nms_iou)]
        return in_frame(kept, scale, height=frame.shape[0], width=frame.shape[1])

    def _decode(self, stride: int) -> Iterator[Detection]:
        cls, obj, bbox, kps = (
            self._interpreter.get_tensor(self._output_index[f"{head}_{stride}"])
            for head in ("cls", "obj", "bbox", "kps")
        )
        sure = scores(cls, obj).ravel()
        cells = np.flatnonzero(sure >= self._score_threshold)
        boxes, landmarks = _locate(
            cells,
            bbox.reshape(-1, 4)[cells],
            kps.reshape(-1, 10)[cells],
            stride=stride,
            columns=cls.shape[2],
        )
        return map(Detection, boxes.tolist(), landmarks.tolist(), sure[cells].tolist())


def _locate(
    cells: NDArray[np.intp], bbox: Floats, kps: Floats, *, stride: int, columns: int
) -> tuple[Floats, Floats]:
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


def scores(cls: Floats, obj: Floats) -> Floats:
    """How sure each cell is of a face, 0…1, by its logits of both kinds; of their shape."""
    return np.asarray(np.sqrt(_sigmoid(cls) * _sigmoid(obj)), np.float32)


def _sigmoid(logits: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-logits)), np.float32)
