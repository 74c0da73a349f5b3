import cv2
import numpy as np
import pytest
from skimage import data

from benchmarks.loose_crops import SHOWN, SIDES, Counts, count, crops
from edge_app.perception import Box, Perception


def test_a_face_stands_where_the_crop_says() -> None:
    photo = np.zeros((600, 600, 3), np.uint8)
    photo[280:320, 280:320] = 255
    cut = [*crops(photo, Box(280, 280, 320, 320), np.random.default_rng(0))]
    assert [times for times, _, _ in cut] == [*SIDES]
    for times, crop, middle in cut:
        assert crop.shape == (SHOWN, SHOWN)
        rows, columns = np.nonzero(crop > 127)
        assert np.ptp(rows) + 1 == pytest.approx(min(SHOWN / times, SHOWN), abs=12)
        if times >= 1.3:
            assert columns.mean() + 0.5 == pytest.approx(middle.real, abs=1.5)
            assert rows.mean() + 0.5 == pytest.approx(middle.imag, abs=1.5)


def test_squares_that_the_photo_does_not_hold_are_left_out() -> None:
    photo = np.zeros((100, 100), np.uint8)
    assert not [*crops(photo, Box(0, 0, 90, 90), np.random.default_rng(0))][1:]


def test_a_wide_crop_is_read_as_its_photo() -> None:
    perception = Perception.load()
    portrait = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2BGR)
    (seen,) = perception.see(portrait)
    counts = Counts()
    for times, crop, middle in crops(portrait, seen.face.box, np.random.default_rng(0)):
        if times > 1.4:
            count(perception, crop, middle, seen.emotion, counts)
    assert counts.crops > 0
    assert counts.surest == counts.read_crop == counts.crops
    assert counts.other_surest == counts.other_read_crop == 0
    assert counts.shares()[3] == "100%"
