"""Mien's own expression network: gray faces in, logits out.

Source: this project. A residual network (He et al. 2016) cut down for int8 on small ARM cores:
plain 3x3 convolutions, ReLU6, channels in multiples of 8, no squeeze-and-excitation, no swish.

    size     input      parameters       MACs
    base     48x48x1        628 K      38.7 M

`trainer.networks.cost` counts the multiply-accumulates; a test holds the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import keras
from keras import layers


@dataclass(frozen=True, slots=True)
class Stage:
    """A run of residual blocks at one resolution; the first one may halve it."""

    channels: int
    blocks: int
    stride: int = 1


BASE = (Stage(24, 1), Stage(56, 2, stride=2), Stage(128, 2, stride=2))


def build(
    heads: Mapping[str, int],
    side: int | None = 48,
    stem: int = 24,
    stages: tuple[Stage, ...] = BASE,
    dropout: float = 0.3,
) -> keras.Model:
    """Build the network: float32 [N, side, side, 1] in 0…1 → logits by head.

    heads: name and number of classes of each; each gives float32 [N, classes]. side: None for
    pictures of any size; the weights are the same.
    """
    faces = layers.Input((side, side, 1), name="faces")
    x = _convolution(faces, stem, stride=2)
    for stage in stages:
        for index in range(stage.blocks):
            x = _residual_block(x, stage.channels, stage.stride if index == 0 else 1)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(dropout)(x)
    outputs = {name: layers.Dense(classes, name=name)(x) for name, classes in heads.items()}
    return keras.Model(faces, outputs, name="mien")


def _convolution(
    x: keras.KerasTensor, channels: int, *, kernel: int = 3, stride: int = 1, relu: bool = True
) -> keras.KerasTensor:
    x = layers.Conv2D(channels, kernel, strides=stride, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    return layers.ReLU(6.0)(x) if relu else x


def _residual_block(x: keras.KerasTensor, channels: int, stride: int) -> keras.KerasTensor:
    y = _convolution(x, channels, stride=stride)
    y = _convolution(y, channels, relu=False)
    if stride > 1 or x.shape[-1] != channels:
        if stride > 1:
            x = layers.AveragePooling2D(stride)(x)
        x = _convolution(x, channels, kernel=1, relu=False)
    return layers.ReLU(6.0)(layers.Add()([x, y]))
