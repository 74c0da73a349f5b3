"""Aligned faces → the same faces with glasses, sunglasses or a mask drawn where they belong."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.perception.alignment import canonical_landmarks
from edge_app.perception.card import Alignment

Gray = NDArray[np.uint8]
Floats = NDArray[np.float32]

SIDE = 48
#: Shapes are drawn this much larger and shrunk by area: their edges fall between pixels.
FINE = 8
#: Exponents of the superellipses that lenses are: round and nearly rectangular.
LENSES = (2.0, 4.5)


def glasses(faces: Gray, strength: float, rng: np.random.Generator, alignment: Alignment) -> Gray:
    """Clear lenses in a dark frame of 2 x `strength` pixels, with a reflection across each lens.

    The reflection hides up to 70 % x `strength` of what is behind it; lenses are round or
    rectangular. uint8 [N, 48, 48] → uint8 [N, 48, 48].
    """
    thickness = 2.0 * strength / SIDE
    frames = [frame(alignment, exponent, thickness) for exponent in LENSES]
    reflection = glare(alignment)
    changed = np.empty_like(faces)
    for row, face in enumerate(faces):
        shape = rng.integers(len(LENSES))
        level, light = rng.uniform(5, 70), rng.uniform(0.2, 0.7)
        shown = blend(face, reflection * np.float32(light * strength), 245.0)
        changed[row] = blend(shown, frames[shape], level)
    return changed


def sunglasses(
    faces: Gray, strength: float, rng: np.random.Generator, alignment: Alignment
) -> Gray:
    """Lenses and frame that hide `strength` of the light behind them; at 1 they are opaque.

    uint8 [N, 48, 48] → uint8 [N, 48, 48].
    """
    covers = [
        np.maximum(lenses(alignment, exponent), frame(alignment, exponent, 2.0 / SIDE))
        for exponent in LENSES
    ]
    changed = np.empty_like(faces)
    for row, face in enumerate(faces):
        shape, level = rng.integers(len(LENSES)), rng.uniform(5, 45)
        changed[row] = blend(face, covers[shape] * np.float32(strength), level)
    return changed


def mask(faces: Gray, strength: float, rng: np.random.Generator, alignment: Alignment) -> Gray:
    """An opaque mask of any gray, pulled up from the lower edge of the picture.

    At 1 its upper edge is on the nose, 0.45 of the way from the mouth to the eyes, and the mouth
    is hidden; at half of that it hides the chin and the lower lip.
    uint8 [N, 48, 48] → uint8 [N, 48, 48].
    """
    cover = mask_outline(alignment, strength)
    changed = np.empty_like(faces)
    for row, face in enumerate(faces):
        changed[row] = blend(face, cover, rng.uniform(30, 235))
    return changed


def mask_outline(alignment: Alignment, strength: float) -> Floats:
    """How much of each pixel a mask covers that is pulled up by `strength`: float32 [48, 48]."""
    right_eye, left_eye, right_mouth, left_mouth = canonical_landmarks(alignment)
    eyes, mouth = (right_eye + left_eye) / 2, (right_mouth + left_mouth) / 2
    wide = float(np.linalg.norm(left_eye - right_eye))
    raised = mouth[1] + 0.45 * (eyes[1] - mouth[1])
    top = 1.0 - strength * (1.0 - raised)
    outline = np.array([(-1.05, 0.12), (-0.5, 0.02), (0, 0), (0.5, 0.02), (1.05, 0.12),
                        (0.95, 0.7), (0.5, 1.25), (-0.5, 1.25), (-0.95, 0.7)])  # fmt: skip
    return polygons([outline * wide + (mouth[0], top)])


def lenses(alignment: Alignment, exponent: float, grow: float = 0.0) -> Floats:
    """How much of each pixel both lenses cover, made larger by `grow` sides: float32 [48, 48]."""
    eyes, wide = _eyes(alignment)
    angle = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    across, down = np.cos(angle), np.sin(angle)
    circle = np.stack([across, down], axis=1)
    unit = np.sign(circle) * np.abs(circle) ** (2.0 / exponent)
    half = np.maximum(np.array([0.41, 0.30]) * wide + grow, 0.0)
    return polygons([unit * half + eye + (0, 0.04 * wide) for eye in eyes])


def frame(alignment: Alignment, exponent: float, thickness: float) -> Floats:
    """The rims with bridge and temples, `thickness` sides thick: float32 [48, 48]."""
    rims = lenses(alignment, exponent, thickness / 2) - lenses(alignment, exponent, -thickness / 2)
    (right, left), wide = _eyes(alignment)
    inner, outer = np.array([0.41 * wide, 0.0]), np.array([0.75 * wide, 0.03 * wide])
    rim = np.array([0.41 * wide, 0.0])
    bars = [(right + inner, left - inner), (right - rim, right - outer), (left + rim, left + outer)]
    half = np.array([0.0, thickness / 2])
    strips = [np.array([a - half, b - half, b + half, a + half]) for a, b in bars]
    return np.asarray(np.maximum(rims, polygons(strips)))


def glare(alignment: Alignment) -> Floats:
    """A slanting band across each lens: float32 [48, 48]."""
    eyes, wide = _eyes(alignment)
    band = np.array([(-0.05, -0.3), (0.2, -0.3), (-0.05, 0.3), (-0.3, 0.3)]) * wide
    return np.asarray(polygons([band + eye for eye in eyes]) * lenses(alignment, LENSES[0]))


def _eyes(alignment: Alignment) -> tuple[NDArray[np.float64], float]:
    """Where both eyes stand, float64 [2, 2], and how far apart, in sides of the picture."""
    eyes = canonical_landmarks(alignment)[:2]
    return eyes, float(np.linalg.norm(eyes[1] - eyes[0]))


def polygons(outlines: Sequence[NDArray[np.float64]]) -> Floats:
    """How much of each pixel the polygons cover; points are fractions of the side."""
    fine = np.zeros((SIDE * FINE, SIDE * FINE), np.float32)
    points = [np.round(outline * SIDE * FINE - 0.5).astype(np.int32) for outline in outlines]
    for outline in points:
        cv2.fillPoly(fine, [outline], 1.0)
    return np.asarray(fine.reshape(SIDE, FINE, SIDE, FINE).mean(axis=(1, 3)))


def blend(face: Gray, cover: Floats, level: float) -> Gray:
    """The face under one gray level, as far as `cover` goes: uint8 [48, 48]."""
    covered = face + cover * (np.float32(level) - face)
    return np.asarray(np.clip(covered + 0.5, 0, 255), dtype=np.uint8)
