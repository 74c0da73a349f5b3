"""Kuchuk and Saatsazov's network A: gray faces in, logits out.

Source: Kuchuk and Saatsazov: three convolutions and two dense layers with max-pooling and dropout.
Title and year of theirs are not known to us.

    input        parameters       MACs
    48x48x1          1261 K     25.1 M

Left open and chosen here: 32, 32 and 64 filters of 5x5 with zeros around, ReLU, pooling of 3x3 in
steps of 2 after each convolution, a dense layer of 512 with dropout of 0.5; the second dense layer
gives the logits.
"""

from __future__ import annotations

import keras
from keras import layers

from trainer.networks.seeded_dropout import seeded_dropout


def build(classes: int = 7) -> keras.Model:
    """Build the network: float32 [N, 48, 48, 1] in 0…1 → {"logits": float32 [N, classes]}."""
    faces = layers.Input((48, 48, 1), name="faces")
    x = faces
    for filters in (32, 32, 64):
        x = layers.Conv2D(filters, 5, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    x = layers.Flatten()(x)
    x = layers.Dense(512, activation="relu")(x)
    x = seeded_dropout(0.5)(x)
    return keras.Model(faces, {"logits": layers.Dense(classes, name="logits")(x)}, name="kuchuk_a")
