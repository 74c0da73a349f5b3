import dataclasses

import numpy as np
import pytest

from edge_app.perception.answers import Mixture
from edge_app.perception.card import Head
from edge_app.perception.labels import FER2013, FERPLUS
from quantize.answers import fit_temperature, make_answers, unsure_threshold
from quantize.errors import QuantizeError
from tests.softmax import softmax
from tests.trainer.synthetic import synthetic_faces
from trainer.data import DataError
from trainer.evaluation import evaluate

HEADS = (Head("fer2013", FER2013), Head("ferplus", FERPLUS))


def test_each_answer_is_calibrated_on_its_own_labels() -> None:
    faces = synthetic_faces(700)
    # Every voter calls everything contempt, while the labels are what they are.
    votes = np.zeros_like(faces.votes)
    votes[:, 7] = 10
    faces = dataclasses.replace(faces, votes=votes)
    rng = np.random.default_rng(1)
    logits = np.zeros((700, 15), np.float32)
    logits[np.arange(700), faces.labels] = 4
    wrong = rng.random(700) < 0.3
    logits[wrong, :7] = np.roll(logits[wrong, :7], 1, axis=1)
    logits[:, 14] = 2
    answers = make_answers(HEADS, logits, faces, {"fer2013": 0.6, "ferplus": 0.4})
    assert list(answers) == ["default", "fer2013", "ferplus"]
    assert answers["ferplus"].labels == FERPLUS
    assert answers["default"].labels == answers["fer2013"].labels == FER2013
    # The labels are right in 70 %, though the logits say 90 %; the voters always are.
    said = Mixture(HEADS, answers["fer2013"]).probabilities(logits)
    assert said.max(axis=1).mean() == pytest.approx((~wrong).mean(), abs=0.02)
    assert answers["ferplus"].temperature < 1 < answers["fer2013"].temperature
    # What a card says of them is measured by the labels that they were fitted to.
    for name in ("fer2013", "ferplus"):
        probabilities = Mixture(HEADS, answers[name]).probabilities(logits)
        report = evaluate(probabilities, faces, np.zeros(700, bool), answers[name].labels)
        assert report.calibration_error < 0.02, name


@pytest.mark.parametrize("count", [14, 140])
def test_a_network_that_is_always_right_still_answers(count: int) -> None:
    faces = synthetic_faces(count)
    logits = 4.2 * np.eye(7, dtype=np.float32)[faces.labels]
    answer = make_answers(HEADS[:1], logits, faces)["default"]
    said = Mixture(HEADS[:1], answer).probabilities(logits)
    assert (said.max(axis=1) >= answer.unsure_below).all()
    assert answer.unsure_below <= 0.9
    # Few faces say nothing of confidence.
    assert (answer.temperature == 1.0) == (count < 100)


def test_one_head_has_one_answer() -> None:
    faces = synthetic_faces(70)
    logits = np.eye(7, dtype=np.float32)[faces.labels]
    assert list(make_answers(HEADS[:1], logits, faces)) == ["default"]


def test_shares_of_unknown_heads_are_refused() -> None:
    faces = synthetic_faces(70)
    logits = np.zeros((70, 15), np.float32)
    with pytest.raises(QuantizeError, match="name its heads"):
        make_answers(HEADS, logits, faces, {"mien": 1.0})


def test_faces_without_labels_are_refused() -> None:
    with pytest.raises(DataError, match="none of 0 faces"):
        make_answers(HEADS, np.zeros((0, 15), np.float32), synthetic_faces(0))


def test_weights_are_the_default_answers_alone() -> None:
    faces = synthetic_faces(70)
    logits = np.zeros((70, 15), np.float32)
    logits[np.arange(70), faces.labels] = 1
    weights = (1.0, 4.0, 1.0, 1.0, 1.0, 1.0, 1.0)
    answers = make_answers(HEADS, logits, faces, {"fer2013": 1.0}, weights)
    assert answers["default"].weights == weights
    assert answers["fer2013"].weights == answers["ferplus"].weights == ()
    said, plain = (
        Mixture(HEADS, answers[name]).probabilities(logits) for name in ("default", "fer2013")
    )
    assert (said[faces.labels != 1, 1] > plain[faces.labels != 1, 1]).all()


def test_what_was_not_taught_is_in_no_answer() -> None:
    faces = synthetic_faces(280)
    logits = np.zeros((280, 15), np.float32)
    logits[np.arange(280), faces.labels] = 4
    # Surest of all of what nobody taught it.
    logits[:, [1, 14]] = 6
    weights = (1.0, 2.0, 1.0)
    taught = ("angry", "happy", "neutral")
    answers = make_answers(HEADS, logits, faces, {"fer2013": 1.0}, weights, taught=taught)
    assert {name: answer.labels for name, answer in answers.items()} == dict.fromkeys(
        ("default", "fer2013", "ferplus"), taught
    )
    assert answers["default"].weights == weights
    said = Mixture(HEADS, answers["fer2013"]).probabilities(logits)
    there = np.isin(faces.labels, [0, 3, 6])
    assert (said[there].argmax(axis=1) == faces.labels[there] // 3).all()
    assert answers["fer2013"].temperature < 1


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
