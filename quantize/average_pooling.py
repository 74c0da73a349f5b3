"""A Keras model → the same function without average pooling, which XNNPACK has no int8 form of.

Each left-out operation splits the graph into one more delegate partition. A depthwise convolution
with equal weights is the same mean, exactly so in int8 weights.
"""

from __future__ import annotations

import math

import keras
import numpy as np
from keras import layers


def pool_by_convolution(model: keras.Model) -> keras.Model:
    """Replace each average pooling whose windows lie inside of the picture.

    Returns a model of the same inputs, outputs and names; weights are copied.
    """
    if not any(_replaceable(layer) for layer in model.layers):
        return model

    def rebuild(layer: keras.Layer) -> keras.Layer:
        if not _replaceable(layer):
            return layer.__class__.from_config(layer.get_config())
        return layers.DepthwiseConv2D(
            layer.pool_size,
            strides=layer.strides,
            padding=layer.padding,
            use_bias=False,
            depthwise_initializer=keras.initializers.Constant(1 / math.prod(layer.pool_size)),
            name=layer.name,
        )

    rebuilt = keras.models.clone_model(model, clone_function=rebuild)
    for layer in model.layers:
        if not _replaceable(layer):
            weights = [np.asarray(keras.ops.convert_to_numpy(w)) for w in layer.weights]
            rebuilt.get_layer(layer.name).set_weights(weights)
    return rebuilt


def _replaceable(layer: keras.Layer) -> bool:
    if not isinstance(layer, layers.AveragePooling2D):
        return False
    # Keras leaves padding out of the mean; a convolution would count it in as zeros.
    _, height, width, _ = layer.input.shape
    sides = zip((height, width), layer.pool_size, layer.strides, strict=True)
    return layer.padding == "valid" or all(
        side is not None and side % stride == 0 and window == stride
        for side, window, stride in sides
    )
