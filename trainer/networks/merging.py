"""A network with several heads → one with a single head that averages their opinions."""

from __future__ import annotations

from collections.abc import Mapping

import keras
import numpy as np
from keras import layers, ops

#: Name of the one output.
MERGED = "logits"


def merge_heads(model: keras.Model, shares: Mapping[str, float], classes: int) -> keras.Model:
    """Average the heads' logits: their dense layers stand on one trunk, so a weighted mean of
    their weights is that average, and costs what one head costs.

    shares: name of each head and its weight; they sum to 1. classes: the first so many outputs,
    which mean the same in every head.

    Returns a network with the output `logits`: float32 [N, classes].
    """
    heads = {name: model.get_layer(name) for name in shares}
    kernel = sum(share * _array(heads[name].kernel)[:, :classes] for name, share in shares.items())
    bias = sum(share * _array(heads[name].bias)[:classes] for name, share in shares.items())
    features = next(iter(heads.values())).input
    merged = layers.Dense(classes, name=MERGED)
    network = keras.Model(model.inputs, {MERGED: merged(features)}, name=model.name)
    merged.set_weights([kernel, bias])
    return network


def _array(weight: keras.Variable) -> np.ndarray:
    return np.asarray(ops.convert_to_numpy(weight))
