"""A float and an int8 TFLite model, and inputs → how much of each layer's signal int8 keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_app.perception.operations import kinds, read_graph
from quantize.errors import QuantizeError
from quantize.graph import activations, inputs_of
from quantize.ranges import watched_interpreter


@dataclass(frozen=True, slots=True)
class LayerNoise:
    """How well one tensor of the int8 model stands for the float one's.

    operation: what makes the tensor. signal_to_noise_db: power of the float values over power of
    the difference, 10 log10, over all inputs. added_noise_db: by how much that is worse than the
    worst of the operation's inputs; high where the operation itself loses most.
    """

    name: str
    operation: str
    signal_to_noise_db: float
    added_noise_db: float


def layer_noise(
    float_model: bytes, int8_model: bytes, samples: Sequence[NDArray[np.float32]]
) -> list[LayerNoise]:
    """Run both models on `samples` (float32 of the input's shape) and compare every tensor.

    Raises:
        QuantizeError: the models share no tensors.
    """
    names = list(activations(float_model).values())
    both = [_Watched(model) for model in (float_model, int8_model)]
    shared = [name for name in names if all(name in watched.index for watched in both)]
    if len(shared) <= 1:
        raise QuantizeError("the float and the int8 model have no layers in common")
    signal = dict.fromkeys(shared, 0.0)
    noise = dict.fromkeys(shared, 0.0)
    for sample in samples:
        for watched in both:
            watched.run(sample)
        for name in shared:
            expected, answer = (watched.values(name) for watched in both)
            signal[name] += float(np.square(expected, dtype=np.float64).sum())
            noise[name] += float(np.square(answer - expected, dtype=np.float64).sum())
    decibels = {name: _decibels(signal[name], noise[name]) for name in shared}
    return _with_sources(float_model, decibels)


def worst(layers: Sequence[LayerNoise], count: int = 1) -> list[LayerNoise]:
    """The layers with the lowest signal-to-noise ratio, the worst first."""
    return sorted(layers, key=lambda layer: layer.signal_to_noise_db)[:count]


def short_name(tensor: str) -> str:
    """A tensor's name as people know the layer: `conv2d_3` of a converter's chain of names."""
    parts = tensor.split(";", maxsplit=1)[0].split("/")
    return "/".join(parts[1:-1]) if len(parts) > 2 else parts[-1].split(":")[0]


class _Watched:
    def __init__(self, model: bytes) -> None:
        self._interpreter = watched_interpreter(model)
        self._input = self._interpreter.get_input_details()[0]
        self.index = {name: index for index, name in activations(model).items()}
        details = {d["index"]: d["quantization"] for d in self._interpreter.get_tensor_details()}
        self._quantization: dict[int, tuple[float, int]] = details

    def run(self, sample: NDArray[np.float32]) -> None:
        shown: NDArray[Any] = sample
        if self._input["dtype"] == np.int8:
            scale, zero_point = self._input["quantization"]
            shown = np.clip(np.round(sample / scale) + zero_point, -128, 127).astype(np.int8)
        self._interpreter.set_tensor(self._input["index"], shown)
        self._interpreter.invoke()

    def values(self, name: str) -> NDArray[np.float32]:
        values = self._interpreter.get_tensor(self.index[name])
        if values.dtype == np.float32:
            return np.asarray(values)
        scale, zero_point = self._quantization[self.index[name]]
        return np.asarray((values.astype(np.float32) - zero_point) * scale, np.float32)


def _decibels(signal: float, noise: float) -> float:
    """Bounded, so that a perfect or an empty tensor is still a number in a table."""
    return float(np.clip(10 * np.log10(max(signal, 1e-30) / max(noise, 1e-30)), -100, 100))


def _with_sources(float_model: bytes, decibels: dict[str, float]) -> list[LayerNoise]:
    names = activations(float_model)
    made = list(names)[1:]
    sources = inputs_of(float_model)
    layers = []
    for index, kind in zip(made, kinds(read_graph(float_model)), strict=True):
        if names[index] not in decibels:
            continue
        own = decibels[names[index]]
        before = [decibels[names[i]] for i in sources[index] if names[i] in decibels]
        added = min(before, default=own) - own
        layers.append(LayerNoise(names[index], kind, round(own, 2), round(added, 2)))
    return layers
