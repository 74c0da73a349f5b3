"""Two results → how many times as long the second takes, and whether that is more than noise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import comb
from statistics import median

import numpy as np
from numpy.typing import NDArray

from benchmarks.results import FEWEST_BLOCKS, UNKNOWN, ModelRun, Result, Workload

#: What two runs of one commit may differ by, one after the other: a machine's state drifts, and
#: the blocks of one run know nothing of it.
BETWEEN_RUNS = 0.05
#: What they differ by when they take turns: a frame or a model, and a stage of it, which may be
#: microseconds. Of a checkout with itself, benchmarks/results/turns.md has up to 0.2 and 4.7 %; its
#: first, on a busier day, had 1.6 and 8.7.
BETWEEN_TURNS, BETWEEN_TURNS_OF_A_STAGE = 0.02, 0.1
#: What the interval of a ratio knows of: how blocks of the same two processes differ, or processes.
WITHIN_RUNS, OVER_PROCESSES = "within the runs", "over processes"
_STAGE = "… "
_RESAMPLES = 2000
_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Ratio:
    """A figure of B by A; interval: where it lies with 95 % confidence, None where it was measured
    too rarely to say.

    drift: what the same thing differs by when it is measured so.
    """

    figure: str
    before: float
    after: float
    value: float
    interval: tuple[float, float] | None
    drift: float = BETWEEN_RUNS

    @property
    def verdict(self) -> str:
        """Which way B differs from A, if at all, and if that can be told."""
        if self.interval is None:
            return "too few"
        low, high = self.interval
        if low <= 1.0 <= high or abs(self.value - 1.0) < self.drift:
            return "within noise"
        return "B slower" if self.value > 1.0 else "B faster"


def compare(before: Result, after: Result, *, seed: int = 0) -> Iterator[Ratio]:
    """A ratio of each figure that both runs have."""
    old, new = blocks_of(before), blocks_of(after)
    rng = np.random.default_rng(seed)
    for figure, blocks in old.items():
        if figure in new:
            yield ratio(figure, blocks, new[figure], rng)


def ratio(
    figure: str, before: Sequence[float], after: Sequence[float], rng: np.random.Generator
) -> Ratio:
    """The ratio of the blocks' medians, with an interval by the bootstrap over blocks."""
    value = float(np.median(after) / np.median(before))
    is_enough = min(len(before), len(after)) >= FEWEST_BLOCKS
    interval = _interval(_medians(after, rng) / _medians(before, rng)) if is_enough else None
    return Ratio(figure, float(np.median(before)), float(np.median(after)), value, interval)


def ratio_over_processes(
    figure: str, before: Sequence[Sequence[float]], after: Sequence[Sequence[float]]
) -> Ratio:
    """The median, over processes, of each one's median ratio of two turns.

    Only processes are independent of one another: where one's memory lies makes all of its turns
    faster or slower.

    before, after: for each process the figure of each turn, in the order of time.
    """
    ratios = [float(np.median(np.divide(*turns))) for turns in zip(after, before, strict=True)]
    return Ratio(
        figure,
        float(np.median(np.concatenate(before))),
        float(np.median(np.concatenate(after))),
        median(ratios),
        _interval_of_median(ratios),
        drift=BETWEEN_TURNS_OF_A_STAGE if figure.startswith(_STAGE) else BETWEEN_TURNS,
    )


def blocks_of(result: Result) -> dict[str, tuple[float, ...]]:
    """Each figure of a run that was measured in blocks: milliseconds of each."""
    found = blocks_of_work(result.workloads, result.models)
    if result.start_up is not None:
        found["start to first event"] = result.start_up.first_event.blocks
    if result.delivery is not None:
        found[f"event acknowledged by {result.delivery.broker}"] = (
            result.delivery.acknowledged.blocks
        )
    return found


