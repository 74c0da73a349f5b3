import keras
import numpy as np
from keras import layers

from quantize.average_pooling import pool_by_convolution
from quantize.footprint import delegation
from quantize.graph import count_operations
from quantize.static_int8 import quantize_int8, to_float_tflite
from tests.quantize.small_networks import as_samples, pictures, small_network


def test_the_function_is_the_same_and_one_delegate_takes_it_all() -> None:
    model, shown = small_network(), pictures(32)
    pooled = pool_by_convolution(model)
    expected = model.predict(shown, verbose=0)["logits"]
    assert np.abs(pooled.predict(shown, verbose=0)["logits"] - expected).max() < 1e-6
    before, after = (
        quantize_int8(to_float_tflite(one, "faces"), "faces", as_samples(shown), (0.0, 1.0))
        for one in (model, pooled)
    )
    assert count_operations(before)["AVERAGE_POOL_2D"] == 1
    assert delegation(before) == (2, 1)
    assert "AVERAGE_POOL_2D" not in count_operations(after)
    assert delegation(after) == (1, 0)


def test_windows_beyond_the_edge_stay_as_they_are() -> None:
    shown = layers.Input((5, 5, 1))
    model = keras.Model(shown, layers.AveragePooling2D(2, padding="same")(shown))
    assert pool_by_convolution(model) is model
