"""Two TFLite models → how long each takes on this processor, whole and an operation at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from edge_app.perception.operations import operations
from edge_app.perception.runtime import fill_inputs, make_interpreter

#: Nanoseconds that only go up.
Clock = Callable[[], int]


@dataclass(frozen=True, slots=True)
class Latency:
    """Median milliseconds of one inference on one thread; ratio: float over int8, more is good."""

    float_ms: float
    int8_ms: float

    @property
    def ratio(self) -> float:
        """How many times as fast as the float model the int8 model is."""
        return self.float_ms / self.int8_ms


@dataclass(frozen=True, slots=True)
class OperationLatency:
    """One operation alone; shape: of what it makes."""

    operation: str
    shape: tuple[int, ...]
    latency: Latency


def compare(
    float_model: bytes, int8_model: bytes, *, runs: int = 100, clock: Clock = time.perf_counter_ns
) -> Latency:
    """Run both by turns, so that whatever else the machine does hits both alike."""
    both = [_ready(model) for model in (float_model, int8_model)]
    taken: list[list[int]] = [[], []]
    for _ in range(runs):
        for interpreter, durations in zip(both, taken, strict=True):
            began = clock()
            interpreter.invoke()
            durations.append(clock() - began)
    # The first runs fill caches.
    settled = [durations[min(10, runs // 4) :] for durations in taken]
    return Latency(*(float(np.median(durations)) / 1e6 for durations in settled))


def profile(
    float_model: bytes, int8_model: bytes, *, runs: int = 40, clock: Clock = time.perf_counter_ns
) -> Iterator[OperationLatency]:
    """Time each operation in a model of its own, both forms by turns.

    A padding in front of a convolution stays with it, as XNNPACK runs them as one. Both models
    have the same operations in the same order.
    """
    both = zip(operations(float_model), operations(int8_model), strict=True)
    for as_float, as_int8 in both:
        latency = compare(as_float.content, as_int8.content, runs=runs, clock=clock)
        yield OperationLatency(as_float.name, as_float.shape, latency)


def _ready(model: bytes) -> Any:
    interpreter, _ = make_interpreter(model, threads=1)
    fill_inputs(interpreter)
    return interpreter
