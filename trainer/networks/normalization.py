"""Feature maps → feature maps evened out by their neighbours: what the older networks relied on."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray


@keras.saving.register_keras_serializable(package="mien")
class LocalResponseNormalization(layers.Layer):
    """Divides each value by those of its neighbouring channels, at the same place.

    float32 [N, H, W, C] → float32 [N, H, W, C]:
    `x / (bias + alpha * sum of squares over `window` channels around it) ** beta`; beyond the first
    and the last channel there is nothing to add.

    Source: Krizhevsky, Sutskever and Hinton 2012, section 3.3, with its constants as defaults.
    """

    def __init__(
        self,
        window: int = 5,
        bias: float = 2.0,
        alpha: float = 1e-4,
        beta: float = 0.75,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.window, self.bias, self.alpha, self.beta = window, bias, alpha, beta

    def call(self, inputs: Any) -> Any:
        """Normalize a tensor [N, H, W, C] of the backend's."""
        channels = np.arange(inputs.shape[-1])
        before = self.window // 2
        # As a matrix and by logarithm: padded slices and `power` take three times as long to train.
        reach = channels[:, np.newaxis] - channels
        band = (reach >= -before) & (reach < self.window - before)
        total = ops.matmul(ops.square(inputs), ops.cast(band, inputs.dtype))
        return inputs * ops.exp(-self.beta * ops.log(self.bias + self.alpha * total))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's own."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, for the checkpoint."""
        own = {"window": self.window, "bias": self.bias, "alpha": self.alpha, "beta": self.beta}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(package="mien")
class LocalContrastNormalization(layers.Layer):
    """Takes away the local mean and divides by the local deviation, both over all channels.

    float32 [N, H, W, C] → float32 [N, H, W, C]: `v = x - mean`, `v / max(c, deviation)`, where mean
    and deviation are weighted by a Gaussian of `window` x `window` pixels and averaged over the
    channels, and c is the picture's average deviation.

    Source: Jarrett, Kavukcuoglu, Ranzato and LeCun 2009, section 2.1, with its window of 9. It
    leaves open, and chosen here: sigma = 2 pixels; at the border the weights that lie inside are
    scaled to sum to 1; c is at least `floor`, so that a blank picture gives zeros.
    """

    def __init__(
        self, window: int = 9, sigma: float = 2.0, floor: float = 1e-3, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.window, self.sigma, self.floor = window, sigma, floor

    def call(self, inputs: Any) -> Any:
        """Normalize a tensor [N, H, W, C] of the backend's."""
        kernel = ops.convert_to_tensor(
            gaussian(self.window, self.sigma)[:, :, np.newaxis, np.newaxis]
        )

        def local(maps: Any) -> Any:
            return ops.conv(maps, kernel, padding="same", data_format="channels_last")

        inside = local(ops.ones_like(inputs[:1, :, :, :1]))
        centred = inputs - local(ops.mean(inputs, axis=-1, keepdims=True)) / inside
        variance = local(ops.mean(ops.square(centred), axis=-1, keepdims=True)) / inside
        # A square root's slope at zero is infinite, and a blank picture's variance is zero.
        deviation = ops.sqrt(ops.maximum(variance, self.floor**2))
        average = ops.mean(deviation, axis=(1, 2), keepdims=True)
        return centred / ops.maximum(deviation, average)

    def macs(self) -> int:
        """Multiply-accumulates of its two filters over one picture."""
        height: int
        width: int
        _, height, width, _ = self.input.shape
        return 2 * height * width * self.window**2

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's own."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, for the checkpoint."""
        own = {"window": self.window, "sigma": self.sigma, "floor": self.floor}
        return {**super().get_config(), **own}


def gaussian(window: int, sigma: float) -> NDArray[np.float32]:
    """A Gaussian float32 [window, window] that sums to 1; sigma in pixels."""
    offset = np.arange(window) - (window - 1) / 2
    weights = np.exp(-(offset**2) / (2 * sigma**2))
    weights /= weights.sum()
    return np.outer(weights, weights).astype(np.float32)
