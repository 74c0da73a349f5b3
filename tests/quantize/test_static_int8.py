from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

from edge_app.perception.card import Head
from edge_app.perception.labels import FER2013
from quantize.artefact import borders
from quantize.classifier import Options, quantize
from quantize.errors import QuantizeError
from quantize.footprint import delegation
from quantize.graph import float_operations
from quantize.ranges import Calibration
from quantize.signal_noise import layer_noise
from quantize.static_int8 import (
    quantize_by_ranges,
    quantize_int8,
    tensor_ranges,
    to_float_tflite,
)
from quantize.tflite_converter import convert_int8
from quantize.trained import TrainedClassifier
from tests.quantize.graphs import float_tensors, layer_names
from tests.quantize.small_networks import as_samples, pictures, small_network

SAMPLES = as_samples(pictures(32))


def with_odd_layer(odd: Callable[[Any], Any]) -> keras.Model:
    shown = layers.Input((12, 12, 1))
    return keras.Model(shown, odd(layers.Conv2D(4, 3)(shown)), name="odd")


def test_a_layer_that_tflite_does_not_know_is_named() -> None:
    with pytest.raises(QuantizeError, match="odd: TFLite has no operation for Erfinv") as caught:
        to_float_tflite(with_odd_layer(ops.erfinv), "faces")
    assert "\n" not in str(caught.value)


def test_a_layer_that_int8_does_not_know_is_named() -> None:
    float_model = to_float_tflite(with_odd_layer(ops.sin), "faces")
    with pytest.raises(QuantizeError, match="int8 has no operation for SIN"):
        quantize_int8(float_model, "faces", SAMPLES, (0.0, 1.0))


@pytest.mark.parametrize("method", Calibration)
def test_every_way_to_calibrate_gives_int8_throughout(method: Calibration) -> None:
    float_model = to_float_tflite(small_network(), "faces")
    content = quantize_int8(float_model, "faces", SAMPLES, (0.0, 1.0), method=method)
    assert float_tensors(content) == []


def test_the_other_converter_makes_the_same_borders() -> None:
    model = small_network()
    # Dim pictures: the agreed range, not theirs, is the input's.
    dim = [sample / 3 for sample in SAMPLES]
    content = convert_int8(model, "faces", dim, (0.0, 1.0))
    assert float_tensors(content) == []
    tensor, outputs = borders(content)
    assert (tensor.scale, tensor.zero_point) == (pytest.approx(1 / 255), -128)
    assert set(outputs) == {"logits"}
    noise = layer_noise(to_float_tflite(model, "faces"), content, dim)
    assert noise[-1].signal_to_noise_db > 20


def test_the_other_converter_refuses_what_ours_refuses() -> None:
    model = small_network()
    with pytest.raises(QuantizeError, match="at least 16"):
        convert_int8(model, "faces", SAMPLES[:3], (0.0, 1.0))
    weights = model.get_weights()
    weights[0][0] = np.nan
    model.set_weights(weights)
    with pytest.raises(QuantizeError, match="not finite"):
        convert_int8(model, "faces", SAMPLES, (0.0, 1.0))


def test_options_choose_the_converter() -> None:
    model = small_network()
    trained = TrainedClassifier.of(model, {}, (Head("logits", FER2013),))
    samples = as_samples(pictures(len(SAMPLES), channels=9))
    ours = quantize(trained, samples, Options())
    assert ours == quantize_int8(trained.tflite, "faces", samples, (0.0, 1.0))
    assert quantize(trained, samples, Options(converter="tflite")) != ours
    assert quantize(trained, samples, Options(calibration=Calibration.PERCENTILE)) != ours


def test_one_layer_is_kept_in_real_numbers() -> None:
    float_model = to_float_tflite(small_network(), "faces")
    from quantize.ranges import observe

    ranges = tensor_ranges(observe(float_model, SAMPLES), "faces", (0.0, 1.0))
    kept = layer_names(float_model)[1]
    content = quantize_by_ranges(float_model, ranges, [kept])
    assert float_operations(content) == ["DEPTHWISE_CONV_2D"]
    assert delegation(content)[0] >= 1
    assert borders(content)[0].dtype == "int8"
