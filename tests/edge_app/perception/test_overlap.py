import numpy as np

from edge_app.perception.overlap import intersection_over_union


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
