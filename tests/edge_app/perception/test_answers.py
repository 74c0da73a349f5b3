import msgspec
import numpy as np
import pytest

from edge_app.perception.answers import Mixture
from edge_app.perception.card import Answer, Head
from tests.softmax import softmax

HEADS = (Head("a", ("happy", "sad")), Head("b", ("sad", "happy", "contempt")))
BOTH = Answer(("happy", "sad"), {"a": 0.25, "b": 0.75}, temperature=1.0, unsure_below=0.0)
LOGITS = np.array([[2.0, 0.0, 1.0, 3.0, 5.0], [0.0, 1.0, 0.0, 0.0, 0.0]], np.float32)


def test_shares_weigh_the_heads_by_label_not_by_place() -> None:
    said = Mixture(HEADS, BOTH).probabilities(LOGITS)
    a = softmax(LOGITS[:, :2])
    b = softmax(LOGITS[:, [3, 2]])  # contempt left out, happy first
    assert np.allclose(said, 0.25 * a + 0.75 * b, atol=1e-6)
    assert said.dtype == np.float32
    assert np.allclose(said.sum(axis=1), 1.0)


def test_one_head_alone_is_its_softmax_at_the_temperature() -> None:
    alone = Answer(HEADS[1].labels, {"b": 1.0}, temperature=2.0, unsure_below=0.0)
    said = Mixture(HEADS, alone).probabilities(LOGITS)
    assert np.allclose(said, softmax(LOGITS[:, 2:] / 2), atol=1e-6)


def test_a_label_counts_by_its_weight() -> None:
    plain = Mixture(HEADS, BOTH).probabilities(LOGITS)
    weighed = msgspec.structs.replace(BOTH, weights=(1.0, 3.0))
    said = Mixture(HEADS, weighed).probabilities(LOGITS)
    assert np.allclose(said.sum(axis=1), 1.0)
    assert np.allclose(said[:, 1] / said[:, 0], 3 * plain[:, 1] / plain[:, 0], rtol=1e-4)


def test_a_label_that_one_head_lacks_comes_from_the_other() -> None:
    answer = msgspec.structs.replace(BOTH, labels=("happy", "sad", "contempt"))
    said = Mixture(HEADS, answer).probabilities(LOGITS)
    assert said[0, 2] == pytest.approx(0.75 * softmax(LOGITS[:, 2:])[0, 2])
    assert np.allclose(said.sum(axis=1), 1.0)


@pytest.mark.parametrize(
    "change",
    [
        {"shares": {"a": 0.5, "c": 0.5}},
        {"shares": {"a": 0.5, "b": 0.2}},
        {"labels": ("happy", "angry")},
        {"labels": ("happy", "contempt"), "shares": {"a": 1.0}},
        {"labels": ("contempt",)},
        {"weights": (1.0,)},
    ],
)
def test_answers_that_the_heads_cannot_give_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="do not make an answer"):
        Mixture(HEADS, msgspec.structs.replace(BOTH, **change))
