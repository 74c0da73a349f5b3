import dataclasses

import numpy as np
import pytest

from tests.trainer.alignments import UPRIGHT
from tests.trainer.synthetic import synthetic_faces
from trainer.conditions import conditions
from trainer.data import Faces
from trainer.generalization import compare_mixtures, mix


def labelled() -> Faces:
    """Seventy faces whose voters all say what the label says, but for neutral, called happy."""
    faces = synthetic_faces(70)
    votes = np.zeros_like(faces.votes)
    # FER+ has neutral, happiness, surprise, sadness, anger, disgust, fear.
    column = np.array([4, 5, 6, 1, 3, 2, 1])[faces.labels]
    votes[np.arange(70), column] = 10
    return dataclasses.replace(faces, votes=votes)


def test_probabilities_are_averaged_over_the_common_classes() -> None:
    by_head = {
        "a": np.array([[0.5, 0.5]], np.float32),
        "b": np.array([[0.6, 0.2, 0.2]], np.float32),
    }
    mixed = mix(by_head, {"a": 0.5, "b": 0.5}, classes=2)
    assert mixed == pytest.approx(np.array([[0.625, 0.375]]))


def test_each_crowd_is_right_in_its_own_eyes() -> None:
    faces = labelled()
    eye7, eye8 = np.eye(7, dtype=np.float32), np.eye(8, dtype=np.float32)
    said = {"labels": eye7[faces.labels], "votes": eye8[faces.emotion_votes().argmax(axis=1)]}
    labels, votes = compare_mixtures(
        lambda _: said, faces, (), [{"labels": 0.9, "votes": 0.1}, {"labels": 0.1, "votes": 0.9}]
    )
    assert labels.clean_fer2013 == 1.0
    assert votes.clean_ferplus == 1.0
    # Neutral faces are happy to the voters: one emotion of seven is never found, and half of the
    # happy ones are called neutral.
    assert votes.clean_fer2013 == pytest.approx(6 / 7)
    assert labels.clean_ferplus == pytest.approx(5.5 / 6)
    assert labels.proxy == pytest.approx((1.0 + 5.5 / 6) / 2)


def test_every_condition_counts_mild_and_hard() -> None:
    shown = []

    def heads(pixels: np.ndarray) -> dict[str, np.ndarray]:
        shown.append(pixels.copy())
        return {"labels": np.full((len(pixels), 7), 1 / 7, np.float32)}

    (found,) = compare_mixtures(heads, labelled(), conditions(UPRIGHT)[:3], [{"labels": 1.0}])
    assert len(shown) == 1 + 2 * 3
    assert not any(np.array_equal(shown[0], other) for other in shown[1:])
    assert found.proxy == pytest.approx(1 / 7, abs=0.02)
