"""Faces and targets → shuffled, augmented batches, the same ones for the same seed and epoch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import cv2
import keras
import numpy as np
from numpy.typing import NDArray

from trainer.augmentation import Augmentation

if TYPE_CHECKING:
    from trainer.distillation import Teacher

Floats = NDArray[np.float32]
#: By head: distributions, float32 [N, classes], and how much each counts, float32 [N].
Targets = Mapping[str, tuple[Floats, Floats]]


class Batches(keras.utils.PyDataset):
    """One epoch of (float32 [n, side, side, 1] in 0…1, targets by head, weights by head).

    mix_up: each face is blended with another one, and its targets with that one's; the share is
    drawn from Beta(mix_up, mix_up) (Zhang et al. 2018). 0: faces stay whole.
    teacher: sees each picture as it is shown, and has the share `taught` in its targets.
    cut: pictures of a smaller `side` are cut out of the faces at random places, not shrunk.
    aligned: the same faces cut by their landmarks, uint8 [N, 48, 48]; each is shown so with the
    probability `aligned_share`.
    """

    def __init__(
        self,
        pixels: NDArray[np.uint8],
        targets: Targets,
        *,
        batch: int,
        augmentation: Augmentation,
        seed: int,
        epoch: int,
        side: int = 48,
        cut: bool = False,
        mix_up: float = 0.0,
        teacher: Teacher | None = None,
        taught: float = 0.0,
        aligned: NDArray[np.uint8] | None = None,
        aligned_share: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._pixels, self._targets = pixels, targets
        self._batch, self._augmentation = batch, augmentation
        self._key, self._side, self._cut = (seed, epoch), side, cut
        self._mix_up, self._teacher, self._taught = mix_up, teacher, taught
        self._aligned, self._aligned_share = aligned, aligned_share
        self._order = np.random.default_rng(self._key).permutation(len(pixels))

    def __len__(self) -> int:
        """Full batches only, so that every step has one shape."""
        return len(self._pixels) // self._batch

    def __getitem__(self, index: int) -> tuple[Floats, dict[str, Floats], dict[str, Floats]]:
        rows = self._order[index * self._batch : (index + 1) * self._batch]
        # A generator a batch: the result does not depend on who asks first.
        rng = np.random.default_rng((*self._key, index))
        faces = self._augmentation.apply(self._chosen(rows, rng), rng)
        targets = {name: rows_of[rows] for name, (rows_of, _) in self._targets.items()}
        weights = {name: counts[rows] for name, (_, counts) in self._targets.items()}
        shown = as_input(faces)
        if self._mix_up:
            shown, targets, weights = self._mixed(shown, targets, weights, rng)
        if self._teacher:
            opinions = self._teacher.opinions(shown)
            targets = {
                name: _floats((1 - self._taught) * rows_of + self._taught * opinions[name])
                for name, rows_of in targets.items()
            }
        if self._cut:
            return cut_out(shown, self._side, rng), targets, weights
        return resize(shown, self._side), targets, weights

    def _chosen(self, rows: NDArray[np.intp], rng: np.random.Generator) -> NDArray[np.uint8]:
        pixels = self._pixels[rows]
        if self._aligned is None:
            return pixels
        is_aligned = rng.random(len(rows)) < self._aligned_share
        pixels[is_aligned] = self._aligned[rows[is_aligned]]
        return pixels

    def _mixed(
        self,
        shown: Floats,
        targets: Mapping[str, Floats],
        weights: Mapping[str, Floats],
        rng: np.random.Generator,
    ) -> tuple[Floats, dict[str, Floats], dict[str, Floats]]:
        """Blend each face with the one before it: the order is random already."""
        share = rng.beta(self._mix_up, self._mix_up, len(shown)).astype(np.float32)
        share = np.maximum(share, 1 - share)
        mixed_targets, mixed_weights = {}, {}
        for name, counts in weights.items():
            blended = _blend(targets[name] * counts[:, np.newaxis], share)
            total = _blend(counts, share)
            mixed_weights[name] = total
            # A face that does not count lends its pixels and no target.
            mixed_targets[name] = _floats(blended / np.maximum(total, 1e-6)[:, np.newaxis])
        return _blend(shown, share), mixed_targets, mixed_weights


class Unchanged(keras.utils.PyDataset):
    """One epoch of what is not changed any more: shuffled, in full batches.

    shown: float [N, ...], as the network takes it; it may lie in a file.
    """

    def __init__(
        self,
        shown: NDArray[np.floating[Any]],
        targets: Targets,
        *,
        batch: int,
        seed: int,
        epoch: int,
    ) -> None:
        super().__init__()
        self._shown, self._targets, self._batch = shown, targets, batch
        self._order = np.random.default_rng((seed, epoch)).permutation(len(shown))

    def __len__(self) -> int:
        return len(self._shown) // self._batch

    def __getitem__(self, index: int) -> tuple[Floats, dict[str, Floats], dict[str, Floats]]:
        rows = self._order[index * self._batch : (index + 1) * self._batch]
        targets = {name: of_all[rows] for name, (of_all, _) in self._targets.items()}
        weights = {name: counts[rows] for name, (_, counts) in self._targets.items()}
        return _floats(self._shown[rows]), targets, weights


def _floats(rows: NDArray[Any]) -> Floats:
    return np.asarray(rows, dtype=np.float32)


def _blend(rows: Floats, share: Floats) -> Floats:
    """Each row with the one before it: `share` [n] of itself and the rest of the other."""
    share = share.reshape(-1, *[1] * (rows.ndim - 1))
    return _floats(share * rows + (1 - share) * np.roll(rows, 1, axis=0))


def resize(faces: Floats, side: int) -> Floats:
    """Shrink each face by area: float32 [N, H, W, 1] → float32 [N, side, side, 1]."""
    if faces.shape[1:3] == (side, side):
        return faces
    resized = [cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA) for face in faces]
    return np.asarray(resized, dtype=np.float32)[..., np.newaxis]


def cut_out(faces: Floats, side: int, rng: np.random.Generator) -> Floats:
    """A square from a random place of each face: float32 [N, H, W, 1] → [N, side, side, 1]."""
    height, width = faces.shape[1:3]
    tops = rng.integers(0, height - side + 1, len(faces))
    lefts = rng.integers(0, width - side + 1, len(faces))
    places = zip(faces, tops, lefts, strict=True)
    return np.stack([face[y : y + side, x : x + side] for face, y, x in places])


def as_input(faces: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Gray bytes as the network takes them: uint8 [N, H, W] → float32 [N, H, W, 1] in 0…1."""
    return faces[..., np.newaxis].astype(np.float32) / np.float32(255.0)
