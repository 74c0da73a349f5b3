"""Networks of a few layers, in Keras, for tests of what quantization does to them."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers


def small_network(seed: int = 1) -> keras.Model:
    """Every kind of layer that the shipped networks have: [N, 12, 12, 1] → 3 logits."""
    keras.utils.set_random_seed(seed)
    shown = layers.Input((12, 12, 1), name="faces")
    x = layers.Conv2D(8, 3, padding="same", use_bias=False)(shown)
    x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
    y = layers.ReLU()(layers.DepthwiseConv2D(3, padding="same")(x))
    y = layers.BatchNormalization()(layers.Conv2D(8, 1, use_bias=False)(y))
    x = layers.ReLU(6.0)(layers.Add()([x, y]))
    x = layers.AveragePooling2D(2)(x)
    x = layers.Dropout(0.3)(layers.GlobalAveragePooling2D()(layers.MaxPooling2D(2)(x)))
    return keras.Model(shown, {"logits": layers.Dense(3, name="logits")(x)}, name="small")


def chain(seed: int = 1) -> keras.Model:
    """Convolutions in a row, as in YuNet: [N, 12, 12, 3] → [N, 6, 6, 4]."""
    keras.utils.set_random_seed(seed)
    shown = layers.Input((12, 12, 3), name="image")
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(shown)
    x = layers.DepthwiseConv2D(3, padding="same", activation="relu")(layers.Conv2D(8, 1)(x))
    x = layers.MaxPooling2D(2)(x)
    return keras.Model(shown, {"bbox": layers.Conv2D(4, 1, name="bbox")(x)}, name="chain")


def pictures(n: int, channels: int = 1, seed: int = 0) -> np.ndarray:
    """float32 [n, 12, 12, channels] in 0…1."""
    return np.random.default_rng(seed).random((n, 12, 12, channels), np.float32)


def as_samples(shown: np.ndarray) -> list[np.ndarray]:
    """One batch of one for each picture."""
    return list(shown[:, np.newaxis])
