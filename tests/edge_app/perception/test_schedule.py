from __future__ import annotations

from edge_app.perception.schedule import DetectionSchedule

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
