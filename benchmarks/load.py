"""The daemon at set frame rates → its share of a core, power, and what it writes."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from benchmarks.clip_frames import PacedSource
from benchmarks.energy import Averaging, Meter
from benchmarks.process import bytes_written
from benchmarks.results import Load
from benchmarks.stages import make_episodes, make_watcher
from edge_app.daemon.stages import Daemon
from edge_app.events.publisher import Publisher
from edge_app.frames.source import Frame
from edge_app.perception import Perception
from edge_app.perception.watcher import Watcher

#: What is seen, and frames a second.
SCENES = (("face", 5.0), ("face", 10.0), ("face", 15.0), ("empty room", 15.0))


def measure_idle(seconds: float, meter: Meter) -> Load:
    """What the board takes while Mien does nothing: that part of its watts is not for frames."""
    worked_s = time.process_time()
    with Averaging(meter) as power:
        time.sleep(seconds)
    return Load(
        scene="idle",
        offered=0.0,
        seen=0.0,
        cpu_share=round((time.process_time() - worked_s) / seconds, 4),
        bytes_written=None,
        watts=power.watts,
        joules_a_frame=None,
        seconds=seconds,
    )


def measure_load(
    frames: Sequence[Frame],
    publisher: Publisher,
    *,
    scene: str,
    rate: float,
    seconds: float,
    meter: Meter | None,
) -> Load:
    """Run the real daemon on frames from memory, `rate` of them a second.

    scene: a name for what the frames show. publisher: open; what it writes to disks
    counts.
    """
    perception = Perception.load()
    source = PacedSource(frames, rate)
    daemon = Daemon(
        source=source,
        watcher=make_watcher(perception, Watcher),
        episodes=make_episodes(perception),
        publisher=publisher,
    )
    stop = threading.Event()
    end = threading.Timer(seconds, stop.set)
    end.name = "bench-load-end"
    written, worked_s, began_s = bytes_written(), time.process_time(), time.monotonic()
    with Averaging(meter) as power:
        end.start()
        try:
            daemon.run(stop)
        finally:
            end.cancel()
            end.join()
    took_s = time.monotonic() - began_s
    worked_s = time.process_time() - worked_s
    seen = daemon.frames_seen / took_s
    now_written = bytes_written()
    return Load(
        scene=scene,
        offered=rate,
        seen=round(seen, 2),
        cpu_share=round(worked_s / took_s, 4),
        bytes_written=None if written is None or now_written is None else now_written - written,
        watts=power.watts,
        joules_a_frame=None if power.watts is None or not seen else round(power.watts / seen, 4),
        seconds=round(took_s, 2),
    )
