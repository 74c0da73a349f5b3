"""Both normalizations against loops in NumPy that follow the papers' formulas."""

from pathlib import Path

import keras
import numpy as np
import pytest

from trainer.networks.cost import macs
from trainer.networks.normalization import (
    LocalContrastNormalization,
    LocalResponseNormalization,
    gaussian,
)


def maps(channels: int = 7) -> np.ndarray:
    return np.random.default_rng(6).normal(0.5, 2.0, (2, 11, 8, channels)).astype(np.float32)


def response_reference(x: np.ndarray, n: int, k: float, alpha: float, beta: float) -> np.ndarray:
    normal = np.empty_like(x)
    channels = x.shape[-1]
    for i in range(channels):
        near = x[..., max(0, i - n // 2) : min(channels, i + n // 2 + 1)]
        normal[..., i] = x[..., i] / (k + alpha * (near**2).sum(axis=-1)) ** beta
    return normal


def contrast_reference(x: np.ndarray, window: int, sigma: float, floor: float) -> np.ndarray:
    half, (_, height, width, channels) = window // 2, x.shape
    offset = np.arange(-half, half + 1)
    weights = np.exp(-(offset[:, None] ** 2 + offset**2) / (2 * sigma**2))

    def local(values: np.ndarray) -> np.ndarray:
        mean = np.zeros((*values.shape[:3], 1))
        for i in range(height):
            for j in range(width):
                total = np.zeros(len(values))
                weight = 0.0
                for p in offset:
                    for q in offset:
                        if 0 <= i + p < height and 0 <= j + q < width:
                            w = weights[p + half, q + half] / channels
                            total += w * values[:, i + p, j + q].sum(axis=-1)
                            weight += w * channels
                mean[:, i, j, 0] = total / weight
        return mean

    centred = x - local(x)
    deviation = np.sqrt(np.maximum(local(centred**2), floor**2))
    average = deviation.mean(axis=(1, 2), keepdims=True)
    return centred / np.maximum(deviation, average)


@pytest.mark.parametrize("constants", [(5, 2.0, 1e-4, 0.75), (3, 1.0, 0.5, 0.5)])
def test_local_response_is_the_papers(constants: tuple[int, float, float, float]) -> None:
    layer = LocalResponseNormalization(*constants)
    found = np.asarray(keras.ops.convert_to_numpy(layer(maps())))
    assert np.allclose(found, response_reference(maps(), *constants), atol=1e-5)


def test_local_contrast_is_the_papers() -> None:
    layer = LocalContrastNormalization(window=5, sigma=1.5)
    found = np.asarray(keras.ops.convert_to_numpy(layer(maps())))
    assert np.allclose(found, contrast_reference(maps(), 5, 1.5, 1e-3), atol=1e-4)


def test_light_and_contrast_do_not_matter() -> None:
    layer = LocalContrastNormalization()
    one = np.asarray(keras.ops.convert_to_numpy(layer(maps())))
    other = np.asarray(keras.ops.convert_to_numpy(layer(maps() * 3.0 + 10.0)))
    assert np.allclose(one, other, atol=1e-3)


def test_a_blank_picture_stays_finite() -> None:
    blank = np.full((1, 12, 12, 3), 0.7, np.float32)
    assert np.allclose(
        keras.ops.convert_to_numpy(LocalContrastNormalization()(blank)), 0, atol=1e-3
    )


def test_the_window_sums_to_one() -> None:
    window = gaussian(9, 2.0)
    assert window.shape == (9, 9)
    assert window.sum() == pytest.approx(1.0, abs=1e-6)
    assert np.array_equal(window, window.T)


def test_both_come_back_from_a_file_and_cost_what_they_compute(tmp_path: Path) -> None:
    shown = keras.Input((11, 8, 7))
    x = LocalResponseNormalization(window=3, bias=1.0, alpha=0.1, beta=0.5)(shown)
    network = keras.Model(shown, LocalContrastNormalization(window=5, sigma=1.0, floor=0.1)(x))
    assert network.output_shape == (None, 11, 8, 7)
    assert macs(network) == 2 * 11 * 8 * 5 * 5
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    assert [layer.get_config() for layer in loaded.layers] == [
        layer.get_config() for layer in network.layers
    ]
    assert np.allclose(loaded(maps()), network(maps()))
