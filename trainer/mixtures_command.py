"""`mien train mixtures`: which answer of a network's heads generalizes best, by the proxy.

First the shares of the heads, then, with the best of them, how much of the emotions' frequencies in
Training is taken back.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge_app.errors import UsageError
from edge_app.perception.card import Answer, Head
from edge_app.perception.classifier import EmotionClassifier
from edge_app.perception.labels import FER2013
from trainer.balance import label_weights
from trainer.conditions import conditions
from trainer.data import Split, read
from trainer.generalization import Compared, best, compare_answers
from trainer.heads import LabelHead, VoteHead
from trainer.truth import measurable

STEPS = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("run", type=Path, help="folder of a finished run with two heads")
    parser.add_argument("--data", type=Path, required=True, help="data set: see docs/training.md")
    parser.add_argument(
        "--share", type=float, help="of the first head, to balance emotions with (the best one)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Measure on PublicTest and print a table, the best mixture marked.

    Raises:
        UsageError: its network has not two heads, or a share is none.
        RunError: the run is not finished, or its network is damaged.
        DataError: the data cannot be read, or PublicTest has no labels or no votes to measure by.
    """
    if arguments.share is not None and not 0.0 <= arguments.share <= 1.0:
        raise UsageError(f"--share {arguments.share:g}: name one from 0 to 1")
    from trainer.checkpoints import MODEL, read_network  # noqa: PLC0415 - loads Keras

    path = arguments.run / MODEL
    model = read_network(path)
    names = model.output_names
    if set(names) != {"fer2013", "ferplus"}:
        raise UsageError(
            f"{path}: mixtures are of the heads fer2013 and ferplus, not of {', '.join(names)}"
        )
    faces = read(arguments.data)
    public = measurable(faces, Split.PUBLIC_TEST)
    there = conditions(EmotionClassifier.load().alignment)
    labels = {head.name: head.labels for head in (LabelHead(), VoteHead())}
    heads = [Head(name, labels[name]) for name in names]
    joined = _Joined(model)
    steps = [round(float(step), 2) for step in np.linspace(0.0, 1.0, STEPS + 1)]
    rows = [f"share: of the head {names[0]}", ""]
    if arguments.share is None:
        mixtures = [_mixture(names, share) for share in steps]
        mixed = compare_answers(joined, heads, public, there, mixtures)
        chosen = max(mixed, key=lambda one: one.proxy)
        rows += [*table("share", steps, mixed, chosen), ""]
        plain = chosen.answer
    else:
        plain = _mixture(names, arguments.share)
    training = faces.of(Split.TRAINING).labels
    weighed = [
        msgspec.structs.replace(plain, weights=label_weights(training, FER2013, step))
        for step in steps
    ]
    balanced = compare_answers(joined, heads, public, there, weighed)
    rows += table("balance", steps, balanced, best(balanced, balanced[0]))
    sys.stdout.writelines(line + "\n" for line in rows)
    return 0


def _mixture(names: Sequence[str], share: float) -> Answer:
    return Answer(FER2013, {names[0]: share, names[1]: 1.0 - share}, 1.0, 0.0)


def table(
    what: str, steps: Sequence[float], compared: Sequence[Compared], chosen: Compared
) -> list[str]:
    """Markdown, in per cent. what: the name of the steps."""
    columns = (
        what, "labels, recall", "accuracy", "FER+ majorities, recall", "accuracy", "conditions",
        "proxy",
    )  # fmt: skip
    lines = [f"| {' | '.join(columns)} |", "|" + "---:|" * len(columns)]
    for step, each in zip(steps, compared, strict=True):
        clean = each.clean
        figures = (
            clean.recall_fer2013, clean.accuracy_fer2013, clean.recall_ferplus,
            clean.accuracy_ferplus, each.harder, each.proxy,
        )  # fmt: skip
        shown = " | ".join(f"{100 * figure:.1f}" for figure in figures)
        lines.append(f"| {step:.1f} | {shown} |" + (" <- chosen" if each is chosen else ""))
    return lines


class _Joined:
    """A Keras network as `compare_answers` asks it."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        from trainer.batches import as_input  # noqa: PLC0415 - loads Keras

        logits = self._model.predict(as_input(pixels), batch_size=512, verbose=0)
        joined = np.concatenate([logits[name] for name in self._model.output_names], axis=1)
        return np.asarray(joined, dtype=np.float32)
