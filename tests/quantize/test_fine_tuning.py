from __future__ import annotations

import keras
import numpy as np
import pytest

from quantize.fake_quantization import FakeQuantize, fake_quantized, round_weights
from quantize.fine_tuning import fine_tune
from quantize.signal_noise import layer_noise
from quantize.static_int8 import quantize_int8, to_float_tflite
from tests.quantize.graphs import float_tensors
from tests.quantize.small_networks import as_samples, pictures, small_network


def test_weights_are_rounded_a_channel() -> None:
    kernel = np.random.default_rng(0).normal(size=(3, 3, 4, 5)).astype(np.float32)
    kernel *= np.float32([1, 10, 100, 0.1, 0.01])
    rounded = keras.ops.convert_to_numpy(round_weights(kernel, axes=(0, 1, 2)))
    steps = np.abs(kernel).max(axis=(0, 1, 2)) / 127
    error = np.abs(rounded - kernel).max(axis=(0, 1, 2)) / steps
    assert (error <= 0.5001).all()
    assert (error > 0.3).all()
    assert rounded / steps == pytest.approx(np.round(rounded / steps), abs=1e-3)


def test_activations_take_256_levels_of_the_range_seen_in_training() -> None:
    layer = FakeQuantize()
    values = np.linspace(-1, 3, 1000, dtype=np.float32)[np.newaxis]
    assert np.asarray(layer(values)) == pytest.approx(values)
    layer(values, training=True)
    answer = np.asarray(layer(np.concatenate([values, [[-9.0] * 1000, [9.0] * 1000]])))
    assert len(np.unique(answer[0])) == 256
    assert answer[0] == pytest.approx(values[0], abs=4 / 255)
    assert (answer[1].max(), answer[2].min()) == pytest.approx((-1, 3), abs=4 / 255)
    assert 0.0 in answer[0]


def test_gradients_go_through_rounding_and_stop_at_the_ends() -> None:
    tf = pytest.importorskip("tensorflow")
    layer = FakeQuantize()
    layer(np.float32([[-1, 3]]), training=True)
    values = tf.constant([[-2.0, 0.3, 1.7, 5.0]])
    with tf.GradientTape() as tape:
        tape.watch(values)
        answer = layer(values)
    assert tape.gradient(answer, values).numpy().tolist() == [[0, 1, 1, 0]]


def test_a_fake_quantized_network_answers_as_its_int8_model() -> None:
    model, shown = small_network(), pictures(64)
    fake = fake_quantized(model)
    for _ in range(60):
        fake(shown, training=True)
    copied = fake.get_layer("logits_int8")
    assert copied.seen > 0
    content = quantize_int8(to_float_tflite(model, "faces"), "faces", as_samples(shown), (0.0, 1.0))
    noise = layer_noise(to_float_tflite(model, "faces"), content, as_samples(shown))
    as_float = model.predict(shown, verbose=0)["logits"]
    as_fake = fake.predict(shown, verbose=0)["logits"]
    error = 10 * np.log10(np.square(as_float).sum() / np.square(as_fake - as_float).sum())
    assert error == pytest.approx(noise[-1].signal_to_noise_db, abs=5)


def test_fine_tuning_brings_int8_nearer_to_float() -> None:
    model, shown = small_network(), pictures(512)
    # Channels of very different size are what rounding activations a tensor hurts most.
    kernel, bias = model.get_layer("logits").get_weights()
    model.get_layer("logits").set_weights([kernel * np.float32([1, 6, 30]), bias])

    def divergence(one: keras.Model) -> float:
        fake = fake_quantized(one)
        fake(shown, training=True)
        p, q = (
            keras.ops.convert_to_numpy(keras.ops.softmax(m.predict(shown, verbose=0)["logits"]))
            for m in (model, fake)
        )
        return float((p * np.log(p / q)).sum(axis=1).mean())

    tuned = fine_tune(model, shown, epochs=10, learning_rate=1e-4)
    assert divergence(tuned) < 0.8 * divergence(model)
    assert [layer.name for layer in tuned.layers] == [layer.name for layer in model.layers]
    content = quantize_int8(
        to_float_tflite(tuned, "faces"), "faces", as_samples(shown[:64]), (0.0, 1.0)
    )
    assert float_tensors(content) == []
