"""Aligned faces → the same faces in a harder condition, with a strength from 0 to 1.

| name       | mild                          | hard, which is strength 1                     |
|------------|-------------------------------|-----------------------------------------------|
| low_light  | 0.4: gamma 1.6, noise 6       | gamma 3, noise of 15 gray levels (deviation)  |
| glasses    | 0.5: frame 1 pixel thick      | dark frame 2 pixels thick, bright reflections |
| sunglasses | 0.5: half of the light hidden | opaque                                        |
| roll       | 1/3: 10° to either side       | 30° to either side                            |
| yaw        | 0.5: 20° to either side       | 40° to either side, as a cylinder turns       |
| blur       | 0.5: Gaussian, sigma 1 pixel  | Gaussian, sigma 2 pixels                      |
| small_face | 0.5: 36 pixels wide           | 24 pixels wide, enlarged again                |
| jpeg       | 0.6: quality 49               | quality 15                                    |
| mask       | 0.5: chin and lower lip       | up to the nose: the mouth is hidden           |

Pixels are those of the 48 x 48 picture, each about 3.7 mm of a face (17 between the eyes, which
are 63 mm apart). Strength 0 leaves every picture as it is. Roll is what is left after alignment,
which turns a face upright wherever the landmarks are right.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.perception.card import Alignment
from trainer import occlusion

Gray = NDArray[np.uint8]
#: uint8 [N, 48, 48], strength 0…1, generator → uint8 [N, 48, 48].
Change = Callable[[Gray, float, np.random.Generator], Gray]


@dataclass(frozen=True, slots=True)
class Condition:
    """One way in which faces become harder to read.

    mild, hard: the strengths that results are promised for.
    in_words: a strength 0…1 in physical terms, for tables.
    """

    name: str
    title: str
    change: Change
    in_words: Callable[[float], str]
    mild: float = 0.5
    hard: float = 1.0

    def apply(self, faces: Gray, strength: float, seed: int = 0) -> Gray:
        """Change each face; uint8 [N, 48, 48] → uint8 [N, 48, 48].

        The same seed gives a face the same side, lenses and noise at every strength.

        Raises:
            ValueError: faces of another shape or dtype, or a strength outside 0…1.
        """
        if faces.dtype != np.uint8 or faces.shape[1:] != (48, 48):
            raise ValueError(f"faces are {faces.dtype} {faces.shape}, not uint8 [N, 48, 48]")
        if not 0.0 <= strength <= 1.0:
            raise ValueError(f"strength {strength} is not within 0…1")
        if strength == 0.0:
            return faces.copy()
        rng = np.random.default_rng((seed, zlib.crc32(self.name.encode())))
        return self.change(faces, strength, rng)


def conditions(alignment: Alignment) -> tuple[Condition, ...]:
    """All conditions, for faces whose eyes and mouths stand as `alignment` says."""
    glasses = partial(occlusion.glasses, alignment=alignment)
    sunglasses = partial(occlusion.sunglasses, alignment=alignment)
    mask = partial(occlusion.mask, alignment=alignment)
    return (
        Condition("low_light", "Low light", low_light, _low_light_in_words, mild=0.4),
        Condition("glasses", "Glasses", glasses, lambda s: f"frame {2 * s:.1f} px"),
        Condition("sunglasses", "Sunglasses", sunglasses, lambda s: f"{s:.0%} opaque"),
        Condition("roll", "Roll", roll, lambda s: f"±{30 * s:.0f}°", mild=1 / 3),
        Condition("yaw", "Yaw", yaw, lambda s: f"±{40 * s:.0f}°"),
        Condition("blur", "Blur", blur, lambda s: f"sigma {2 * s:.1f} px"),
        Condition("small_face", "Small face", small_face, lambda s: f"{_width(s)} px wide"),
        Condition("jpeg", "JPEG", jpeg, lambda s: f"quality {_quality(s)}", mild=0.6),
        Condition("mask", "Mask", mask, lambda s: f"pulled up by {s:.0%}"),
    )


def low_light(faces: Gray, strength: float, rng: np.random.Generator) -> Gray:
    """Gray levels raised to 3**strength, under Gaussian noise of 0.06 `strength` of full range."""
    gamma, deviation = _exposure(strength)
    level = (np.arange(256) / 255.0) ** gamma
    noise = rng.standard_normal(faces.shape, dtype=np.float32) * np.float32(deviation)
    dark = level[faces] + noise
    return np.asarray(np.clip(dark * 255.0 + 0.5, 0, 255), dtype=np.uint8)


def roll(faces: Gray, strength: float, rng: np.random.Generator) -> Gray:
    """Turned about the picture's centre by 30° x `strength`, left or right; edges repeated."""
    changed = np.empty_like(faces)
    for row, (face, side) in enumerate(zip(faces, _sides(len(faces), rng), strict=True)):
        matrix = cv2.getRotationMatrix2D((23.5, 23.5), 30.0 * strength * float(side), 1.0)
        changed[row] = cv2.warpAffine(face, matrix, (48, 48), borderMode=cv2.BORDER_REPLICATE)
    return changed


