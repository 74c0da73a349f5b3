"""`mien train mixtures`: which mixture of a network's heads generalizes best, by the proxy."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_app.errors import UsageError
from edge_app.perception.card import Head
from edge_app.perception.classifier import EmotionClassifier
from trainer.conditions import conditions
from trainer.data import Split, read
from trainer.generalization import Compared, compare_mixtures
from trainer.heads import LabelHead, VoteHead

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
    if set(names) != {"fer2013", "ferplus"}:
        raise UsageError(
            f"{path}: mixtures are of the heads fer2013 and ferplus, not of {', '.join(names)}"
        )
    public = read(arguments.data).of(Split.PUBLIC_TEST)
    steps = np.linspace(0.0, 1.0, STEPS + 1)
    mixtures = [{names[0]: float(share), names[1]: float(1.0 - share)} for share in steps]
    there = conditions(EmotionClassifier.load().alignment)
    labels = {head.name: head.labels for head in (LabelHead(), VoteHead())}
    heads = [Head(name, labels[name]) for name in names]
    compared = compare_mixtures(_Joined(model), heads, public, there, mixtures)
    sys.stdout.writelines(line + "\n" for line in table(compared))
    return 0


def table(compared: list[Compared]) -> list[str]:
    """Markdown, in per cent."""
    best = max(compared, key=lambda one: one.proxy)
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


class _Joined:
    """A Keras network as `compare_mixtures` asks it."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        from trainer.batches import as_input  # noqa: PLC0415 - loads Keras

        logits = self._model.predict(as_input(pixels), batch_size=512, verbose=0)
        joined = np.concatenate([logits[name] for name in self._model.output_names], axis=1)
        return np.asarray(joined, dtype=np.float32)
