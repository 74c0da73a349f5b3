"""Crops of 1 to 8 faces → the time of one invocation each, and of one for all of them."""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.as_command import at_least_one, exit_code
from edge_app.perception.card import read_card, read_model
from edge_app.perception.runtime import make_interpreter
from edge_app.perception.shipped import EMOTION

FACES = (1, 2, 3, 4, 6, 8)


def main() -> int:
    """Print a row for each number of faces."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--classifier", type=Path, default=EMOTION, help="default: the shipped one")
    parser.add_argument("--threads", type=at_least_one, default=1, help="default: %(default)s")
    parser.add_argument("--rounds", type=at_least_one, default=200, help="default: %(default)s")
    arguments = parser.parse_args()
    model = read_model(arguments.classifier, read_card(arguments.classifier))
    one, runtime = make_interpreter(model, arguments.threads)
    rng = np.random.default_rng(8)
    sys.stdout.write(f"{runtime}, {arguments.threads} thread(s), median ms a frame\n\n")
    sys.stdout.write("| faces | one after another | as a batch | batch, resized each time |\n")
    sys.stdout.write("|---:|---:|---:|---:|\n")
    for faces in FACES:
        crops = rng.integers(-128, 128, (faces, *_shape(one)[1:]), np.int8)
        batch, _ = make_interpreter(model, arguments.threads)
        _resize(batch, faces)
        resized, _ = make_interpreter(model, arguments.threads)
        agree = np.array_equal(_one_by_one(one, crops), _at_once(batch, crops))
        if not agree:
            sys.stdout.write(f"{faces} faces: a batch answers otherwise than one after another\n")
        times = _interleaved(
            [
                partial(_one_by_one, one, crops),
                partial(_at_once, batch, crops),
                partial(_after_resizing, resized, crops),
            ],
            arguments.rounds,
        )
        sys.stdout.write(f"| {faces} | " + " | ".join(f"{1e3 * t:.2f}" for t in times) + " |\n")
    return 0


def _interleaved(ways: list[Callable[[], object]], rounds: int) -> list[float]:
    """Median seconds of each, measured by turns, so that a busy machine is busy for all."""
    times: list[list[float]] = [[] for _ in ways]
    for _ in range(rounds):
        for way, taken in zip(ways, times, strict=True):
            start = time.perf_counter()
            way()
            taken.append(time.perf_counter() - start)
    return [statistics.median(taken) for taken in times]


def _shape(interpreter: Any) -> tuple[int, ...]:
    return tuple(int(n) for n in interpreter.get_input_details()[0]["shape"])


def _resize(interpreter: Any, faces: int) -> None:
    index = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(index, (faces, *_shape(interpreter)[1:]))
    interpreter.allocate_tensors()


def _one_by_one(interpreter: Any, crops: np.ndarray) -> np.ndarray:
    return np.concatenate([_at_once(interpreter, crops[n : n + 1]) for n in range(len(crops))])


def _at_once(interpreter: Any, crops: np.ndarray) -> np.ndarray:
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], crops)
    interpreter.invoke()
    return np.array(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]))


def _after_resizing(interpreter: Any, crops: np.ndarray) -> np.ndarray:
    """As where the number of faces changes from frame to frame."""
    _resize(interpreter, 1)
    _resize(interpreter, len(crops))
    return _at_once(interpreter, crops)


if __name__ == "__main__":
    sys.exit(exit_code(main))
