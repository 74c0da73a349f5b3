"""Frames in memory → how long each stage of the device's own pipeline takes with them.

The stages: `grab` takes a frame from its source through the mailbox; `detect` searches faces;
`align` cuts them out and judges the crops; `classify` reads them; `track` is everything else that
the watcher does: motion, optical flow, tracks, smoothing; `decide` makes events; `publish` encodes
and writes them. The two models' invocations stand in stages of their own.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from statistics import median
from typing import IO, TypeVar

from benchmarks.clip_frames import MemorySource
from benchmarks.results import Stage, Workload
from benchmarks.spread import spread
from benchmarks.stopwatch import Stopwatch
from benchmarks.timed_perception import MODEL_STAGES, TimedPerception
from edge_app.events.episodes import Episodes
from edge_app.events.identifiers import TimeOrderedIds
from edge_app.events.maker import Maker
from edge_app.events.publisher import JsonLinesPublisher, Publisher
from edge_app.frames.mailbox import Mailbox
from edge_app.frames.source import Frame, FrameSource
from edge_app.perception import Perception
from edge_app.perception.card import DEFAULT_ANSWER
from edge_app.perception.schedule import (
    COMPARE_AGAIN_S,
    WHOLE_S,
    DetectionSchedule,
    ReadingSchedule,
)
from edge_app.perception.smoothing import REACTIONS
from edge_app.perception.watcher import Watcher, tracker_for


@dataclass(frozen=True, slots=True)
class Rates:
    """How often faces are searched, and at the least in the whole frame, and read, and how often an
    empty frame is compared; the usual.
    """

    detections_per_second: float = 5.0
    whole_s: float = WHOLE_S
    compare_again_s: float = COMPARE_AGAIN_S
    readings_per_second: float = 10.0


#: More often than any camera, and all of each frame.
ALWAYS = Rates(
    detections_per_second=1000.0, whole_s=0.0, compare_again_s=0.0, readings_per_second=1000.0
)
#: Name → how often the watcher searches and reads.
WORKLOADS = {"as scheduled": Rates(), "every frame searched": ALWAYS}

W = TypeVar("W", bound=Watcher)

STAGES = ("grab", "detect", *MODEL_STAGES, "align", "classify", "track", "decide", "publish")


def make_watcher(
    perception: Perception, kind: type[W], rates: Rates = WORKLOADS["as scheduled"]
) -> W:
    """As the daemon makes it from the default settings, but for the rates."""
    return kind(
        perception,
        tracker_for(perception.detector),
        REACTIONS["normal"],
        DetectionSchedule(
            rates.detections_per_second,
            whole_s=rates.whole_s,
            compare_again_s=rates.compare_again_s,
        ),
        readings=ReadingSchedule(rates.readings_per_second),
    )


def make_episodes(perception: Perception) -> Episodes:
    """As the daemon makes them."""
    return Episodes(
        device="bench",
        maker=lambda: Maker(perception.classifier.card.sha256, DEFAULT_ANSWER, "normal", ""),
        ids=TimeOrderedIds(),
        now=lambda: datetime.now(UTC),
    )


@dataclass(slots=True)
class Pass:
    """What one pass over the clip took, in milliseconds a frame.

    processor: of the process's threads together, averaged over the pass.
    """

    processor: float = 0.0
    whole: list[float] = field(default_factory=list)
    stages: list[dict[str, float]] = field(default_factory=list)


class Line:
    """Everything that a frame goes through in the daemon, on one thread."""

    def __init__(
        self,
        source: FrameSource,
        watcher: Watcher,
        episodes: Episodes,
        publisher: Publisher,
        stopwatch: Stopwatch,
    ) -> None:
        self._source, self._watcher, self._episodes = source, watcher, episodes
        self._publisher, self._stopwatch = publisher, stopwatch
        self._mailbox: Mailbox[Frame] = Mailbox()

    def step(self) -> None:
        """Take one frame and publish what happened in it."""
        stage = self._stopwatch.stage
        with stage("grab"):
            frame = self._source.read()
            if frame is None:
                return
            self._mailbox.put(frame)
            frame = self._mailbox.get(0.0) or frame
        with stage("track"):
            present = self._watcher.watch(frame)
        with stage("decide"):
            events = self._episodes.update(present, *frame.image.shape[:2])
            state = self._episodes.state() if events else None
        if state is not None:
            with stage("publish"):
                for event in events:
                    self._publisher.publish_event(event)
                self._publisher.publish_state(state)


def run_pass(step: Callable[[], None], frames: int, stopwatch: Stopwatch) -> Pass:
    """Time `frames` steps one by one."""
    done = Pass()
    stopwatch.take()
    worked_s = time.process_time()
    for _ in range(frames):
        began = time.perf_counter_ns()
        step()
        done.whole.append((time.perf_counter_ns() - began) / 1e6)
        done.stages.append(stopwatch.take())
    done.processor = 1e3 * (time.process_time() - worked_s) / frames
    return done


def measure_workloads(
    frames: Sequence[Frame],
    seconds: float,
    *,
    fewest: int,
    each_pass: Callable[[], None],
) -> tuple[Workload, ...]:
    """Pass over the clip with each workload in turn, after one pass to warm up.

    fewest: passes, however long they take. each_pass: called between passes.
    """
    passes: dict[str, list[Pass]] = {name: [] for name in WORKLOADS}
    with warm_workloads(frames) as workloads:
        deadline_s = time.monotonic() + seconds
        while time.monotonic() < deadline_s or any(len(done) < fewest for done in passes.values()):
            for name, next_pass in workloads.items():
                passes[name].append(next_pass())
                each_pass()
    return tuple(summarize(name, done) for name, done in passes.items())


@contextmanager
def warm_workloads(frames: Sequence[Frame]) -> Iterator[Mapping[str, Callable[[], Pass]]]:
    """Each workload by name, ready to pass over the clip once more, after one pass to warm up."""
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a device is no path
        stopwatch = Stopwatch()
        workloads = {
            name: partial(
                run_pass,
                _line(frames, rates, nowhere, stopwatch).step,
                len(frames),
                stopwatch,
            )
            for name, rates in WORKLOADS.items()
        }
        for next_pass in workloads.values():
            next_pass()
        yield workloads


def summarize(name: str, passes: Sequence[Pass]) -> Workload:
    """The passes of one workload as figures."""
    whole = spread(done.whole for done in passes)
    total = sum(sum(done.whole) for done in passes)
    stages = []
    for stage in STAGES:
        taken = [[frame[stage] for frame in done.stages if stage in frame] for done in passes]
        if any(taken):
            stages.append(Stage(name=stage, share=sum(map(sum, taken)) / total, took=spread(taken)))
    return Workload(
        name=name,
        frames_per_second=1e3 / whole.mean,
        whole=whole,
        processor=spread([done.processor] for done in passes),
        stages=tuple(stages),
        outside_share=outside_share(passes),
    )


def outside_share(passes: Sequence[Pass]) -> float | None:
    """Of frames in which both models ran: the median share of time outside of the invocations.

    The median, since what other programs take falls on few frames.
    """
    shares = [
        1.0 - sum(frame[stage] for stage in MODEL_STAGES) / whole
        for done in passes
        for whole, frame in zip(done.whole, done.stages, strict=True)
        if all(stage in frame for stage in MODEL_STAGES)
    ]
    return median(shares) if shares else None


def _line(
    frames: Sequence[Frame],
    rates: Rates,
    stream: IO[bytes],
    stopwatch: Stopwatch,
) -> Line:
    perception = TimedPerception(stopwatch)
    return Line(
        MemorySource(frames),
        make_watcher(perception, Watcher, rates),
        make_episodes(perception),
        JsonLinesPublisher(stream),
        stopwatch,
    )
