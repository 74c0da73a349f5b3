import numpy as np
import pytest

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


def doubtful(left: float) -> Face:
    return Face(Box(left, 0.0, left + 100.0, 100.0), np.zeros((5, 2), np.float32), 0.45)


def test_a_doubtful_detection_lets_nobody_in_and_keeps_whoever_is_there() -> None:
    tracker = Tracker(min_hits=1, max_gap_s=0.5, max_doubt_s=2.0)
    assert numbers(tracker, [doubtful(0)], 0.0) == [None]
    assert numbers(tracker, [face(0)], 0.2) == [1]
    for at_s in (0.6, 1.0, 1.4):
        assert numbers(tracker, [doubtful(0)], at_s) == [1]


def test_somebody_who_was_sure_once_is_not_let_in_by_doubtful_detections() -> None:
    tracker = Tracker(min_hits=3)
    assert numbers(tracker, [face(0)], 0.0) == [None]
    for n in range(1, 5):
        assert numbers(tracker, [doubtful(0)], 0.1 * n) == [None]
    assert tracker.present == []


def test_doubtful_detections_alone_do_not_keep_anybody_for_ever() -> None:
    tracker = Tracker(min_hits=1, max_gap_s=0.5)
    numbers(tracker, [face(0)], 0.0)
    kept = [numbers(tracker, [doubtful(0)], n * 0.2) for n in range(1, 15)]
    assert kept == [[1]] * 5 + [[None]] * 9, "for a second"
    assert tracker.present == []


def test_a_fast_face_is_met_where_it_is_expected() -> None:
    """It moves by more than its own size from one detection to the next."""
    tracker = Tracker(min_hits=1)
    seen = [
        numbers(tracker, [face(left)], 0.2 * n) for n, left in enumerate((0, 60, 150, 270, 400))
    ]
    assert seen == [[1]] * 5


def test_two_who_pass_each_other_keep_their_numbers() -> None:
    tracker = Tracker(min_hits=1)
    for n in range(20):
        left, right = face(20.0 * n, size=100), face(400.0 - 20.0 * n, top=5, size=90)
        # While they overlap, only the nearer one is found.
        found = [left] if 8 <= n <= 12 else [left, right]
        told = numbers(tracker, found, 0.1 * n)
        assert told == [1, 2][: len(found)], n


def test_who_stands_still_behind_somebody_comes_back_as_themselves() -> None:
    """They were walking when they were hidden, so they are expected further on."""
    tracker = Tracker(min_hits=1)
    for n in range(6):
        numbers(tracker, [face(30.0 * n)], 0.1 * n)
    assert numbers(tracker, [face(170.0)], 1.7) == [1]


def test_whoever_is_followed_between_detections_is_found_where_they_went() -> None:
    tracker = Tracker(min_hits=1)
    (track,) = tracker.update([face(0)], 0)
    assert track is not None
    for n in range(1, 10):
        tracker.follow(track, face(40.0 * n), int(0.1 * n * SECOND))
    assert track.last_seen_ns == int(0.9 * SECOND)
    assert numbers(tracker, [face(400.0)], 1.0) == [1]


def test_a_face_that_flashed_up_once_is_forgotten_soon() -> None:
    tracker = Tracker(min_hits=3, max_gap_s=1.5)
    numbers(tracker, [face(0)], 0.0)
    numbers(tracker, [], 0.6)
    assert tracker.tracks == []


@pytest.mark.parametrize("rate", [2.0, 1.5, 1.0, 0.4])
def test_few_frames_a_second_are_enough(rate: float) -> None:
    tracker = Tracker()
    seen = [numbers(tracker, [face(0)], n / rate) for n in range(5)]
    assert seen == [[None], [None], [1], [1], [1]]


@pytest.mark.parametrize("rate", [2.0, 1.5, 1.0])
def test_at_few_frames_a_second_one_that_shows_nobody_does_not_part_a_visit(rate: float) -> None:
    tracker = Tracker(min_hits=1)
    numbers(tracker, [face(0)], 0.0)
    numbers(tracker, [], 1 / rate)
    assert [track.number for track in tracker.present] == [1]
    assert numbers(tracker, [face(0)], 2 / rate) == [1]


def test_at_few_frames_a_second_too_a_face_that_flashed_up_once_is_forgotten() -> None:
    tracker = Tracker()
    numbers(tracker, [face(0)], 0.0)
    numbers(tracker, [], 1.0)
    assert tracker.tracks == []


def test_nobody_is_met_again_after_frames_that_lie_too_far_apart() -> None:
    tracker = Tracker(min_hits=1)
    numbers(tracker, [face(0)], 0.0)
    assert numbers(tracker, [face(0)], 3.1) == [2]
