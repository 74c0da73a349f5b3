"""YuNet for colour → YuNet for gray pictures, taught to say of them what the other says of colour.

Cameras give Mien gray frames, of which YuNet, which learned in colour, misses faces behind masks
and small ones. A copy whose first layer takes one channel is shown views of photos in gray, and
learns the original's answers to the same views in colour, and its features on the way (Hinton et
al. 2015; Romero et al. 2015). Nobody's labels are needed. docs/perception.md has the figures.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import layers, ops

from quantize.gray_views import Views, as_gray
from quantize.yunet import HEADS, STRIDES, build_gray_yunet, build_yunet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from edge_app.perception.faces import Image

SIZE = 320
STEPS = 3000
BATCH = 8
LEARNING_RATE = 5e-4
WARM_UP_STEPS = 30
SEED = 1

#: Beside a unit of the features' error; a box in cells, a landmark's coordinate in cells.
_OBJECT, _BOX, _LANDMARKS = 2.0, 1.0, 0.5
#: Where there is no face the class says nothing; it is held there a little, for steadiness.
_CLASS_EVERYWHERE = 0.01


def teach_gray(
    onnx: bytes,
    photos: Sequence[Image],
    backgrounds: Sequence[Image],
    *,
    size: int = SIZE,
    steps: int = STEPS,
) -> keras.Model:
    """Teach a gray YuNet on views of size by size pixels; its weights serve every size.

    onnx: YuNet's file. photos, backgrounds: uint8 [H, W, 3], BGR, with and without faces.

    Returns a network as `build_gray_yunet` builds it.

    Raises:
        QuantizeError: the ONNX file is not YuNet's.
    """
    keras.utils.set_random_seed(SEED)
    student = build_gray_yunet(onnx, size)
    teacher = _watched(build_yunet(onnx, size, batch=None))
    lessons = _Lessons(teacher, Views(photos, backgrounds, size), steps)
    learner = _watched(student)
    losses: dict[str, keras.losses.Loss] = {
        name: _Cells() if name.startswith("cells") else _Features() for name in learner.output
    }
    learner.compile(
        keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(
                LEARNING_RATE / 50,
                max(1, steps - WARM_UP_STEPS),
                alpha=0.02,
                warmup_target=LEARNING_RATE,
                warmup_steps=WARM_UP_STEPS,
            )
        ),
        losses,
    )
    learner.fit(lessons, epochs=1, shuffle=False, verbose=1 if sys.stderr.isatty() else 2)
    return student


class _Lessons(keras.utils.PyDataset):
    """Views in gray with the teacher's answers to them in colour; the same ones in each run."""

    def __init__(self, teacher: keras.Model, views: Views, steps: int) -> None:
        super().__init__()
        self._teacher, self._views, self._steps = teacher, views, steps

    def __len__(self) -> int:
        return self._steps

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], dict[str, Any]]:
        rng = np.random.default_rng((SEED, index))
        coloured = np.stack([self._views.draw(rng) for _ in range(BATCH)])
        return as_gray(coloured), self._teacher.predict_on_batch(coloured)


def _watched(model: keras.Model) -> keras.Model:
    """The network with its outputs joined by stride and with what lies between its parts."""
    outputs = {
        f"cells_{stride}": layers.Concatenate()(
            [model.output[f"{head}_{stride}"] for head in ("cls", "obj", "bbox", "kps")]
        )
        for stride in STRIDES
    }
    parts = [
        layer.output
        for layer in model.layers
        if isinstance(layer, layers.Add | layers.MaxPooling2D)
    ]
    # What the first pooling leaves is close to pixels, of which gray ones have no colour to copy.
    outputs |= {f"features_{index}": part for index, part in enumerate(parts) if index}
    return keras.Model(model.input, outputs)


class _Cells(keras.losses.Loss):
    """How far the answers of one stride's cells are apart, a face."""

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """Both: [N, rows, columns, 16], logits of class and object, box, landmarks."""
        ends = np.cumsum([HEADS[head] for head in ("cls", "obj", "bbox")]).tolist()
        cls, obj, bbox, kps = ops.split(y_true, ends, axis=-1)
        said_cls, said_obj, said_bbox, said_kps = ops.split(y_pred, ends, axis=-1)
        is_face = ops.sigmoid(obj)
        wrong = (
            _OBJECT * ops.sum(ops.binary_crossentropy(is_face, said_obj, from_logits=True))
            + ops.sum(
                (is_face + _CLASS_EVERYWHERE)
                * ops.binary_crossentropy(ops.sigmoid(cls), said_cls, from_logits=True)
            )
            + _BOX * ops.sum(is_face * ops.abs(said_bbox - bbox))
            + _LANDMARKS * ops.sum(is_face * ops.abs(said_kps - kps))
        )
        return wrong / (ops.sum(is_face) + 1.0)


class _Features(keras.losses.Loss):
    """The mean squared error, as a share of the features' variance."""

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """Both: [N, rows, columns, channels]."""
        return ops.mean(ops.square(y_true - y_pred)) / (ops.var(y_true) + 1e-6)
