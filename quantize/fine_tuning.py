"""A trained Keras model and its inputs → the same network, taught to answer as before in int8."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from quantize.fake_quantization import copy_weights, fake_quantized

#: Small: the weights shall move by parts of a rounding step.
LEARNING_RATE = 1e-5
BATCH = 64


class _Divergence(keras.losses.Loss):
    """Kullback-Leibler divergence between the softmaxes of two rows of logits."""

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        expected = ops.log_softmax(y_true)
        return ops.sum(ops.exp(expected) * (expected - ops.log_softmax(y_pred)), axis=-1)


def fine_tune(
    model: keras.Model,
    inputs: NDArray[np.float32],
    *,
    epochs: int = 1,
    learning_rate: float = LEARNING_RATE,
    seed: int = 0,
) -> keras.Model:
    """Train a fake-quantized clone to give the logits that `model` gives for `inputs`.

    No labels are needed: the float network is the teacher.

    inputs: float32 [N, …]. model: one output, logits, alone or in a dictionary.

    Returns a network of the same layers as `model`, which converts as it does.
    """
    keras.utils.set_random_seed(seed)
    (output,) = model.outputs
    teacher = keras.Model(model.inputs, output)
    student = fake_quantized(teacher)
    answers = teacher.predict(inputs, batch_size=512, verbose=0)
    # A still network first: ranges settle before weights move.
    student.compile(keras.optimizers.SGD(0.0), _Divergence())
    student.fit(inputs[: 20 * BATCH], answers[: 20 * BATCH], batch_size=BATCH, verbose=0)
    student.compile(keras.optimizers.Adam(learning_rate), _Divergence())
    student.fit(inputs, answers, batch_size=BATCH, epochs=epochs, verbose=0)
    tuned = keras.models.clone_model(model)
    copy_weights(model, tuned)
    copy_weights(student, tuned)
    return tuned
