import numpy as np
import pytest

from edge_app.perception import Box, Face
from edge_app.perception.overlap import (
    buffered_overlap,
    intersection_over_union,
    iou,
    outermost,
    shared_area,
    unseen,
)


def face(left: float, top: float = 0.0, size: float = 10.0) -> Face:
    box = Box(left, top, left + size, top + size)
    return Face(box, np.zeros((5, 2), np.float32), 0.9)


def test_known_overlaps() -> None:
    some = [(0, 0, 2, 1), (0, 0, 1, 1)]
    others = [(1, 0, 3, 1), (0, 0, 1, 1), (5, 5, 6, 6)]
    expected = [[1 / 3, 0.5, 0.0], [0.0, 1.0, 0.0]]
    assert np.allclose(intersection_over_union(some, others), expected)


def test_boxes_without_an_area_share_nothing() -> None:
    flat = [(5, 5, 5, 5)]
    assert intersection_over_union(flat, flat).tolist() == [[0.0]]


def test_no_boxes_are_no_overlaps() -> None:
    assert intersection_over_union([], [(0, 0, 1, 1)]).shape == (0, 1)
    assert intersection_over_union([(0, 0, 1, 1)], []).shape == (1, 0)


@pytest.mark.parametrize("buffer", [0.0, 0.4])
def test_two_boxes_overlap_as_a_table_of_them_says(buffer: float) -> None:
    rng = np.random.default_rng(0)
    corners, sides = rng.uniform(0, 60, (400, 2)), rng.uniform(1, 40, (400, 2))
    boxes = [Box(*corner, *(corner + side)) for corner, side in zip(corners, sides, strict=True)]
    some, others = boxes[:200], boxes[200:]
    # Every way to lie: apart on one axis, on both, across each other, one in the other.
    apart = [
        (one.right < two.left or two.right < one.left, one.bottom < two.top or two.bottom < one.top)
        for one, two in zip(some, others, strict=True)
    ]
    assert {(False, False), (True, False), (False, True), (True, True)} <= set(apart)
    grown = np.concatenate([corners - buffer * sides, corners + (1 + buffer) * sides], axis=1)
    table = intersection_over_union(grown[:200], grown[200:])
    for row, (one, two) in enumerate(zip(some, others, strict=True)):
        assert buffered_overlap(one, two, buffer) == pytest.approx(table[row, row], abs=1e-12)
        if not buffer:
            assert iou(tuple(one), tuple(two)) == pytest.approx(table[row, row], abs=1e-12)


def test_single_boxes_without_an_area_share_nothing() -> None:
    assert iou((5, 5, 5, 5), (5, 5, 5, 5)) == 0.0
    assert shared_area((0, 0, 1, 1), (3, 3, 4, 4)) == 0.0


def test_unseen_are_those_that_overlap_nobody() -> None:
    here, near, far = face(0), face(3), face(8)
    assert unseen([here, near, far], [here]) == [far]
    assert unseen([here], []) == [here]


def test_an_eye_is_no_face_and_a_child_before_its_mother_is_one() -> None:
    mother, eye, child = face(0, size=100), face(20, 20, 30), face(40, 75, 60)
    assert outermost([mother, eye, child]) == [mother, child]
    # As a detector draws it: an eye's box reaches out of the face's.
    assert outermost([mother, face(-9, 20, 30)]) == [mother]
    assert len(outermost([mother, face(-15, 20, 30)])) == 2
    # Who is surer is who is there: what holds a surer face is kept.
    assert outermost([eye, mother]) == [eye, mother]
