"""Trained networks and faces → what the networks say together."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def opinions(models: Sequence[keras.Model], faces: Floats, *, mirrored: bool) -> dict[str, Floats]:
    """The mean of the networks' probabilities by head, float32 [N, classes].

    faces: float32 [N, 48, 48, 1] in 0…1. mirrored: of each face and its mirror image.
    """
    views = [faces, faces[:, :, ::-1]] if mirrored else [faces]
    tensors = [ops.convert_to_tensor(np.ascontiguousarray(view)) for view in views]
    answers = [model(tensor, training=False) for model in models for tensor in tensors]
    return {
        name: np.mean(
            [ops.convert_to_numpy(ops.softmax(answer[name])) for answer in answers],
            axis=0,
            dtype=np.float32,
        )
        for name in answers[0]
    }
