"""The daemon for hours → a line a minute of memory, handles, latency and written bytes.

The lines are JSON, appended and flushed as they come: whatever ends the run, they are there.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np

from benchmarks import plot
from benchmarks.clip_frames import PacedSource, clip_frames
from benchmarks.delivery import durable_publisher, local_broker
from benchmarks.ending import asked_by_signals
from benchmarks.machine import bytes_written, condition, filesystem
from benchmarks.results import IN_MEMORY, ResultError
from benchmarks.spread import percentile
from benchmarks.stages import make_episodes, make_watcher
from benchmarks.start_up import resident_kib
from edge_app.daemon import Daemon
from edge_app.errors import MienError
from edge_app.events.publisher import Publisher
from edge_app.frames.source import Frame
from edge_app.perception import Perception
from edge_app.perception.schedule import DetectionSchedule, ReadingSchedule
from edge_app.perception.smoothing import Reaction
from edge_app.perception.tracker import Tracker
from edge_app.perception.watcher import WatchedFace, Watcher

RATE = 15.0
#: Lines in which caches fill, at the beginning: what grows there is no leak.
_WARM_SHARE = 0.1


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One line. frame_ms: median of the frames since the line before; cpu_share: of one core."""

    time_s: float
    frames: int
    frame_ms: float
    frame_p99_ms: float
    cpu_share: float
    rss_mb: float
    handles: int
    threads: int
    bytes_written: int
    outbox_waiting: int
    temperature_c: float | None
    throttled_bits: int | None


def soak(
    file: Path,
    *,
    seconds: float,
    period_s: float,
    publisher: Publisher,
    frames: Sequence[Frame],
    rate: float = RATE,
    stop: threading.Event | None = None,
) -> int:
    """Run the real daemon on the clip, and append a line to `file` every `period_s`.

    stop: ends it early. Returns how many lines were written.

    Raises:
        MienError: the file cannot be written.
    """
    stop = threading.Event() if stop is None else stop
    perception = Perception.load()
    watcher = make_watcher(perception, TimedWatcher)
    daemon = Daemon(
        source=PacedSource(frames, rate),
        watcher=watcher,
        episodes=make_episodes(perception),
        publisher=publisher,
    )
    try:
        with file.open("ab") as stream:
            log = _Log(stream.write, stream.flush, watcher, publisher, period_s)
            deadline_s = time.monotonic() + seconds

            def turn() -> None:
                log.turn()
                if time.monotonic() >= deadline_s:
                    # Not `stop.set`, whose lock a signal's handler would wait for.
                    daemon.end()

            daemon.run(stop, turn)
            log.note()
            return log.lines
    except OSError as error:
        raise MienError(f"{file}: {error.strerror}; name another file") from error


class TimedWatcher(Watcher):
    """Keeps the milliseconds that its frames took."""

    def __init__(
        self,
        perception: Perception,
        tracker: Tracker,
        reaction: Reaction,
        schedule: DetectionSchedule | None = None,
        *,
        readings: ReadingSchedule | None = None,
    ) -> None:
        super().__init__(perception, tracker, reaction, schedule, readings=readings)
        self._taken: list[float] = []

    def watch(self, frame: Frame) -> list[WatchedFace]:
        """As `Watcher.watch`."""
        began = time.perf_counter_ns()
        try:
            return super().watch(frame)
        finally:
            self._taken.append((time.perf_counter_ns() - began) / 1e6)

    def take(self) -> list[float]:
        """Of the frames since the last call."""
        taken, self._taken = self._taken, []
        return taken


class _Log:
    def __init__(
        self,
        write: Callable[[bytes], object],
        flush: Callable[[], None],
        watcher: TimedWatcher,
        publisher: Publisher,
        period_s: float,
    ) -> None:
        self._write, self._flush, self._watcher = write, flush, watcher
        self._publisher, self._period_s = publisher, period_s
        self._began_s = self._noted_s = time.monotonic()
        self._worked_s = time.process_time()
        self._frames = self.lines = 0

    def turn(self) -> None:
        if time.monotonic() - self._noted_s >= self._period_s:
            self.note()

    def note(self) -> None:
        """Write a line of what was since the last one; nothing where no frame came."""
        taken = self._watcher.take()
        if not taken:
            return
        now_s, worked_s, board = time.monotonic(), time.process_time(), condition()
        self._frames += len(taken)
        sample = Sample(
            time_s=round(now_s - self._began_s, 2),
            frames=self._frames,
            frame_ms=round(percentile(taken, 0.5), 3),
            frame_p99_ms=round(percentile(taken, 0.99), 3),
            cpu_share=round((worked_s - self._worked_s) / max(now_s - self._noted_s, 1e-9), 4),
            rss_mb=round(resident_kib() * 1024 / 1e6, 2),
            handles=len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - names only, no paths
            threads=threading.active_count(),
            bytes_written=bytes_written() or 0,
            outbox_waiting=self._publisher.backlog.waiting,
            temperature_c=board.temperature_c,
            throttled_bits=board.throttled_bits,
        )
        self._noted_s, self._worked_s = now_s, worked_s
        self._write(msgspec.json.encode(sample) + b"\n")
        self._flush()
        self.lines += 1


