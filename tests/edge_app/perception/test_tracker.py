import numpy as np

from edge_app.perception.faces import Box, Face
from edge_app.perception.tracker import Tracker

SECOND = 1_000_000_000


def face(left: float, top: float = 0.0, size: float = 100.0) -> Face:
    return Face(Box(left, top, left + size, top + size), np.zeros((5, 2), np.float32), 0.9)


def numbers(tracker: Tracker, faces: list[Face], at_s: float) -> list[int | None]:
    tracks = tracker.update(faces, int(at_s * SECOND))
    return [None if track is None else track.number for track in tracks]


def test_a_face_counts_from_its_third_detection() -> None:
    tracker = Tracker(min_hits=3)
    assert numbers(tracker, [face(0)], 0.0) == [None]
    assert numbers(tracker, [face(5)], 0.1) == [None]
    assert numbers(tracker, [face(10)], 0.2) == [1]


def test_two_faces_keep_their_numbers_whatever_their_order() -> None:
    tracker = Tracker(min_hits=1)
    assert numbers(tracker, [face(0), face(300)], 0.0) == [1, 2]
    assert numbers(tracker, [face(310), face(10)], 0.1) == [2, 1]


def test_the_nearer_face_keeps_the_number() -> None:
    tracker = Tracker(min_hits=1)
    numbers(tracker, [face(0)], 0.0)
    assert numbers(tracker, [face(50), face(10)], 0.1) == [2, 1]


def test_a_face_that_was_hidden_shortly_comes_back_as_itself() -> None:
    tracker = Tracker(min_hits=1, max_gap_s=1.0)
    numbers(tracker, [face(0)], 0.0)
    numbers(tracker, [], 0.5)
    assert [track.number for track in tracker.present] == [1]
    assert numbers(tracker, [face(0)], 1.0) == [1]


def test_a_face_that_was_away_for_longer_is_a_new_one() -> None:
    tracker = Tracker(min_hits=1, max_gap_s=1.0)
    numbers(tracker, [face(0)], 0.0)
    numbers(tracker, [], 1.1)
    assert tracker.present == []
    assert numbers(tracker, [face(0)], 1.2) == [2]
