"""The LeNet-like CNN: gray faces in, logits out.

Source: the published CK+ network after LeNet (LeCun et al. 1998), two convolutions with 6 and 12
feature maps; 92.81 % on CK+ (Lucey et al. 2010). Its paper is not known to us.

    input        parameters       MACs
    48x48x1           8.8 K     0.88 M

Left open and chosen here: faces of 48x48, convolutions of 5x5 without zeros around, tanh, average
pooling of 2x2, the logits right behind the second pooling.
"""

from __future__ import annotations

import keras
from keras import layers


def build(classes: int = 7) -> keras.Model:
    """Build the network: float32 [N, 48, 48, 1] in 0…1 → {"logits": float32 [N, classes]}."""
    faces = layers.Input((48, 48, 1), name="faces")
    x = faces
    for maps in (6, 12):
        x = layers.Conv2D(maps, 5, activation="tanh")(x)
        x = layers.AveragePooling2D(2)(x)
    x = layers.Flatten()(x)
    return keras.Model(faces, {"logits": layers.Dense(classes, name="logits")(x)}, name="lenet")
