"""Kuchuk and Saatsazov's network C, after Gudi: gray faces in, logits out.

Source: Kuchuk and Saatsazov, after Gudi ("Recognizing Semantic Features in Faces using Deep
Learning", 2015, arXiv:1512.00743): a convolution, local contrast normalization, pooling, two more
convolutions and two dense layers, on faces of 48x48.

    input        parameters       MACs
    48x48x1         10090 K     46.1 M

Left open and chosen here: 64, 64 and 128 filters of 5x5, 5x5 and 4x4 without zeros around, ReLU,
pooling of 3x3 in steps of 2, a dense layer of 3072 with dropout of 0.5; the second dense layer
gives the logits. A second pooling stands before the last convolution: without it the first dense
layer alone would have 77 M weights.
"""

from __future__ import annotations

import keras
from keras import layers

from trainer.networks.normalization import LocalContrastNormalization
from trainer.networks.seeded_dropout import seeded_dropout


def build(classes: int = 7) -> keras.Model:
    """Build the network: float32 [N, 48, 48, 1] in 0…1 → {"logits": float32 [N, classes]}."""
    faces = layers.Input((48, 48, 1), name="faces")
    x = layers.Conv2D(64, 5, activation="relu")(faces)
    x = LocalContrastNormalization()(x)
    x = layers.MaxPooling2D(3, strides=2)(x)
    x = layers.Conv2D(64, 5, activation="relu")(x)
    x = layers.MaxPooling2D(3, strides=2)(x)
    x = layers.Conv2D(128, 4, activation="relu")(x)
    x = layers.Flatten()(x)
    x = layers.Dense(3072, activation="relu")(x)
    x = seeded_dropout(0.5)(x)
    return keras.Model(faces, {"logits": layers.Dense(classes, name="logits")(x)}, name="kuchuk_c")
