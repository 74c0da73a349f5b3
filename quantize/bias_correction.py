"""A Keras model and inputs → biases that make up for what rounding weights adds on average.

A rounded kernel answers the mean of its inputs with another mean; the difference is known before
quantization, and the bias can carry it (Nagel et al.: Data-Free Quantization Through Weight
Equalization and Bias Correction, ICCV 2019).
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from quantize.fake_quantization import round_weights


def correct_biases(model: keras.Model, samples: Sequence[NDArray[np.float32]]) -> keras.Model:
    """Clone `model` with the biases of its convolutions moved, for int8 alone.

    samples: float32 of the model's input shape; they say what each convolution's inputs are on
    average. Padding, which is zero, is taken for more of the same.
    """
    corrected = keras.models.clone_model(model)
    corrected.set_weights(model.get_weights())
    convolutions = [
        layer
        for layer in corrected.layers
        if isinstance(layer, layers.Conv2D | layers.DepthwiseConv2D) and layer.use_bias
    ]
    means = [ops.mean(layer.input, axis=(0, 1, 2)) for layer in convolutions]
    watched = keras.Model(corrected.inputs, means)
    seen = [watched.predict_on_batch(sample) for sample in samples]
    for layer, values in zip(convolutions, zip(*seen, strict=True), strict=True):
        depthwise = isinstance(layer, layers.DepthwiseConv2D)
        # [row, column, in, out]; a depthwise layer's third axis is its outputs.
        summed = (0, 1, 3) if depthwise else (0, 1, 2)
        kernel, bias = layer.get_weights()
        rounded = round_weights(kernel, axes=(0, 1) if depthwise else (0, 1, 2))
        lost = kernel - ops.convert_to_numpy(rounded)
        mean_input = np.mean(values, axis=0)
        layer.set_weights([kernel, bias + (lost * mean_input[:, np.newaxis]).sum(axis=summed)])
    return corrected
