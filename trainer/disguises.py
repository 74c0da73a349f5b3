"""Drawn glasses, sunglasses and masks in many shapes, for training faces to wear.

`trainer.conditions` measures with drawings of the same kind but of fixed shape and place. Here eyes
and mouth are where a face of FER2013 has them, give or take, and lens, rim and height vary.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from edge_app.perception.card import Alignment
from trainer import occlusion

Gray = NDArray[np.uint8]

#: Where FER2013's faces have their eyes and mouths: `trainer.framing` on every tenth of Training.
FER2013 = Alignment(
    right_eye=(0.3121, 0.3817),
    left_eye=(0.684, 0.3797),
    right_mouth=(0.3515, 0.7629),
    left_mouth=(0.6558, 0.7592),
    margin=0.8116,
)
#: Drawn once a process: shapes of each kind.
SHAPES = 96
#: Standard deviation of where an eye or a mouth may be, in sides of the picture.
_JITTER = 0.02


@dataclass(frozen=True, slots=True)
class Layer:
    """cover: float32 [48, 48], how much is hidden, 0…1; levels: gray level from and below."""

    cover: NDArray[np.float32]
    levels: tuple[float, float]


#: What is put on a face, the first layer first.
Disguise = tuple[Layer, ...]


@dataclass(frozen=True, slots=True)
class Wardrobe:
    """What there is to wear."""

    glasses: tuple[Disguise, ...]
    sunglasses: tuple[Disguise, ...]
    masks: tuple[Disguise, ...]


@cache
def wardrobe(seed: int = 0) -> Wardrobe:
    """Draw all shapes; the same ones for the same seed."""
    rng = np.random.default_rng((seed, SHAPES))
    return Wardrobe(
        glasses=tuple(_glasses(rng) for _ in range(SHAPES)),
        sunglasses=tuple(_sunglasses(rng) for _ in range(SHAPES)),
        masks=tuple(_mask(rng) for _ in range(SHAPES)),
    )


@dataclass(frozen=True, slots=True)
class Shares:
    """How many faces of all wear what; no face wears two things."""

    glasses: float = 0.0
    sunglasses: float = 0.0
    mask: float = 0.0

    def dress(self, face: Gray, rng: np.random.Generator) -> Gray:
        """Put at most one thing on a face: uint8 [48, 48] → uint8 [48, 48].

        Where all shares are 0, no number is drawn.
        """
        if not (self.glasses or self.sunglasses or self.mask):
            return face
        there = wardrobe()
        drawn = rng.random()
        for share, shapes in (
            (self.glasses, there.glasses),
            (self.sunglasses, there.sunglasses),
            (self.mask, there.masks),
        ):
            if drawn < share:
                return wear(face, shapes, rng)
            drawn -= share
        return face


def wear(face: Gray, shapes: tuple[Disguise, ...], rng: np.random.Generator) -> Gray:
    """Put one of `shapes` on a face: uint8 [48, 48] → uint8 [48, 48]."""
    for layer in shapes[rng.integers(len(shapes))]:
        face = occlusion.blend(face, layer.cover, rng.uniform(*layer.levels))
    return face


def _glasses(rng: np.random.Generator) -> Disguise:
    place, exponent = _somewhere(rng), rng.uniform(*occlusion.LENSES)
    rim = occlusion.frame(place, exponent, rng.uniform(0.4, 2.5) / occlusion.SIDE)
    rim *= np.float32(rng.uniform(0.6, 1.0))
    glare = occlusion.glare(place) * np.float32(rng.uniform(0.0, 0.7))
    return (Layer(glare, (200.0, 255.0)), Layer(rim, (0.0, 110.0)))


def _sunglasses(rng: np.random.Generator) -> Disguise:
    place, exponent = _somewhere(rng), rng.uniform(*occlusion.LENSES)
    rim = occlusion.frame(place, exponent, rng.uniform(0.5, 2.5) / occlusion.SIDE)
    lenses = occlusion.lenses(place, exponent) * np.float32(rng.uniform(0.4, 1.0))
    return (Layer(np.maximum(rim, lenses), (0.0, 60.0)),)


def _mask(rng: np.random.Generator) -> Disguise:
    cover = occlusion.mask_outline(_somewhere(rng), rng.uniform(0.35, 1.05))
    return (Layer(cover, (20.0, 245.0)),)


def _somewhere(rng: np.random.Generator) -> Alignment:
    """FER2013's places, the eyes and the mouth each moved, the eyes by the same height."""
    (ax, ay), (bx, by) = FER2013.right_eye, FER2013.left_eye
    (cx, cy), (dx, dy) = FER2013.right_mouth, FER2013.left_mouth
    wider, x, y, mouth = rng.normal(0.0, _JITTER, 4)
    return Alignment(
        right_eye=(ax + x - wider, ay + y),
        left_eye=(bx + x + wider, by + y),
        right_mouth=(cx + x, cy + mouth),
        left_mouth=(dx + x, dy + mouth),
        margin=FER2013.margin,
    )
