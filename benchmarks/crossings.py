"""Simulated people who walk past one another → what trackers make of their detections.

`python -m benchmarks.crossings` prints id switches and fragmentations, with the truth known.
Detections jitter, miss, come with a low score where a face is half hidden, and appear where
nobody is. The greedy overlap tracker (Bochinski et al. 2017) is there to compare with.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from benchmarks.as_command import exit_code
from benchmarks.mot_metrics import MotCounts
from edge_app.perception.faces import Box, Face
from edge_app.perception.overlap import intersection_over_union, shared_area
from edge_app.perception.tracker import Tracker

WIDTH, HEIGHT = 640.0, 480.0
SECONDS = 20.0
#: Standard deviation of a detected edge, in sizes of the face; share of detections that fail.
_JITTER, _MISSED = 0.04, 0.08
#: Covered by so much of its area, a face is detected doubtfully, or not at all.
_HALF_HIDDEN, _HIDDEN = 0.25, 0.6
_FALSE_PER_FRAME = 0.05


class Scene(NamedTuple):
    """One moment: who is in view by identity, and what a detector says."""

    timestamp_ns: int
    truths: dict[int, Box]
    faces: list[Face]


@dataclass(frozen=True, slots=True)
class _Walker:
    """Walks to and fro across the picture; nearer faces are larger and hide the others."""

    size: float
    speed: float
    phase: float
    height: float
    bob: float

    def box(self, time_s: float) -> Box:
        span = WIDTH - self.size
        travelled = (self.phase * span + self.speed * time_s) % (2 * span)
        left = travelled if travelled <= span else 2 * span - travelled
        top = self.height + self.bob * float(np.sin(2 * np.pi * 1.8 * time_s + self.phase))
        return Box(left, top, left + self.size, top + self.size)


def scenes(seed: int, people: int, detections_per_second: float) -> Iterator[Scene]:
    """One scene a detection; the same ones for the same arguments."""
    rng = np.random.default_rng(seed)
    walkers = [
        _Walker(
            size=float(rng.uniform(40, 110)),
            speed=float(rng.uniform(40, 160)),
            phase=float(rng.uniform(0, 2)),
            height=float(rng.uniform(150, 200)),
            bob=float(rng.uniform(0, 8)),
        )
        for _ in range(people)
    ]
    for index in range(int(SECONDS * detections_per_second)):
        time_s = index / detections_per_second
        boxes = {number: walker.box(time_s) for number, walker in enumerate(walkers)}
        covered = {number: _covered(number, boxes, walkers) for number in boxes}
        truths = {number: box for number, box in boxes.items() if covered[number] < _HIDDEN}
        faces = [
            _detected(box, covered[number], rng)
            for number, box in truths.items()
            if rng.random() >= _MISSED
        ]
        if rng.random() < _FALSE_PER_FRAME:
            corner = rng.uniform((0, 0), (WIDTH - 60, HEIGHT - 60))
            box = Box(*corner.tolist(), *(corner + 60).tolist())
            faces.append(Face(box, np.zeros((5, 2), np.float32), float(rng.uniform(0.4, 0.75))))
        yield Scene(int(time_s * 1e9), truths, faces)


def _covered(number: int, boxes: dict[int, Box], walkers: Sequence[_Walker]) -> float:
    """The largest share of a face that one nearer face covers."""
    own = boxes[number]
    shares = [0.0]
    for other, box in boxes.items():
        if walkers[other].size > walkers[number].size:
            shares.append(shared_area(own, box) / (own.width * own.height))
    return max(shares)


def _detected(box: Box, covered: float, rng: np.random.Generator) -> Face:
    edges = np.array(box) + rng.normal(0.0, _JITTER * box.width, 4)
    lowest, highest = (0.4, 0.65) if covered >= _HALF_HIDDEN else (0.65, 0.95)
    score = float(rng.uniform(lowest, highest))
    return Face(Box(*edges.tolist()), np.zeros((5, 2), np.float32), score)


@dataclass(slots=True)
class _Known:
    number: int
    face: Face
    last_seen_ns: int
    hits: int = 1


class GreedyTracker:
    """Each face goes to the track that it overlaps most, from the best pair on."""

    def __init__(self, max_gap_s: float = 1.0) -> None:
        self._max_gap_ns = int(max_gap_s * 1e9)
        self._known: list[_Known] = []
        self._next = 1

    @property
    def present(self) -> list[_Known]:
        """As `Tracker.present`."""
        return [each for each in self._known if each.hits >= 3]

    def update(self, faces: Sequence[Face], timestamp_ns: int) -> None:
        """As `Tracker.update`."""
        faces = [face for face in faces if face.score >= 0.6]
        self._known = [
            each for each in self._known if timestamp_ns - each.last_seen_ns <= self._max_gap_ns
        ]
        overlaps = intersection_over_union(
            [face.box for face in faces], [each.face.box for each in self._known]
        )
        found: dict[int, _Known] = {}
        while overlaps.size and overlaps.max() >= 0.2:
            row, column = divmod(int(overlaps.argmax()), overlaps.shape[1])
            found[row] = self._known[column]
            overlaps[row, :] = overlaps[:, column] = 0.0
        for index, face in enumerate(faces):
            known = found.get(index)
            if known is None:
                self._known.append(_Known(self._next, face, timestamp_ns))
                self._next += 1
            else:
                known.face, known.last_seen_ns = face, timestamp_ns
                known.hits += 1


def count(
    tracker: GreedyTracker | Tracker, seed: int, people: int, detections_per_second: float
) -> MotCounts:
    """Run one simulation; whoever is not seen for a moment is believed to be where they were."""
    counts = MotCounts()
    for scene in scenes(seed, people, detections_per_second):
        tracker.update(scene.faces, scene.timestamp_ns)
        counts.update(scene.truths, {track.number: track.face.box for track in tracker.present})
    return counts


TRACKERS: dict[str, Callable[[], GreedyTracker | Tracker]] = {
    "greedy overlap": GreedyTracker,
    "the same, remembering for 1.5 s": lambda: GreedyTracker(1.5),
    "Mien's, sure detections only": lambda: Tracker(max_doubt_s=0.0),
    "Mien's": Tracker,
}


def main() -> int:
    """Print the table."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    say = sys.stdout.write
    say("| tracker | detections a second | id switches | fragmentations | MOTA |\n")
    say("|---|---:|---:|---:|---:|\n")
    for rate in (5.0, 10.0, 15.0):
        for name, make in TRACKERS.items():
            runs = [count(make(), seed, 4, rate) for seed in range(20)]
            switches = sum(run.id_switches for run in runs)
            fragments = sum(run.fragmentations for run in runs)
            mota = float(np.mean([run.mota for run in runs]))
            say(f"| {name} | {rate:g} | {switches} | {fragments} | {mota:.3f} |\n")
    say(f"\n20 simulations of {SECONDS:g} s with 4 people each.\n")
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
