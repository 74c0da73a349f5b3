"""A float Keras model and calibration inputs → int8 TFLite bytes, int8 at the borders too."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf
from ai_edge_quantizer import quantizer, recipe
from ai_edge_quantizer.calibrator import Calibrator
from ai_edge_quantizer.utils.qsv_utils import min_max_update
from numpy.typing import NDArray

from quantize.errors import QuantizeError

SIGNATURE = "serving_default"


def to_float_tflite(model: keras.Model, input_name: str) -> bytes:
    """Convert `model` to a float TFLite file for one picture, with the signature that
    quantization needs; a model with several outputs returns them as a dictionary.

    Raises:
        QuantizeError: the model has weights that are not finite, or an operation that TFLite's
            built-in ones cannot express.
    """
    for weight in model.weights:
        if not np.isfinite(keras.ops.convert_to_numpy(weight)).all():
            raise QuantizeError(f"{model.name}: weight {weight.path} is not finite; train it again")
    shape = (1, *model.inputs[0].shape[1:])

    def serve(picture: tf.Tensor) -> dict[str, tf.Tensor]:
        answer = model(picture, training=False)
        return answer if isinstance(answer, dict) else {model.output_names[0]: answer}

    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint(
        SIGNATURE, serve, input_signature=[tf.TensorSpec(shape, tf.float32, name=input_name)]
    )
    with tempfile.TemporaryDirectory() as folder:
        archive.write_out(folder, verbose=False)
        try:
            return bytes(tf.lite.TFLiteConverter.from_saved_model(folder).convert())
        except Exception as error:  # the converter raises its own type and bare ones alike
            raise QuantizeError(f"{model.name}: cannot become TFLite: {error}") from error


def quantize_int8(
    float_model: bytes,
    input_name: str,
    samples: Sequence[NDArray[np.float32]],
    input_range: tuple[float, float],
) -> bytes:
    """Quantize statically: weights a channel, activations a tensor, all int8.

    samples: float32 of the model's input shape. Activations get the least and greatest values
    seen, since a moving average would cut rare high ones; the input gets `input_range`, whatever
    the samples hold, so that its scale is a contract and not an accident.
    """
    stage = quantizer.Quantizer(float_model, recipe.static_wi8_ai8())
    with warnings.catch_warnings():
        # The calibrator keeps all tensors on purpose.
        warnings.filterwarnings("ignore", message=".*experimental_preserve_all_tensors")
        calibrator = Calibrator(float_model, qsv_update_func=min_max_update)
        calibrator.calibrate(
            {SIGNATURE: [{input_name: sample} for sample in samples]},
            stage._recipe_manager,  # noqa: SLF001 - only so is the calibrator given its recipe
        )
        ranges = calibrator.get_model_qsvs()
        low, high = (np.full_like(ranges[_tensor(input_name)]["min"], end) for end in input_range)
        ranges[_tensor(input_name)] = {"min": low, "max": high}
        result = stage.quantize(ranges, enable_progress_report=False)
    return bytes(result.quantized_model)


def _tensor(input_name: str) -> str:
    """What the converter calls the tensor of a signature's input."""
    return f"{SIGNATURE}_{input_name}:0"
