"""The lines of a soak → what grew, in words and as a plot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np

from benchmarks import plot
from benchmarks.results import ResultError
from edge_app.errors import MienError

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


def show(file: Path, tell: Callable[[str], None]) -> None:
    """Draw the plot of a soak beside its file, and tell what grew.

    Raises:
        ResultError: the file cannot be read, or holds something else.
        MienError: the plot cannot be written.
    """
    samples = read_samples(file)
    picture = picture_of(file)
    try:
        picture.write_text(draw(samples), encoding="utf-8")
    except OSError as error:
        raise MienError(f"{picture}: {error.strerror}; copy {file} elsewhere") from error
    for line in summary(samples):
        tell(line)
    tell(f"plot: {picture}")


def picture_of(file: Path) -> Path:
    """Where the plot of a soak lies."""
    return file.with_suffix(".svg")


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
