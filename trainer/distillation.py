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
from numpy.typing import NDArray
from tqdm import tqdm

from edge_app.errors import MienError
from trainer.array_cache import load_arrays, save_arrays
from trainer.batches import as_input
from trainer.checkpoints import RunError, read_network
from trainer.networks.fused import in_precision
from trainer.opinions import opinions

Floats = NDArray[np.float32]


class TeacherError(MienError):
    """A teacher that cannot teach this recipe: which, why, and what to do."""


class Teacher:
    """Networks with the same heads as the student's, each asked about a face and its mirror image.

    On PublicTest that opinion is right a point more often than a network's opinion of the face
    alone; docs/training/experiments.md has the figures.
    """

    def __init__(
        self, paths: Sequence[Path], heads: Mapping[str, int], precision: str = "float32"
    ) -> None:
        """paths: `model.keras` of finished runs. heads: name and number of classes of each.

        precision: the Keras policy that the networks are computed in.

        Raises:
            TeacherError: there is no such file, or it is no Keras model, or has other heads.
        """
        self._models = [in_precision(_read(path, heads), precision) for path in paths]
        self._precision = precision
        self.sha256 = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]

    def remembered_opinions(self, pixels: NDArray[np.uint8], cache: Path) -> dict[str, Floats]:
        """As `opinions`, of uint8 [N, 48, 48].

        Each network is asked once, and what it said is read from a file in `cache` then.
        """
        said = [self._remembered(which, pixels, cache) for which in range(len(self._models))]
        return {name: np.mean([each[name] for each in said], axis=0) for name in said[0]}

    def _remembered(self, which: int, pixels: NDArray[np.uint8], cache: Path) -> dict[str, Floats]:
        digest = hashlib.sha256(f"{self.sha256[which]}/{self._precision}".encode())
        digest.update(np.ascontiguousarray(pixels).tobytes())
        path = cache / f"opinions-{digest.hexdigest()[:16]}.npz"
        stored = load_arrays(path, "the teachers are asked again")
        if stored is not None:
            return stored
        starts = tqdm(range(0, len(pixels), 256), desc="asking a teacher", disable=None)
        model = self._models[which]
        parts = [
            opinions([model], as_input(pixels[row : row + 256]), mirrored=True) for row in starts
        ]
        said = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        save_arrays(path, said)
        return said

    def opinions(self, faces: Floats) -> dict[str, Floats]:
        """Distributions by head, float32 [N, classes]; faces: float32 [N, 48, 48, 1] in 0…1."""
        return opinions(self._models, faces, mirrored=True)


def _read(path: Path, heads: Mapping[str, int]) -> keras.Model:
    if not path.is_file():
        raise TeacherError(f"{path}: no such file; finish the teacher's run first")
    try:
        model = read_network(path)
    except RunError as error:
        raise TeacherError(str(error)) from error
    found = {
        name: tensor.shape[-1]
        for name, tensor in zip(model.output_names, model.outputs, strict=True)
    }
    if found != dict(heads):
        raise TeacherError(f"{path}: has the heads {found}, the recipe {dict(heads)}")
    model.trainable = False
    return model
