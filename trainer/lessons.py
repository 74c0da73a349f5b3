"""A recipe and faces → what each epoch shows: pictures, and targets with opinions of teachers.

Where a recipe has `views`, each face is changed so many times and no more, and the teachers look at
each of these pictures once, whatever number of epochs show it: opinions of large teachers come to
cost minutes, not hours. Wu et al. 2022 ("TinyViT") keep opinions of changed pictures likewise, and
draw the pictures again from their seeds.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from trainer.augmentation import MIRRORED
from trainer.batches import Batches, Targets, Unchanged
from trainer.data import Faces
from trainer.disguises import Shares
from trainer.distillation import Teacher
from trainer.kept_front import Front
from trainer.recipes import Recipe

Gray = NDArray[np.uint8]
Opinions = dict[str, NDArray[np.float32]]


class Lessons:
    """What the epochs of one run show, the same for the same recipe and faces."""

    def __init__(
        self,
        recipe: Recipe,
        training: Faces,
        *,
        aligned: Gray | None,
        teacher: Teacher | None,
        opinions: Path,
        front: Front | None = None,
    ) -> None:
        """aligned: `training` cut by landmarks, uint8 [N, 48, 48].

        front: what it makes of each view is shown, not the pictures.

        opinions: folder where teachers' opinions of pictures that are shown more than once are
        kept; it is made where it is missing.
        """
        self._recipe = recipe
        self._pixels, self._aligned = training.pixels, aligned
        self._targets: Targets = {head.name: head.targets(training) for head in recipe.heads}
        self._teacher, self._opinions = teacher, opinions
        self._views: dict[int, tuple[NDArray[Any], Targets]] = {}
        self._front = front
        self._of_originals: Opinions | None = None
        if teacher and recipe.teacher_sees != "shown":
            self._of_originals = teacher.remembered_opinions(training.pixels, opinions)
        if self._of_originals and recipe.teacher_sees == "original":
            self._targets = self._taught(self._of_originals)
            self._teacher = None

    def batches(self, epoch: int) -> keras.utils.PyDataset:
        """An epoch's, counted from 0."""
        recipe = self._recipe
        pixels, targets, augmentation = self._pixels, self._targets, recipe.augmentation
        aligned, teacher = self._aligned, self._teacher
        if recipe.views:
            shown, targets = self._view(epoch % recipe.views)
            if self._front:
                return Unchanged(shown, targets, batch=recipe.batch, seed=recipe.seed, epoch=epoch)
            pixels = shown
            # All else is in the view already.
            augmentation, aligned, teacher = MIRRORED, None, None
        return Batches(
            pixels, targets, batch=recipe.batch, augmentation=augmentation,
            seed=recipe.seed, epoch=epoch, side=recipe.side_at(epoch), cut=recipe.cut,
            mix_up=recipe.mix_up, teacher=teacher, taught=recipe.taught,
            aligned=aligned, aligned_share=recipe.aligned, workers=1, max_queue_size=16,
        )  # fmt: skip

    def _view(self, view: int) -> tuple[NDArray[Any], Targets]:
        """Each face once as it may be shown, or what the front makes of it, and its targets."""
        if view not in self._views:
            rng = np.random.default_rng((self._recipe.seed, view))
            pixels = self._pixels.copy()
            if self._aligned is not None:
                is_aligned = rng.random(len(pixels)) < self._recipe.aligned
                pixels[is_aligned] = self._aligned[is_aligned]
            again = copy.deepcopy(rng)
            seen = self._changed(pixels, rng)
            targets = self._targets
            if self._teacher:
                opinions = self._teacher.remembered_opinions(seen, self._opinions)
                targets = self._taught(opinions, self._of_originals)
            if self._recipe.student_sees != Shares():
                seen = self._changed(self._dressed(pixels, view), again)
            # Maps lie in a file: the pictures behind them need not stay in memory.
            shown = self._front.maps_of_view(view, seen) if self._front else seen
            self._views[view] = shown, targets
        return self._views[view]

    def _changed(self, pixels: Gray, rng: np.random.Generator) -> Gray:
        """The faces as a view shows them: what is drawn does not depend on them."""
        recipe = self._recipe
        if not recipe.mild_share:
            return recipe.augmentation.apply(pixels, rng)
        is_mild = rng.random(len(pixels)) < recipe.mild_share
        seen = np.empty_like(pixels)
        seen[is_mild] = recipe.mild.apply(pixels[is_mild], rng)
        seen[~is_mild] = recipe.augmentation.apply(pixels[~is_mild], rng)
        return seen

    def _dressed(self, pixels: Gray, view: int) -> Gray:
        """The faces with what the student alone sees."""
        rng = np.random.default_rng((self._recipe.seed, view, 1))
        return np.stack([self._recipe.student_sees.dress(face, rng) for face in pixels])

    def _taught(self, opinions: Opinions, others: Opinions | None = None) -> Targets:
        """The targets with these opinions mixed into them, half of each if there are two."""
        share = self._recipe.taught
        if others:
            opinions = {
                name: np.asarray((rows + others[name]) / 2, np.float32)
                for name, rows in opinions.items()
            }
        return {
            name: (np.asarray((1 - share) * rows + share * opinions[name], np.float32), weights)
            for name, (rows, weights) in self._targets.items()
        }
