"""Availability changes → when a device was online, offline, or nobody recorded."""

from __future__ import annotations

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
    changes: Sequence[AvailabilityRow], recordings: Sequence[Span], period: Span
) -> list[PresenceSpan]:
    """The period without gaps, in order.

    changes: as they were recorded; where a clock was set back, their times go back with it.
    """
    in_time = sorted(changes, key=lambda change: change.time_ms)
    spans: list[PresenceSpan] = []
    at = period.start_ms
    for recording in sorted(recordings):
        start_ms, end_ms = max(recording.start_ms, at), min(recording.end_ms, period.end_ms)
        if start_ms >= end_ms:
            continue
        if start_ms > at:
            spans.append(PresenceSpan(at, start_ms, "unknown"))
        spans += _within(in_time, Span(start_ms, end_ms))
        at = end_ms
    if at < period.end_ms:
        spans.append(PresenceSpan(at, period.end_ms, "unknown"))
    return spans


def _within(changes: Sequence[AvailabilityRow], span: Span) -> Iterator[PresenceSpan]:
    presence: Presence = "unknown"
    at = span.start_ms
    for change in changes:
        if change.time_ms >= span.end_ms:
            break
        if change.time_ms > at:
            yield PresenceSpan(at, change.time_ms, presence)
            at = change.time_ms
        presence = "online" if change.is_online else "offline"
    yield PresenceSpan(at, span.end_ms, presence)
