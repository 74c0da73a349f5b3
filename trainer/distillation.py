"""Trained networks → what they think of the very pictures that a smaller one is shown.

Source: Hinton et al. 2015; that teacher and student see the same augmented and blended picture is
from Beyer et al. 2022, "Knowledge distillation: a good teacher is patient and consistent".
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from edge_app.errors import MienError

Floats = NDArray[np.float32]


class TeacherError(MienError):
    """A teacher that cannot teach this recipe: which, why, and what to do."""


class Teacher:
    """Networks with the same heads as the student's, each asked about a face and its mirror image.

    On PublicTest that opinion is right a point more often than a network's opinion of the face
    alone; docs/training.md has the figures.
    """

    def __init__(self, paths: Sequence[Path], heads: Mapping[str, int]) -> None:
        """paths: `model.keras` of finished runs. heads: name and number of classes of each.

        Raises:
            TeacherError: there is no such file, or it has other heads.
        """
        self._models = [_read(path, heads) for path in paths]
        self.sha256 = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]

    def opinions_of_all(self, faces: Floats) -> dict[str, Floats]:
        """As `opinions`, of any number of faces, without filling the memory."""
        parts = [self.opinions(faces[row : row + 256]) for row in range(0, len(faces), 256)]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def opinions(self, faces: Floats) -> dict[str, Floats]:
        """Distributions by head, float32 [N, classes]; faces: float32 [N, 48, 48, 1] in 0…1."""
        views = [ops.convert_to_tensor(np.ascontiguousarray(v)) for v in (faces, faces[:, :, ::-1])]
        answers = [model(view, training=False) for model in self._models for view in views]
        return {
            name: np.mean(
                [ops.convert_to_numpy(ops.softmax(answer[name])) for answer in answers],
                axis=0,
                dtype=np.float32,
            )
            for name in answers[0]
        }


def _read(path: Path, heads: Mapping[str, int]) -> keras.Model:
    if not path.is_file():
        raise TeacherError(f"{path}: no such file; finish the teacher's run first")
    model = keras.saving.load_model(path, compile=False)
    found = {
        name: tensor.shape[-1]
        for name, tensor in zip(model.output_names, model.outputs, strict=True)
    }
    if found != dict(heads):
        raise TeacherError(f"{path}: has the heads {found}, the recipe {dict(heads)}")
    model.trainable = False
    return model
