"""Normalization and activation as PyTorch's own kernels compute them, for training there.

Keras' layers do the same, rounding apart, but take two and a half times as long on a CPU in mixed
precision: batch normalization casts to float32 and back in a dozen operations, and gradients that
come back in another memory order than the activations send PyTorch's kernels down their slow path.
Only on the PyTorch backend, and for channels last.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import keras

_SIX = 6.0  # where ReLU6 cuts off


@keras.saving.register_keras_serializable(package="mien")
class FusedBatchNormalization(keras.layers.BatchNormalization):
    """Batch normalization by one kernel; the weights are Keras' own."""

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:  # noqa: ARG002, FBT001 - Keras' own signature
        """Normalize float [N, H, W, C], and in training move the running statistics."""
        from torch.nn import functional  # noqa: PLC0415 - other backends do without PyTorch

        normalized = functional.batch_norm(
            inputs.permute(0, 3, 1, 2),
            self.moving_mean.value.data,
            self.moving_variance.value.data,
            self.gamma.value,
            self.beta.value,
            training=bool(training) and self.trainable,
            momentum=1.0 - self.momentum,
            eps=self.epsilon,
        )
        return _orderly().apply(normalized).permute(0, 2, 3, 1)


@keras.saving.register_keras_serializable(package="mien")
class FusedReLU6(keras.layers.Layer):
    """min(max(x, 0), 6), with gradients in the activations' memory order."""

    def call(self, inputs: Any) -> Any:
        """Cut off float [N, H, W, C]."""
        from torch.nn import functional  # noqa: PLC0415 - other backends do without PyTorch

        cut = functional.relu6(inputs.permute(0, 3, 1, 2))
        return _orderly().apply(cut).permute(0, 2, 3, 1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's."""
        return input_shape


@cache
def _orderly() -> Any:
    """The identity, whose gradient comes back with channels last in memory."""
    import torch  # noqa: PLC0415 - other backends do without PyTorch

    class Orderly(torch.autograd.Function):
        @staticmethod
        def forward(_: Any, values: Any) -> Any:
            return values.view_as(values)

        @staticmethod
        def backward(_: Any, gradient: Any) -> Any:
            return gradient.contiguous(memory_format=torch.channels_last)

    return Orderly


def in_precision(model: keras.Model, precision: str) -> keras.Model:
    """A copy of a network that computes in another precision; its dense layers stay as they are.

    precision: a Keras policy, such as `mixed_bfloat16`. On PyTorch the copy has the layers above.
    """
    has_kernels = keras.backend.backend() == "torch"

    def copy(layer: keras.layers.Layer) -> keras.layers.Layer:
        if isinstance(layer, keras.layers.Dense):
            return layer.__class__.from_config(layer.get_config())
        config = layer.get_config() | {"dtype": precision}
        if has_kernels and isinstance(layer, keras.layers.BatchNormalization):
            return FusedBatchNormalization.from_config(config)
        if has_kernels and isinstance(layer, keras.layers.ReLU) and layer.max_value == _SIX:
            return FusedReLU6(name=layer.name, dtype=precision)
        return layer.__class__.from_config(config)

    copied = keras.models.clone_model(model, clone_function=copy)
    copied.set_weights(model.get_weights())
    return copied
