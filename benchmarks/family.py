"""Sizes of the emotion network → what each is worth for what it costs, as a table and a plot.

`python -m benchmarks.family --data DATA --plot FILE.svg NAME=MODEL.tflite …`; `-` is the shipped
model. Accuracy is of int8 models, on FER2013's own labels; time is of one thread, all models by
turns, with XNNPACK.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from statistics import median

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks import labelled_faces
from benchmarks.as_command import exit_code
from benchmarks.model_latency import Model, make_candidates, measure, only_runtime
from benchmarks.text_table import markdown
from edge_app.perception import EmotionClassifier
from edge_app.perception.card import DEFAULT_ANSWER
from edge_app.perception.runtime import RUNTIMES
from edge_app.perception.shipped import EMOTION
from trainer.data import Faces
from trainer.evaluation import fer2013_agreement
from trainer.replacing import write_beside
from trainer.reports.svg import BLUE, inline_svg, style

#: The card's answer in the manner of FER2013's labels; a network of one head has `default` alone.
LABEL_HEAD = "fer2013"
HEADER = ("size", "MACs", "int8 ms", "default", "label head")


@dataclass(frozen=True, slots=True)
class Member:
    """One network; accuracies 0…1 on FER2013's labels: of its default answer and its label head."""

    name: str
    macs: int
    ms: float
    default: float
    label_head: float


def main(words: Sequence[str] | None = None) -> int:
    """Print a row a network, and draw them."""
    parser = argparse.ArgumentParser(description=__doc__)
    labelled_faces.add_arguments(parser, faces=0)
    parser.add_argument("--plot", type=Path, help="the .svg to write")
    parser.add_argument("--seconds", type=float, default=5.0, help="for times (%(default)s)")
    parser.add_argument("classifiers", nargs="+", metavar="NAME=MODEL.tflite")
    arguments = parser.parse_args(words)
    faces = labelled_faces.draw(arguments)
    named = dict(each.split("=", 1) for each in arguments.classifiers)
    models = {name: EMOTION if path == "-" else Path(path) for name, path in named.items()}
    times_ms = _times_ms(models, arguments.seconds)
    members = [_member(name, path, faces, times_ms[name]) for name, path in models.items()]
    rows = [HEADER]
    rows += [
        (one.name, f"{one.macs / 1e6:.1f} M", f"{one.ms:.3f}", *_percents(one)) for one in members
    ]
    sys.stdout.write("\n".join(markdown(rows)) + "\n")
    if arguments.plot:
        with style():
            svg = inline_svg(plot(members), "family", "Accuracy over cost, a point a network")
        write_beside(arguments.plot, svg)
    return 0


def plot(members: Sequence[Member]) -> Figure:
    """Two panels, accuracy over multiply-accumulates and over time, a point a network."""
    figure = Figure(figsize=(8.4, 3.6), layout="constrained")
    by_macs, by_time = figure.subplots(1, 2, sharey=True)
    _draw(by_macs, members, [one.macs / 1e6 for one in members], "multiply-accumulates, million")
    _draw(by_time, members, [one.ms for one in members], "int8, one thread, ms")
    by_macs.set_ylabel("right on FER2013's labels")
    by_macs.yaxis.set_major_formatter("{x:.0%}")
    return figure


def _draw(axes: Axes, members: Sequence[Member], costs: Sequence[float], label: str) -> None:
    right = [one.label_head for one in members]
    axes.scatter(costs, right, color=BLUE, s=36, zorder=3)
    for one, cost in zip(members, costs, strict=True):
        place = (cost, one.label_head)
        axes.annotate(one.name, place, xytext=(0, 7), textcoords="offset points", ha="center")
    axes.set_xlim(0, 1.15 * max(costs))
    axes.set_ylim(min(right) - 0.01, max(right) + 0.015)
    axes.set_xlabel(label)
    axes.grid(visible=True)


def _times_ms(models: Mapping[str, Path], seconds: float) -> dict[str, float]:
    read = [dataclasses.replace(Model.read(p, "int8"), name=name) for name, p in models.items()]
    with only_runtime(RUNTIMES[0][0]):
        candidates = make_candidates(read, [1])
    measure(candidates, seconds, each_round=lambda: None)
    return {each.model.name: median(chain(*each.rows)) for each in candidates}


def _member(name: str, path: Path, faces: Faces, ms: float) -> Member:
    classifier = EmotionClassifier.load(path)
    right = {
        answer: _right(EmotionClassifier.load(path, answer=answer), faces)
        for answer in {DEFAULT_ANSWER, LABEL_HEAD} & classifier.card.answers.keys()
    }
    default = right[DEFAULT_ANSWER]
    return Member(
        name, int(classifier.card.figures["macs"]), ms, default, right.get(LABEL_HEAD, default)
    )


def _right(classifier: EmotionClassifier, faces: Faces) -> float:
    return fer2013_agreement(classifier.predict(faces.pixels), faces)


def _percents(one: Member) -> tuple[str, str]:
    return f"{one.default:.1%}", f"{one.label_head:.1%}"


if __name__ == "__main__":
    sys.exit(exit_code(main))