def yaw(faces: Gray, strength: float, rng: np.random.Generator) -> Gray:
    """Turned by 40° x `strength`, left or right, as if painted on a standing cylinder.

    Its radius is 0.55 of the picture's side, about a head's; the middle of the face stays in the
    middle, where alignment puts it. The far half is foreshortened, the near half widened.
    """
    angle, radius = np.deg2rad(40.0 * strength), 0.55
    place = (np.arange(48) + 0.5) / 48 - 0.5
    turned = np.arcsin(np.clip(place / radius + np.sin(angle), -1.0, 1.0)) - angle
    columns = ((radius * np.sin(turned) + 0.5) * 48 - 0.5).astype(np.float32)
    x, y = np.meshgrid(columns, np.arange(48, dtype=np.float32))
    changed = np.empty_like(faces)
    for row, (face, side) in enumerate(zip(faces, _sides(len(faces), rng), strict=True)):
        seen = cv2.remap(face[:, ::side], x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        changed[row] = seen[:, ::side]
    return changed


def blur(faces: Gray, strength: float, _: np.random.Generator) -> Gray:
    """Gaussian blur with a standard deviation of 2 x `strength` pixels."""
    return _each(faces, lambda face: cv2.GaussianBlur(face, (0, 0), 2.0 * strength))


def small_face(faces: Gray, strength: float, _: np.random.Generator) -> Gray:
    """Shrunk to 48 - 24 x `strength` pixels by area and enlarged linearly, as the device does."""
    width = _width(strength)

    def shrink(face: Gray) -> cv2.typing.MatLike:
        small = cv2.resize(face, (width, width), interpolation=cv2.INTER_AREA)
        return cv2.resize(small, (48, 48), interpolation=cv2.INTER_LINEAR)

    return _each(faces, shrink)


def jpeg(faces: Gray, strength: float, _: np.random.Generator) -> Gray:
    """Stored as JPEG of quality 100 - 85 x `strength` at 48 x 48 pixels, and read again."""
    parameters = [cv2.IMWRITE_JPEG_QUALITY, _quality(strength)]

    def store(face: Gray) -> cv2.typing.MatLike:
        _, stored = cv2.imencode(".jpg", face, parameters)
        read = cv2.imdecode(stored, cv2.IMREAD_GRAYSCALE)
        assert read is not None  # noqa: S101 - just encoded
        return read

    return _each(faces, store)


def _each(faces: Gray, change: Callable[[Gray], cv2.typing.MatLike]) -> Gray:
    return np.asarray([change(face) for face in faces], dtype=np.uint8).reshape(faces.shape)


def _sides(n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """-1 or 1 a face: int64 [N]."""
    return rng.integers(2, size=n) * 2 - 1


def _exposure(strength: float) -> tuple[float, float]:
    return 3.0**strength, 0.06 * strength


def _low_light_in_words(strength: float) -> str:
    gamma, deviation = _exposure(strength)
    return f"gamma {gamma:.1f}, noise {255 * deviation:.0f}"


def _width(strength: float) -> int:
    return round(48 - 24 * strength)


def _quality(strength: float) -> int:
    return round(100 - 85 * strength)
