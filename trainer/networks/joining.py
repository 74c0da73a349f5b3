"""A network with several heads → one output that holds their logits side by side."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers, ops

#: Name of the one output.
JOINED = "logits"


def join_heads(model: keras.Model) -> keras.Model:
    """Put the heads' dense layers, which stand on one trunk, into one: it costs what they cost.

    Returns a network with the output `logits`: float32 [N, classes of all heads], in the order of
    the model's outputs.
    """
    heads = [model.get_layer(name) for name in model.output_names]
    kernel = np.concatenate([_array(head.kernel) for head in heads], axis=1)
    bias = np.concatenate([_array(head.bias) for head in heads])
    joined = layers.Dense(len(bias), name=JOINED)
    network = keras.Model(model.inputs, {JOINED: joined(heads[0].input)}, name=model.name)
    joined.set_weights([kernel, bias])
    return network


def _array(weight: keras.Variable) -> np.ndarray:
    return np.asarray(ops.convert_to_numpy(weight))
