"""Keras layers that compute in real numbers as int8 will: weights a channel, activations a tensor.

Rounding has no slope, so gradients go straight through it (Bengio, Léonard, Courville 2013) and
stop where a value is clipped. Jacob et al. 2018 describe training with it. Batch normalization
behind a convolution scales whole channels, so weights rounded a channel in front of it are the
weights that the converter makes when it folds the two.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

#: Share of the old range that a batch leaves.
SMOOTHING = 0.95


class FakeQuantize(layers.Layer):
    """Round activations to 256 levels between a moving average of the least and greatest values.

    Any shape in, the same out. Ranges move while training only; until the first batch has been
    seen, values pass as they are.
    """

    def build(self, input_shape: Any) -> None:
        """Make the range's three variables."""
        del input_shape
        for name in ("low", "high", "seen"):
            made = self.add_weight(name=name, shape=(), initializer="zeros", trainable=False)
            setattr(self, name, made)

    def call(self, inputs: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:  # noqa: FBT001, FBT002 - Keras' own signature
        """Round `inputs`; see more of their range first while training."""
        if training:
            self._see(inputs)
        span = ops.maximum(self.high - self.low, 1e-6)
        scale = span / 255.0
        zero_point = ops.round(-self.low / scale)
        inside = ops.clip(inputs, -zero_point * scale, (255.0 - zero_point) * scale)
        rounded = ops.round(inside / scale) * scale
        faked = inside + ops.stop_gradient(rounded - inside)
        return ops.where(self.seen > 0, faked, inputs)

    def _see(self, inputs: keras.KerasTensor) -> None:
        # Zero must be one of the levels: padding is zero.
        for bound, extreme in (
            (self.low, ops.minimum(ops.min(inputs), 0.0)),
            (self.high, ops.maximum(ops.max(inputs), 0.0)),
        ):
            now = ops.stop_gradient(extreme)
            moved = SMOOTHING * bound + (1 - SMOOTHING) * now
            bound.assign(ops.where(self.seen > 0, moved, now))
        self.seen.assign(ops.ones_like(self.seen))


class FakeQuantizedConv2D(layers.Conv2D):
    """A convolution with weights rounded an output channel."""

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Convolve with rounded weights."""
        kernel = round_weights(self.kernel, axes=(0, 1, 2))
        return _finish(self, self.convolution_op(inputs, kernel))


class FakeQuantizedDepthwiseConv2D(layers.DepthwiseConv2D):
    """A depthwise convolution with weights rounded a channel."""

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Convolve with rounded weights."""
        outputs = ops.depthwise_conv(
            inputs,
            round_weights(self.kernel, axes=(0, 1)),
            strides=self.strides,
            padding=self.padding,
            dilation_rate=self.dilation_rate,
            data_format=self.data_format,
        )
        return _finish(self, outputs)


class FakeQuantizedDense(layers.Dense):
    """A dense layer with weights rounded an output."""

    def call(self, inputs: keras.KerasTensor, training: Any = None) -> keras.KerasTensor:
        """Multiply by rounded weights."""
        del training
        return _finish(self, ops.matmul(inputs, round_weights(self.kernel, axes=(0,))))


#: What computes with weights, and what computes the same as int8 will.
ROUNDED: dict[Any, Any] = {
    layers.Conv2D: FakeQuantizedConv2D,
    layers.DepthwiseConv2D: FakeQuantizedDepthwiseConv2D,
    layers.Dense: FakeQuantizedDense,
}

#: What the converter fuses into the layer in front of it.
_FUSED = (layers.BatchNormalization, layers.ReLU)

#: What hands values on, at most chosen or moved: int8 output has the input's scale.
_PASSED = (layers.InputLayer, layers.MaxPooling2D, layers.Dropout, layers.Reshape, layers.Flatten)


def round_weights(kernel: keras.KerasTensor, axes: tuple[int, ...]) -> keras.KerasTensor:
    """Round to -127 … 127 steps; a channel's step is its greatest magnitude over `axes` / 127."""
    step = ops.maximum(ops.max(ops.abs(kernel), axis=axes, keepdims=True), 1e-12) / 127.0
    step = ops.stop_gradient(step)
    return kernel + ops.stop_gradient(ops.round(kernel / step) * step - kernel)


def fake_quantized(model: keras.Model) -> keras.Model:
    """Clone `model` with rounded weights and a `FakeQuantize` behind each tensor of its int8 graph.

    Layers keep their names, so that `copy_weights` can bring what was learned back.
    """

    def rebuild(layer: keras.Layer) -> keras.Layer:
        cls: Any = ROUNDED.get(type(layer), type(layer))
        # An int8 network drops nothing out, and must not learn to do without.
        dropped = {"rate": 0.0} if isinstance(layer, layers.Dropout) else {}
        return cls.from_config(layer.get_config() | dropped)

    def call(layer: keras.Layer, *args: Any, **kwargs: Any) -> Any:
        outputs = layer(*args, **kwargs)
        if _stands_alone(model.get_layer(layer.name)):
            return FakeQuantize(name=f"{layer.name}_int8")(outputs)
        return outputs

    clone = keras.models.clone_model(model, clone_function=rebuild, call_function=call)
    copy_weights(model, clone)
    for layer in clone.layers:
        if isinstance(layer, layers.BatchNormalization):
            # int8 has its statistics folded into weights.
            layer.trainable = False
    return clone


def copy_weights(source: keras.Model, target: keras.Model) -> None:
    """Give the layers of `target` the weights of those of the same name in `source`."""
    names = {layer.name for layer in source.layers} & {layer.name for layer in target.layers}
    for name in names:
        target.get_layer(name).set_weights(source.get_layer(name).get_weights())


def _stands_alone(layer: keras.Layer) -> bool:
    """Whether the layer's output is a tensor of the int8 graph with a scale of its own."""
    if isinstance(layer, _PASSED):
        return False
    readers = [node.operation for node in layer._outbound_nodes]  # noqa: SLF001 - Keras names them nowhere else
    return not (len(readers) == 1 and isinstance(readers[0], _FUSED))


def _finish(layer: Any, outputs: keras.KerasTensor) -> keras.KerasTensor:
    if layer.use_bias:
        outputs = outputs + layer.bias
    return layer.activation(outputs) if layer.activation is not None else outputs
