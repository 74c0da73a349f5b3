"""A float Keras model and calibration inputs → int8 bytes by TensorFlow Lite's own converter.

The other path beside `static_int8`, which the shipped models take: docs/quantization.md compares
the two.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator, Sequence

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from quantize.errors import QuantizeError
from quantize.ranges import Range, check_samples
from quantize.static_int8 import check_weights, conversion_failure, save_for_one_picture


def convert_int8(
    model: keras.Model,
    input_name: str,
    samples: Sequence[NDArray[np.float32]],
    input_range: Range,
) -> bytes:
    """Quantize statically: weights a channel, activations a tensor, int8 at the borders too.

    samples: float32 [1, …] of the model's input shape. The converter takes least and greatest
    values; two flat pictures at the ends of `input_range` make the input's scale what was agreed.

    Raises:
        QuantizeError: samples that do not fit, weights that are not finite, or an operation that
            int8 cannot express.
    """
    check_weights(model)
    check_samples(samples, (1, *model.inputs[0].shape[1:]))

    def shown() -> Iterator[dict[str, NDArray[np.float32]]]:
        for level in input_range:
            yield {input_name: np.full_like(samples[0], level)}
        for sample in samples:
            yield {input_name: sample}

    with tempfile.TemporaryDirectory() as folder:
        save_for_one_picture(model, input_name, folder)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = shown
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.int8
        converter.inference_output_type = tf.int8
        try:
            with warnings.catch_warnings():
                # It calibrates with an interpreter that it says will go.
                warnings.filterwarnings("ignore", message=r"\s*Warning: tf.lite.Interpreter")
                warnings.filterwarnings("ignore", message=".*experimental_preserve_all_tensors")
                return bytes(converter.convert())
        except Exception as error:  # the converter raises its own type and bare ones alike
            raise QuantizeError(conversion_failure(model, error)) from error
