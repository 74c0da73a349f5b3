"""What was heard of availability → when a device was online, offline, or nobody recorded."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from edge_app.history.reading import Span
from edge_app.history.rows import AvailabilityRow

Presence = Literal["online", "offline", "unknown"]


class PresenceSpan(NamedTuple):
    """A stretch of time; milliseconds since 1970 in UTC."""

    start_ms: int
    end_ms: int
    presence: Presence


def presences(
    words: Sequence[AvailabilityRow], recordings: Sequence[Span], period: Span
) -> list[PresenceSpan]:
    """The period without gaps, in order.

    words: the first one of each recording, and each change; where a clock was set back, their times
    go back with it.
    """
    in_time = sorted(words, key=lambda word: word.time_ms)
    times_ms = [word.time_ms for word in in_time]
    spans: list[PresenceSpan] = []
    at = period.start_ms
    for recording in sorted(recordings):
        start_ms, end_ms = max(recording.start_ms, at), min(recording.end_ms, period.end_ms)
        if start_ms >= end_ms:
            continue
        if start_ms > at:
            spans.append(PresenceSpan(at, start_ms, "unknown"))
        # What was before the recording says nothing of it.
        first, last = (bisect_left(times_ms, each) for each in (recording.start_ms, end_ms))
        spans += _within(in_time[first:last], Span(start_ms, end_ms))
        at = end_ms
    if at < period.end_ms:
        spans.append(PresenceSpan(at, period.end_ms, "unknown"))
    return spans


def _within(words: Sequence[AvailabilityRow], span: Span) -> Iterator[PresenceSpan]:
    """A part of a recording. words: those of it, until the end of that part."""
    presence: Presence = "unknown"
    at = span.start_ms
    for word in words:
        said: Presence = "online" if word.is_online else "offline"
        if word.time_ms > at and said != presence:
            yield PresenceSpan(at, word.time_ms, presence)
            at = word.time_ms
        presence = said
    yield PresenceSpan(at, span.end_ms, presence)
