"""Figures of one split → its part of the HTML report: plots, and the numbers behind them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from matplotlib.figure import Figure

from trainer.report import counted, percent
from trainer.reports.figures import SplitFigures
from trainer.reports.plots import (
    conditions_plot,
    confusion_plot,
    reliability_plot,
    risk_coverage_plot,
)
from trainer.reports.svg import inline_svg, style
from trainer.robustness import ConditionFigures, Strength
from trainer.selective import RiskCoverage

#: Rows of the risk-coverage table: every so many points of its curve.
CURVE_STRIDE = 10


def split_section(name: str, title: str, figures: SplitFigures) -> str:
    """HTML of one split; `name` starts the ids of its pictures."""
    return "\n".join(_parts(name, escape(title), figures)) + "\n"


def _parts(name: str, title: str, figures: SplitFigures) -> Iterator[str]:
    report, calibration = figures.report, figures.reliability
    yield f"<h2>{title}</h2>"
    yield _table(
        ("Figure", "Value"),
        [
            ("Faces", str(report.faces)),
            ("Accuracy", f"{report.accuracy:.1%}"),
            ("Accuracy without twins of training pictures", percent(report.without_twins)),
            ("Balanced accuracy", f"{report.balanced_accuracy:.1%}"),
            ("Left out, the answer having no such label", counted(report.left_out) or "-"),
            (
                f"Agreement with FER+'s majority, {report.ferplus_majority_faces} faces",
                percent(report.ferplus_majority),
            ),
            (
                f"… as FER+'s authors count, {report.ferplus_authors_faces} faces",
                percent(report.ferplus_authors),
            ),
            ("Calibration error at temperature 1", f"{calibration.error_before:.1%}"),
            (
                f"Calibration error at temperature {calibration.temperature:.2f}",
                f"{calibration.error_after:.1%}",
            ),
            (
                "… by chance alone, if each confidence were right",
                f"{report.calibration_error_by_chance:.1%}",
            ),
            ("Area under the risk-coverage curve", f"{figures.risk_coverage.area:.3f}"),
        ],
    )
    yield "<h3>Classes</h3>"
    yield _table(
        ("Class", "Faces", "Recall", "Precision"),
        [
            (
                label,
                str(sum(row)),
                percent(report.recall[label]),
                percent(report.precision[label]),
            )
            for label, row in zip(report.recall, report.confusion, strict=True)
        ],
    )
    yield "<h3>Confusion</h3><p>Percent of each true label in the plot, faces in the table.</p>"
    with style():
        confusion = confusion_plot(report)
        reliability = reliability_plot(calibration)
        risk_coverage = risk_coverage_plot(figures.risk_coverage)
        yield _plots(_picture(confusion, f"{name}-confusion", f"Confusion matrix, {title}"))
        yield _table(
            ("True label", *report.recall),
            [
                (label, *map(str, row))
                for label, row in zip(report.recall, report.confusion, strict=True)
            ],
        )
        yield "<h3>Confidence</h3><p>Left: is an answer right as often as it says? Right: how many"
        yield "answers are wrong when faces below a threshold count as unsure?</p>"
        yield _plots(
            _picture(reliability, f"{name}-reliability", f"Reliability diagram, {title}"),
            _picture(risk_coverage, f"{name}-risk-coverage", f"Risk-coverage curve, {title}"),
        )
        yield _thresholds(figures.risk_coverage)
        if figures.conditions:
            yield "<h3>Conditions</h3>"
            drawn = conditions_plot(figures.conditions)
            yield _plots(_picture(drawn, f"{name}-conditions", f"Accuracy by condition, {title}"))
            yield _conditions(figures.conditions)


def _thresholds(figures: RiskCoverage) -> str:
    points = list(figures.curve[::CURVE_STRIDE])
    if figures.chosen:
        points = sorted([*points, figures.chosen], key=lambda point: point.threshold)
    return _table(
        ("Unsure below", "Coverage", "Wrong answers"),
        [
            (
                f"{point.threshold:.2f}" + (" (the card's)" if point == figures.chosen else ""),
                f"{point.coverage:.1%}",
                f"{point.error:.1%}",
            )
            for point in points
        ],
    )


def _conditions(conditions: Sequence[ConditionFigures]) -> str:
    def cells(point: Strength) -> tuple[str, str, str]:
        return escape(point.in_words), f"{point.accuracy:.1%}", f"{point.points_lost:.1f}"

    return _table(
        ("Condition", "Mild", "Accuracy", "Points lost", "Hard", "Accuracy", "Points lost"),
        [(escape(one.title), *cells(one.mild), *cells(one.hard)) for one in conditions],
    )


def _picture(figure: Figure, name: str, description: str) -> str:
    return f"<figure>{inline_svg(figure, name, description)}</figure>"


def _plots(*pictures: str) -> str:
    return f'<div class="plots">{"".join(pictures)}</div>'


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Cells are HTML already."""
    top = "".join(f"<th>{cell}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{c}</td>" for c in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table><tr>{top}</tr>{body}</table></div>'
