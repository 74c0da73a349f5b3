import numpy as np

from trainer.data import Faces
from trainer.heads import LabelHead, MixedHead, VoteHead


def faces(votes: list[list[int]], labels: list[int]) -> Faces:
    n = len(labels)
    return Faces(
        np.zeros((n, 48, 48), np.uint8), np.array(labels, np.int64),
        np.array(votes, np.float32), np.zeros(n, np.int64),
    )  # fmt: skip


# FER+'s columns: neutral, happy, surprise, sad, angry, disgust, fear, contempt, unknown, no face.
def test_votes_are_put_into_the_labels_order_and_mixed() -> None:
    targets, weights = MixedHead(0.5).targets(faces([[5, 0, 0, 0, 5, 0, 0, 0, 0, 0]], [3]))
    assert (weights == 1).all()
    assert targets.round(6).tolist() == [[0.25, 0, 0, 0.5, 0, 0, 0.25]]


def test_votes_for_no_emotion_do_not_count() -> None:
    targets, weights = MixedHead(0.0).targets(faces([[0, 2, 0, 0, 0, 0, 0, 3, 4, 1]], [0]))
    assert (weights == 1).all()
    assert targets.tolist() == [[0, 0, 0, 1, 0, 0, 0]]


def test_a_face_without_votes_keeps_its_label() -> None:
    targets, weights = MixedHead(0.2).targets(faces([[0] * 10], [4]))
    assert (weights == 1).all()
    assert targets.round(6).tolist() == [[0, 0, 0, 0, 1, 0, 0]]


def test_every_row_is_a_distribution() -> None:
    votes = np.random.default_rng(3).integers(0, 11, (500, 10)).tolist()
    targets, weights = MixedHead(0.6).targets(faces(votes, [i % 7 for i in range(500)]))
    assert (weights == 1).all()
    assert np.allclose(targets.sum(axis=1), 1.0, atol=1e-6)
    assert (targets >= 0).all()


def test_smoothed_labels() -> None:
    targets, weights = LabelHead(smoothing=0.7).targets(faces([[0] * 10], [2]))
    assert np.allclose(targets, [[0.1, 0.1, 0.4, 0.1, 0.1, 0.1, 0.1]])
    assert weights.tolist() == [1.0]


def test_votes_alone_know_contempt_and_skip_who_has_none() -> None:
    shown = faces([[0, 1, 0, 0, 0, 0, 0, 3, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0, 5, 5]], [3, 3])
    targets, weights = VoteHead().targets(shown)
    assert targets[0].tolist() == [0, 0, 0, 0.25, 0, 0, 0, 0.75]
    assert weights.tolist() == [1.0, 0.0]


def test_faces_that_nobody_voted_on_teach_their_label_contempt_too() -> None:
    shown = faces([[0] * 10, [0] * 10, [10] + [0] * 9], [7, 3, 4])
    targets, weights = VoteHead().targets(shown)
    assert targets.argmax(axis=1).tolist() == [7, 3, 6]
    assert np.allclose(targets.sum(axis=1), 1.0)
    assert weights.tolist() == [1.0, 1.0, 1.0]
    assert not shown.votes[:2].any(), "the faces' own votes stay as they are"


def test_contempt_does_not_count_for_seven_classes() -> None:
    for head in (LabelHead(), MixedHead(0.5)):
        targets, weights = head.targets(faces([[0] * 10, [0] * 10], [7, 3]))
        assert weights.tolist() == [0.0, 1.0]
        assert np.allclose(targets.sum(axis=1), 1.0)
