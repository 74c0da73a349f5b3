"""Clips of people → how steadily they are found, told apart and read: a table in Markdown.

`python -m benchmarks.clips DATA` reads the videos in DATA/clips, every frame of each.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2

from benchmarks.as_command import at_least_one, exit_code
from benchmarks.noting_perception import NotingPerception
from benchmarks.stages import ALWAYS, Rates, make_watcher
from edge_app.errors import UsageError
from edge_app.frames.source import Frame
from edge_app.frames.video_file import SUFFIXES, VideoFileSource
from edge_app.perception import Perception
from edge_app.perception.faces import SeenFace
from edge_app.perception.smoothing import REACTIONS, EmotionFilter
from edge_app.perception.watcher import WatchedFace, Watcher

#: Clips with one person from the first to the last frame: every track beyond the first is wrong.
ONE_PERSON = frozenset(
    {
        "LivePortrait__d0",
        "LivePortrait__d10",
        "LivePortrait__d12",
        "LivePortrait__s18",
        "fer__woman2",
    }
)


@dataclass(slots=True)
class _Shown:
    """One track's emotions, without smoothing and with each reaction."""

    filters: dict[str, EmotionFilter]
    last: dict[str, str] = field(default_factory=dict)
    changes: dict[str, int] = field(default_factory=dict)

    def take(self, seen: SeenFace, timestamp_ns: int) -> None:
        if seen.quality > 0:
            self._note("off", seen.emotion)
        for name, smoothing in self.filters.items():
            self._note(name, smoothing.update(seen.probabilities, timestamp_ns, seen.quality))

    def _note(self, name: str, emotion: str | None) -> None:
        if emotion is not None and emotion != self.last.get(name, emotion):
            self.changes[name] = self.changes.get(name, 0) + 1
        if emotion is not None:
            self.last[name] = emotion


@dataclass(slots=True)
class Figures:
    """What became of one clip. found: frames with a face that was seen in them; seconds: of all
    faces together, while they were there. gaps: how often somebody was there before and after but
    not in between.
    """

    frames: int = 0
    found: int = 0
    faces: int = 0
    seconds: float = 0.0
    gaps: int = 0
    numbers: set[int] = field(default_factory=set)
    changes: dict[str, int] = field(default_factory=dict)

    def changes_a_minute(self, name: str) -> float:
        """Of each face, on average."""
        return 60.0 * self.changes.get(name, 0) / self.seconds if self.seconds else 0.0


def measure(frames: Iterator[Frame], perception: Perception, rates: Rates) -> Figures:
    """Watch a clip."""
    noting = NotingPerception(perception)
    watcher = make_watcher(noting, Watcher, rates)
    figures, shown = Figures(), dict[int, _Shown]()
    last_ns, is_gap = 0, False
    for frame in frames:
        noting.seen = []
        present = watcher.watch(frame)
        visible = [face for face in present if face.last_seen_ns == frame.timestamp_ns]
        figures.frames += 1
        figures.found += bool(visible)
        figures.faces += len(visible)
        figures.seconds += len(visible) * (frame.timestamp_ns - last_ns) / 1e9
        last_ns = frame.timestamp_ns
        figures.gaps += is_gap and bool(present)
        is_gap = bool(figures.numbers) and not present
        figures.numbers.update(face.number for face in present)
        for face, seen in _pairs(visible, noting.seen):
            shown.setdefault(face.number, _Shown(_filters(perception))).take(
                seen, frame.timestamp_ns
            )
    for name in ("off", *REACTIONS):
        figures.changes[name] = sum(each.changes.get(name, 0) for each in shown.values())
    return figures


def _filters(perception: Perception) -> dict[str, EmotionFilter]:
    classifier = perception.classifier
    return {
        name: EmotionFilter(classifier.labels, classifier.answer.unsure_below, reaction)
        for name, reaction in REACTIONS.items()
    }


def _pairs(
    visible: Sequence[WatchedFace], seen: Sequence[SeenFace]
) -> Iterator[tuple[WatchedFace, SeenFace]]:
    by_box = {face.face.box: face for face in seen}
    return ((face, by_box[face.box]) for face in visible if face.box in by_box)


def find_clips(data: Path) -> list[Path]:
    """The videos in `data`/clips, in the order of their names.

    Raises:
        UsageError: there are none.
    """
    folder = data / "clips"
    clips = sorted(path for path in folder.glob("*") if path.suffix in SUFFIXES)
    if not clips:
        raise UsageError(f"{folder}: no videos there; name the folder that holds clips/")
    return clips


def read_clip(path: Path, every: int) -> Iterator[Frame]:
    """Every so manyth frame of a video."""
    with VideoFileSource(path, pace="fast") as source:
        index = 0
        while (frame := source.read()) is not None:
            if index % every == 0:
                yield frame
            index += 1


def main(words: Sequence[str] | None = None) -> int:
    """Print the table.

    Raises:
        UsageError: there are no clips.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?", default=Path("../shared/data"))
    parser.add_argument("--every", type=at_least_one, default=2, help="take every so manyth frame")
    arguments = parser.parse_args(words)
    clips = find_clips(arguments.data)
    cv2.setNumThreads(1)
    perception = Perception.load()
    say = sys.stdout.write
    say(
        "| clip | detections | frames | with a face | faces a frame | tracks | id switches | gaps |"
        " changes a minute: off | " + " | ".join(REACTIONS) + " |\n"
    )
    say("|---|---|---:|---:|---:|---:|---:|---:|---:|" + "---:|" * len(REACTIONS) + "\n")
    for clip in clips:
        for name, rates in (("every frame", ALWAYS), ("5 a second", Rates())):
            figures = measure(read_clip(clip, arguments.every), perception, rates)
            is_one = clip.stem in ONE_PERSON
            switches = str(max(0, len(figures.numbers) - 1)) if is_one else "?"
            say(
                f"| {clip.stem} | {name} | {figures.frames} |"
                f" {100 * figures.found / figures.frames:.0f} % |"
                f" {figures.faces / figures.frames:.2f} | {len(figures.numbers)} | {switches} |"
                f" {figures.gaps if is_one else '?'} | "
                + " | ".join(
                    f"{figures.changes_a_minute(each):.0f}" for each in ("off", *REACTIONS)
                )
                + " |\n"
            )
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
