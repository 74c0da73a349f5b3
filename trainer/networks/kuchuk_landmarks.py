"""Kuchuk and Saatsazov's multilayer perceptron: landmarks in, logits out.

Source: Kuchuk and Saatsazov: a multilayer perceptron on the 136 coordinates of 68 landmarks, which
they say failed.

    input        parameters       MACs
    68x2               69 K     0.07 M

Left open and chosen here: hidden layers of 256 and 128 with ReLU, dropout of 0.5 before the logits;
coordinates are counted from the corner of the box around the landmarks, in its longer sides.
"""

from __future__ import annotations

import keras
from keras import layers

from trainer.networks.seeded_dropout import seeded_dropout


def build(classes: int = 7) -> keras.Model:
    """Build the network: float32 [N, 68, 2], x and y in 0…1 → {"logits": float32 [N, classes]}."""
    landmarks = layers.Input((68, 2), name="landmarks")
    x = layers.Flatten()(landmarks)
    x = layers.Dense(256, activation="relu")(x)
    x = layers.Dense(128, activation="relu")(x)
    x = seeded_dropout(0.5)(x)
    logits = layers.Dense(classes, name="logits")(x)
    return keras.Model(landmarks, {"logits": logits}, name="kuchuk_landmarks")
