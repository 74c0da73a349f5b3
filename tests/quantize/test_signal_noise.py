from __future__ import annotations

import keras
import pytest
from keras import layers

from edge_app.perception.operations import kinds, read_graph
from quantize.kept_layers import KeptLayer, try_layers
from quantize.latency import Latency
from quantize.ranges import Range, observe
from quantize.signal_noise import LayerNoise, layer_noise, short_name, worst
from quantize.static_int8 import quantize_by_ranges, tensor_ranges, to_float_tflite
from tests.quantize.graphs import layer_names
from tests.quantize.small_networks import as_samples, chain, pictures

SAMPLES = [255 * sample for sample in as_samples(pictures(24, channels=3))]


@pytest.fixture(scope="module")
def float_model() -> bytes:
    return to_float_tflite(chain(), "image")


@pytest.fixture(scope="module")
def ranges(float_model: bytes) -> dict[str, Range]:
    return tensor_ranges(observe(float_model, SAMPLES), "image", (0.0, 255.0))


def with_a_bad_layer(ranges: dict[str, Range], float_model: bytes) -> tuple[dict[str, Range], str]:
    """The second layer's range is ten times what it needs: most of its levels are lost."""
    bad = layer_names(float_model)[1]
    low, high = ranges[bad]
    return ranges | {bad: (30 * low, 30 * high)}, bad


def test_the_worst_layer_is_found(float_model: bytes, ranges: dict[str, Range]) -> None:
    good = layer_noise(float_model, quantize_by_ranges(float_model, ranges), SAMPLES[:5])
    assert [layer.operation for layer in good] == [
        "CONV_2D", "CONV_2D", "DEPTHWISE_CONV_2D", "MAX_POOL_2D", "CONV_2D",
    ]  # fmt: skip
    assert min(layer.signal_to_noise_db for layer in good) > 25
    widened, bad = with_a_bad_layer(ranges, float_model)
    spoiled = layer_noise(float_model, quantize_by_ranges(float_model, widened), SAMPLES[:5])
    most_added = max(spoiled, key=lambda layer: layer.added_noise_db)
    assert most_added.name == bad
    assert worst(spoiled)[0].signal_to_noise_db < 20


def test_what_joins_a_bad_and_a_good_branch_has_lost_nothing_of_its_own() -> None:
    keras.utils.set_random_seed(1)
    shown = layers.Input((12, 12, 3), name="image")
    branches = [layers.Conv2D(8, 3, padding="same", activation="relu")(shown) for _ in range(2)]
    joined = layers.Conv2D(4, 1, name="bbox")(layers.Add()(branches))
    float_model = to_float_tflite(keras.Model(shown, {"bbox": joined}, name="fork"), "image")
    ranges = tensor_ranges(observe(float_model, SAMPLES), "image", (0.0, 255.0))
    made = dict(zip(layer_names(float_model), kinds(read_graph(float_model)), strict=True))
    bad = next(name for name, kind in made.items() if kind == "CONV_2D")
    low, high = ranges[bad]
    spoiled = quantize_by_ranges(float_model, ranges | {bad: (30 * low, 30 * high)})
    noise = {layer.name: layer for layer in layer_noise(float_model, spoiled, SAMPLES[:5])}
    (sum_of_both,) = (layer for layer in noise.values() if layer.operation == "ADD")
    assert noise[bad].added_noise_db > 10
    assert sum_of_both.signal_to_noise_db < noise[bad].signal_to_noise_db + 10
    assert sum_of_both.added_noise_db < 1


def test_a_layer_in_real_numbers_wins_back_what_it_lost(
    float_model: bytes, ranges: dict[str, Range]
) -> None:
    widened, bad = with_a_bad_layer(ranges, float_model)

    def loss(model: bytes) -> float:
        return 100 - layer_noise(float_model, model, SAMPLES[:5])[-1].signal_to_noise_db

    layers = [
        LayerNoise(name, "CONV_2D", 10.0 * (name != bad), 0.0) for name in layer_names(float_model)
    ]
    tried = try_layers(float_model, widened, layers, loss, count=2, runs=4)
    assert tried[0].name == short_name(bad)
    assert tried[0].loss < tried[0].all_int8_loss - 5
    # The last layer makes an output, which a device reads as bytes.
    everything = try_layers(float_model, widened, layers, lambda _: 0.0, count=99, runs=1)
    assert len(everything) == len(layers) - 1


@pytest.mark.parametrize(
    ("loss", "slowdown", "pays"), [(0.3, 1.1, True), (0.45, 1.0, False), (0.1, 1.5, False)]
)
def test_a_layer_pays_by_what_it_wins_for_its_time(
    loss: float, slowdown: float, *, pays: bool
) -> None:
    kept = KeptLayer("conv2d", "CONV_2D", 9.0, loss, all_int8_loss=0.5, slowdown=slowdown)
    assert kept.pays is pays


@pytest.mark.parametrize(
    ("tensor", "name"),
    [
        ("mien_1/re_lu_8_1/Relu6;mien_1/add_4_1/Add", "re_lu_8_1"),
        ("serving_default_faces:0", "serving_default_faces"),
    ],
)
def test_short_names(tensor: str, name: str) -> None:
    assert short_name(tensor) == name


def test_a_ratio_above_one_says_that_int8_is_faster() -> None:
    assert Latency(float_ms=3.0, int8_ms=1.5).ratio == 2.0
