"""A Keras model and inputs → the same function with channels of equal size.

int8 activations share one scale a tensor, so a channel with small values gets few of its levels.
Dividing a channel where it is made and multiplying it back where it is read changes nothing in
real numbers, since ReLU and maximum pooling let positive factors through (Nagel et al.:
Data-Free Quantization Through Weight Equalization and Bias Correction, ICCV 2019).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

#: No channel grows more than this many times: a dead one is left small.
MOST_GROWTH = 1000.0

_CONVOLUTIONS = (layers.Conv2D, layers.DepthwiseConv2D)
_LINEAR_OR_RELU = ("linear", "relu")


def equalise(
    model: keras.Model, samples: Sequence[NDArray[np.float32]], *, through_relu: float = 1.0
) -> None:
    """Scale channels between convolutions, in place, by what `samples` make of them.

    samples: float32 of the model's input shape. through_relu: how far channels behind a ReLU are
    equalised, 0 not at all, 1 wholly; those go into weights of one scale an output, where a
    channel made large takes steps from the others. Channels in front of a depthwise convolution
    cost nothing there, and are always equalised wholly.
    """
    pairs = [(layer, found) for layer in model.layers if (found := _readers(layer))]
    largest = _largest(model, [layer for layer, _ in pairs], samples)
    for (layer, readers), sizes in zip(pairs, largest, strict=True):
        factors = np.maximum(sizes / sizes.max(), 1 / MOST_GROWTH)
        if layer.activation.__name__ == "relu":
            factors **= through_relu
        kernel, bias = layer.get_weights()
        shape = (-1, 1) if isinstance(layer, layers.DepthwiseConv2D) else (-1,)
        layer.set_weights([kernel / factors.reshape(shape), bias / factors])
        for reader in readers:
            kernel, bias = reader.get_weights()
            reader.set_weights([kernel * factors[:, np.newaxis], bias])


def _readers(layer: keras.Layer) -> list[keras.Layer]:
    """The convolutions that read all of `layer`'s output; none where anything else reads it too."""
    if not isinstance(layer, _CONVOLUTIONS) or layer.activation.__name__ not in _LINEAR_OR_RELU:
        return []
    readers = list(_behind(layer))
    return readers if all(isinstance(reader, _CONVOLUTIONS) for reader in readers) else []


def _behind(layer: keras.Layer) -> Iterable[keras.Layer]:
    for node in layer._outbound_nodes:  # noqa: SLF001 - Keras names readers nowhere else
        reader = node.operation
        if isinstance(reader, layers.MaxPooling2D):
            yield from _behind(reader)
        else:
            yield reader


def _largest(
    model: keras.Model, made: Sequence[keras.Layer], samples: Sequence[NDArray[np.float32]]
) -> list[NDArray[np.float32]]:
    """Greatest magnitude of each layer's channels over all samples: float32 [channels] each."""
    outputs = [ops.max(ops.abs(layer.output), axis=(0, 1, 2)) for layer in made]
    watched = keras.Model(model.inputs, outputs)
    seen = [watched.predict_on_batch(sample) for sample in samples]
    return [np.max(values, axis=0) for values in zip(*seen, strict=True)]
