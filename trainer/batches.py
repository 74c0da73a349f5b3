"""Faces and targets → shuffled, augmented batches, the same ones for the same seed and epoch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import keras
import numpy as np
from numpy.typing import NDArray

from trainer.augmentation import Augmentation

Floats = NDArray[np.float32]


class Batches(keras.utils.PyDataset):
    """One epoch of (float32 [n, side, side, 1] in 0…1, targets by head, weights by head)."""

    def __init__(
        self,
        pixels: NDArray[np.uint8],
        targets: Mapping[str, tuple[Floats, Floats]],
        *,
        batch: int,
        augmentation: Augmentation,
        seed: int,
        epoch: int,
        side: int = 48,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._pixels, self._targets = pixels, targets
        self._batch, self._augmentation = batch, augmentation
        self._key, self._side = (seed, epoch), side
        self._order = np.random.default_rng(self._key).permutation(len(pixels))

    def __len__(self) -> int:
        """Full batches only, so that every step has one shape."""
        return len(self._pixels) // self._batch

    def __getitem__(self, index: int) -> tuple[Floats, dict[str, Floats], dict[str, Floats]]:
        rows = self._order[index * self._batch : (index + 1) * self._batch]
        # A generator a batch: the result does not depend on who asks first.
        rng = np.random.default_rng((*self._key, index))
        faces = self._augmentation.apply(self._pixels[rows], rng)
        targets = {name: rows_of[rows] for name, (rows_of, _) in self._targets.items()}
        weights = {name: counts[rows] for name, (_, counts) in self._targets.items()}
        return as_input(_resize(faces, self._side)), targets, weights


def _resize(faces: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    if faces.shape[1:] == (side, side):
        return faces
    resized = [cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA) for face in faces]
    return np.asarray(resized, dtype=np.uint8)


def as_input(faces: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Gray bytes as the network takes them: uint8 [N, H, W] → float32 [N, H, W, 1] in 0…1."""
    return faces[..., np.newaxis].astype(np.float32) / np.float32(255.0)
