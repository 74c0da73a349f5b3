"""A training face → the same face as another camera, in other light, might have shown it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.disguises import Shares

Gray = NDArray[np.uint8]


#: Of a camera in a dark room: standard deviation of the noise, of the full range.
_DARK_NOISE = 0.07


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How far each change may go; zero switches a change off."""

    rotation_deg: float = 15.0
    scale: float = 0.15
    shift: float = 0.08  # of the picture's side
    shear: float = 0.08
    gamma: float = 0.5  # in octaves: gamma is drawn from 2**±gamma
    contrast: float = 0.3
    brightness: float = 0.15  # of the full range
    noise: float = 0.03  # standard deviation, of the full range
    low_resolution: float = 0.15  # probability of a loss of resolution
    erased: float = 0.3  # probability of one erased rectangle
    dark: float = 0.0  # probability of a dark room: a gamma of 1.5 to 3.3 and more noise
    blur: float = 0.0  # probability of a Gaussian blur of up to 2.2 pixels
    jpeg: float = 0.0  # probability of JPEG's quality 10 to 70
    glasses: float = 0.0  # probability of drawn ones, and so for the next two
    sunglasses: float = 0.0
    mask: float = 0.0

    def apply(self, faces: Gray, rng: np.random.Generator) -> Gray:
        """Change each face on its own: uint8 [N, H, W] → uint8 [N, H, W].

        What is drawn does not depend on the faces: the same `rng` changes others alike.
        """
        changed = np.empty_like(faces)
        for row, face in enumerate(faces):
            changed[row] = self._one(face, rng)
        return changed

    def _one(self, face: Gray, rng: np.random.Generator) -> Gray:
        worn = Shares(self.glasses, self.sunglasses, self.mask)
        moved = self._move(worn.dress(face, rng), rng)
        if rng.random() < self.low_resolution:
            moved = _lose_resolution(moved, rng)
        # A change that is switched off draws no number: what older recipes draw stays the same.
        if self.blur and rng.random() < self.blur:
            moved = np.asarray(cv2.GaussianBlur(moved, (0, 0), rng.uniform(0.4, 2.2)), np.uint8)
        lit = self._light(moved, rng)
        if rng.random() < self.erased:
            _erase(lit, rng)
        if self.jpeg and rng.random() < self.jpeg:
            lit = _compress(lit, int(rng.integers(10, 71)))
        return lit

    def _move(self, face: Gray, rng: np.random.Generator) -> Gray:
        height, width = face.shape
        angle = np.deg2rad(rng.uniform(-self.rotation_deg, self.rotation_deg))
        scale = np.exp(rng.uniform(-self.scale, self.scale))
        shear = rng.uniform(-self.shear, self.shear)
        flip = -1.0 if rng.random() < 0.5 else 1.0
        cos, sin = scale * np.cos(angle), scale * np.sin(angle)
        linear = np.array([[cos, -sin], [sin, cos]]) @ np.array([[flip, shear], [0.0, 1.0]])
        centre = np.array([(width - 1) / 2, (height - 1) / 2])
        shift = rng.uniform(-self.shift, self.shift, 2) * (width, height)
        matrix = np.column_stack([linear, centre + shift - linear @ centre])
        return np.asarray(
            cv2.warpAffine(face, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE),
            dtype=np.uint8,
        )

    def _light(self, face: Gray, rng: np.random.Generator) -> Gray:
        level = np.arange(256, dtype=np.float32) / 255.0
        is_dark = bool(self.dark) and rng.random() < self.dark
        if is_dark:
            level = level ** np.float32(rng.uniform(1.5, 3.3))
        level = level ** np.float32(2.0 ** rng.uniform(-self.gamma, self.gamma))
        level = (level - 0.5) * (1.0 + rng.uniform(-self.contrast, self.contrast)) + 0.5
        level += rng.uniform(-self.brightness, self.brightness)
        lit = level[face]
        if self.noise:
            deviation = rng.uniform(0.0, _DARK_NOISE if is_dark else self.noise)
            lit = lit + rng.standard_normal(face.shape, dtype=np.float32) * deviation
        return np.asarray(np.clip(lit * 255.0 + 0.5, 0, 255), dtype=np.uint8)


#: Half of the faces mirrored, and nothing else.
MIRRORED = Augmentation(
    rotation_deg=0, scale=0, shift=0, shear=0, gamma=0, contrast=0, brightness=0, noise=0,
    low_resolution=0, erased=0,
)  # fmt: skip


def _lose_resolution(face: Gray, rng: np.random.Generator) -> Gray:
    """As a face that was small in the frame: shrunk to 16 to 40 pixels and enlarged again."""
    height, width = face.shape
    side = int(rng.integers(16, 41))
    small = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height)), dtype=np.uint8)


def _compress(face: Gray, quality: int) -> Gray:
    _, stored = cv2.imencode(".jpg", face, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(stored, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)


def _erase(face: Gray, rng: np.random.Generator) -> None:
    """Cover one rectangle with one gray level, in place (Zhong et al. 2017)."""
    height, width = face.shape
    h, w = rng.integers(height // 8, height // 3), rng.integers(width // 8, width // 3)
    y, x = rng.integers(0, height - h + 1), rng.integers(0, width - w + 1)
    face[y : y + h, x : x + w] = rng.integers(0, 256)
