"""JPEGs of cameras, well and damaged."""

from __future__ import annotations

import cv2
import numpy as np


def jpeg(height: int = 48, width: int = 64, *, gray: bool = False, level: int = 120) -> bytes:
    """A picture with some noise, so that it has a scan worth cutting."""
    noise = np.random.default_rng(7).integers(0, 40, (height, width), np.uint8) + np.uint8(level)
    image = noise if gray else np.dstack([noise, noise, noise])
    return bytes(cv2.imencode(".jpg", image)[1])


def resized_header(picture: bytes, height: int, width: int) -> bytes:
    """The same JPEG, claiming another size in its frame header."""
    at = picture.index(b"\xff\xc0")
    size = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    return picture[: at + 5] + size + picture[at + 9 :]
