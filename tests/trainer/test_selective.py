import numpy as np
import pytest

from trainer.selective import Operating, risk_coverage

CONFIDENCE = np.array([0.7, 0.9, 0.6, 0.8], np.float32)
PROBABILITIES = np.stack([CONFIDENCE, 1 - CONFIDENCE], axis=1)
LABELS = np.array([1, 0, 1, 0])  # the two surest answers are right


def test_the_area_is_the_mean_error_with_the_surest_first() -> None:
    figures = risk_coverage(PROBABILITIES, LABELS, 0.0)
    assert figures.area == pytest.approx((0 + 0 + 1 / 3 + 1 / 2) / 4)


def test_the_threshold_of_the_card_is_where_it_is() -> None:
    assert risk_coverage(PROBABILITIES, LABELS, 0.65).chosen == Operating(
        0.65, coverage=0.75, error=pytest.approx(1 / 3)
    )
    assert risk_coverage(PROBABILITIES, LABELS, 0.0).chosen == Operating(0.0, 1.0, 0.5)


def test_a_threshold_that_no_face_reaches_has_no_error() -> None:
    figures = risk_coverage(PROBABILITIES, LABELS, 0.95)
    assert figures.chosen is None
    assert figures.curve[-1].threshold == 0.9
    assert figures.curve[-1].error == 0.0


def test_the_curve_falls_from_all_faces() -> None:
    curve = risk_coverage(PROBABILITIES, LABELS, 0.5).curve
    assert (curve[0].threshold, curve[0].coverage, curve[0].error) == (0.0, 1.0, 0.5)
    coverages = [point.coverage for point in curve]
    assert coverages == sorted(coverages, reverse=True)
    assert set(coverages) == {1.0, 0.75, 0.5, 0.25}
