"""Two results → how many times as long the second takes, and whether that is more than noise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.results import ModelRun, Result, Workload

#: What two runs of one commit may differ by, one after the other: a machine's state drifts, and
#: the blocks of one run know nothing of it.
BETWEEN_RUNS = 0.05
#: What they differ by when they take turns: where a process's memory lies makes a stage of
#: microseconds faster or slower as long as it lives.
BETWEEN_TURNS = 0.02
_RESAMPLES = 2000
_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Ratio:
    """A figure of B by A; low and high: where it lies with 95 % confidence.

    drift: what the same thing differs by when it is measured so.
    """

    figure: str
    before: float
    after: float
    value: float
    low: float
    high: float
    drift: float = BETWEEN_RUNS

    @property
    def is_within_noise(self) -> bool:
        """Whether B may well be no other than A."""
        return self.low <= 1.0 <= self.high or abs(self.value - 1.0) < self.drift


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
    low, high = _interval(_medians(after, rng) / _medians(before, rng))
    return Ratio(figure, float(np.median(before)), float(np.median(after)), value, low, high)


def paired_ratio(
    figure: str, before: Sequence[float], after: Sequence[float], rng: np.random.Generator
) -> Ratio:
    """The median of the ratios of blocks that were measured one after the other.

    before, after: as many blocks of each, in the order of time.
    """
    ratios = np.divide(after, before)
    low, high = _interval(_medians(ratios.tolist(), rng))
    return Ratio(
        figure, float(np.median(before)), float(np.median(after)), float(np.median(ratios)),
        low, high, drift=BETWEEN_TURNS,
    )  # fmt: skip


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
            found[f"… {stage.name}, {workload.name}"] = stage.took.blocks
    for run in models:
        threads = f"{run.threads} thread{'s' if run.threads > 1 else ''}"
        # The version is left out: a newer runtime is what one may want to compare.
        runtime = run.runtime.split()[0]
        found[f"{run.model}, {run.form}, {threads}, {runtime}"] = run.took.blocks
    return found


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


def rows(ratios: Sequence[Ratio]) -> list[list[str]]:
    """As a table's rows, the head first."""
    table = [["figure, ms", "A", "B", "B / A", "95 %", "verdict"]]
    for each in ratios:
        verdict = "within noise" if each.is_within_noise else (
            "B slower" if each.value > 1 else "B faster"
        )  # fmt: skip
        table.append([
            each.figure, f"{each.before:.3f}", f"{each.after:.3f}", f"{each.value:.3f}",
            f"{each.low:.3f}…{each.high:.3f}", verdict,
        ])  # fmt: skip
    return table


def _conditions(before: Result, after: Result) -> Iterator[tuple[str, object, object]]:
    old, new = before.machine, after.machine
    yield "frames", before.frames, after.frames
    for what in ("device", "processor", "governor", "kernel", "runtime"):
        yield what, getattr(old, what), getattr(new, what)
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


def _medians(blocks: Sequence[float], rng: np.random.Generator) -> NDArray[np.float64]:
    """Of as many blocks, drawn with replacement, again and again: float64 [_RESAMPLES]."""
    values = np.asarray(blocks, np.float64)
    drawn = values[rng.integers(0, len(values), (_RESAMPLES, len(values)))]
    return np.asarray(np.median(drawn, axis=1), np.float64)
