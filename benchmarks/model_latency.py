"""Models, runtimes and numbers of threads, by turns → what a bare invocation takes."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.results import ModelRun
from benchmarks.spread import spread
from edge_app.errors import UsageError
from edge_app.perception.card import ModelError
from edge_app.perception.runtime import RUNTIMES, Runtime, fill_inputs, make_interpreter

#: Invocations of one model in a row: a block.
ROW = 10


@dataclass(frozen=True, slots=True)
class Model:
    """A .tflite file's bytes; form: of its input, int8 or float; macs: multiply-accumulates, if
    known.
    """

    name: str
    form: str
    content: bytes
    macs: int | None = None

    @classmethod
    def read(cls, path: Path, form: str, macs: int | None = None) -> Model:
        """Read the file at `path`.

        Raises:
            UsageError: it cannot be read.
        """
        try:
            return cls(path.stem, form, path.read_bytes(), macs)
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}; name a .tflite file") from error


def read_floats(paths: Sequence[Path]) -> tuple[Model, ...]:
    """Read models that take real numbers.

    Raises:
        UsageError: a file cannot be read, holds no model or one of another kind, or is called as
            another; or no runtime works here, or takes it.
    """
    models: dict[str, Model] = {}
    for path in paths:
        model = Model.read(path, "float")
        if not model.content:
            raise UsageError(f"--float {path}: is empty; name a model in real numbers")
        try:
            interpreter, _ = make_interpreter(model.content, 1, what=f"--float {path}")
        except ModelError as error:
            # It says why: a whole model may ask for what this runtime lacks.
            raise UsageError(str(error)) from error
        kind = np.dtype(interpreter.get_input_details()[0]["dtype"]).name
        if kind != "float32":
            raise UsageError(f"--float {path}: takes {kind}; name a model in real numbers")
        if model.name in models:
            raise UsageError(f"--float {path}: another is called {model.name}, too; rename one")
        models[model.name] = model
    return tuple(models.values())


@dataclass(slots=True)
class Candidate:
    """One model under one runtime with some threads, ready to run."""

    model: Model
    runtime: Runtime
    threads: int
    interpreter: Any
    rows: list[list[float]] = field(default_factory=list)

    def run_row(self, count: int = ROW) -> None:
        """Invoke so often, and keep the milliseconds of each."""
        row = []
        for _ in range(count):
            began = time.perf_counter_ns()
            self.interpreter.invoke()
            row.append((time.perf_counter_ns() - began) / 1e6)
        self.rows.append(row)


def thread_counts(cores: int) -> list[int]:
    """1 to 4, and then powers of two, up to the number of cores."""
    return [n for n in range(1, cores + 1) if n <= 4 or n & (n - 1) == 0]


def make_candidates(models: Sequence[Model], threads: Sequence[int]) -> list[Candidate]:
    """Each model under every runtime that is installed and takes it, with its input filled.

    Raises:
        ModelError: no runtime takes a model.
    """
    candidates = []
    for model in models:
        found = False
        for name, _ in RUNTIMES:
            with only_runtime(name):
                for count in threads:
                    try:
                        interpreter, runtime = make_interpreter(model.content, count)
                    except ModelError:
                        break
                    fill_inputs(interpreter)
                    candidates.append(Candidate(model, runtime, count, interpreter))
                    found = True
        if not found:
            raise ModelError(f"{model.name}: no TFLite runtime here takes it; see mien doctor")
    return candidates


def measure(
    candidates: Sequence[Candidate],
    seconds: float,
    *,
    fewest: int = 3,
    each_round: Callable[[], None],
) -> None:
    """Let each run a row in turn, so that what disturbs hits all alike.

    fewest: rows, however long they take. each_round: called between rounds.
    """
    for candidate in candidates:
        candidate.run_row(3)
        candidate.rows.clear()
    deadline_s, rounds = time.monotonic() + seconds, 0
    while rounds < fewest or time.monotonic() < deadline_s:
        for candidate in candidates:
            candidate.run_row()
        rounds += 1
        each_round()


def model_run(candidate: Candidate) -> ModelRun:
    """What was measured of one candidate."""
    return ModelRun(
        model=candidate.model.name,
        form=candidate.model.form,
        runtime=str(candidate.runtime),
        threads=candidate.threads,
        took=spread(candidate.rows, median),
        macs=candidate.model.macs,
    )


@contextmanager
def only_runtime(name: str) -> Iterator[None]:
    """Within this, no other runtime than `name` of `RUNTIMES` can be imported."""
    others = [module for other, module in RUNTIMES if other != name]
    before = {module: sys.modules[module] for module in others if module in sys.modules}
    sys.modules.update(dict.fromkeys(others))  # type: ignore[arg-type]  # None is Python's mark
    try:
        yield
    finally:
        for module in others:
            del sys.modules[module]
        sys.modules.update(before)
