import numpy as np
import pytest

from tests.softmax import softmax
from trainer.reliability import calibration_error, calibration_error_by_chance, reliability

LOGITS = np.random.default_rng(2).normal(0, 3, (500, 7)).astype(np.float32)
LABELS = np.random.default_rng(3).integers(7, size=500)


def test_errors_are_those_before_and_after() -> None:
    figures = reliability(softmax(LOGITS), softmax(LOGITS / np.float32(2.0)), LABELS, 2.0)
    assert figures.temperature == 2.0
    assert figures.error_before == pytest.approx(calibration_error(softmax(LOGITS), LABELS))
    after = calibration_error(softmax(LOGITS / np.float32(2.0)), LABELS)
    assert figures.error_after == pytest.approx(after)
    assert figures.error_after < figures.error_before


def test_the_bins_make_the_error() -> None:
    # Too sure where it is sure, and right where it is not: the gaps are of both signs.
    is_unsure = softmax(LOGITS).max(axis=1) < 0.8
    labels = np.where(is_unsure, LOGITS.argmax(axis=1), LABELS)
    figures = reliability(softmax(LOGITS), softmax(LOGITS / np.float32(1.5)), labels, 1.5)
    for bins, error in (
        (figures.bins_before, figures.error_before),
        (figures.bins_after, figures.error_after),
    ):
        assert sum(one.faces for one in bins) == 500
        gaps = sum(one.faces * abs(one.accuracy - one.confidence) for one in bins)
        assert gaps / 500 == pytest.approx(error, abs=1e-6)


def test_certain_answers_are_in_the_last_bin() -> None:
    sure = np.array([[1.0, 0.0]] * 4, np.float32)
    figures = reliability(sure, sure, np.array([0, 0, 0, 1]), 1.0)
    (only,) = figures.bins_after
    assert (only.faces, only.confidence, only.accuracy) == (4, 1.0, 0.75)


@pytest.mark.parametrize(("faces", "least", "most"), [(200, 0.06, 0.09), (20_000, 0.005, 0.009)])
def test_few_faces_show_an_error_however_right_confidence_is(
    faces: int, least: float, most: float
) -> None:
    """As measured of labels that were drawn by the very probabilities."""
    rng = np.random.default_rng(1)
    top = rng.uniform(0.4, 1.0, faces)
    probabilities = np.stack([top, 1 - top], axis=1).astype(np.float32)
    probabilities[:, 1] *= np.float32(0.5)  # never the likeliest
    said = calibration_error_by_chance(probabilities)
    assert least < said < most
    drawn = [
        calibration_error(probabilities, (rng.random(faces) >= top).astype(np.int64))
        for _ in range(30)
    ]
    assert said == pytest.approx(np.mean(drawn), rel=0.1)
