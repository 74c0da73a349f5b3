from __future__ import annotations

import numpy as np
import pytest

from benchmarks.framing import square, turned
from edge_app.perception import Box


def test_a_square_is_cut_about_the_middle_of_a_box() -> None:
    frame = np.zeros((480, 640), np.uint8)
    frame[100:200, 300:380] = 200
    box = Box(300.0, 100.0, 380.0, 200.0)
    crop = square(frame, box, 2.0, 48)
    assert crop.shape == (48, 48)
    lit = np.argwhere(crop > 100)
    # 100 pixels of 200 that the square is wide, and 80 of them.
    assert lit.min(axis=0).tolist() == [12, 14]
    assert lit.max(axis=0).tolist() == [35, 33]
    small = square(np.dstack([frame] * 3), box, 0.2, 48)
    assert (small == 200).all()


@pytest.mark.parametrize("degrees", [-15.0, 15.0])
def test_what_is_turned_lies_where_the_matrix_says(degrees: float) -> None:
    frame = np.zeros((200, 300, 3), np.uint8)
    frame[40:50, 230:240] = 255
    shown, matrix = turned(frame, degrees)
    x, y = matrix @ [235.0, 45.0, 1.0]
    assert np.argwhere(shown[..., 0] > 128).mean(axis=0) == pytest.approx((y, x), abs=1.5)
