"""A photo under camera noise, flicker and small movement → emotion changes in an hour of it.

Some minutes of frames go through detection, alignment and classification; the hour is made of
stretches of their answers, 10 s each, drawn by a seed, so that slow movement stays slow.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.as_command import exit_code
from benchmarks.noting_perception import NotingPerception
from benchmarks.stages import make_watcher
from edge_app.frames.source import Frame
from edge_app.perception import Box, Perception, SeenFace
from edge_app.perception.smoothing import REACTIONS, EmotionFilter, Reaction
from edge_app.perception.watcher import Watcher

Picture = NDArray[np.uint8]

FRAMES_PER_SECOND = 15
HOUR_S = 3600.0
STRETCH_S = 10.0
WIDTH, HEIGHT = 640, 480
#: The face's box, in pixels of the frame.
FACE_HEIGHT = 150.0
#: Camera noise, in gray levels; light that flickers from frame to frame, and that beats with it.
NOISE, FLICKER, BEAT = 4.0, 0.02, 0.05
#: Swaying: pixels to either side and up and down, degrees of roll, share of the size.
SWAY = np.array([6.0, 4.0, 3.0, 0.03])
#: Of swaying and beating light, in Hz; no two of them come round together.
SWAY_HZ, BEAT_HZ = np.array([0.11, 0.17, 0.23, 0.07]), 0.83


@dataclass(frozen=True, slots=True)
class Result:
    """Frames' own changes, counted without smoothing, and changes of the smoothed emotion."""

    raw: int
    smoothed: int
    emotions: tuple[str, ...]


def frames(photo: Picture, face: SeenFace, count: int, seed: int = 0) -> Iterator[Picture]:
    """Give frames of one unchanging face: uint8 [480, 640, 3], BGR.

    photo: uint8 [H, W, 3]; face: where it is in there.
    """
    rng = np.random.default_rng(seed)
    phases = rng.uniform(0, 2 * np.pi, 5)
    box = face.face.box
    middle = ((box.left + box.right) / 2, (box.top + box.bottom) / 2)
    for index in range(count):
        time_s = index / FRAMES_PER_SECOND
        x, y, roll, size = SWAY * np.sin(2 * np.pi * SWAY_HZ * time_s + phases[:4])
        scale = FACE_HEIGHT / box.height * (1 + size)
        matrix = np.asarray(cv2.getRotationMatrix2D(middle, roll, scale), np.float64)
        matrix[:, 2] += np.array([WIDTH / 2 + x, HEIGHT / 2 + y]) - middle
        shown = cv2.warpAffine(
            photo, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        light = 1 + BEAT * np.sin(2 * np.pi * BEAT_HZ * time_s + phases[4])
        light += FLICKER * rng.standard_normal()
        noise = rng.standard_normal((HEIGHT, WIDTH, 1), np.float32) * np.float32(NOISE)
        yield np.clip(shown * np.float32(light) + noise + 0.5, 0, 255).astype(np.uint8)


def answers(perception: Perception, shown: Iterator[Picture]) -> list[SeenFace | None]:
    """The face in the middle, read as the daemon does it; None where it is not read."""
    noting = NotingPerception(perception)
    watcher = make_watcher(noting, Watcher)
    read: list[SeenFace | None] = []
    for index, frame in enumerate(shown):
        noting.seen = []
        present = watcher.watch(Frame(frame, int(index * 1e9 / FRAMES_PER_SECOND)))
        middle = min((face.box for face in present), key=_off_middle, default=None)
        read.append(next((face for face in noting.seen if face.face.box == middle), None))
    return read


def changes(seen: Sequence[SeenFace | None], unsure_below: float, reaction: Reaction) -> Result:
    """Count changes in frames that follow each other; the first emotion is no change."""
    labels = next(face.labels for face in seen if face)
    emotions = EmotionFilter(labels, unsure_below, reaction)
    told: list[str] = []
    raw: list[str] = []
    for index, face in enumerate(seen):
        if face is None:
            continue
        now = emotions.update(
            face.probabilities, int(index * 1e9 / FRAMES_PER_SECOND), face.quality
        )
        if face.emotion not in raw[-1:]:
            raw.append(face.emotion)
        if now is not None and now not in told[-1:]:
            told.append(now)
    return Result(max(0, len(raw) - 1), max(0, len(told) - 1), tuple(dict.fromkeys(told)))


def hour_of(seen: Sequence[SeenFace | None]) -> list[SeenFace | None]:
    """An hour of stretches drawn from `seen`."""
    rng = np.random.default_rng(0)
    length = min(int(STRETCH_S * FRAMES_PER_SECOND), len(seen))
    stretches = int(HOUR_S * FRAMES_PER_SECOND / length)
    starts = rng.integers(0, len(seen) - length + 1, stretches)
    return [face for start in starts for face in seen[start : start + length]]


def main() -> int:
    """Print a row for each photo."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, default=Path("../shared/data/photos"))
    parser.add_argument("--seconds", type=float, default=120.0, help="of frames; %(default)s")
    parser.add_argument("--detector", type=Path, help="another detector than the shipped one")
    parser.add_argument("--classifier", type=Path, help="another classifier than the shipped one")
    arguments = parser.parse_args()
    perception = Perception.load(detector=arguments.detector, classifier=arguments.classifier)
    count = int(arguments.seconds * FRAMES_PER_SECOND)
    names = list(REACTIONS)
    sys.stdout.write(f"{arguments.seconds:.0f} s of frames a photo; changes in an hour\n\n")
    sys.stdout.write(
        "| photo | frames read | each frame alone | " + " | ".join(names) + " | told |\n"
    )
    sys.stdout.write("|---|---:|---:" + "|---:" * len(names) + "|---|\n")
    for path in sorted(arguments.photos.glob("*.jpg")):
        photo = np.asarray(cv2.imread(str(path)), np.uint8)
        faces = perception.see(photo)
        if not faces:
            continue
        largest = max(faces, key=lambda face: face.face.box.height)
        seen = answers(perception, frames(photo, largest, count))
        read = np.mean([face is not None for face in seen])
        if not read:
            continue
        hour = hour_of(seen)
        below = perception.classifier.answer.unsure_below
        results = {name: changes(hour, below, REACTIONS[name]) for name in names}
        cells = [str(result.smoothed) for result in results.values()]
        told = ", ".join(results["normal"].emotions)
        raw = results["normal"].raw
        sys.stdout.write(
            f"| {path.stem} | {read:.0%} | {raw} | " + " | ".join(cells) + f" | {told} |\n"
        )
        sys.stdout.flush()
    return 0


def _off_middle(box: Box) -> float:
    return float(np.hypot(box.left + box.right - WIDTH, box.top + box.bottom - HEIGHT))


if __name__ == "__main__":
    sys.exit(exit_code(main))
