"""A recipe and faces → what its network reads of them."""

from __future__ import annotations

from pathlib import Path

import keras

from trainer.batches import Batches, Floats, Targets, Unchanged, as_input
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
        # Not even mirrored: so the paper did.
        return Unchanged(shown, targets, batch=recipe.batch, seed=recipe.seed, epoch=epoch)
    return Batches(
        faces.pixels, targets, batch=recipe.batch, augmentation=recipe.augmentation,
        seed=recipe.seed, epoch=epoch, workers=1, max_queue_size=16,
    )  # fmt: skip
