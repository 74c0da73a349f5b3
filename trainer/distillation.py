"""A trained network → what it thinks of the very pictures that a smaller one is shown.

Source: Hinton et al. 2015; that teacher and student see the same augmented and blended picture is
from Beyer et al. 2022, "Knowledge distillation: a good teacher is patient and consistent".
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
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
    """A network with the same heads as the student's."""

    def __init__(self, path: Path, heads: Mapping[str, int]) -> None:
        """path: `model.keras` of a finished run. heads: name and number of classes of each.

        Raises:
            TeacherError: there is no such file, or it has other heads.
        """
        if not path.is_file():
            raise TeacherError(f"{path}: no such file; finish the teacher's run first")
        self._model = keras.saving.load_model(path, compile=False)
        found = {
            name: tensor.shape[-1]
            for name, tensor in zip(self._model.output_names, self._model.outputs, strict=True)
        }
        if found != dict(heads):
            raise TeacherError(f"{path}: has the heads {found}, the recipe {dict(heads)}")
        self._model.trainable = False
        self.sha256 = hashlib.sha256(path.read_bytes()).hexdigest()

    def opinions_of_all(self, faces: Floats) -> dict[str, Floats]:
        """As `opinions`, of any number of faces, without filling the memory."""
        parts = [self.opinions(faces[row : row + 256]) for row in range(0, len(faces), 256)]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def opinions(self, faces: Floats) -> dict[str, Floats]:
        """Distributions by head, float32 [N, classes]; faces: float32 [N, 48, 48, 1] in 0…1."""
        logits = self._model(ops.convert_to_tensor(faces), training=False)
        return {
            name: np.asarray(ops.convert_to_numpy(ops.softmax(rows)), dtype=np.float32)
            for name, rows in logits.items()
        }
