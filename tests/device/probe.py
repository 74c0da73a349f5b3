"""Run on the machine under test: a folder of models and their inputs (.npz) → their outputs (.npz).

Needs NumPy and a TFLite runtime, and nothing of Mien. Inputs are called `MODEL|NUMBER`, MODEL being
a file's name; outputs `MODEL|NUMBER|OUTPUT`. Prints which runtime ran.
"""

from __future__ import annotations

import argparse
import platform
from importlib import metadata
from pathlib import Path

import numpy as np

try:
    from ai_edge_litert import interpreter as tflite

    RUNTIME = "ai-edge-litert"
except ImportError:
    from tflite_runtime import interpreter as tflite

    RUNTIME = "tflite-runtime"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", type=Path)
    parser.add_argument("inputs", type=Path)
    parser.add_argument("outputs", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--without-xnnpack", action="store_true")
    arguments = parser.parse_args()
    kernels = tflite.OpResolverType.AUTO
    if arguments.without_xnnpack:
        kernels = tflite.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    inputs = np.load(arguments.inputs)
    answers = {}
    for model in sorted({key.split("|")[0] for key in inputs.files}):
        interpreter = tflite.Interpreter(
            model_path=str(arguments.models / model),
            num_threads=arguments.threads,
            experimental_op_resolver_type=kernels,
        )
        interpreter.allocate_tensors()
        given = interpreter.get_input_details()[0]["index"]
        outputs = interpreter.get_signature_runner().get_output_details()
        for key in (key for key in inputs.files if key.split("|")[0] == model):
            interpreter.set_tensor(given, inputs[key])
            interpreter.invoke()
            for name, details in outputs.items():
                answers[f"{key}|{name}"] = interpreter.get_tensor(details["index"])
    np.savez(arguments.outputs, **answers)
    python = ".".join(platform.python_version_tuple()[:2])
    print(f"{RUNTIME} {metadata.version(RUNTIME)}, Python {python}")  # noqa: T201


if __name__ == "__main__":
    main()
