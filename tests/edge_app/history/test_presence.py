from __future__ import annotations

from edge_app.history.presence import presences
from edge_app.history.reading import Span
from edge_app.history.rows import AvailabilityRow


def word(time_ms: int, *, is_online: bool) -> AvailabilityRow:
    return AvailabilityRow("kitchen", time_ms, is_online)


def test_known_only_while_somebody_recorded() -> None:
    words = [
        word(110, is_online=True),
        word(150, is_online=False),
        word(305, is_online=False),
        word(310, is_online=True),
    ]
    recordings = [Span(300, 350), Span(100, 200)]
    assert presences(words, recordings, Span(50, 400)) == [
        (50, 100, "unknown"),
        (100, 110, "unknown"),
        (110, 150, "online"),
        (150, 200, "offline"),
        (200, 300, "unknown"),
        # What was before the gap says nothing of the time after it.
        (300, 305, "unknown"),
        (305, 310, "offline"),
        (310, 350, "online"),
        (350, 400, "unknown"),
    ]


def test_a_broker_that_says_nothing_again_tells_nothing() -> None:
    """As of a device that goes while nobody records, with a broker that keeps nothing."""
    spans = presences([word(10, is_online=True)], [Span(0, 60), Span(80, 100)], Span(0, 100))
    assert spans == [
        (0, 10, "unknown"),
        (10, 60, "online"),
        (60, 80, "unknown"),
        (80, 100, "unknown"),
    ]


def test_what_changed_before_the_period_still_counts() -> None:
    assert presences([word(10, is_online=True)], [Span(0, 100)], Span(50, 100)) == [
        (50, 100, "online")
    ]


def test_overlapping_recordings_of_a_clock_set_back() -> None:
    words = [word(0, is_online=True), word(40, is_online=True)]
    spans = presences(words, [Span(0, 80), Span(40, 100)], Span(0, 100))
    assert spans == [(0, 80, "online"), (80, 100, "online")]


def test_a_recording_within_another() -> None:
    spans = presences([word(0, is_online=True)], [Span(0, 90), Span(20, 50)], Span(0, 100))
    assert spans == [(0, 90, "online"), (90, 100, "unknown")]


def test_a_change_of_a_clock_that_ran_ahead_hides_none_of_those_after_it_was_set_back() -> None:
    words = [word(150, is_online=True), word(100, is_online=False)]
    recordings = [Span(140, 160), Span(100, 120)]
    assert presences(words, recordings, Span(100, 160)) == [
        (100, 120, "offline"),
        (120, 140, "unknown"),
        (140, 150, "unknown"),
        (150, 160, "online"),
    ]


class Counted(AvailabilityRow):
    """Counts how often anybody looks at the time of one."""

    looks = 0

    @property
    def time_ms(self) -> int:  # type: ignore[override]
        Counted.looks += 1
        return self[1]


def test_a_bad_network_does_not_make_it_long() -> None:
    """Of thousands of recordings, each would look at all words."""
    count = 500
    words = [Counted("kitchen", 10 * each, is_online=True) for each in range(count)]
    recordings = [Span(10 * each, 10 * each + 5) for each in range(count)]
    spans = presences(words, recordings, Span(0, 10 * count))
    assert spans[:2] == [(0, 5, "online"), (5, 10, "unknown")]
    assert len(spans) == 2 * count
    assert Counted.looks < 10 * count
