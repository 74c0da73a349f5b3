"""The papers' networks: each is what its docstring says, and learns."""

import importlib

import keras
import numpy as np
import pytest

from tests.trainer.synthetic import synthetic_faces
from trainer.batches import as_input
from trainer.networks.cost import macs
from trainer.reproduction.fitting import NETWORKS

PICTURES = sorted(set(NETWORKS) - {"kuchuk_landmarks"})

#: Layers that hold weights, in order: filters of convolutions and units of dense layers.
STRUCTURE = {
    "four_block": "C32 C32 C64 C64 C128 C128 C256 C256 D512 D7",
    "three_block": "C32 C64 C128 D132 D7",
    "kuchuk_a": "C32 C32 C64 D512 D7",
    "kuchuk_b": "C48 C96 C128 D1024 D1024 D1024 D7",
    "kuchuk_c": "C64 C64 C128 D3072 D7",
    "kuchuk_landmarks": "D256 D128 D7",
    "lenet": "C6 C12 D7",
}


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_a_network_is_what_its_docstring_says(name: str) -> None:
    network = NETWORKS[name]()
    said = importlib.import_module(f"trainer.networks.{name}").__doc__
    assert said is not None
    figures = next(line.split() for line in said.splitlines() if "K  " in line and "x" in line)
    shape, parameters, _, cost, _ = figures
    digits = len(parameters.partition(".")[2])
    assert parameters == f"{network.count_params() / 1e3:.{digits}f}"
    assert cost == f"{macs(network) / 1e6:.{len(cost.partition('.')[2])}f}"
    assert tuple(map(int, shape.split("x"))) == network.input_shape[1:]
    assert {name: answer.shape for name, answer in network.output.items()} == {"logits": (None, 7)}
    assert network.name == name

    layers = [
        f"C{layer.filters}" if isinstance(layer, keras.layers.Conv2D) else f"D{layer.units}"
        for layer in network.layers
        if isinstance(layer, keras.layers.Conv2D | keras.layers.Dense)
    ]
    assert " ".join(layers) == STRUCTURE[name]


def test_the_four_block_network_is_as_large_as_published() -> None:
    assert NETWORKS["four_block"]().count_params() > 2_000_000


def few_steps(network: keras.Model, shown: np.ndarray, labels: np.ndarray, rate: float) -> float:
    """The share of the first loss that is left after twelve steps without dropout, whose noise
    would ask for more of them.
    """
    for layer in network.layers:
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0.0
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    network.compile(keras.optimizers.Adam(rate), {"logits": loss})
    targets = {"logits": np.eye(7, dtype=np.float32)[labels]}
    fitted = network.fit(shown, targets, batch_size=len(shown), epochs=12, verbose=0)
    losses = fitted.history["loss"]
    return float(min(losses[-3:]) / losses[0])


@pytest.mark.parametrize("name", PICTURES)
def test_a_network_learns(name: str) -> None:
    keras.utils.set_random_seed(1)
    faces = synthetic_faces(7)
    rate = 1e-2 if name == "lenet" else 1e-3
    assert few_steps(NETWORKS[name](), as_input(faces.pixels), faces.labels, rate) < 0.8


def test_the_perceptron_learns_from_landmarks() -> None:
    keras.utils.set_random_seed(1)
    labels = np.arange(28) % 7
    landmarks = np.random.default_rng(2).uniform(0.4, 0.6, (28, 68, 2)).astype(np.float32)
    for moved, label in zip(landmarks, labels, strict=True):
        moved[label * 9 : label * 9 + 9] += 0.3
    assert few_steps(NETWORKS["kuchuk_landmarks"](), landmarks, labels, 5e-3) < 0.8
