"""A float TFLite model and calibration inputs → the range of real numbers each tensor gets."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from quantize.errors import QuantizeError
from quantize.graph import activations

#: Share of the old value in a moving average, as TensorFlow Lite's tools have it.
SMOOTHING = 0.95

#: Percent of a tensor's values that percentile ranges hold; half of the others lie on each side.
PERCENTILE = 99.99
BINS = 4096

#: Fewer pictures say too little of the values to come.
FEWEST_SAMPLES = 16

Range = tuple[float, float]


class Calibration(StrEnum):
    """How the values seen become a range."""

    MIN_MAX = "min-max"
    MOVING_AVERAGE = "moving-average"
    PERCENTILE = "percentile"


@dataclass(slots=True)
class Observed:
    """Values of one tensor over all samples; counts: int64 [BINS] between low and high."""

    low: float = np.inf
    high: float = -np.inf
    average_low: float = 0.0
    average_high: float = 0.0
    counts: NDArray[np.int64] | None = None

    def see(self, values: NDArray[np.float32]) -> None:
        """Widen the range and move the average by one sample's values."""
        low, high = float(values.min()), float(values.max())
        if self.low > self.high:
            self.average_low, self.average_high = low, high
        self.average_low = SMOOTHING * self.average_low + (1 - SMOOTHING) * low
        self.average_high = SMOOTHING * self.average_high + (1 - SMOOTHING) * high
        self.low, self.high = min(self.low, low), max(self.high, high)

    def count(self, values: NDArray[np.float32]) -> None:
        """Add values to the histogram; the range must be final. A constant needs none."""
        if self.high - self.low < 1e-3 * max(1e-3, abs(self.low)):
            return
        counts, _ = np.histogram(values, BINS, (self.low, self.high))
        self.counts = counts if self.counts is None else self.counts + counts

    def range(self, method: Calibration, percentile: float = PERCENTILE) -> Range:
        """The range by `method`."""
        if method is Calibration.MOVING_AVERAGE:
            return self.average_low, self.average_high
        if method is Calibration.MIN_MAX or self.counts is None:
            return self.low, self.high
        shares = np.cumsum(self.counts) / self.counts.sum()
        edges = np.linspace(self.low, self.high, BINS + 1)
        cut = (100 - percentile) / 200
        first, last = int(np.searchsorted(shares, cut, "right")), np.searchsorted(shares, 1 - cut)
        return float(edges[first]), float(edges[min(int(last), BINS - 1) + 1])


def observe(
    float_model: bytes,
    samples: Sequence[NDArray[np.float32]],
    *,
    histograms: bool = True,
) -> dict[str, Observed]:
    """Run `samples` (float32 of the model's input shape) and look at every activation.

    Without `histograms`, which cost a second run, there are no percentiles.

    Raises:
        QuantizeError: too few samples, or one of another shape or with values that are not finite.
    """
    interpreter = watched_interpreter(float_model)
    check_samples(samples, tuple(interpreter.get_input_details()[0]["shape"]))
    tensors = activations(float_model)
    seen = {name: Observed() for name in tensors.values()}
    looks: list[Callable[[Observed, NDArray[np.float32]], None]] = [Observed.see]
    if histograms:
        looks.append(Observed.count)
    for look in looks:
        for values in _values(interpreter, samples, tensors):
            for name, array in values:
                look(seen[name], array)
    return seen


@contextmanager
def all_tensors_on_purpose() -> Iterator[None]:
    """Silence the runtime's warning that keeping all tensors takes memory."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*experimental_preserve_all_tensors")
        yield


def watched_interpreter(model: bytes) -> Any:
    """An interpreter that keeps the values of every tensor for `get_tensor`."""
    with all_tensors_on_purpose():
        interpreter = Interpreter(
            model_content=model, num_threads=1, experimental_preserve_all_tensors=True
        )
    interpreter.allocate_tensors()
    return interpreter


def check_samples(samples: Sequence[NDArray[np.float32]], shape: tuple[int, ...]) -> None:
    """Hold calibration inputs to the model's input.

    Raises:
        QuantizeError: fewer than `FEWEST_SAMPLES`, another shape, or values that are not finite.
    """
    if len(samples) < FEWEST_SAMPLES:
        raise QuantizeError(
            f"calibration: {len(samples)} pictures, at least {FEWEST_SAMPLES} are needed"
        )
    for index, sample in enumerate(samples):
        if sample.shape != shape:
            raise QuantizeError(
                f"calibration: picture {index} is {list(sample.shape)}, the model takes"
                f" {[int(n) for n in shape]}"
            )
        if not np.isfinite(sample).all():
            raise QuantizeError(f"calibration: picture {index} has values that are not finite")


def as_statistics(ranges: Mapping[str, Range]) -> dict[str, dict[str, NDArray[np.float32]]]:
    """Ranges as ai-edge-quantizer takes them."""
    return {
        name: {"min": np.full((1, 1), low, np.float32), "max": np.full((1, 1), high, np.float32)}
        for name, (low, high) in ranges.items()
    }


def _values(
    interpreter: Any, samples: Iterable[NDArray[np.float32]], tensors: Mapping[int, str]
) -> Iterator[list[tuple[str, NDArray[np.float32]]]]:
    shown = interpreter.get_input_details()[0]["index"]
    for sample in samples:
        interpreter.set_tensor(shown, sample)
        interpreter.invoke()
        yield [(name, interpreter.get_tensor(index)) for index, name in tensors.items()]
