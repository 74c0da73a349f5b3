"""NASA's portrait of the astronaut Eileen Collins → the sample clip: she comes, moves and goes.

The portrait (`skimage.data.astronaut`) is in the public domain. The clip is made by
`python -m benchmarks.sample_clip`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import skimage.data
from numpy.typing import NDArray

from benchmarks.as_command import exit_code
from edge_app.frames.opencv_messages import silence_opencv
from edge_app.samples import CLIP

WIDTH, HEIGHT, FRAMES_PER_SECOND = 640, 480, 15
DURATION_S = 18.0
#: Amplitude of the camera's noise, in gray levels.
_NOISE_SIGMA = 1.3

#: In the portrait, pixels: the middle of the face, and the height of the detector's box around it.
_FACE_MIDDLE, _FACE_HEIGHT = (224.0, 119.0), 110.0

# The hints for the cut, in pixels of the portrait. Surely her: head, suit, helmet.
_HEAD = ((226, 88), (52, 58))
_NECK = [(200, 140), (250, 140), (258, 200), (190, 200)]
_SUIT = [
    (150, 165), (215, 195), (262, 185), (298, 230), (300, 275), (335, 285), (340, 350), (280, 420),
    (270, 512), (40, 512), (40, 400), (60, 285), (112, 225), (126, 185),
]  # fmt: skip
_HELMET = ((388, 454), (105, 106))
#: What may be her: nothing outside of it is.
_OUTLINE = [
    (146, 60), (190, 12), (240, 8), (300, 40), (308, 110), (285, 150), (309, 210), (318, 230),
    (372, 300), (362, 348), (450, 340), (498, 420), (498, 512), (12, 512), (12, 330), (45, 240),
    (110, 200), (116, 165), (165, 145), (148, 110),
]  # fmt: skip

#: Time in s; middle of the face in pixels; height of the face in pixels; roll in degrees,
#: clockwise; light. In the portrait itself the face rolls by about 4.
_KEYS = np.array([
    (0.0, -260, 280, 90, 0, 1.0),
    (1.5, -260, 280, 90, 0, 1.0),
    (3.3, 235, 275, 92, 0, 1.0),
    (4.3, 240, 272, 94, 0, 1.0),
    (6.8, 325, 240, 200, 0, 1.0),
    (7.6, 325, 240, 200, 0, 1.0),
    (8.8, 322, 242, 196, 0, 0.35),
    (9.5, 322, 242, 196, 0, 0.35),
    (10.6, 318, 242, 190, 0, 1.0),
    (11.6, 330, 240, 185, 12, 1.0),
    (12.1, 330, 240, 185, 12, 1.0),
    (13.3, 300, 240, 185, -18, 1.0),
    (13.8, 300, 240, 185, -18, 1.0),
    (14.6, 315, 245, 175, 0, 1.0),
    (16.6, 1010, 255, 150, 0, 1.0),
    (DURATION_S, 1010, 255, 150, 0, 1.0),
])  # fmt: skip

Picture = NDArray[np.uint8]


def frames() -> Iterator[Picture]:
    """Give every frame of the clip: uint8 [480, 640, 3], BGR; the same ones every time."""
    rng = np.random.default_rng(1993)
    person, opacity = _cut_out()
    wall = _wall(rng)
    phases = rng.uniform(0.0, 2 * np.pi, 3)
    for index in range(int(DURATION_S * FRAMES_PER_SECOND)):
        time_s = index / FRAMES_PER_SECOND
        x, y, face_height, roll, light = _pose(time_s)
        scale = face_height / _FACE_HEIGHT
        sway = np.sin(2 * np.pi * np.array([0.31, 0.43, 0.23]) * time_s + phases)
        placement = _placement(
            x + 2.5 * scale * sway[0], y + 1.5 * scale * sway[1], scale, roll + 1.2 * sway[2]
        )
        scene = _put(wall, person, opacity, placement, scale)
        noise = rng.normal(0.0, _NOISE_SIGMA, (HEIGHT, WIDTH, 1))
        yield (scene * light + noise).round().clip(0, 255).astype(np.uint8)


def write(path: Path) -> None:
    """Write the clip to `path`, MPEG-4 in an .mp4.

    Raises:
        OSError: OpenCV cannot write there.
    """
    silence_opencv()
    codec = cv2.VideoWriter.fourcc(*"mp4v")
    writer = cv2.VideoWriter(str(path), codec, FRAMES_PER_SECOND, (WIDTH, HEIGHT))
    if not writer.isOpened():
        raise OSError(f"{path}: OpenCV cannot write a video there")
    try:
        for frame in frames():
            writer.write(frame)
    finally:
        writer.release()


def _cut_out() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Her without the studio: BGR float32 [512, 512, 3], and opacity 0…1 float32 [512, 512, 1]."""
    rgb: Picture = skimage.data.astronaut()  # type: ignore[no-untyped-call]
    portrait = np.ascontiguousarray(rgb[..., ::-1])
    mask: Picture = np.full(portrait.shape[:2], cv2.GC_BGD, np.uint8)
    cv2.fillPoly(mask, [np.array(_OUTLINE, np.int32)], cv2.GC_PR_FGD)
    cv2.ellipse(mask, *_HEAD, 0, 0, 360, cv2.GC_FGD, cv2.FILLED)
    for surely_her in (_NECK, _SUIT):
        cv2.fillPoly(mask, [np.array(surely_her, np.int32)], cv2.GC_FGD)
    cv2.ellipse(mask, *_HELMET, 0, 0, 360, cv2.GC_FGD, cv2.FILLED)
    # GrabCut begins with k-means, which draws from OpenCV's own generator.
    cv2.setRNGSeed(1)
    models = np.zeros((2, 1, 65))
    # The rectangle is not looked at where a mask is given.
    cv2.grabCut(portrait, mask, (0, 0, 1, 1), models[0], models[1], 6, cv2.GC_INIT_WITH_MASK)
    is_her = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    is_her = _float(cv2.morphologyEx(is_her, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)))
    # The outermost pixels are part wall: her colours come from further in, her edge from between.
    one_less = _float(cv2.erode(is_her, np.ones((3, 3), np.uint8)))
    two_less = _float(cv2.erode(one_less, np.ones((3, 3), np.uint8)))
    opacity = _float(cv2.GaussianBlur(one_less, (0, 0), 1.2))
    return _spread(portrait.astype(np.float32), two_less), opacity[..., None]


