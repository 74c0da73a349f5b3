"""Training pictures → the crops that the device would cut out of them, kept on disk."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from edge_app.perception.alignment import align, canonical_landmarks
from edge_app.perception.card import Alignment
from edge_app.perception.detector import FaceDetector
from trainer.array_cache import load_arrays, save_arrays
from trainer.data.pictures import SIDE
from trainer.framing import LARGE, find_landmarks

#: To be raised when other crops come out of the same pictures.
_VERSION = 1

#: Side of the picture that the crop is taken from. From the detector's own 224 pixels, a crop as
#: large as its picture kept 0.63 of the edges' contrast, from the picture's 48 pixels 0.70, and
#: from here 0.79 (medians over 200 faces, deviation of the Laplacian).
CUT_FROM = 84

#: A crop that enlarges its picture further is a blur: of a face far behind, or of no face.
LARGEST_ZOOM = 2.0

#: Uniform limits, about the quartiles of what alignment does to FER2013 where a face is found.
JITTER_SCALE, JITTER_SHIFT, JITTER_ROLL_DEG = 0.1, 0.03, 5.0


@dataclass(frozen=True, slots=True)
class Aligned:
    """The crops of N training pictures.

    pixels: uint8 [N, 48, 48]. found: bool [N], whether the detector found a face that is large
    enough, and the crop is aligned by its landmarks; otherwise it is the picture itself, jittered.
    """

    pixels: NDArray[np.uint8]
    found: NDArray[np.bool_]


def align_faces(
    pixels: NDArray[np.uint8], detector: FaceDetector, alignment: Alignment, cache: Path
) -> Aligned:
    """Cut every picture by its landmarks, or load what an earlier run cut.

    Less near than a device: `alignment.NEARER`.

    A picture's crop depends on the picture alone, so that identical pictures stay identical.

    pixels: uint8 [N, 48, 48]. alignment: where the landmarks of the median face stand, measured
    at the same size as here: `framing.measure_alignment` at `framing.LARGE`. cache: folder for the
    results; it is made where it is missing. Each is named by a hash of pictures, detector and
    alignment, and one that is damaged is made again.
    """
    path = cache / f"aligned-{_key(pixels, detector, alignment)[:16]}.npz"
    stored = load_arrays(path, "the faces are aligned again")
    if stored is not None and {"pixels", "found"} <= set(stored):
        return Aligned(stored["pixels"], stored["found"])
    crops = np.empty((len(pixels), SIDE, SIDE), np.uint8)
    found = np.zeros(len(pixels), np.bool_)
    # No bar where standard error is no terminal.
    for index, picture in enumerate(tqdm(pixels, desc="aligning", unit="face", disable=None)):
        landmarks = find_landmarks(picture, detector, LARGE)
        if landmarks is None or _zoom(landmarks, alignment) > LARGEST_ZOOM:
            crops[index] = _jitter(picture)
        else:
            source = cv2.resize(picture, (CUT_FROM, CUT_FROM), interpolation=cv2.INTER_CUBIC)
            crops[index] = align(
                np.asarray(source, np.uint8), landmarks * CUT_FROM, alignment, SIDE
            )
            found[index] = True
    save_arrays(path, {"pixels": crops, "found": found})
    return Aligned(crops, found)


def _zoom(landmarks: NDArray[np.float32], alignment: Alignment) -> float:
    """How much larger the face becomes than it is; landmarks: in sides of its picture."""
    # Without the nose, as `align` places the crop.
    placed = landmarks[[0, 1, 3, 4]]
    wanted = canonical_landmarks(alignment)
    return float(np.sqrt(wanted.var(axis=0).sum() / max(placed.var(axis=0).sum(), 1e-9)))


def _jitter(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Move, turn and scale a picture at random, by a generator that its pixels seed."""
    seed = hashlib.sha256(picture.tobytes()).digest()[:8]
    rng = np.random.default_rng(int.from_bytes(seed, "big"))
    scale = 1.0 + rng.uniform(-JITTER_SCALE, JITTER_SCALE)
    roll = rng.uniform(-JITTER_ROLL_DEG, JITTER_ROLL_DEG)
    centre = (SIDE - 1) / 2
    matrix = np.asarray(cv2.getRotationMatrix2D((centre, centre), roll, scale), np.float64)
    matrix[:, 2] += rng.uniform(-JITTER_SHIFT, JITTER_SHIFT, 2) * SIDE
    moved = cv2.warpAffine(picture, matrix, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)


def _key(pixels: NDArray[np.uint8], detector: FaceDetector, alignment: Alignment) -> str:
    settings = (_VERSION, LARGE, CUT_FROM, detector.model.card.sha256, alignment)
    digest = hashlib.sha256(msgspec.json.encode(settings))
    digest.update(np.ascontiguousarray(pixels).tobytes())
    return digest.hexdigest()
