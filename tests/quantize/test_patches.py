import keras
import numpy as np
import pytest
from keras import layers

from edge_app.perception.patches import NetworkInput
from quantize.classifier import int8_logits
from quantize.patches import look_at_patches
from quantize.static_int8 import quantize_int8, to_float_tflite
from tests.quantize.small_networks import as_samples, small_network


def faces(n: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, 12, 12)).astype(np.uint8)


@pytest.mark.parametrize("in_list", [False, True])
def test_windows_are_read_as_the_picture_was(*, in_list: bool) -> None:
    model, shown = small_network(), faces(32)
    laid_out = NetworkInput(12, 12, 9)
    windows = np.concatenate([laid_out.of(face) / np.float32(255) for face in shown])
    rebuilt = look_at_patches(keras.Model([model.input], model.output) if in_list else model)
    assert rebuilt.inputs[0].shape == (None, 12, 12, 9)
    pixels = shown[..., np.newaxis] / np.float32(255)
    expected = model.predict(pixels, verbose=0)["logits"]
    assert np.ptp(expected) > 0.01
    assert np.abs(rebuilt.predict(windows, verbose=0)["logits"] - expected).max() < 1e-5
    # In int8 nothing is rounded anew.
    of_pixels, of_windows = (
        quantize_int8(to_float_tflite(one, "faces"), "faces", as_samples(samples), (0.0, 1.0))
        for one, samples in ((model, pixels), (rebuilt, windows))
    )
    assert (int8_logits(of_pixels, shown) == int8_logits(of_windows, shown)).all()


def test_a_network_that_begins_otherwise_stays_as_it_is() -> None:
    shown = layers.Input((12, 12, 1))
    for first in (
        layers.Conv2D(4, 3, strides=2, padding="same"),
        layers.Conv2D(4, 3),
        layers.Conv2D(4, 5, padding="same"),
        layers.DepthwiseConv2D(3, padding="same"),
    ):
        model = keras.Model(shown, first(shown))
        assert look_at_patches(model) is model
