"""`mien train mixtures`: which answer of networks' heads generalizes best, by the proxy.

Of several networks it is what they say together: whether they are a teacher worth having.

First the shares of the heads, then, with the best of them, how much of the emotions' frequencies in
Training is taken back.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge_app.errors import UsageError
from edge_app.perception.answers import Mixture
from edge_app.perception.card import Answer, Head
from edge_app.perception.classifier import EmotionClassifier
from edge_app.perception.labels import FER2013
from trainer.balance import label_weights, unbalanced
from trainer.conditions import conditions
from trainer.data import Faces, Split, read, reading
from trainer.generalization import Compared, best, compare_answers
from trainer.heads import LabelHead, VoteHead
from trainer.robustness import measure_conditions
from trainer.truth import choosing, measurable, truth_for

STEPS = 10
_AT_ONCE = 256
#: A probability that is none has no logarithm.
_LEAST = 1e-30


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument(
        "runs",
        nargs="+",
        type=Path,
        metavar="RUN",
        help="folder of a finished run with two heads; several: what they say together",
    )
    reading.add_arguments(parser)
    parser.add_argument(
        "--share", type=float, help="of the first head, to balance emotions with (the best one)"
    )
    parser.add_argument(
        "--mirrored",
        action="store_true",
        help="mean of a face and its mirror image, as smoothing makes of a camera's frames",
    )
    parser.add_argument(
        "--conditions",
        action="store_true",
        help="also what each condition costs the chosen answer",
    )


def run(arguments: argparse.Namespace) -> int:
    """Measure on PublicTest without Training's twins and print a table, the best mixture marked.

    Raises:
        UsageError: a network has not two heads, or a share is none.
        RunError: a run is not finished, or its network is damaged.
        DataError: the data cannot be read, or PublicTest has no labels or no votes to measure by.
    """
    if arguments.share is not None and not 0.0 <= arguments.share <= 1.0:
        raise UsageError(f"--share {arguments.share:g}: name one from 0 to 1")
    models = [_two_headed(folder) for folder in arguments.runs]
    names = list(models[0].output_names)
    faces = read(arguments.data, way=arguments.crops)
    public, learned = measurable(faces, Split.PUBLIC_TEST), faces.of(Split.TRAINING)
    unseen = choosing(public, learned)
    there = conditions(EmotionClassifier.load().alignment)
    labels = {head.name: head.labels for head in (LabelHead(), VoteHead())}
    heads = [Head(name, labels[name]) for name in names]
    joined = _Joined(models, names, mirrored=arguments.mirrored)
    steps = [round(float(step), 2) for step in np.linspace(0.0, 1.0, STEPS + 1)]
    _say(
        *_heads_alone(joined(public.pixels), heads, public, unseen),
        f"below: of the {unseen.sum()} without twins; share: of the head {names[0]}",
        "",
    )
    public = public.where(unseen)
    if arguments.share is None:
        mixtures = [_mixture(names, share) for share in steps]
        mixed = compare_answers(joined, heads, public, there, mixtures)
        chosen = max(mixed, key=lambda one: one.proxy)
        _say(*table("share", steps, mixed, chosen), "")
        plain = chosen.answer
    else:
        plain = _mixture(names, arguments.share)
    training = learned.labels
    sys.stderr.writelines(line + "\n" for line in unbalanced(training, FER2013))
    weighed = [
        msgspec.structs.replace(plain, weights=label_weights(training, FER2013, step))
        for step in steps
    ]
    balanced = compare_answers(joined, heads, public, there, weighed)
    chosen = best(balanced, balanced[0])
    _say(*table("balance", steps, balanced, chosen))
    if arguments.conditions:
        answer = Mixture(heads, chosen.answer)
        lost = measure_conditions(
            lambda pixels: answer.probabilities(joined(pixels)), public, there, strengths=()
        )
        _say("", "| points lost | mild | hard |", "|---|---:|---:|")
        _say(
            *(
                f"| {one.title} | {one.mild.points_lost:.1f} | {one.hard.points_lost:.1f} |"
                for one in lost
            )
        )
    return 0


def _say(*lines: str) -> None:
    """Each as soon as it is known: the next takes minutes."""
    sys.stdout.writelines(line + "\n" for line in lines)
    sys.stdout.flush()


def _two_headed(run: Path) -> Any:
    from trainer.checkpoints import MODEL, read_network  # noqa: PLC0415 - loads Keras

    model = read_network(run / MODEL)
    if set(model.output_names) != {"fer2013", "ferplus"}:
        raise UsageError(
            f"{run / MODEL}: mixtures are of the heads fer2013 and ferplus, not of"
            f" {', '.join(model.output_names)}"
        )
    return model


def _heads_alone(
    logits: NDArray[np.float32], heads: Sequence[Head], faces: Faces, unseen: NDArray[np.bool_]
) -> Iterator[str]:
    """How often each head is right by the labels that it was taught, for a terminal.

    unseen: faces that do not stand in Training too, bool [N].
    """
    for which, rows in (
        ("all faces", np.ones_like(unseen)),
        ("faces without twins of training pictures", unseen),
    ):
        right, start, shown = [], 0, faces.where(rows)
        for head in heads:
            columns = logits[rows, start : (start := start + len(head.labels))]
            truth = truth_for(head.labels, shown)
            share = float((columns[truth.rows].argmax(axis=1) == truth.labels).mean())
            right.append(f"{head.name} {100 * share:.1f} %")
        yield f"each head alone is right on: {', '.join(right)}; of {rows.sum()} {which}"


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
    """Keras networks as `compare_answers` asks them."""

    def __init__(self, models: Sequence[Any], names: Sequence[str], *, mirrored: bool) -> None:
        """names: of their heads, in the order of the logits."""
        self._models = models
        self._names = names
        self._mirrored = mirrored

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        from trainer.batches import as_input  # noqa: PLC0415 - loads Keras
        from trainer.opinions import opinions  # noqa: PLC0415 - loads Keras

        parts = []
        for start in range(0, len(pixels), _AT_ONCE):
            faces = as_input(pixels[start : start + _AT_ONCE])
            said = opinions(self._models, faces, mirrored=self._mirrored)
            parts.append(np.concatenate([said[name] for name in self._names], axis=1))
        # Logarithms of probabilities are logits that give these very probabilities.
        return np.asarray(np.log(np.maximum(np.concatenate(parts), _LEAST)), np.float32)
