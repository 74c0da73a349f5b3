import numpy as np
import pytest

from edge_app.perception.answers import softmax
from tests.trainer.synthetic import synthetic_faces
from trainer.evaluation import calibration_error, evaluate, fit_temperature, unsure_threshold


def test_figures_of_a_known_answer_sheet() -> None:
    faces = synthetic_faces(14)
    answers = faces.labels.copy()
    answers[0] = 6  # one angry face is called neutral
    probabilities = np.eye(7, dtype=np.float32)[answers]
    twins = np.zeros(14, bool)
    twins[1] = True
    report = evaluate(probabilities, faces, twins)
    assert report.accuracy == pytest.approx(13 / 14)
    assert report.without_twins == pytest.approx(12 / 13)
    assert report.recall["angry"] == pytest.approx(0.5)
    assert report.precision["neutral"] == pytest.approx(2 / 3)
    assert report.balanced_accuracy == pytest.approx(6.5 / 7)
    assert report.confusion[0] == [1, 0, 0, 0, 0, 0, 1]
    assert report.calibration_error == pytest.approx(1 / 14)


def test_calibration_error_is_the_gap_between_confidence_and_truth() -> None:
    probabilities = np.tile(np.array([[0.8, 0.2]], np.float32), (100, 1))
    labels = np.array([0] * 60 + [1] * 40, np.int64)
    assert calibration_error(probabilities, labels) == pytest.approx(0.2, abs=1e-6)


def test_the_temperature_of_overconfident_logits_is_found() -> None:
    rng = np.random.default_rng(7)
    logits = rng.normal(size=(20_000, 5)).astype(np.float32) * 2
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = np.array([rng.choice(5, p=row / row.sum()) for row in probabilities.astype(float)])
    assert fit_temperature(
        lambda t: softmax(logits * np.float32(2.5 / t)), labels
    ) == pytest.approx(2.5, rel=0.05)


def test_the_threshold_leaves_the_asked_share_answered() -> None:
    confidence = np.linspace(0.5, 1.0, 1001, dtype=np.float32)
    probabilities = np.stack([confidence, 1 - confidence], axis=1)
    threshold = unsure_threshold(probabilities, answered=0.9)
    assert (confidence >= threshold).mean() == pytest.approx(0.9, abs=0.002)


def test_ferplus_counts_majorities_only() -> None:
    faces = synthetic_faces(3)  # angry, disgust, fear
    faces.votes[0, 4] = 8  # a majority for angry
    faces.votes[1, :2] = 5  # none
    faces.votes[2, 7] = 9  # a majority for contempt, which seven classes cannot answer
    report = evaluate(np.eye(7, dtype=np.float32)[faces.labels], faces, np.zeros(3, bool))
    assert report.ferplus_majority == pytest.approx(0.5)
