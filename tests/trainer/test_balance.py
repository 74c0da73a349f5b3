import numpy as np
import pytest

from edge_app.perception.labels import FER2013
from trainer.balance import label_weights, unbalanced


def test_what_is_rare_counts_more_by_the_balance() -> None:
    training = np.repeat([0, 1, 2], [64, 1, 16])
    assert label_weights(training, FER2013[:3], 0.0) == (1.0, 1.0, 1.0)
    assert label_weights(training, FER2013[:3], 1.0) == pytest.approx(
        (27 / 64, 27, 27 / 16), abs=1e-3
    )
    often, rare, some = label_weights(training, FER2013[:3], 0.5)
    assert rare / often == pytest.approx(8, abs=1e-3)
    assert some / often == pytest.approx(2, abs=1e-3)


def test_a_label_that_no_face_has_is_not_favoured() -> None:
    training = np.repeat([0, 3], [10, 30])
    assert label_weights(training, FER2013[:4], 1.0) == (2.0, 1.0, 1.0, round(2 / 3, 4))
    assert label_weights(training[:0], FER2013[:2], 1.0) == (1.0, 1.0)
    assert unbalanced(training, FER2013[:4]) == [
        "balance: no Training face is labelled disgust, fear; weighed 1, as average"
    ]
    assert unbalanced(training, ("angry", "happy")) == []
