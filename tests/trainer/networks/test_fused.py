"""PyTorch's kernels against Keras' layers: `make test-torch` runs this, where PyTorch is."""

import os
import subprocess
import sys

import pytest

pytest.importorskip("torch", reason="needs PyTorch: make test-torch")

PROGRAM = """
import keras, numpy as np
from trainer.networks import mien
from trainer.networks.fused import FusedBatchNormalization, FusedReLU6, in_precision
keras.utils.set_random_seed(1)
heads = {"a": 7, "b": 8}
plain = mien.build(heads, size="small", dropout=0.0)
fused = mien.build(heads, size="small", dropout=0.0, fused=True)
fused.set_weights(plain.get_weights())
rng = np.random.default_rng(1)
faces = rng.random((32, 48, 48, 1), dtype=np.float32)
targets = {name: np.eye(n, dtype=np.float32)[rng.integers(0, n, 32)] for name, n in heads.items()}
for model in (plain, fused):
    losses = {name: keras.losses.CategoricalCrossentropy(from_logits=True) for name in heads}
    model.compile(keras.optimizers.SGD(0.05, momentum=0.9), losses)
    for _ in range(4):
        model.fit(faces, targets, batch_size=16, shuffle=False, verbose=0)
worst = max(
    float(np.abs(np.asarray(a.value.detach()) - np.asarray(b.value.detach())).max())
    for a, b in zip(plain.weights, fused.weights, strict=True)
)
said, same = (m.predict(faces, verbose=0) for m in (plain, fused))
print(worst, max(float(np.abs(said[name] - same[name]).max()) for name in heads))
in_bfloat16 = in_precision(plain, "mixed_bfloat16")
assert {type(layer) for layer in in_bfloat16.layers} & {FusedBatchNormalization, FusedReLU6}
short = in_bfloat16.predict(faces, verbose=0)
print(max(float(np.abs(said[name] - short[name]).max()) for name in heads))
"""


def test_they_learn_the_same_weights() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=os.environ | {"KERAS_BACKEND": "torch"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    weights, logits, shortened = map(float, done.stdout.split())
    # Apart are rounding and the running variance, which PyTorch counts with n - 1.
    assert weights < 0.02
    assert logits < 0.1
    assert shortened < 0.1  # what eight bits of mantissa leave
