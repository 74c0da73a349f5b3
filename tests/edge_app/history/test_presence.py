from __future__ import annotations

from edge_app.history.presence import presences
from edge_app.history.reading import Span
from edge_app.history.rows import AvailabilityRow


def change(time_ms: int, *, is_online: bool) -> AvailabilityRow:
    return AvailabilityRow("kitchen", time_ms, is_online)


def test_known_only_while_somebody_recorded() -> None:
    changes = [
        change(110, is_online=True),
        change(150, is_online=False),
        change(305, is_online=True),
    ]
    recordings = [Span(300, 350), Span(100, 200)]
    assert presences(changes, recordings, Span(50, 400)) == [
        (50, 100, "unknown"),
        (100, 110, "unknown"),
        (110, 150, "online"),
        (150, 200, "offline"),
        (200, 300, "unknown"),
        (300, 305, "offline"),
        (305, 350, "online"),
        (350, 400, "unknown"),
    ]


def test_what_changed_before_the_period_still_counts() -> None:
    assert presences([change(10, is_online=True)], [Span(0, 100)], Span(50, 100)) == [
        (50, 100, "online")
    ]


def test_overlapping_recordings_of_a_clock_set_back() -> None:
    spans = presences([change(0, is_online=True)], [Span(0, 80), Span(40, 100)], Span(0, 100))
    assert spans == [(0, 80, "online"), (80, 100, "online")]


def test_a_recording_within_another() -> None:
    spans = presences([change(0, is_online=True)], [Span(0, 90), Span(20, 50)], Span(0, 100))
    assert spans == [(0, 90, "online"), (90, 100, "unknown")]


def test_a_change_of_a_clock_that_ran_ahead_hides_none_of_those_after_it_was_set_back() -> None:
    changes = [change(150, is_online=True), change(100, is_online=False)]
    recordings = [Span(140, 160), Span(100, 120)]
    assert presences(changes, recordings, Span(100, 160)) == [
        (100, 120, "offline"),
        (120, 140, "unknown"),
        (140, 150, "offline"),
        (150, 160, "online"),
    ]
