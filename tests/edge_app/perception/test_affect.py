import numpy as np
import pytest

from edge_app.perception.affect import COORDINATES, affect
from edge_app.perception.labels import FER2013, FERPLUS


def certain(labels: tuple[str, ...], label: str) -> np.ndarray:
    return np.array([name == label for name in labels], np.float32)


@pytest.mark.parametrize("label", FER2013)
def test_a_certain_emotion_lies_at_its_coordinates(label: str) -> None:
    assert affect(FERPLUS, certain(FERPLUS, label)) == pytest.approx(COORDINATES[label])


def test_emotions_mix_by_probability() -> None:
    mixed = affect(("happy", "sad"), np.array([0.25, 0.75], np.float32))
    assert mixed == pytest.approx((0.25 * 0.81 - 0.75 * 0.63, 0.25 * 0.51 - 0.75 * 0.27))


def test_no_face_leaves_the_scales() -> None:
    for places in zip(*COORDINATES.values(), strict=True):
        assert -1.0 <= min(places) < 0.0 < max(places) <= 1.0


def test_labels_and_probabilities_must_fit() -> None:
    with pytest.raises(ValueError, match="zip"):
        affect(("happy", "sad"), (1.0,))


def test_of_a_label_of_ones_own_neither_is_known() -> None:
    assert affect(("happy", "bored"), (1.0, 0.0)) is None


def test_contempt_is_the_scales_middle() -> None:
    assert affect(FERPLUS, certain(FERPLUS, "contempt")) == (0.0, 0.0)
