"""A float model → which layers are worth keeping in real numbers, by what that changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from quantize.graph import output_tensors, readers_of
from quantize.latency import compare
from quantize.ranges import Range
from quantize.signal_noise import LayerNoise, short_name, worst
from quantize.static_int8 import quantize_by_ranges

#: What a layer must win back to be kept, in points; each one splits the delegate's partition.
LEAST_GAIN = 0.1

#: How much slower than the all-int8 model the mixed one may be.
MOST_SLOWDOWN = 1.25

#: Operations that compute; what only moves values has nothing to win.
KEEPABLE = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "ADD", "MEAN")


@dataclass(frozen=True, slots=True)
class KeptLayer:
    """What the model does with one layer in real numbers.

    loss: what `measure` says, in points; all_int8_loss: of the model with no such layer.
    slowdown: time of one inference over the all-int8 model's.
    """

    name: str
    operation: str
    signal_to_noise_db: float
    loss: float
    all_int8_loss: float
    slowdown: float

    @property
    def pays(self) -> bool:
        """Whether what it wins back is worth its time."""
        gain = self.all_int8_loss - self.loss
        return gain >= LEAST_GAIN and self.slowdown <= MOST_SLOWDOWN


def try_layers(
    float_model: bytes,
    ranges: Mapping[str, Range],
    layers: Sequence[LayerNoise],
    measure: Callable[[bytes], float],
    *,
    count: int = 3,
    runs: int = 100,
) -> list[KeptLayer]:
    """Keep each of the `count` worst layers in real numbers, alone, and see what it changes.

    A layer's values stay real where both what makes them and what reads them does; an operation
    that makes an output stays int8.

    measure: the loss of a model that may have real numbers inside, in points: less is better.
    Layers whose tensor is an output are left out: a device reads bytes.
    """
    all_int8 = quantize_by_ranges(float_model, ranges)
    loss = measure(all_int8)
    tried = []
    outputs, readers = output_tensors(float_model), readers_of(float_model)
    inner = [layer for layer in layers if layer.operation in KEEPABLE and layer.name not in outputs]
    for layer in worst(inner, count):
        kept = [layer.name, *(name for name in readers[layer.name] if name not in outputs)]
        mixed = quantize_by_ranges(float_model, ranges, kept)
        tried.append(
            KeptLayer(
                name=short_name(layer.name),
                operation=layer.operation,
                signal_to_noise_db=layer.signal_to_noise_db,
                loss=round(measure(mixed), 4),
                all_int8_loss=round(loss, 4),
                slowdown=round(1 / compare(all_int8, mixed, runs=runs).ratio, 3),
            )
        )
    return tried
