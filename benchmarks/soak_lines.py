"""The lines of a soak → what grew, in words and as a plot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import msgspec
import numpy as np

from benchmarks import plot
from benchmarks.results import THROTTLED_NOW, ResultError
from edge_app.errors import MienError

#: Lines in which caches fill, at the beginning: what grows there is no leak.
_WARM_SHARE = 0.1
#: What a shorter soak would say of an hour or a day is noise. One of an hour ends when it ends.
_TELLING_S = 0.95 * 3600.0


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One line. frame_ms: median of the frames since the line before; cpu_share: of one core.

    bytes_written: since the process began; None where there is no disk, or the kernel does not
    tell.
    """

    time_s: float
    frames: int
    frame_ms: float
    frame_p99_ms: float
    cpu_share: float
    rss_mb: float
    handles: int
    threads: int
    bytes_written: int | None
    outbox_waiting: int
    temperature_c: float | None
    throttled_bits: int | None


@dataclass(frozen=True, slots=True)
class _Series:
    """What is told of and drawn; None where a line has no value."""

    name: str
    unit: str
    of: Callable[[Sample], float | None]
    digits: int = 0


_SERIES = (
    _Series("memory", "MB", lambda sample: sample.rss_mb, 1),
    _Series("open handles", "", lambda sample: float(sample.handles)),
    _Series("threads", "", lambda sample: float(sample.threads)),
    _Series("frame, median", "ms", lambda sample: sample.frame_ms, 2),
    _Series("frame, p99", "ms", lambda sample: sample.frame_p99_ms, 2),
    _Series("share of a core", "", lambda sample: sample.cpu_share, 3),
    _Series("events that wait", "", lambda sample: float(sample.outbox_waiting)),
    _Series("temperature", "°C", lambda sample: sample.temperature_c, 1),
)


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
    drawn = {
        ", ".join(filter(None, (each.name, each.unit))): [each.of(sample) for sample in samples]
        for each in _SERIES
    }
    drawn["written, MB"] = [
        None if sample.bytes_written is None else sample.bytes_written / 1e6 for sample in samples
    ]
    known = {name: values for name, values in drawn.items() if set(values) != {None}}
    return plot.panels("Soak", [sample.time_s for sample in samples], known)


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
    """What grew, in words: a step as well as a slope."""
    last = samples[-1]
    is_long = last.time_s >= _TELLING_S
    yield f"{last.frames} frames in {last.time_s / 3600:.2f} h"
    if not is_long:
        yield "less than an hour: too short to say what grows"
    for series in _SERIES:
        yield f"{series.name}: {_grown(series, samples, is_long=is_long)}"
    yield f"throttled: {_throttled(samples)}"
    yield f"written: {_written(samples, is_long=is_long)}"


def _grown(series: _Series, samples: Sequence[Sample], *, is_long: bool) -> str:
    known = [(sample, value) for sample in samples if (value := series.of(sample)) is not None]
    if not known:
        return "unknown"
    warm = known[int(len(known) * _WARM_SHARE) :]
    quarter = max(1, len(warm) // 4)
    first, last = (median(value for _, value in part) for part in (warm[:quarter], warm[-quarter:]))
    values = [value for _, value in known]
    slope = slope_an_hour([sample for sample, _ in known], values)
    unit, digits = f" {series.unit}".rstrip(), series.digits
    return (
        f"{first:.{digits}f}{unit} in the first quarter, {last:.{digits}f} in the last, at most"
        f" {max(values):.{digits}f}" + (f"; {slope:+.3f}{unit} an hour" if is_long else "")
    )


def _throttled(samples: Sequence[Sample]) -> str:
    """In how many lines: at that moment, or as the firmware remembers, since the line before."""
    known = [sample.throttled_bits for sample in samples if sample.throttled_bits is not None]
    if not known:
        return "unknown"
    before = [known[0], *known[:-1]]
    slow = [bits & THROTTLED_NOW or bits & ~old for bits, old in zip(known, before, strict=True)]
    return f"in {sum(map(bool, slow))} of {len(known)} lines"


def _written(samples: Sequence[Sample], *, is_long: bool) -> str:
    first, last = samples[0].bytes_written, samples[-1].bytes_written
    passed_s = samples[-1].time_s - samples[0].time_s
    if first is None or last is None:
        return "unknown"
    megabytes = (last - first) / 1e6
    a_day = f", {megabytes / passed_s * 86400:.1f} MB a day" if is_long and passed_s > 0 else ""
    return f"{megabytes:.2f} MB{a_day}, with these lines themselves"
