"""What a face shows → the share of the time in which each emotion is held, and in which shown.

`python -m benchmarks.seconds_shown DATA` prints two tables: of simulated smiles, whose share is
known, and of the clips in DATA/clips.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.as_command import at_least_one, exit_code
from benchmarks.clips import find_clips, read_clip
from benchmarks.noting_perception import NotingPerception
from benchmarks.stages import make_watcher
from benchmarks.text_table import markdown
from edge_app.frames.source import Frame
from edge_app.perception import Perception
from edge_app.perception.labels import FER2013
from edge_app.perception.smoothing import REACTIONS, EmotionFilter
from edge_app.perception.watcher import Watcher

READINGS_PER_SECOND = 10
#: A smile every so many seconds, for ten minutes.
PERIOD_S, PERIODS = 10, 60
SMILE = {"happy": 0.9, "neutral": 0.05}
#: What the face shows between its smiles.
RESTING = {"happy": 0.25, "neutral": 0.62, "sad": 0.05}
UNSURE_BELOW = 0.35


@dataclass(slots=True)
class Times:
    """Frames, or readings, by emotion. read: each alone; held, shown: see `WatchedFace`."""

    read: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    shown: Counter[str] = field(default_factory=Counter)


def smiles(smile_s: float, reaction: str) -> Times:
    """Ten minutes of a face that smiles for so long in every ten seconds."""
    emotions = EmotionFilter(FER2013, UNSURE_BELOW, REACTIONS[reaction])
    resting, smile = _probabilities(RESTING), _probabilities(SMILE)
    period = PERIOD_S * READINGS_PER_SECOND
    times = Times()
    for index in range(PERIODS * period):
        is_smile = index % period >= period - smile_s * READINGS_PER_SECOND
        now = smile if is_smile else resting
        emotions.update(now, index * 10**9 // READINGS_PER_SECOND)
        times.read["happy" if is_smile else "neutral"] += 1
        _note(times, emotions.emotion, emotions.shown)
    return times


def watch(frames: Iterator[Frame], perception: Perception) -> Times:
    """Watch a clip as the daemon does; all of its faces together."""
    noting = NotingPerception(perception)
    watcher = make_watcher(noting, Watcher)
    times = Times()
    for frame in frames:
        noting.seen = []
        for face in watcher.watch(frame):
            if face.last_seen_ns == frame.timestamp_ns:
                _note(times, face.emotion, face.shown)
        times.read.update(seen.emotion for seen in noting.seen if seen.quality > 0)
    return times


def _note(times: Times, held: str | None, shown: str | None) -> None:
    if held is not None and shown is not None:
        times.held[held] += 1
        times.shown[shown] += 1


def _probabilities(shown: dict[str, float]) -> NDArray[np.float32]:
    row = [shown.get(label, 1e-3) for label in FER2013]
    return np.array([part / sum(row) for part in row], np.float32)


def _share(times: Counter[str], emotion: str) -> str:
    return f"{100 * times[emotion] / (times.total() or 1):.0f} %"


def _shares(times: Counter[str]) -> str:
    return ", ".join(
        f"{emotion} {_share(times, emotion)}"
        for emotion, count in times.most_common()
        if count >= 0.01 * times.total()
    )


def main(words: Sequence[str] | None = None) -> int:
    """Print both tables.

    Raises:
        UsageError: there are no clips.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?", default=Path("../shared/data"))
    parser.add_argument("--every", type=at_least_one, default=2, help="take every so manyth frame")
    arguments = parser.parse_args(words)
    clips = find_clips(arguments.data)
    rows = [["reaction", "smiles", "happy held", "happy shown"]]
    for reaction in REACTIONS:
        for smile_s in (1.0, 2.0, 3.0):
            times = smiles(smile_s, reaction)
            parts = (times.read, times.held, times.shown)
            rows.append([f"`{reaction}`", *(_share(part, "happy") for part in parts)])
    sys.stdout.write("\n".join(markdown(rows)) + "\n\n")
    cv2.setNumThreads(1)
    perception = Perception.load()
    rows = [["clip", "each reading alone", "held", "shown"]]
    for clip in clips:
        times = watch(read_clip(clip, arguments.every), perception)
        rows.append([clip.stem, *map(_shares, (times.read, times.held, times.shown))])
    sys.stdout.write("\n".join(markdown(rows)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
