"""Photos in colour → endless views of them, for one network to learn from another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from edge_app.perception.faces import Image

#: Shares of views that show no face, and that show four photos.
_BACKGROUND, _FOUR = 0.35, 0.25
#: Of the photo's larger side to the view's.
_LEAST_SCALE, _LARGEST_SCALE = 0.35, 2.2
_ROTATION_DEG = 12.0
#: Of what shows no face: frames are searched turned as well.
_ANY_ROTATION_DEG = 180.0
#: In octaves: to darker more often than to brighter.
_LEAST_GAMMA, _LARGEST_GAMMA = -0.6, 1.2
_NOISY, _NOISE = 0.4, 10.0


@dataclass(frozen=True, slots=True)
class Views:
    """Draws squares of `size` pixels. photos, backgrounds: uint8 [H, W, 3], BGR."""

    photos: Sequence[Image]
    backgrounds: Sequence[Image]
    size: int

    def draw(self, rng: np.random.Generator) -> NDArray[np.float32]:
        """One view: float32 [size, size, 3], BGR, 0…255; the same one in light of its own."""
        if rng.random() < _BACKGROUND:
            return _lit(self._view(self.backgrounds, self.size, rng, _ANY_ROTATION_DEG), rng)
        if rng.random() < _FOUR:
            half = self.size // 2
            rows = [[self._view(self.photos, half, rng) for _ in range(2)] for _ in range(2)]
            return _lit(np.vstack([np.hstack(row) for row in rows]), rng)
        return _lit(self._view(self.photos, self.size, rng), rng)

    def _view(
        self,
        pictures: Sequence[Image],
        size: int,
        rng: np.random.Generator,
        most_turned_deg: float = _ROTATION_DEG,
    ) -> NDArray[np.uint8]:
        """A picture at another size, turned a little, mirrored or not, around another place."""
        picture = pictures[int(rng.integers(len(pictures)))]
        height, width = picture.shape[:2]
        scale = size / max(height, width)
        scale *= np.exp(rng.uniform(np.log(_LEAST_SCALE), np.log(_LARGEST_SCALE)))
        angle = np.deg2rad(rng.uniform(-most_turned_deg, most_turned_deg))
        cos, sin = scale * np.cos(angle), scale * np.sin(angle)
        mirrored = np.diag([rng.choice([-1.0, 1.0]), 1.0])
        linear = np.array([[cos, -sin], [sin, cos]]) @ mirrored
        around = np.array([rng.uniform(0.25, 0.75) * width, rng.uniform(0.2, 0.7) * height])
        matrix = np.column_stack([linear, np.full(2, size / 2) - linear @ around])
        if scale < 1.0:
            # A warp reads four pixels whatever it skips.
            picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.4 / scale), np.uint8)
        border = cv2.BORDER_CONSTANT if rng.random() < 0.7 else cv2.BORDER_REFLECT_101
        view = cv2.warpAffine(picture, matrix, (size, size), borderMode=border)
        return np.asarray(view, np.uint8)


def as_gray(views: NDArray[np.float32]) -> NDArray[np.float32]:
    """As a camera's bytes: float32 [N, H, W, 3], BGR, 0…255 → whole numbers [N, H, W, 1]."""
    # Rec. 601, as OpenCV and JPEG weigh them.
    return np.round(views @ np.array([[0.114], [0.587], [0.299]], np.float32))


def _lit(view: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.float32]:
    """In other light, with other contrast, through another camera's noise."""
    gamma = np.float32(2.0 ** rng.uniform(_LEAST_GAMMA, _LARGEST_GAMMA))
    lit = (view.astype(np.float32) / 255.0) ** gamma * 255.0
    lit = (lit - 128.0) * rng.uniform(0.7, 1.2) + 128.0 + rng.uniform(-20.0, 20.0)
    if rng.random() < _NOISY:
        noise = rng.standard_normal(view.shape[:2], dtype=np.float32)
        lit += rng.uniform(0.0, _NOISE) * noise[..., np.newaxis]
    return np.asarray(np.clip(lit, 0.0, 255.0), np.float32)
