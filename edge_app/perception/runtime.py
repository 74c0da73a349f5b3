"""TFLite bytes → an interpreter of whichever runtime works on this machine."""

from __future__ import annotations

import importlib
import operator
import re
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import numpy as np

from edge_app.perception.card import ModelError
from edge_app.standard_error import sifted_stderr

#: Distribution and module, in order of preference. tflite-runtime is LiteRT's predecessor; under
#: NumPy 2 it imports and fails when the interpreter is made, so only a made one counts.
RUNTIMES = (
    ("ai-edge-litert", "ai_edge_litert.interpreter"),
    ("tflite-runtime", "tflite_runtime.interpreter"),
)
#: What it says of itself at each loading. `INFO:` alone is how others begin their lines, too.
_CHATTER = re.compile(rb"INFO: .*(TensorFlow Lite|delegate)")


@dataclass(frozen=True, slots=True)
class Runtime:
    """Which runtime answered."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


def make_interpreter(
    model: bytes, threads: int, *, xnnpack: bool = True, what: str = "the model"
) -> tuple[Any, Runtime]:
    """Make an interpreter with its tensors allocated.

    xnnpack: False keeps to the runtime's built-in kernels, to compare with.

    threads: of the processor, 1 or more. what: names the model in errors.

    Raises:
        ModelError: no runtime works here, or those that do refuse the model; says why for each. Or
            `threads` is less than 1, or no whole number.
    """
    # Python code without types may ask for a half one, which the runtime would blame on the model.
    try:
        number = operator.index(threads)
    except TypeError:
        number = 0
    if number < 1:
        raise ModelError(f"threads is {threads!r}; ask for a whole number, 1 or more")
    missing: list[str] = []
    refusals: list[str] = []
    for name, module in RUNTIMES:
        is_there = False
        try:
            with sifted_stderr(_CHATTER.match):
                tflite = importlib.import_module(module)
                kernels = tflite.OpResolverType
                is_there = True
                interpreter = tflite.Interpreter(
                    model_content=model,
                    num_threads=number,
                    experimental_op_resolver_type=kernels.AUTO
                    if xnnpack
                    else kernels.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
                )
                interpreter.allocate_tensors()
        except (ImportError, ValueError, RuntimeError, AttributeError) as error:
            # What it says of a model may be several lines.
            why = f"{name}: {' '.join(str(error).split())}"
            refuses = is_there and isinstance(error, (ValueError, RuntimeError))
            (refusals if refuses else missing).append(why)
        else:
            return interpreter, Runtime(name, metadata.version(name))
    if refusals:
        raise ModelError(
            f"{what}: refused by the TFLite runtime that is installed, {'; '.join(refusals)}; make"
            " it again, or name another model"
        )
    raise ModelError(
        "no TFLite runtime works here; install ai-edge-litert (64 bit), or tflite-runtime and"
        f" numpy<2 (32 bit): {'; '.join(missing)}"
    )


def fill_inputs(interpreter: Any) -> None:
    """Give every input the same noise, to be timed with: zeros may take shorter than pictures."""
    rng = np.random.default_rng(0)
    for details in interpreter.get_input_details():
        shape, dtype = details["shape"], details["dtype"]
        if np.issubdtype(dtype, np.integer):
            values = rng.integers(-128, 128, shape).astype(dtype)
        else:
            values = rng.random(shape, np.float32)
        interpreter.set_tensor(details["index"], values)
