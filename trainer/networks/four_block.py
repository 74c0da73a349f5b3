"""The four-block CNN: gray faces in, logits out.

Source: the published FER2013 network of four blocks of two convolutions (32, 64, 128 and 256
filters), each with batch normalization and ReLU, then max-pooling and dropout after each block,
then a dense layer of 512; "more than 2 M parameters"; 66 % validation accuracy. Its paper is not
known to us.

    input        parameters       MACs
    48x48x1          2359 K    118.6 M

Left open and chosen here: convolutions of 3x3 with zeros around, pooling of 2x2, dropout of 0.25
after a block and of 0.5 after the dense layer, ReLU there too.
"""

from __future__ import annotations

import keras
from keras import layers

from trainer.networks.seeded_dropout import seeded_dropout


def build(classes: int = 7) -> keras.Model:
    """Build the network: float32 [N, 48, 48, 1] in 0…1 → {"logits": float32 [N, classes]}."""
    faces = layers.Input((48, 48, 1), name="faces")
    x = faces
    for filters in (32, 64, 128, 256):
        for _ in range(2):
            x = layers.Conv2D(filters, 3, padding="same")(x)
            x = layers.BatchNormalization()(x)
            x = layers.ReLU()(x)
        x = layers.MaxPooling2D(2)(x)
        x = seeded_dropout(0.25)(x)
    x = layers.Flatten()(x)
    x = layers.Dense(512, activation="relu")(x)
    x = seeded_dropout(0.5)(x)
    return keras.Model(
        faces, {"logits": layers.Dense(classes, name="logits")(x)}, name="four_block"
    )
