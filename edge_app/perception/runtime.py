"""TFLite bytes → an interpreter of whichever runtime works on this machine."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import numpy as np

from edge_app.perception.card import ModelError

#: Distribution and module, in order of preference. tflite-runtime is LiteRT's predecessor; under
#: NumPy 2 it imports and fails when the interpreter is made, so only a made one counts.
RUNTIMES = (
    ("ai-edge-litert", "ai_edge_litert.interpreter"),
    ("tflite-runtime", "tflite_runtime.interpreter"),
)
#: What it says of itself at each loading. `INFO:` alone is how others begin their lines, too.
_CHATTER = re.compile(rb"INFO: .*(TensorFlow Lite|delegate)")
#: Held while standard error leads elsewhere.
_REDIRECTED = threading.Lock()


@dataclass(frozen=True, slots=True)
class Runtime:
    """Which runtime answered."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


def make_interpreter(model: bytes, threads: int, *, xnnpack: bool = True) -> tuple[Any, Runtime]:
    """Make an interpreter with its tensors allocated.

    xnnpack: False keeps to the runtime's built-in kernels, to compare with.

    threads: of the processor, 1 or more.

    Raises:
        ModelError: no runtime is installed, or none takes the model; says why for each. Or
            `threads` is less than 1.
    """
    if threads < 1:
        raise ModelError(f"threads is {threads}; ask for 1 or more")
    failures = []
    for name, module in RUNTIMES:
        try:
            with _without_native_chatter():
                tflite = importlib.import_module(module)
                kernels = tflite.OpResolverType
                interpreter = tflite.Interpreter(
                    model_content=model,
                    num_threads=threads,
                    experimental_op_resolver_type=kernels.AUTO
                    if xnnpack
                    else kernels.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
                )
                interpreter.allocate_tensors()
        except (ImportError, ValueError, RuntimeError, AttributeError) as error:
            failures.append(f"{name}: {error}")
        else:
            return interpreter, Runtime(name, metadata.version(name))
    raise ModelError(
        "no TFLite runtime takes the model; install ai-edge-litert (64 bit)"
        f" or mien[tflite] (32 bit): {'; '.join(failures)}"
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


@contextlib.contextmanager
def _without_native_chatter() -> Iterator[None]:
    """Keep the runtime's lines about itself, which it has no switch for, out of standard error.

    Everything else is passed on, other threads' lines too, when the block is over. The descriptor
    is the process's: call it while loading only. Where it is closed, nothing is done.
    """
    # A second thread would take the first one's memory for standard error, and leave it there.
    with _REDIRECTED:
        ours = None
        with contextlib.suppress(OSError):
            ours = os.dup(2)
        if ours is None:
            yield
            return
        # In memory: a device whose disks are full or read-only must start as well.
        with os.fdopen(os.memfd_create("mien-runtime"), "w+b") as said:
            os.dup2(said.fileno(), 2)
            try:
                yield
            finally:
                os.dup2(ours, 2)
                os.close(ours)
                said.seek(0)
                for line in said:
                    if not _CHATTER.match(line):
                        os.write(2, line)
