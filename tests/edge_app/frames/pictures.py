"""JPEGs of cameras, well and damaged."""

from __future__ import annotations

import cv2
import numpy as np


def jpeg(
    height: int = 48,
    width: int = 64,
    *,
    gray: bool = False,
    level: int = 120,
    is_progressive: bool = False,
) -> bytes:
    """A picture with some noise, so that it has a scan worth cutting."""
    noise = np.random.default_rng(7).integers(0, 40, (height, width), np.uint8) + np.uint8(level)
    image = noise if gray else np.dstack([noise, noise, noise])
    progressive = [cv2.IMWRITE_JPEG_PROGRESSIVE, int(is_progressive)]
    return bytes(cv2.imencode(".jpg", image, progressive)[1])


def resized_header(picture: bytes, height: int, width: int) -> bytes:
    """The same JPEG, baseline or progressive, claiming another size in its frame header."""
    at = max(picture.find(b"\xff\xc0"), picture.find(b"\xff\xc2"))
    size = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    return picture[: at + 5] + size + picture[at + 9 :]


def in_several_scans(picture: bytes) -> bytes:
    """The same gray JPEG as the first scan of one in three colours, whose others never come."""
    at = picture.index(b"\xff\xc0")
    length = int.from_bytes(picture[at + 2 : at + 4], "big")
    header = bytearray(picture[at : at + 2 + length])
    header[2:4] = (length + 6).to_bytes(2, "big")
    header[9] = 3
    header += bytes((2, 0x11, 0, 3, 0x11, 0))
    return picture[:at] + header + picture[at + 2 + length :]