def _float(picture: object) -> NDArray[np.float32]:
    return np.asarray(picture, np.float32)


def _spread(picture: NDArray[np.float32], inside: NDArray[np.float32]) -> NDArray[np.float32]:
    """Carry the colours of `inside` outwards, so that no rim of the studio's wall shows."""
    result = picture * inside[..., None]
    is_known = inside > 0
    for sigma in (1.0, 2.0, 4.0):
        total = _float(cv2.GaussianBlur(inside, (0, 0), sigma))
        near = cv2.GaussianBlur(picture * inside[..., None], (0, 0), sigma)
        is_new = ~is_known & (total > 0.01)
        result[is_new] = near[is_new] / total[is_new][:, None]
        is_known |= is_new
    return result


def _wall(rng: np.random.Generator) -> NDArray[np.float32]:
    """An empty room's plain wall, lit from the upper left: float32 [480, 640, 3]."""
    y, x = np.mgrid[0 : 1 : HEIGHT * 1j, 0 : 1 : WIDTH * 1j].astype(np.float32)
    light = 1.06 - 0.16 * y - 0.10 * x - 0.12 * ((x - 0.4) ** 2 + (y - 0.3) ** 2)
    plaster = cv2.GaussianBlur(rng.normal(0.0, 1.0, (HEIGHT, WIDTH)).astype(np.float32), (0, 0), 6)
    light += 0.008 * plaster / plaster.std()
    return _float(light[..., None] * np.array([172, 184, 192], np.float32))


def _pose(time_s: float) -> tuple[float, ...]:
    """x, y, face height, roll and light, eased from key to key."""
    times = _KEYS[:, 0]
    after = int(np.clip(np.searchsorted(times, time_s, side="right"), 1, len(times) - 1))
    begin, end = _KEYS[after - 1], _KEYS[after]
    part = (time_s - begin[0]) / (end[0] - begin[0])
    eased = part * part * (3 - 2 * part)
    return tuple((begin + (end - begin) * eased)[1:].tolist())


def _placement(x: float, y: float, scale: float, roll: float) -> NDArray[np.float64]:
    """The similarity that puts the portrait's face at (x, y): float64 [2, 3]."""
    matrix = np.asarray(cv2.getRotationMatrix2D(_FACE_MIDDLE, -roll, scale), np.float64)
    matrix[:, 2] += (x - _FACE_MIDDLE[0], y - _FACE_MIDDLE[1])
    return matrix


def _put(
    wall: NDArray[np.float32],
    person: NDArray[np.float32],
    opacity: NDArray[np.float32],
    placement: NDArray[np.float64],
    scale: float,
) -> NDArray[np.float32]:
    """Her before the wall, with the soft shadow that she throws on it."""
    size = (WIDTH, HEIGHT)
    # The portrait's edges are repeated outwards, so that her suit goes on below it.
    border = cv2.BORDER_REPLICATE
    colours = cv2.warpAffine(person, placement, size, flags=cv2.INTER_CUBIC, borderMode=border)
    alpha = cv2.warpAffine(opacity, placement, size, flags=cv2.INTER_LINEAR, borderMode=border)
    shadow = cv2.GaussianBlur(
        cv2.warpAffine(alpha, np.array([[1, 0, 22 * scale], [0, 1, 10 * scale]]), size),
        (0, 0),
        16 * scale,
    )
    lit = wall * (1.0 - 0.22 * shadow[..., None])
    return _float(lit + (colours - lit) * alpha[..., None])


def main() -> int:
    """Write the clip where the repository keeps it, or elsewhere."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=CLIP, help="default: %(default)s")
    path = parser.parse_args().output
    write(path)
    sys.stdout.write(f"{path}: {path.stat().st_size} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
