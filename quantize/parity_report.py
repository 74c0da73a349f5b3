"""A float and an int8 model, and pictures → one model's parity figures, as JSON and as tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from quantize.artefact import sha256, write_together
from quantize.footprint import Footprint, footprint_lines, measure_footprint
from quantize.graph import output_tensors
from quantize.kept_layers import KeptLayer, try_layers
from quantize.latency import OperationLatency, profile
from quantize.parity import ClassifierParity, DetectorParity
from quantize.ranges import Range
from quantize.signal_noise import LayerNoise, layer_noise, short_name

#: Inputs that the layers' signal-to-noise ratio is measured on.
NOISE_SAMPLES = 50


@dataclass(frozen=True, slots=True)
class Subject:
    """One network in both forms, with what its parity is measured by.

    samples: float32 of the model's input shape. ranges: of each activation. loss: points that a
    model loses against the float one, for layers kept in real numbers one at a time.
    """

    name: str
    float_model: bytes
    int8_model: bytes
    ranges: Mapping[str, Range]
    samples: Sequence[NDArray[np.float32]]
    macs: int
    loss: Callable[[bytes], float]


@dataclass(frozen=True, slots=True)
class ParityReport:
    """All that is measured of one network; sha256: of the int8 model, in hexadecimal digits."""

    name: str
    sha256: str
    parity: ClassifierParity | DetectorParity
    footprint: Footprint
    layers: list[LayerNoise]
    kept_float: list[KeptLayer]
    operations: list[OperationLatency]

    def as_json(self) -> dict[str, Any]:
        """The figures, with those that are properties."""
        return asdict(self) | {
            "points_lost": self.parity.points_lost,
            "latency_ratio": self.footprint.latency.ratio,
        }


def measure(
    subject: Subject,
    parity: ClassifierParity | DetectorParity,
    *,
    kept_layers: int = 3,
    runs: int = 100,
) -> ParityReport:
    """Measure layers, size and speed of both forms; `kept_layers` of the worst one at a time."""
    stride = max(1, len(subject.samples) // NOISE_SAMPLES)
    layers = layer_noise(subject.float_model, subject.int8_model, subject.samples[::stride])
    kept = try_layers(
        subject.float_model, subject.ranges, layers, subject.loss, count=kept_layers, runs=runs
    )
    outputs = output_tensors(subject.float_model)
    return ParityReport(
        name=subject.name,
        sha256=sha256(subject.int8_model),
        parity=parity,
        footprint=measure_footprint(
            subject.float_model, subject.int8_model, subject.macs, runs=runs
        ),
        layers=[
            LayerNoise(
                outputs.get(one.name, short_name(one.name)),
                one.operation,
                one.signal_to_noise_db,
                one.added_noise_db,
            )
            for one in layers
        ],
        kept_float=kept,
        operations=list(profile(subject.float_model, subject.int8_model, runs=max(10, runs // 5))),
    )


def write_json(folder: Path, reports: Sequence[ParityReport]) -> None:
    """Write `<name>.json` for each into `folder`, all or none.

    Raises:
        QuantizeError: the folder cannot be written.
    """
    write_together(
        [
            (
                folder / f"{one.name}.json",
                msgspec.json.format(msgspec.json.encode(one.as_json()), indent=2) + b"\n",
            )
            for one in reports
        ]
    )


def lines(report: ParityReport) -> Iterator[str]:
    """In a form that people read."""
    parity = report.parity
    if isinstance(parity, ClassifierParity):
        yield (
            f"{report.name}: float {parity.float_accuracy:.2%}, int8 {parity.int8_accuracy:.2%} of"
            f" {parity.faces} faces, {parity.points_lost:+.2f} points lost; same first class"
            f" {parity.same_answer:.2%}, KL {parity.kl_mean:.5f} (at most {parity.kl_max:.4f})"
        )
    else:
        yield (
            f"{report.name}: recall float {parity.of_float.recall:.2%}, int8"
            f" {parity.of_int8.recall:.2%} of {parity.faces} faces, {parity.points_lost:+.2f}"
            f" points lost; mean IoU {parity.agreement.mean_iou:.4f}, kept"
            f" {parity.agreement.kept:.2%}, score error {parity.score_error_mean:.4f}"
        )
    yield from footprint_lines(report.footprint)
    low = min(report.layers, key=lambda layer: layer.signal_to_noise_db)
    yield f"  worst layer: {low.name} ({low.operation}), {low.signal_to_noise_db:.1f} dB"
    for kept in report.kept_float:
        yield (
            f"  {kept.name} in real numbers: {kept.loss:.2f} instead of {kept.all_int8_loss:.2f}"
            f" points lost, {kept.slowdown:.2f} times as long:"
            f" {'pays' if kept.pays else 'does not pay'}"
        )
