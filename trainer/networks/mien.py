"""Mien's own expression network: gray faces in, logits out.

Source: this project. A residual network (He et al. 2016) cut down for int8 on small ARM cores:
plain 3x3 convolutions, ReLU6, channels in multiples of 8, no squeeze-and-excitation, no swish.

    size         input      parameters       MACs
    base         48x48x1        628 K      38.7 M
    small        48x48x1        148 K       6.9 M
    large        48x48x1        625 K      36.9 M
    fine-small   48x48x1        410 K       8.0 M
    fine         48x48x1        627 K      38.5 M
    wide         48x48x1       3671 K     189.9 M
    fine-wide    48x48x1       2724 K     204.7 M

`base` was first. The others have channels in multiples of 16, which vector registers like, and
fewer of them at 24x24, where a multiply-accumulate costs most memory traffic. The fine ones look
at all 48x48 pixels before they halve them: a mouth's corner is a pixel or two there. `fine-small`
ends at 3x3, where parameters cost few multiply-accumulates. `wide` and `fine-wide` are for no
device: they teach.

`trainer.networks.cost` counts the multiply-accumulates; a test holds the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import keras
from keras import layers

from trainer.networks.fused import FusedBatchNormalization, FusedReLU6
from trainer.networks.seeded_dropout import seeded_dropout


@dataclass(frozen=True, slots=True)
class Stage:
    """A run of residual blocks at one resolution; the first one may halve it."""

    channels: int
    blocks: int
    stride: int = 1


@dataclass(frozen=True, slots=True)
class Size:
    """What one network of the family costs is decided here."""

    stem: int
    stages: tuple[Stage, ...]
    whole: int = 0  # channels of a convolution that sees the picture before the stem halves it


SIZES = {
    "base": Size(24, (Stage(24, 1), Stage(56, 2, stride=2), Stage(128, 2, stride=2))),
    "small": Size(16, (Stage(32, 1, stride=2), Stage(64, 2, stride=2))),
    "large": Size(16, (Stage(16, 1), Stage(48, 3, stride=2), Stage(128, 2, stride=2))),
    "fine-small": Size(
        16, (Stage(32, 1, stride=2), Stage(64, 1, stride=2), Stage(160, 1, stride=2)), whole=8
    ),
    "fine": Size(16, (Stage(16, 1), Stage(48, 3, stride=2), Stage(128, 2, stride=2)), whole=16),
    "wide": Size(32, (Stage(32, 1), Stage(96, 3, stride=2), Stage(256, 3, stride=2))),
    "fine-wide": Size(
        64, (Stage(64, 1), Stage(128, 2, stride=2), Stage(256, 2, stride=2)), whole=32
    ),
}


def build(
    heads: Mapping[str, int],
    side: int | None = 48,
    size: str = "base",
    dropout: float = 0.3,
    *,
    fused: bool = False,
    momentum: float = 0.99,
) -> keras.Model:
    """Build the network: float32 [N, side, side, 1] in 0…1 → logits by head.

    heads: name and number of classes of each; each gives float32 [N, classes]. side: None for
    pictures of any size that halves evenly as often as the network halves it; the weights are
    the same. size: of `SIZES`. fused: by PyTorch's own kernels, for training there; the weights
    are the same. momentum: of the running statistics of batch normalization.
    """
    normalize = partial(
        FusedBatchNormalization if fused else layers.BatchNormalization, momentum=momentum
    )
    relu6 = FusedReLU6 if fused else partial(layers.ReLU, 6.0)

    def convolution(
        x: keras.KerasTensor, channels: int, kernel: int = 3, stride: int = 1, *, relu: bool = True
    ) -> keras.KerasTensor:
        x = layers.Conv2D(channels, kernel, strides=stride, padding="same", use_bias=False)(x)
        x = normalize()(x)
        return relu6()(x) if relu else x

    def residual_block(
        x: keras.KerasTensor, channels: int, stride: int, name: str | None
    ) -> keras.KerasTensor:
        y = convolution(x, channels, stride=stride)
        y = convolution(y, channels, relu=False)
        if stride > 1 or x.shape[-1] != channels:
            if stride > 1:
                x = layers.AveragePooling2D(stride)(x)
            x = convolution(x, channels, kernel=1, relu=False)
        return relu6(name=name)(layers.Add()([x, y]))

    faces = layers.Input((side, side, 1), name="faces")
    x = faces
    if SIZES[size].whole:
        x = convolution(x, SIZES[size].whole)
    x = convolution(x, SIZES[size].stem, stride=2)
    for number, stage in enumerate(SIZES[size].stages, start=1):
        for index in range(stage.blocks):
            # By its name, a run finds where it ends.
            name = f"stage_{number}" if index == stage.blocks - 1 else None
            x = residual_block(x, stage.channels, stage.stride if index == 0 else 1, name)
    x = layers.GlobalAveragePooling2D()(x)
    x = seeded_dropout(dropout)(x)
    # Logits in full precision, whatever the rest is computed in: the loss takes their exponentials.
    outputs = {
        name: layers.Dense(classes, name=name, dtype="float32")(x)
        for name, classes in heads.items()
    }
    return keras.Model(faces, outputs, name="mien")
