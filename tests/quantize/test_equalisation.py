from __future__ import annotations

import keras
import numpy as np
import pytest

from quantize.bias_correction import correct_biases
from quantize.equalisation import equalise
from quantize.ranges import observe
from quantize.signal_noise import layer_noise
from quantize.static_int8 import quantize_by_ranges, tensor_ranges, to_float_tflite
from tests.quantize.small_networks import as_samples, chain, pictures

SHOWN = pictures(24, channels=3)


def uneven() -> keras.Model:
    """The same function as `chain`'s, with channels from a hundredth to full size."""
    model = chain()
    made, read = model.layers[2], model.layers[3]
    sizes = np.float32([1, 0.3, 0.1, 0.03, 0.01, 1, 0.3, 0.1])
    kernel, bias = made.get_weights()
    made.set_weights([kernel * sizes, bias * sizes])
    kernel, bias = read.get_weights()
    read.set_weights([kernel / sizes[:, np.newaxis], bias])
    return model


def decibels(model: keras.Model) -> float:
    """Signal over noise of the output in int8."""
    samples = as_samples(SHOWN)
    float_model = to_float_tflite(model, "image")
    ranges = tensor_ranges(observe(float_model, samples), "image", (0.0, 1.0))
    int8_model = quantize_by_ranges(float_model, ranges)
    return layer_noise(float_model, int8_model, samples)[-1].signal_to_noise_db


@pytest.mark.parametrize("through_relu", [0.0, 0.5, 1.0])
def test_the_function_stays_and_channels_become_equal(through_relu: float) -> None:
    model = uneven()
    expected = model.predict(SHOWN, verbose=0)["bbox"]
    equalise(model, as_samples(SHOWN), through_relu=through_relu)
    assert model.predict(SHOWN, verbose=0)["bbox"] == pytest.approx(expected, abs=1e-5)
    inner = keras.Model(model.inputs, model.layers[2].output).predict(SHOWN, verbose=0)
    largest = np.abs(inner).max(axis=(0, 1, 2))
    assert largest == pytest.approx(np.full(8, largest.max()), rel=1e-4)


def test_int8_keeps_more_of_equal_channels() -> None:
    model = uneven()
    before = decibels(model)
    equalise(model, as_samples(SHOWN))
    assert decibels(model) > before + 6


def test_biases_make_up_for_rounded_weights() -> None:
    model = chain()
    layer = model.get_layer("bbox")
    kernel, bias = layer.get_weights()
    # One great weight makes the steps of all others coarse, and they are all rounded down.
    kernel[0, 0, 0] = 10.0
    kernel[0, 0, 1:] = 0.49 * 10 / 127
    layer.set_weights([kernel, bias])
    corrected = correct_biases(model, as_samples(SHOWN))
    inputs = keras.Model(model.inputs, layer.input).predict(SHOWN, verbose=0).mean(axis=(0, 1, 2))
    moved = corrected.get_layer("bbox").get_weights()[1] - bias
    assert moved == pytest.approx(np.full(4, (inputs[1:] * 0.49 * 10 / 127).sum()), rel=1e-3)
    assert model.get_layer("bbox").get_weights()[1] == pytest.approx(bias)
