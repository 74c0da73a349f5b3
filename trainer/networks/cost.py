"""A Keras model → what one face costs it."""

from __future__ import annotations

import math

import keras
from keras import layers

from trainer.networks.normalization import LocalContrastNormalization


def macs(model: keras.Model) -> int:
    """Multiply-accumulates of one forward pass over one face: convolutions and dense layers.

    Local contrast normalization counts by the two convolutions in it; other normalization,
    activations and pooling do not count.
    """
    total = 0
    for layer in model.layers:
        if isinstance(layer, layers.Conv2D | layers.DepthwiseConv2D):
            _, height, width, _ = layer.output.shape
            total += height * width * math.prod(layer.kernel.shape)
        elif isinstance(layer, layers.Dense):
            total += math.prod(layer.kernel.shape)
        elif isinstance(layer, LocalContrastNormalization):
            total += layer.macs()
    return total
