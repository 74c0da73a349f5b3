from benchmarks.mot_metrics import MotCounts
from edge_app.perception.faces import Box


def box(left: float) -> Box:
    return Box(left, 0, left + 10, 10)


def test_a_faultless_tracker() -> None:
    counts = MotCounts()
    for at in range(10):
        counts.update({1: box(at), 2: box(100 - at)}, {7: box(at + 1), 8: box(100 - at)})
    assert (counts.missed, counts.false_tracks, counts.id_switches) == (0, 0, 0)
    assert counts.fragmentations == 0
    assert counts.mota == 1.0


def test_exchanged_numbers_are_two_switches() -> None:
    counts = MotCounts()
    counts.update({1: box(0), 2: box(100)}, {7: box(0), 8: box(100)})
    counts.update({1: box(0), 2: box(100)}, {8: box(0), 7: box(100)})
    assert counts.id_switches == 2


def test_a_number_is_kept_while_it_overlaps_even_if_another_fits_better() -> None:
    counts = MotCounts()
    counts.update({1: box(0)}, {7: box(0)})
    counts.update({1: box(0)}, {7: box(3), 8: box(0)})
    assert (counts.id_switches, counts.false_tracks) == (0, 1)


def test_a_hole_in_a_track_is_a_fragmentation_and_its_frames_are_missed() -> None:
    counts = MotCounts()
    for tracks in ({7: box(0)}, {}, {}, {7: box(0)}):
        counts.update({1: box(0)}, tracks)
    assert (counts.fragmentations, counts.missed, counts.id_switches) == (1, 2, 0)
    assert counts.mota == 0.5


def test_a_truth_out_of_view_is_not_missed() -> None:
    counts = MotCounts()
    counts.update({1: box(0)}, {7: box(0)})
    counts.update({}, {})
    counts.update({1: box(0)}, {9: box(0)})
    assert (counts.missed, counts.fragmentations, counts.id_switches) == (0, 0, 1)


def test_a_number_that_went_over_stays_with_the_truth_that_it_overlaps_most() -> None:
    counts = MotCounts()
    counts.update({1: box(0)}, {7: box(0)})
    counts.update({2: box(0)}, {7: box(0)})  # 1 has left, and its track stays with 2
    counts.update({1: box(4), 2: box(1)}, {7: box(0)})
    assert (counts.missed, counts.false_tracks) == (1, 0)
    counts.update({1: box(4), 2: box(1)}, {7: box(0), 8: box(4)})
    assert (counts.missed, counts.id_switches) == (1, 1)
