"""A float Keras model and calibration inputs → int8 TFLite bytes, int8 at the borders too."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence

import keras
import numpy as np
import tensorflow as tf
from ai_edge_quantizer import quantizer, recipe
from ai_edge_quantizer.algorithm_manager import AlgorithmName
from ai_edge_quantizer.qtyping import TFLOperationName
from numpy.typing import NDArray

from quantize.errors import QuantizeError
from quantize.graph import float_operations
from quantize.ranges import (
    Calibration,
    Observed,
    Range,
    all_tensors_on_purpose,
    as_statistics,
    observe,
)

SIGNATURE = "serving_default"


def to_float_tflite(model: keras.Model, input_name: str) -> bytes:
    """Convert `model` to a float TFLite file for one picture, with the signature that
    quantization needs; a model with several outputs returns them as a dictionary.

    Raises:
        QuantizeError: the model has weights that are not finite, or an operation that TFLite's
            built-in ones cannot express.
    """
    check_weights(model)
    with tempfile.TemporaryDirectory() as folder:
        save_for_one_picture(model, input_name, folder)
        try:
            return bytes(tf.lite.TFLiteConverter.from_saved_model(folder).convert())
        except Exception as error:  # the converter raises its own type and bare ones alike
            raise QuantizeError(conversion_failure(model, error)) from error


def check_weights(model: keras.Model) -> None:
    """Look for weights that are not finite.

    Raises:
        QuantizeError: there is one; names it.
    """
    for weight in model.weights:
        if not np.isfinite(keras.ops.convert_to_numpy(weight)).all():
            raise QuantizeError(f"{model.name}: weight {weight.path} is not finite; train it again")


def save_for_one_picture(model: keras.Model, input_name: str, folder: str) -> None:
    """Write `model` as a SavedModel with a batch of one and a named signature."""
    shape = (1, *model.inputs[0].shape[1:])

    def serve(picture: tf.Tensor) -> dict[str, tf.Tensor]:
        answer = model(picture, training=False)
        return answer if isinstance(answer, dict) else {model.output_names[0]: answer}

    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint(
        SIGNATURE, serve, input_signature=[tf.TensorSpec(shape, tf.float32, name=input_name)]
    )
    archive.write_out(folder, verbose=False)


def conversion_failure(model: keras.Model, error: Exception) -> str:
    """What the converter could not do, in one line: it says so in dozens."""
    said = str(error)
    missing = re.findall(r"\b(?:tf|tfl)\.(\w+)(?= op|\()", said)
    if missing:
        names = ", ".join(dict.fromkeys(missing))
        return f"{model.name}: TFLite has no operation for {names}; replace that layer"
    first = next((line.strip() for line in said.splitlines() if line.strip()), repr(error))
    return f"{model.name}: cannot become TFLite: {first}"


def quantize_int8(
    float_model: bytes,
    input_name: str,
    samples: Sequence[NDArray[np.float32]],
    input_range: Range,
    *,
    method: Calibration = Calibration.MIN_MAX,
) -> bytes:
    """Quantize statically: weights a channel, activations a tensor, all int8.

    samples: float32 of the model's input shape. Activations get their ranges by `method`; the
    input gets `input_range`, whatever the samples hold, so that its scale is a contract and not
    an accident.

    Raises:
        QuantizeError: samples that do not fit, or an operation that int8 cannot express.
    """
    observed = observe(float_model, samples, histograms=method is Calibration.PERCENTILE)
    ranges = tensor_ranges(observed, input_name, input_range, method)
    return quantize_by_ranges(float_model, ranges)


def tensor_ranges(
    observed: Mapping[str, Observed],
    input_name: str,
    input_range: Range,
    method: Calibration = Calibration.MIN_MAX,
) -> dict[str, Range]:
    """What was observed as a range for each tensor, with the input's as agreed."""
    ranges = {name: values.range(method) for name, values in observed.items()}
    return ranges | {f"{SIGNATURE}_{input_name}:0": input_range}


def quantize_by_ranges(
    float_model: bytes, ranges: Mapping[str, Range], kept_float: Sequence[str] = ()
) -> bytes:
    """Quantize with a range of real numbers for each activation.

    kept_float: names of tensors whose operation stays in real numbers.

    Raises:
        QuantizeError: an operation outside of `kept_float` that int8 cannot express.
    """
    stage = quantizer.Quantizer(float_model, recipe.static_wi8_ai8())
    for name in kept_float:
        stage.update_quantization_recipe(
            f"^{re.escape(name)}(;|$)",
            TFLOperationName.ALL_SUPPORTED,
            algorithm_key=AlgorithmName.NO_QUANTIZE,
        )
    try:
        with all_tensors_on_purpose():
            result = stage.quantize(as_statistics(ranges), enable_progress_report=False)
    except (ValueError, RuntimeError, KeyError, NotImplementedError) as error:
        raise QuantizeError(f"the model cannot be quantized: {error}") from error
    content = bytes(result.quantized_model)
    if not kept_float and (left := float_operations(content)):
        raise QuantizeError(
            f"int8 has no operation for {', '.join(left)}; replace the layer that makes it, or keep"
            " it in real numbers"
        )
    return content
