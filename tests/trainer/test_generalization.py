import dataclasses

import numpy as np
import pytest

from edge_app.perception.card import Answer, Head
from edge_app.perception.labels import FER2013, FERPLUS
from tests.trainer.alignments import UPRIGHT
from tests.trainer.synthetic import synthetic_faces
from trainer.conditions import conditions
from trainer.data import DataError, Faces
from trainer.generalization import Compared, OfPictures, best, compare_answers

HEADS = (Head("labels", FER2013), Head("votes", FERPLUS))


def answer(share: float) -> Answer:
    return Answer(FER2013, {"labels": share, "votes": 1.0 - share}, 1.0, 0.0)


def labelled() -> Faces:
    """Seventy faces whose voters all say what the label says, but for neutral, called happy."""
    faces = synthetic_faces(70)
    votes = np.zeros_like(faces.votes)
    # FER+ has neutral, happiness, surprise, sadness, anger, disgust, fear.
    column = np.array([4, 5, 6, 1, 3, 2, 1])[faces.labels]
    votes[np.arange(70), column] = 10
    return dataclasses.replace(faces, votes=votes)


def test_each_crowd_is_right_in_its_own_eyes() -> None:
    faces = labelled()
    eye7, eye8 = np.eye(7, dtype=np.float32), np.eye(8, dtype=np.float32)
    voted = eye8[faces.emotion_votes().argmax(axis=1)]
    said = np.concatenate([eye7[faces.labels], voted], axis=1) * np.float32(9)
    labels, votes = compare_answers(lambda _: said, HEADS, faces, (), [answer(0.9), answer(0.1)])
    assert labels.clean.recall_fer2013 == labels.clean.accuracy_fer2013 == 1.0
    assert votes.clean.recall_ferplus == votes.clean.accuracy_ferplus == 1.0
    # Neutral faces are happy to the voters: one emotion of seven is never found, and half of the
    # happy ones are called neutral.
    assert votes.clean.recall_fer2013 == pytest.approx(6 / 7)
    assert votes.clean.accuracy_fer2013 == pytest.approx(6 / 7)
    assert labels.clean.recall_ferplus == pytest.approx(5.5 / 6)
    assert labels.proxy == pytest.approx((1.0 + 5.5 / 6) / 2)


def test_every_condition_counts_mild_and_hard() -> None:
    shown = []

    def logits(pixels: np.ndarray) -> np.ndarray:
        shown.append(pixels.copy())
        return np.zeros((len(pixels), 15), np.float32)

    (found,) = compare_answers(logits, HEADS, labelled(), conditions(UPRIGHT)[:3], [answer(1.0)])
    assert len(shown) == 1 + 2 * 3
    assert not any(np.array_equal(shown[0], other) for other in shown[1:])
    assert found.proxy == pytest.approx(1 / 7, abs=0.02)


def test_a_better_proxy_does_not_pay_for_wrong_answers() -> None:
    def compared(proxy: float, labels: float, majorities: float) -> Compared:
        clean = OfPictures(0.6, 0.7, labels, majorities)
        return Compared(answer=answer(1.0), clean=clean, harder=proxy, proxy=proxy)

    plain = compared(0.60, 0.700, 0.800)
    kept = compared(0.62, 0.696, 0.801)
    for loser in (compared(0.65, 0.690, 0.800), compared(0.65, 0.700, 0.790)):
        assert best([plain, kept, loser], plain) is kept
    assert best([plain, compared(0.59, 0.700, 0.800)], plain) is plain


def test_answers_are_not_compared_without_votes_or_labels() -> None:
    logits = np.zeros((70, 15), np.float32)
    split_votes = synthetic_faces(70)
    split_votes.votes[:, :2] = 5
    for faces in (synthetic_faces(70), split_votes):
        with pytest.raises(DataError, match=r"for none of 70 faces.* leave --shares"):
            compare_answers(lambda _: logits, HEADS, faces, (), [answer(0.5)])
    contempt = labelled()
    contempt.labels[:] = 7
    with pytest.raises(DataError, match="none of 70 faces is labelled angry"):
        compare_answers(lambda _: logits, HEADS, contempt, (), [answer(0.5)])
