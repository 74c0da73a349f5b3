"""A float detector's tensors → ranges that spend the levels of int8 on faces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from quantize.float_detector import scores
from quantize.ranges import Range
from quantize.yunet import HEADS, STRIDES

#: A score of 0.9997; beyond it a logit says nothing more, and its levels are better spent below.
LARGEST_LOGIT = 8.0

#: Cells below it are never decoded, so what they say of boxes may be cut.
LOWEST_SCORE = 0.3


def narrow_outputs(
    float_model: bytes, ranges: Mapping[str, Range], samples: Sequence[NDArray[np.float32]]
) -> dict[str, Range]:
    """Cut logits at `LARGEST_LOGIT`, boxes and landmarks at what cells with a face say.

    samples: float32 of the model's input shape. An output that no face was seen in keeps its range.
    """
    narrowed = dict(ranges)
    for name, (low, high) in (_logits(float_model) | _seen(float_model, samples)).items():
        widest_low, widest_high = ranges[name]
        narrowed[name] = (max(low, widest_low), min(high, widest_high))
    return narrowed


def _logits(float_model: bytes) -> dict[str, Range]:
    names = _output_names(float_model)
    return {
        names[f"{head}_{stride}"]: (-LARGEST_LOGIT, LARGEST_LOGIT)
        for head in ("cls", "obj")
        for stride in STRIDES
    }


def _seen(float_model: bytes, samples: Sequence[NDArray[np.float32]]) -> dict[str, Range]:
    interpreter = Interpreter(model_content=float_model, num_threads=1)
    interpreter.allocate_tensors()
    shown = interpreter.get_input_details()[0]["index"]
    details = interpreter.get_signature_runner().get_output_details()
    seen: dict[str, Range] = {}
    for sample in samples:
        interpreter.set_tensor(shown, sample)
        interpreter.invoke()
        for stride in STRIDES:
            rows = {
                head: interpreter.get_tensor(details[f"{head}_{stride}"]["index"]).reshape(-1, n)
                for head, n in HEADS.items()
            }
            faces = scores(rows["cls"], rows["obj"])[:, 0] >= LOWEST_SCORE
            for head in ("bbox", "kps") if faces.any() else ():
                name = details[f"{head}_{stride}"]["name"]
                values = rows[head][faces]
                low, high = seen.get(name, (np.inf, -np.inf))
                seen[name] = min(low, float(values.min())), max(high, float(values.max()))
    return seen


def _output_names(float_model: bytes) -> dict[str, str]:
    """Each output's name in the signature → its tensor's."""
    interpreter = Interpreter(model_content=float_model)
    interpreter.allocate_tensors()
    details = interpreter.get_signature_runner().get_output_details()
    return {name: str(tensor["name"]) for name, tensor in details.items()}