def run(file: Path, *, hours: float, period_s: float, tell: Callable[[str], None]) -> int:
    """Soak until the hours are over or a signal asks for the end, and draw the plot in either case.

    Raises:
        MienError: files cannot be written, or no broker takes the events.
    """
    file.unlink(missing_ok=True)
    stop = threading.Event()
    with local_broker() as broker:
        if broker is None:
            raise MienError("a soak needs a broker: sudo apt install mosquitto")
        if (storage := filesystem(file.parent)) in IN_MEMORY:
            tell(f"{file} is in memory ({storage}), so that no written bytes are counted")
        with durable_publisher(broker[1], file.parent) as publisher, asked_by_signals(stop):
            tell(f"{hours:g} h into {file}; Ctrl-C ends it and draws the plot")
            soak(
                file,
                seconds=3600 * hours,
                period_s=period_s,
                publisher=publisher,
                frames=clip_frames(),
                stop=stop,
            )
    samples = read_samples(file)
    picture = file.with_suffix(".svg")
    picture.write_text(draw(samples), encoding="utf-8")
    for line in summary(samples):
        tell(line)
    tell(f"plot: {picture}")
    return 0


def read_samples(file: Path) -> list[Sample]:
    """The lines of a soak; a last line that a power cut left half is no line.

    Raises:
        ResultError: the file cannot be read, or holds something else.
    """
    try:
        *whole, _ = file.read_bytes().split(b"\n")
        samples = [msgspec.json.decode(line, type=Sample) for line in whole]
    except OSError as error:
        raise ResultError(f"{file}: {error.strerror}; name another file") from error
    except msgspec.DecodeError as error:
        raise ResultError(f"{file}: no soak: {error}") from error
    if not samples:
        raise ResultError(f"{file}: no line was written; let it run for longer")
    return samples


def draw(samples: Sequence[Sample]) -> str:
    """As SVG text."""
    return plot.panels(
        "Soak",
        [sample.time_s for sample in samples],
        {
            "memory, MB": [sample.rss_mb for sample in samples],
            "open handles": [float(sample.handles) for sample in samples],
            "frame, median, ms": [sample.frame_ms for sample in samples],
            "frame, p99, ms": [sample.frame_p99_ms for sample in samples],
            "share of a core": [sample.cpu_share for sample in samples],
            "written, MB": [sample.bytes_written / 1e6 for sample in samples],
        },
    )


def slope_an_hour(samples: Sequence[Sample], values: Sequence[float]) -> float:
    """How much a series grows, by the median of all pairs' slopes (Theil and Sen).

    The first tenth of the time is left out: caches fill then.
    """
    first = int(len(samples) * _WARM_SHARE)
    times = np.array([sample.time_s for sample in samples[first:]])
    kept = np.asarray(values[first:], np.float64)
    # A day of minutes has a million pairs; as many as these are enough.
    step = max(1, len(times) // 500)
    times, kept = times[::step], kept[::step]
    one, other = np.triu_indices(len(times), 1)
    if not len(one):
        return 0.0
    return float(np.median((kept[other] - kept[one]) / (times[other] - times[one]))) * 3600


def summary(samples: Sequence[Sample]) -> Iterator[str]:
    """What grew, in words."""
    last = samples[-1]
    yield f"{last.frames} frames in {last.time_s / 3600:.2f} h"
    memory = slope_an_hour(samples, [sample.rss_mb for sample in samples])
    yield f"memory: {last.rss_mb:.1f} MB at the end, {memory:+.3f} MB an hour"
    handles = slope_an_hour(samples, [float(sample.handles) for sample in samples])
    yield f"handles: {last.handles} at the end, {handles:+.2f} an hour"
    drift = slope_an_hour(samples, [sample.frame_ms for sample in samples])
    yield f"median frame: {last.frame_ms:.2f} ms at the end, {drift:+.4f} ms an hour"
    written = last.bytes_written - samples[0].bytes_written
    passed_s = last.time_s - samples[0].time_s
    if passed_s > 0:
        yield f"written: {written / passed_s * 86400 / 1e6:.1f} MB a day"
