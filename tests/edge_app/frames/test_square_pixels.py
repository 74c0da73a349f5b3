from __future__ import annotations

from typing import cast

import cv2
import numpy as np
import pytest

from edge_app.frames.square_pixels import SquarePixels


class Native:
    """A video that says of its pixels no more than their width by their height, in halves."""

    def __init__(self, twice: float) -> None:
        self._said = {cv2.CAP_PROP_SAR_NUM: twice, cv2.CAP_PROP_SAR_DEN: 2.0}

    def get(self, what: int) -> float:
        return self._said.get(what, 0.0)


def shape(twice: float, height: int, width: int) -> tuple[int, ...]:
    native = cast("cv2.VideoCapture", Native(twice))
    return SquarePixels(native).of(np.zeros((height, width), np.uint8)).shape


@pytest.mark.parametrize(
    ("twice", "made"), [(4, (60, 160)), (1, (120, 80)), (0, (60, 80)), (float("inf"), (60, 80))]
)
def test_the_shorter_side_of_a_pixel_is_made_as_long(twice: float, made: tuple[int, int]) -> None:
    assert shape(twice, 60, 80) == made


def test_what_would_take_more_memory_than_the_largest_picture_stays_as_it_is() -> None:
    assert shape(4, 4320, 8192) == (4320, 8192)
    assert shape(4, 4320, 4096) == (4320, 8192)