def blocks_of_work(
    workloads: Sequence[Workload], models: Sequence[ModelRun]
) -> dict[str, tuple[float, ...]]:
    """The same of frames and models."""
    found: dict[str, tuple[float, ...]] = {}
    for workload in workloads:
        found[f"frame, {workload.name}"] = workload.whole.blocks
        found[f"processor time of a frame, {workload.name}"] = workload.processor.blocks
        for stage in workload.stages:
            found[f"{_STAGE}{stage.name}, {workload.name}"] = stage.took.blocks
    for run in models:
        threads = f"{run.threads} thread{'s' if run.threads > 1 else ''}"
        # The version is left out: a newer runtime is what one may want to compare.
        runtime = run.runtime.split()[0]
        found[f"{run.model}, {run.form}, {threads}, {runtime}"] = run.took.blocks
    return found


def is_repetition(before: Result, after: Result) -> bool:
    """Whether both are of one commit, on one device, under conditions that are known to be one."""
    commit = before.machine.commit
    # Two devices that tell nothing need not be one.
    is_known = commit != "" and not commit.endswith("+") and before.machine.device != UNKNOWN
    is_valid = not before.invalid and not after.invalid
    return (
        is_known
        and is_valid
        and commit == after.machine.commit
        and all(old == new for _, old, new in _conditions(before, after))
    )


def remarks(before: Result, after: Result) -> Iterator[str]:
    """What makes the comparison doubtful."""
    for name, result in (("A", before), ("B", after)):
        for reason in result.invalid:
            yield f"{name} is INVALID: {reason}"
        for warning in result.warnings:
            yield f"{name}: {warning}"
    for what, old, new in _conditions(before, after):
        if old != new:
            yield f"{what}: {old} in A, {new} in B"


def rows(ratios: Sequence[Ratio], over: str = WITHIN_RUNS) -> list[list[str]]:
    """As a table's rows, the head first. over: what the intervals know of."""
    table = [["figure, ms", "A", "B", "B / A", f"95 %, {over}", "verdict"]]
    for each in ratios:
        interval = "" if each.interval is None else "{:.3f}…{:.3f}".format(*each.interval)
        table.append([
            each.figure, f"{each.before:.3f}", f"{each.after:.3f}", f"{each.value:.3f}",
            interval, each.verdict,
        ])  # fmt: skip
    return table


def _conditions(before: Result, after: Result) -> Iterator[tuple[str, object, object]]:
    old, new = before.machine, after.machine
    yield "plan", before.plan or UNKNOWN, after.plan or UNKNOWN
    yield "frames", before.frames, after.frames
    yield "file system", before.storage, after.storage
    for what in ("device", "processor", "architecture", "cores", "governor", "kernel", "runtime"):
        yield what, getattr(old, what), getattr(new, what)
    yield "memory, MB", old.memory_mb, new.memory_mb
    yield from _each("model", old.models, new.models)
    yield from _each("version of", old.versions, new.versions)


def _each(
    what: str, old: Mapping[str, str], new: Mapping[str, str]
) -> Iterator[tuple[str, object, object]]:
    for name in sorted({*old, *new}):
        yield f"{what} {name}", old.get(name, "none")[:12], new.get(name, "none")[:12]


def _interval(drawn: NDArray[np.float64]) -> tuple[float, float]:
    tail = (1.0 - _CONFIDENCE) / 2
    low, high = np.quantile(drawn, [tail, 1.0 - tail]).tolist()
    return low, high


def _interval_of_median(values: Sequence[float]) -> tuple[float, float] | None:
    """Between which of the values their distribution's median lies, whatever that distribution is.

    Each lies above it with a chance of a half (the interval of the sign test): so there is none of
    fewer than six, and of six it is from the least to the largest.
    """
    ordered, count = sorted(values), len(values)
    outside, first = 0.0, -1
    for number in range(count // 2):
        outside += 2 * comb(count, number) / 2**count
        if outside > 1.0 - _CONFIDENCE:
            break
        first = number
    return None if first < 0 else (ordered[first], ordered[-1 - first])


def _medians(blocks: Sequence[float], rng: np.random.Generator) -> NDArray[np.float64]:
    """Of as many blocks, drawn with replacement, again and again: float64 [_RESAMPLES]."""
    values = np.asarray(blocks, np.float64)
    drawn = values[rng.integers(0, len(values), (_RESAMPLES, len(values)))]
    return np.asarray(np.median(drawn, axis=1), np.float64)
