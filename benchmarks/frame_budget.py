"""One thread, one face → what a whole frame costs beside its two bare model invocations.

`python -m benchmarks.frame_budget` measures all of them by turns in one run. A whole frame: taken
from the mailbox, searched, tracked, aligned, judged, classified, smoothed, decided. Cameras give
gray frames; video files give colour, three times the bytes. The ratio is of this processor: the
faster it multiplies, the less of a frame are the models.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from statistics import median

import cv2

from benchmarks.as_command import at_least_one, exit_code
from benchmarks.clip_frames import FRAMES_PER_SECOND, clip_frames
from benchmarks.stages import ALWAYS, Rates, make_episodes, make_watcher
from edge_app.frames.mailbox import Mailbox
from edge_app.frames.source import Frame
from edge_app.perception import Perception
from edge_app.perception.int8_model import Int8Model
from edge_app.perception.watcher import Watcher

#: The part of the sample clip in which the face is near and still, and as many frames of it as a
#: camera has buffers.
_FROM_S, _TO_S = 6.8, 7.0
SEARCHED, COLOUR = "gray frame, searched", "colour frame, searched"


class Line:
    """Frames of the clip, one after another, through everything but the broker."""

    def __init__(self, perception: Perception, frames: Sequence[Frame], rates: Rates) -> None:
        self._frames, self._count = frames, 0
        self._mailbox: Mailbox[Frame] = Mailbox()
        self._watcher = make_watcher(perception, Watcher, rates)
        self._episodes = make_episodes(perception)
        self.faces = 0

    def next(self) -> None:
        """Take one frame from memory and decide what happened in it."""
        image = self._frames[self._count % len(self._frames)].image
        self._count += 1
        self._mailbox.put(Frame(image, round(self._count / FRAMES_PER_SECOND * 1e9)))
        frame = self._mailbox.get(0.0)
        if frame is None:
            return
        present = self._watcher.watch(frame)
        self._episodes.update(present, *frame.image.shape[:2])
        self.faces = len(present)


def still_frames(*, colour: bool = False) -> list[Frame]:
    """Frames of the sample clip with one face, as `clip_frames` gives them."""
    return clip_frames(_TO_S, from_s=_FROM_S, colour=colour)


def bare(model: Int8Model) -> Callable[[], None]:
    """The interpreter's own invocation, on whatever its input holds."""
    invoke: Callable[[], None] = model._interpreter.invoke  # noqa: SLF001 - nothing else is bare
    return invoke


def measure(
    steps: dict[str, Callable[[], None]], rounds: int
) -> dict[str, tuple[list[float], list[float]]]:
    """Milliseconds of every step, round after round: on the clock, and of the processor."""
    times: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            worked, began = time.thread_time(), time.perf_counter()
            step()
            times[name][0].append(1e3 * (time.perf_counter() - began))
            times[name][1].append(1e3 * (time.thread_time() - worked))
    return times


def main(words: Sequence[str] | None = None) -> int:
    """Print the medians; returns 1 when the face was not followed to the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=at_least_one, default=300)
    arguments = parser.parse_args(words)
    cv2.setNumThreads(1)
    perception = Perception.load(threads=1)
    gray, colour = still_frames(), still_frames(colour=True)
    searched = Line(perception, gray, ALWAYS)
    steps = {
        "detector, bare": bare(perception.detector.model),
        "classifier, bare": bare(perception.classifier.model),
        SEARCHED: searched.next,
        "gray frame, as scheduled": Line(perception, gray, Rates()).next,
        COLOUR: Line(perception, colour, ALWAYS).next,
    }
    measure(steps, 20)
    times = measure(steps, arguments.rounds)
    say = sys.stdout.write
    say("| step | ms, median | ms, tenth part | ms, mean | ms of the processor, median |\n")
    say("|---|---:|---:|---:|---:|\n")
    for name, (walls, works) in times.items():
        mean = sum(walls) / len(walls)
        say(
            f"| {name} | {median(walls):.2f} | {_undisturbed(walls):.2f} | {mean:.2f} |"
            f" {median(works):.2f} |\n"
        )
    bare_names = list(steps)[:2]
    ratios = {
        name: [
            of(times[name][0]) / sum(of(times[bare_name][0]) for bare_name in bare_names)
            for of in (median, _undisturbed)
        ]
        for name in (SEARCHED, COLOUR)
    }
    say("\n")
    for name, (middle, undisturbed) in ratios.items():
        say(
            f"A {name}, takes {middle:.3f} times its bare models (of the quickest tenths"
            f" {undisturbed:.3f}).\n"
        )
    say(f"Faces: {searched.faces}.\n")
    return int(searched.faces != 1)


def _undisturbed(times: Sequence[float]) -> float:
    """The tenth part is quicker: what other programs take is hardly in it."""
    return sorted(times)[len(times) // 10]


if __name__ == "__main__":
    sys.exit(exit_code(main))
