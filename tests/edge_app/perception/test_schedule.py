from __future__ import annotations

from edge_app.perception.schedule import DetectionSchedule, ReadingSchedule, TiltSchedule
from edge_app.perception.tilted import SIDES_DEG

MS = 1_000_000


def test_the_whole_frame_is_due_every_second() -> None:
    schedule = DetectionSchedule(whole_s=1.0)
    assert schedule.is_whole_due(0)
    schedule.detected(0)
    for at_ms in (200, 400, 600, 800):
        assert schedule.is_detection_due(at_ms * MS)
        assert not schedule.is_whole_due(at_ms * MS)
        schedule.found_nearby(at_ms * MS)
        assert not schedule.is_detection_due((at_ms + 100) * MS)
    assert schedule.is_whole_due(1000 * MS)


def test_after_a_part_did_not_do_none_is_searched_for_a_second() -> None:
    schedule = DetectionSchedule(whole_s=1.0)
    schedule.detected(0)
    schedule.failed_nearby(200 * MS)
    for at_ms in (200, 400, 600, 800, 1000):
        assert schedule.is_whole_due(at_ms * MS)
        schedule.detected(at_ms * MS)
    assert not schedule.is_whole_due(1200 * MS)


def test_whoever_is_hidden_is_searched_five_times_a_second_at_least() -> None:
    schedule = DetectionSchedule(1.0)
    schedule.detected(0)
    assert not schedule.is_detection_due(200 * MS)
    assert schedule.is_detection_due(200 * MS, is_somebody_hidden=True)
    assert not schedule.is_detection_due(180 * MS, is_somebody_hidden=True)


def test_what_is_forgotten_is_due() -> None:
    schedule = DetectionSchedule()
    schedule.detected(0)
    schedule.failed_nearby(0)
    schedule.forget()
    assert schedule.is_whole_due(1)
    schedule.detected(1)
    assert not schedule.is_whole_due(2)


def test_where_it_is_always_due_no_part_is_ever_searched() -> None:
    schedule = DetectionSchedule(whole_s=0.0)
    schedule.detected(0)
    assert schedule.is_whole_due(1)


def test_each_face_is_read_at_a_rate_of_its_own() -> None:
    readings = ReadingSchedule(10.0)
    read = []
    for frame in range(15):
        at = round(frame / 15 * 1e9)
        for track in (1, 2) if frame >= 3 else (1,):
            if readings.is_due(track, at):
                readings.read(track, at)
                read.append((track, frame))
    assert [frame for track, frame in read if track == 1] == [0, 2, 4, 6, 8, 10, 12, 14]
    assert [frame for track, frame in read if track == 2] == [3, 5, 7, 9, 11, 13]


def test_a_frame_that_comes_just_before_is_read() -> None:
    readings = ReadingSchedule(10.0)
    readings.read(1, 0)
    assert not readings.is_due(1, 94 * MS)
    assert readings.is_due(1, 96 * MS)


def test_whoever_is_not_kept_is_forgotten() -> None:
    readings = ReadingSchedule()
    for track in (1, 2):
        readings.read(track, 0)
    readings.keep([2])
    assert readings.is_due(1, 1)
    assert not readings.is_due(2, 1)


def test_every_other_reading_is_of_the_mirror_image_where_they_are_close() -> None:
    readings = ReadingSchedule()

    def read(track: int, at_ms: int) -> bool:
        mirrored = readings.is_mirrored_next(track, at_ms * MS)
        readings.read(track, at_ms * MS, mirrored=mirrored)
        return mirrored

    # Two faces that are read by turns have their own turns each.
    by_turns = [(read(1, at), read(2, at + 50)) for at in range(0, 600, 100)]
    assert by_turns == [(False, False), (True, True)] * 3
    # Half a second is half of what smoothing remembers: the next one would decide alone.
    assert [read(1, at) for at in range(1000, 4000, 500)] == [False] * 6
    readings.keep([2])
    assert not read(1, 4000)


def test_sides_by_turns_both_where_somebody_may_be_and_a_fruitful_one_each_time() -> None:
    schedule = TiltSchedule(interval_s=2.0)

    def due(at_s: float, *, is_missing: bool = False, has_moved: bool = False) -> tuple[float, ...]:
        return schedule.due(round(at_s * 1e9), is_somebody_missing=is_missing, has_moved=has_moved)

    assert due(0.0, has_moved=True) == SIDES_DEG
    assert due(1.0, has_moved=True) == ()
    assert due(2.0) == (35.0,)
    assert due(2.2, is_missing=True) == SIDES_DEG
    schedule.searched([-35.0])
    assert due(2.4) == (-35.0,)
    assert due(4.2) == (-35.0,), "its turn, too"
    assert due(6.2) == SIDES_DEG, "the other side's turn, and the one where somebody is"
    schedule.searched([])
    assert due(6.4) == ()
    assert due(8.2) == (-35.0,)


def test_a_still_room_is_searched_more_rarely_and_one_that_moves_at_once() -> None:
    schedule = TiltSchedule(interval_s=3.0, still_interval_s=10.0)
    looks = [schedule.due(round(at_s * 1e9), is_still=True) for at_s in (0, 5, 10, 15, 20)]
    assert looks == [(35.0,), (), (-35.0,), (), (35.0,)]
    assert schedule.due(round(23.5e9), has_moved=True) == SIDES_DEG
    assert schedule.due(round(24.5e9), is_somebody_missing=True) == SIDES_DEG
