"""`mien run` on the sample clip, started again and again → time to its first event, its memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.process import bytes_written, peak_mb, resident_mb
from benchmarks.results import StartUp
from benchmarks.spread import spread
from edge_app.errors import MienError

_COMMAND = (sys.executable, "-m", "edge_app.cli", "run", "--source", "sample:", "--pace", "fast",
            "--broker", "")  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Start:
    first_event_ms: float
    rss_mb: float
    peak_mb: float
    written: int | None


def measure_start_up(starts: int, folder: Path, *, each_start: Callable[[], None]) -> StartUp:
    """Start the daemon so often, and let it see the clip to its end.

    folder: where its state lies, for as long as it runs.

    Raises:
        MienError: it fails, or has nothing to say.
    """
    done = []
    for _ in range(starts):
        done.append(_start(folder))
        each_start()
    last = done[-1]
    return StartUp(
        first_event=spread([start.first_event_ms] for start in done),
        rss_mb=max(start.rss_mb for start in done),
        peak_mb=max(start.peak_mb for start in done),
        bytes_written=last.written,
    )


def _start(folder: Path) -> _Start:
    with tempfile.TemporaryDirectory(prefix="mien-bench-", dir=folder) as state:
        began = time.monotonic()
        # Nothing of a real installation's, a pause for example, reaches this run.
        environment = os.environ | {"STATE_DIRECTORY": state}
        with subprocess.Popen(_COMMAND, env=environment, stdout=subprocess.PIPE) as daemon:
            assert daemon.stdout is not None  # noqa: S101 - for the type checker
            first_s = rss_mb = highest_mb = 0.0
            written = None
            for _ in daemon.stdout:
                first_s = first_s or time.monotonic() - began
                rss_mb = resident_mb(daemon.pid) or rss_mb
                highest_mb = peak_mb(daemon.pid) or highest_mb
                written = bytes_written(daemon.pid)
    if daemon.returncode or not first_s:
        raise MienError(
            f"mien run ended with code {daemon.returncode} and"
            f" {'an event' if first_s else 'no event'}; its own message stands above"
        )
    return _Start(1e3 * first_s, round(rss_mb, 1), round(highest_mb, 1), written)
