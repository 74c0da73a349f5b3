import cv2
import numpy as np
import pytest
from skimage import data

from benchmarks.nearness import WAYS, answers, crop_side
from edge_app.perception import Perception
from edge_app.perception.alignment import NEARER
from edge_app.perception.perception import View


def test_each_way_reads_as_the_device_does_so_much_closer() -> None:
    perception = Perception.load()
    portrait = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2BGR)
    (own,) = perception.find(portrait)
    look = perception.upright.look_again(portrait, own)
    read = answers(perception, portrait, own, look, NEARER)
    assert len(read) == len(WAYS)
    for way, face, view in zip(
        read, (own, look, look), (View.PLAIN, View.PLAIN, View.FOUR), strict=True
    ):
        (seen,) = perception.read(portrait, [face], look_again=False, views=[view])
        assert way == pytest.approx(seen.probabilities, abs=1e-6)
    assert not np.array_equal(answers(perception, portrait, own, look, 1.2), read)


def test_how_wide_a_crop_is_goes_with_the_face() -> None:
    perception = Perception.load()
    portrait = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2BGR)
    (face,) = perception.find(portrait)
    twice = type(face)(face.box, face.landmarks * 2, face.score)
    assert crop_side(perception, twice) == pytest.approx(2 * crop_side(perception, face))
    assert 0.15 < crop_side(perception, face) / len(portrait) < 0.35
