"""A recipe and faces → what its network reads of them."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

from trainer.batches import Batches, Floats, Targets, as_input
from trainer.data import Faces
from trainer.reproduction.landmarks import find_landmarks
from trainer.reproduction.recipe import PaperRecipe


def inputs(recipe: PaperRecipe, faces: Faces, runs: Path) -> Floats:
    """Gray pictures in 0…1, float32 [N, 48, 48, 1], or landmarks, float32 [N, 68, 2].

    runs: folder of the runs, which share the landmarks that were found.

    Raises:
        LandmarksError: what finds landmarks is not installed.
    """
    if recipe.reads == "landmarks":
        return find_landmarks(faces.pixels, runs / "landmarks")
    return as_input(faces.pixels)


def batches(
    recipe: PaperRecipe, faces: Faces, shown: Floats, targets: Targets, epoch: int
) -> keras.utils.PyDataset:
    """An epoch of the recipe, counted from 0; shown: what `inputs` gave for `faces`."""
    if recipe.augmentation is None:
        return _Unchanged(shown, targets, recipe.batch, (recipe.seed, epoch))
    return Batches(
        faces.pixels, targets, batch=recipe.batch, augmentation=recipe.augmentation,
        seed=recipe.seed, epoch=epoch, workers=1, max_queue_size=16,
    )  # fmt: skip


class _Unchanged(keras.utils.PyDataset):
    """For the papers that show each face as it is, not even mirrored: shuffled, in full batches."""

    def __init__(self, shown: Floats, targets: Targets, batch: int, key: tuple[int, int]) -> None:
        super().__init__()
        self._shown, self._targets, self._batch = shown, targets, batch
        self._order = np.random.default_rng(key).permutation(len(shown))

    def __len__(self) -> int:
        return len(self._shown) // self._batch

    def __getitem__(self, index: int) -> tuple[Floats, dict[str, Floats], dict[str, Floats]]:
        rows = self._order[index * self._batch : (index + 1) * self._batch]
        targets = {name: of_all[rows] for name, (of_all, _) in self._targets.items()}
        weights = {name: counts[rows] for name, (_, counts) in self._targets.items()}
        return self._shown[rows], targets, weights
