"""`mien train mixtures`: which mixture of a network's heads generalizes best, by the proxy."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_app.errors import UsageError
from edge_app.perception.classifier import EmotionClassifier, softmax
from trainer.batches import as_input
from trainer.conditions import conditions
from trainer.data import Split, read
from trainer.generalization import Mixture, compare_mixtures

STEPS = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("run", type=Path, help="folder of a finished run with two heads")
    parser.add_argument("--data", type=Path, required=True, help="data set: see docs/training.md")


def run(arguments: argparse.Namespace) -> int:
    """Measure on PublicTest and print a table, the best mixture marked.

    Raises:
        UsageError: the run is not finished, or its network has not two heads.
        DataError: the data cannot be read.
    """
    import keras  # noqa: PLC0415 - takes seconds

    path = arguments.run / "model.keras"
    if not path.is_file():
        raise UsageError(f"{path}: no such file; finish the run first")
    model = keras.saving.load_model(path, compile=False)
    names = model.output_names
    if len(names) != 2:
        raise UsageError(f"{path}: mixtures are of two heads, this network has {', '.join(names)}")
    public = read(arguments.data).of(Split.PUBLIC_TEST)
    steps = np.linspace(0.0, 1.0, STEPS + 1)
    mixtures = [{names[0]: float(share), names[1]: float(1.0 - share)} for share in steps]
    there = conditions(EmotionClassifier.load().alignment)
    compared = compare_mixtures(_Heads(model), public, there, mixtures)
    sys.stdout.writelines(line + "\n" for line in table(compared))
    return 0


def table(compared: list[Mixture]) -> list[str]:
    """Markdown, in per cent."""
    best = max(compared, key=lambda mixture: mixture.proxy)
    heads = list(compared[0].shares)
    lines = [
        f"| {' | '.join(heads)} | FER2013 labels | FER+ majorities | conditions | proxy |",
        "|" + "---:|" * (len(heads) + 4),
    ]
    for each in compared:
        shares = " | ".join(f"{share:.1f}" for share in each.shares.values())
        figures = (each.clean_fer2013, each.clean_ferplus, each.harder, each.proxy)
        shown = " | ".join(f"{100 * figure:.1f}" for figure in figures)
        lines.append(f"| {shares} | {shown} |" + (" <- best" if each is best else ""))
    return lines


class _Heads:
    """A Keras network as `compare_mixtures` asks it."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def __call__(self, pixels: NDArray[np.uint8]) -> Mapping[str, NDArray[np.float32]]:
        logits = self._model.predict(as_input(pixels), batch_size=512, verbose=0)
        return {name: softmax(rows) for name, rows in logits.items()}
