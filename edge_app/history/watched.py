"""Summaries → for how long of each day, and each hour of the day, was looked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, tzinfo
from typing import TypeVar

from edge_app.history.intervals import parts_of, tells_of_hours
from edge_app.history.reading import Span
from edge_app.history.rows import SummaryRow

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Watched:
    """Seconds, by day and by hour of the day.

    None: intervals tell of it, but not of how long. What is missing, no interval tells of.
    """

    days: dict[date, float | None] = field(default_factory=dict)
    hours: dict[int, float | None] = field(default_factory=dict)


def watched(summaries: Iterable[SummaryRow], period: Span, zone: tzinfo | None) -> Watched:
    """Add up what lies in the period; what an interval was not watched is spread over it."""
    told = Watched()
    for summary in summaries:
        length_s = (summary.end_ms - summary.start_ms) / 1000
        known_s = None if summary.watched_s is None else min(summary.watched_s, length_s)
        for part in parts_of(summary, period, zone):
            seconds = None if known_s is None else known_s * part.share
            _add(told.days, part.at.date(), seconds)
            _add(told.hours, part.at.hour, seconds if tells_of_hours(summary) else None)
    return told


def _add(told: dict[Key, float | None], key: Key, seconds: float | None) -> None:
    before = told.get(key)
    told[key] = before if seconds is None else seconds + (before or 0.0)


def is_unmeasured(told: Mapping[Key, float | None], key: Key) -> bool:
    """Whether nothing was looked at then, as far as is known."""
    return told.get(key, 0.0) == 0.0
