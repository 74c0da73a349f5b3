"""Clips of people → whether faces may be classified where they were followed to.

`python -m benchmarks.following DATA` searches every frame, follows each face from every so manyth
one on, and compares: how far the landmarks are from the searched ones, and how far the emotions.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from benchmarks.as_command import at_least_one, exit_code
from edge_app.errors import UsageError
from edge_app.frames.video_file import SUFFIXES, VideoFileSource
from edge_app.perception import Perception
from edge_app.perception.faces import Face, Image
from edge_app.perception.following import follow

#: Frames between two searches that are looked at, and after how many a new face is followed.
AHEAD, STEP = (1, 2, 3, 6), 4
#: Smaller faces are hardly classified.
_LEAST_HEIGHT = 40


def _nearest(face: Face, others: Sequence[Face]) -> Face | None:
    """The searched face that is the same person, if there is one within half a face's size."""
    near = [other for other in others if _apart(face, other) < 0.5 * face.box.height]
    return min(near, key=lambda other: _apart(face, other), default=None)


def _apart(one: Face, other: Face) -> float:
    return float(np.linalg.norm(one.landmarks.mean(axis=0) - other.landmarks.mean(axis=0)))


def _compare(
    perception: Perception, image: Image, guess: Face, searched: Face
) -> tuple[float, float]:
    """Landmarks' mean distance by the eyes', and the total variation of the probabilities."""
    eyes = float(np.linalg.norm(searched.landmarks[0] - searched.landmarks[1])) + 1.0
    off = float(np.linalg.norm(guess.landmarks - searched.landmarks, axis=1).mean()) / eyes
    one, other = perception.read(image, [guess, searched], look_again=False)
    return off, float(np.abs(one.probabilities - other.probabilities).sum()) / 2


class _Comparison:
    """Rows of figures by what is compared and after how many frames."""

    def __init__(self, perception: Perception) -> None:
        self._perception = perception
        self.rows: dict[tuple[str, int], list[tuple[float, float]]] = {}
        self.lost = dict.fromkeys(AHEAD, 0)

    def add(self, images: Sequence[Image]) -> None:
        """Follow every face of every so manyth frame of one clip."""
        searched = [self._perception.detector.detect(image) for image in images]
        for begin in range(0, len(images) - max(AHEAD), STEP):
            for face in searched[begin]:
                if face.box.height >= _LEAST_HEIGHT:
                    self._follow(images[begin:], searched[begin:], face)

    def _follow(
        self, images: Sequence[Image], searched: Sequence[Sequence[Face]], face: Face
    ) -> None:
        followed: Face | None = face
        for ahead in range(1, max(AHEAD) + 1):
            followed = followed and follow(images[ahead - 1], followed, images[ahead])
            truth = _nearest(followed or face, searched[ahead])
            if ahead not in AHEAD or truth is None:
                continue
            if followed is None:
                self.lost[ahead] += 1
                continue
            for name, guess in (("left where it was", face), ("followed", followed)):
                figures = _compare(self._perception, images[ahead], guess, truth)
                self.rows.setdefault((name, ahead), []).append(figures)


def _images(path: Path, count: int) -> list[Image]:
    images: list[Image] = []
    with VideoFileSource(path, pace="fast") as source:
        while len(images) < count and (frame := source.read()) is not None:
            images.append(frame.image)
    return images


def main(words: Sequence[str] | None = None) -> int:
    """Print the table.

    Raises:
        UsageError: there are no clips.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?", default=Path("../shared/data"))
    parser.add_argument(
        "--frames", type=at_least_one, default=120, help="of each clip, from its begin"
    )
    arguments = parser.parse_args(words)
    cv2.setNumThreads(1)
    comparison = _Comparison(Perception.load())
    folder = arguments.data / "clips"
    clips = [path for path in sorted(folder.glob("*")) if path.suffix in SUFFIXES]
    if not clips:
        raise UsageError(f"{folder}: no videos there; name the folder that holds clips/")
    for clip in clips:
        comparison.add(_images(clip, arguments.frames))
    say = sys.stdout.write
    say("| the face is | frames later | faces | landmarks off, median | 95th | emotions off |\n")
    say("|---|---:|---:|---:|---:|---:|\n")
    for (name, ahead), rows in sorted(comparison.rows.items()):
        off, emotions = np.array(rows).T
        say(
            f"| {name} | {ahead} | {len(rows)} | {100 * np.median(off):.1f} % |"
            f" {100 * np.quantile(off, 0.95):.0f} % | {emotions.mean():.3f} |\n"
        )
    lost = ", ".join(f"{count} after {ahead}" for ahead, count in comparison.lost.items())
    say(f"\nLost, though a search finds them: {lost} frames.\n")
    say("Landmarks are off in distances between the eyes; emotions by total variation, 0 to 1.\n")
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
