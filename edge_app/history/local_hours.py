"""A stretch of time → its parts by hour of a time zone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo

from edge_app.history.reading import Span

HOUR_MS = 3_600_000


def parts_by_hour(span: Span, period: Span, zone: tzinfo | None) -> Iterator[Span]:
    """What of a span lies in the period, cut where a local hour begins."""
    at, end_ms = max(span.start_ms, period.start_ms), min(span.end_ms, period.end_ms)
    while at < end_ms:
        local = local_time(at, zone)
        passed_ms = (local.minute * 60 + local.second) * 1000 + local.microsecond // 1000
        following = min(at + HOUR_MS - passed_ms, end_ms)
        yield Span(at, following)
        at = following


def local_time(time_ms: int, zone: tzinfo | None) -> datetime:
    """time_ms: since 1970 in UTC, within the calendar; zone: None for the system's."""
    return datetime.fromtimestamp(time_ms / 1000, zone)
