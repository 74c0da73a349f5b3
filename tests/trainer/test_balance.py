import numpy as np
import pytest

from edge_app.perception.labels import FER2013
from trainer.balance import label_weights


def test_what_is_rare_counts_more_by_the_balance() -> None:
    training = np.repeat([0, 1, 2], [64, 1, 16])
    assert label_weights(training, FER2013[:3], 0.0) == (1.0, 1.0, 1.0)
    assert label_weights(training, FER2013[:3], 1.0) == pytest.approx(
        (27 / 64, 27, 27 / 16), abs=1e-3
    )
    often, rare, some = label_weights(training, FER2013[:3], 0.5)
    assert rare / often == pytest.approx(8, abs=1e-3)
    assert some / often == pytest.approx(2, abs=1e-3)


def test_a_label_that_no_face_has_counts_like_a_single_one() -> None:
    training = np.repeat([0, 1], [5, 1])
    _, single, none = label_weights(training, FER2013[:3], 1.0)
    assert single == none
