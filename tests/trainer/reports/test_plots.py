import numpy as np
import pytest

from tests.trainer.reports.examples import condition, figures
from trainer.reports.plots import (
    conditions_plot,
    confusion_plot,
    reliability_plot,
    risk_coverage_plot,
)


def test_the_confusion_matrix_shows_the_share_of_each_row() -> None:
    report = figures().report
    (axes,) = confusion_plot(report).axes
    shown = {text.get_position(): text.get_text() for text in axes.texts}
    assert len(shown) == 49
    for row, counts in enumerate(report.confusion):
        for column, count in enumerate(counts):
            assert shown[(column, row)] == f"{100 * count / 20:.0f}"
    deepest = max(axes.patches, key=lambda patch: patch.get_alpha())
    column, row = np.array(deepest.get_xy()) + 0.5
    assert report.confusion[int(row)][int(column)] == np.max(report.confusion)


def test_the_row_of_a_label_without_faces_is_empty() -> None:
    (axes,) = confusion_plot(figures(without=1).report).axes
    empty = {text.get_position()[1] for text in axes.texts if not text.get_text()}
    assert empty == {1}


def test_the_reliability_diagram_shows_both_calibrations() -> None:
    made = figures().reliability
    (axes,) = reliability_plot(made).axes
    _, before, after = axes.lines
    for line, bins in ((before, made.bins_before), (after, made.bins_after)):
        assert list(line.get_xdata()) == [one.confidence for one in bins]
        assert list(line.get_ydata()) == [one.accuracy for one in bins]
    told = [text.get_text() for text in axes.get_legend().get_texts()]
    assert f"{made.error_before:.1%}" in told[0]
    assert f"{made.error_after:.1%}" in told[1]


def test_the_curve_marks_the_cards_threshold() -> None:
    made = figures().risk_coverage
    assert made.chosen is not None
    (axes,) = risk_coverage_plot(made).axes
    assert list(axes.lines[0].get_ydata()) == [point.error for point in made.curve]
    marked = axes.collections[0].get_offsets()
    assert np.asarray(marked).tolist() == [[made.chosen.coverage, made.chosen.error]]


@pytest.mark.parametrize(("n", "places"), [(1, 3), (3, 3), (4, 6)])
def test_each_condition_has_its_own_plot(n: int, places: int) -> None:
    figure = conditions_plot([condition(f"Fog {i}") for i in range(n)])
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert (len(shown), len(figure.axes)) == (n, places)
    assert [axes.get_title() for axes in shown] == [f"Fog {i}" for i in range(n)]
    assert list(shown[0].lines[0].get_ydata()) == [0.8, 0.765, 0.6]
    marked = [np.asarray(dots.get_offsets()).tolist() for dots in shown[0].collections]
    assert marked == [[[0.5, 0.765]], [[1.0, 0.6]]]
