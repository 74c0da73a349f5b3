"""The daemon for hours → a line a minute of memory, handles, latency and written bytes.

The lines are JSON, appended and flushed as they come: whatever ends the run, they are there.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import msgspec

from benchmarks.clip_frames import PacedSource, clip_frames
from benchmarks.delivery import durable_publisher, local_broker
from benchmarks.ending import asked_by_signals
from benchmarks.machine import condition, filesystem
from benchmarks.process import bytes_written, resident_mb
from benchmarks.results import IN_MEMORY
from benchmarks.soak_lines import Sample, show
from benchmarks.spread import percentile
from benchmarks.stages import make_episodes, make_watcher
from edge_app.daemon.stages import Daemon
from edge_app.errors import MienError
from edge_app.events.publisher import Publisher
from edge_app.frames.source import Frame
from edge_app.perception import Perception
from edge_app.perception.schedule import DetectionSchedule, ReadingSchedule
from edge_app.perception.smoothing import Reaction
from edge_app.perception.tracker import Tracker
from edge_app.perception.watcher import WatchedFace, Watcher

RATE = 15.0


def soak(
    file: Path,
    *,
    seconds: float,
    period_s: float,
    publisher: Publisher,
    frames: Sequence[Frame],
    stop: threading.Event | None = None,
) -> int:
    """Run the real daemon on the clip, and append a line to the new `file` every `period_s`.

    stop: ends it early. Returns how many lines were written.

    Raises:
        MienError: the file is there already, or cannot be written.
    """
    # As the daemon's own settings have it.
    cv2.setNumThreads(1)
    stop = threading.Event() if stop is None else stop
    perception = Perception.load()
    watcher = make_watcher(perception, TimedWatcher)
    daemon = Daemon(
        source=PacedSource(frames, RATE),
        watcher=watcher,
        episodes=make_episodes(perception),
        publisher=publisher,
    )
    try:
        with file.open("xb") as stream:
            log = _Log(stream.write, stream.flush, watcher, publisher, period_s)
            log.is_on_disk = filesystem(file.parent) not in IN_MEMORY
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
        self.is_on_disk = True

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
            rss_mb=round(resident_mb() or 0.0, 2),
            handles=len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - names only, no paths
            threads=threading.active_count(),
            bytes_written=bytes_written() if self.is_on_disk else None,
            outbox_waiting=self._publisher.backlog.waiting,
            temperature_c=board.temperature_c,
            throttled_bits=board.throttled_bits,
        )
        self._noted_s, self._worked_s = now_s, worked_s
        self._write(msgspec.json.encode(sample) + b"\n")
        self._flush()
        self.lines += 1


def run(file: Path, *, hours: float, period_s: float, tell: Callable[[str], None]) -> None:
    """Soak until the hours are over or a signal asks for the end, and draw the plot in either case.

    Raises:
        MienError: files cannot be written, or no broker takes the events.
    """
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
    show(file, tell)
