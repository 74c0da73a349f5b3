"""A Keras model of gray faces → the same function of windows of 3 by 3 pixels.

The device lays the windows out: int8 kernels have work for all of their lanes then
(docs/decisions/0009-patches.md). Weights only change their order, so int8 answers stay the same to
the byte.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from edge_app.perception.patches import WINDOW

_KERNEL = (3, 3)


def look_at_patches(model: keras.Model) -> keras.Model:
    """Make the first convolution one of 1 by 1, if it is one of 3 by 3 over every gray pixel.

    model: one input, float32 [N, H, W, 1]. Returns a model of float32 [N, H, W, 9], as
    `edge_app.perception.patches.NetworkInput` lays windows out, with the same outputs and names;
    weights are copied. Of a network that begins otherwise, the model itself.
    """
    first = model.layers[1]
    if not _replaceable(first):
        return model

    def rebuild(layer: keras.Layer) -> keras.Layer:
        config = layer.get_config()
        if layer is first:
            config |= {"kernel_size": 1}
        return layer.__class__.from_config(config)

    height, width, _ = model.inputs[0].shape[1:]
    patches = keras.Input((height, width, WINDOW), name=model.inputs[0].name)
    rebuilt = keras.models.clone_model(
        model,
        # A model's one input stands alone or in a list, and so must the new one.
        input_tensors=keras.tree.map_structure(lambda _: patches, model.input),
        clone_function=rebuild,
    )
    for layer in model.layers[1:]:
        weights = [np.asarray(keras.ops.convert_to_numpy(weight)) for weight in layer.weights]
        if layer is first:
            weights[0] = weights[0].reshape(1, 1, WINDOW, -1)
        rebuilt.get_layer(layer.name).set_weights(weights)
    return rebuilt


def _replaceable(layer: keras.Layer) -> bool:
    return (
        isinstance(layer, layers.Conv2D)
        and (layer.kernel_size, layer.strides, layer.dilation_rate) == (_KERNEL, (1, 1), (1, 1))
        and (layer.padding, layer.groups) == ("same", 1)
        and layer.input.shape[-1] == 1
    )
