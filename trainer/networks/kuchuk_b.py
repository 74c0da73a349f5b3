"""Kuchuk and Saatsazov's network B, a small AlexNet: gray faces in, logits out.

Source: Kuchuk and Saatsazov, after Krizhevsky et al. 2012: three convolutions and three dense
layers of 1024 with local response normalization and dropout.

    input        parameters       MACs
    48x48x1          7053 K     91.9 M

Left open and chosen here: 48, 96 and 128 filters of 5x5, 5x5 and 3x3 with zeros around, ReLU,
pooling of 3x3 in steps of 2 after each convolution; AlexNet's own place (after the first two
convolutions) and constants for the normalization and its dropout of 0.5 after the dense layers; the
logits are a layer of their own behind the three.
"""

from __future__ import annotations

import keras
from keras import layers

from trainer.networks.normalization import LocalResponseNormalization
from trainer.networks.seeded_dropout import seeded_dropout


def build(classes: int = 7) -> keras.Model:
    """Build the network: float32 [N, 48, 48, 1] in 0…1 → {"logits": float32 [N, classes]}."""
    faces = layers.Input((48, 48, 1), name="faces")
    x = faces
    for filters, kernel, normalized in ((48, 5, True), (96, 5, True), (128, 3, False)):
        x = layers.Conv2D(filters, kernel, padding="same", activation="relu")(x)
        if normalized:
            x = LocalResponseNormalization()(x)
        x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    x = layers.Flatten()(x)
    for _ in range(3):
        x = layers.Dense(1024, activation="relu")(x)
        x = seeded_dropout(0.5)(x)
    return keras.Model(faces, {"logits": layers.Dense(classes, name="logits")(x)}, name="kuchuk_b")
