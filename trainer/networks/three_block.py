"""The three-block CNN: gray faces in, logits out.

Source: the published FER2013 network of three blocks of a 3x3 convolution (from 32 filters), batch
normalization and max-pooling of 2x2, then a dense layer of 132. Its paper is not known to us.

    input        parameters       MACs
    48x48x1           703 K     22.5 M

Left open and chosen here: the filters double (32, 64, 128), zeros around, ReLU after batch
normalization and after the dense layer, no dropout.
"""

from __future__ import annotations

import keras
from keras import layers


def build(classes: int = 7) -> keras.Model:
    """Build the network: float32 [N, 48, 48, 1] in 0…1 → {"logits": float32 [N, classes]}."""
    faces = layers.Input((48, 48, 1), name="faces")
    x = faces
    for filters in (32, 64, 128):
        x = layers.Conv2D(filters, 3, padding="same")(x)
        x = layers.BatchNormalization()(x)
        x = layers.ReLU()(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.Flatten()(x)
    x = layers.Dense(132, activation="relu")(x)
    return keras.Model(
        faces, {"logits": layers.Dense(classes, name="logits")(x)}, name="three_block"
    )
