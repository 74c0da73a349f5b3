"""Figures of one split → the pictures of a report."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from trainer.evaluation import Report
from trainer.reliability import Bin, Reliability
from trainer.reports.svg import BLUE, INK, ORANGE
from trainer.robustness import ConditionFigures
from trainer.selective import RiskCoverage

PERCENT = "{x:.0%}"


def confusion_plot(report: Report) -> Figure:
    """Rows are true labels; a cell's colour and number are its share of the row in percent.

    The row of a label that no face has is empty.
    """
    figure, axes = _plot(5.0, 4.4)
    counts = np.array(report.confusion, dtype=np.float64)
    of = counts.sum(axis=1)
    shares = counts / np.maximum(of[:, np.newaxis], 1)
    labels = list(report.recall)
    classes = range(len(labels))
    for row in classes:
        for column in classes:
            share = float(shares[row, column])
            corner = (column - 0.5, row - 0.5)
            axes.add_patch(_square(corner, share))
            number = f"{100 * share:.0f}" if of[row] else ""
            axes.text(column, row, number, ha="center", va="center")
    end = len(labels) - 0.5
    axes.set(xlim=(-0.5, end), ylim=(end, -0.5), xlabel="answer", ylabel="true label", aspect=1)
    axes.set_xticks(classes, labels, rotation=30)
    axes.set_yticks(classes, labels)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return figure


def reliability_plot(figures: Reliability) -> Figure:
    """Accuracy over confidence, a point a bin; its area grows with the bin's faces."""
    figure, axes = _plot(4.6, 4.0)
    axes.plot([0, 1], [0, 1], color=INK, linewidth=1, linestyle=":")
    for bins, colour, marker, label in (
        (figures.bins_before, ORANGE, "s", f"before: error {figures.error_before:.1%}"),
        (figures.bins_after, BLUE, "o", f"after: error {figures.error_after:.1%}"),
    ):
        confidence = [one.confidence for one in bins]
        accuracy = [one.accuracy for one in bins]
        axes.plot(confidence, accuracy, color=colour, linewidth=1.2)
        axes.scatter(confidence, accuracy, s=_areas(bins), color=colour, marker=marker, label=label)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="confidence", ylabel="accuracy")
    _percent(axes)
    axes.legend(loc="upper left")
    return figure


def risk_coverage_plot(figures: RiskCoverage) -> Figure:
    """Error among the answered faces over their share; the card's threshold is marked."""
    figure, axes = _plot(4.6, 4.0)
    axes.plot(
        [point.coverage for point in figures.curve],
        [point.error for point in figures.curve],
        color=BLUE,
    )
    if figures.chosen:
        chosen = figures.chosen
        axes.scatter([chosen.coverage], [chosen.error], s=45, color=ORANGE, zorder=3,
                     label=f"the card's threshold, {chosen.threshold:.2f}")  # fmt: skip
        axes.legend(loc="upper left")
    axes.set(xlim=(0, 1.02), xlabel="coverage: faces with an answer", ylabel="wrong answers")
    axes.set_ylim(bottom=0)
    _percent(axes)
    return figure


def conditions_plot(conditions: Sequence[ConditionFigures]) -> Figure:
    """Accuracy over strength, a small plot a condition on one scale; mild and hard are marked."""
    rows = -(-len(conditions) // 3)
    figure = Figure(figsize=(9.2, 0.5 + 2.0 * rows), layout="constrained")
    panels = figure.subplots(rows, 3, sharex=True, sharey=True, squeeze=False).ravel()
    for axes, condition in zip(panels, conditions, strict=False):
        curve = condition.curve
        axes.plot([p.strength for p in curve], [p.accuracy for p in curve], color=BLUE)
        axes.axhline(curve[0].accuracy, color=INK, linewidth=1, linestyle=":")
        for point, marker in ((condition.mild, "o"), (condition.hard, "s")):
            axes.scatter([point.strength], [point.accuracy], s=30, color=ORANGE, marker=marker,
                         zorder=3, clip_on=False)  # fmt: skip
        axes.set(xlim=(0, 1), ylim=(0, 1), title=condition.title)
        axes.grid(visible=True)
        axes.yaxis.set_major_formatter(PERCENT)
    for axes in panels[len(conditions) :]:
        axes.set_visible(False)
    figure.supxlabel("strength (circle: mild, square: hard)")
    figure.supylabel("accuracy")
    return figure


def _plot(width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.add_subplot()


def _percent(axes: Axes) -> None:
    axes.xaxis.set_major_formatter(PERCENT)
    axes.yaxis.set_major_formatter(PERCENT)
    axes.grid(visible=True)


def _areas(bins: Sequence[Bin]) -> list[float]:
    largest = max(one.faces for one in bins)
    return [6 + 60 * one.faces / largest for one in bins]


def _square(corner: tuple[float, float], share: float) -> Rectangle:
    return Rectangle(corner, 1, 1, facecolor=BLUE, alpha=0.04 + 0.8 * share, edgecolor="none")
