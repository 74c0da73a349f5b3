"""Summaries → for how long of each day, and each hour of the day, was looked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, tzinfo
from typing import NamedTuple, TypeVar

from edge_app.history.intervals import parts_of, tells_of_hours
from edge_app.history.reading import Span
from edge_app.history.rows import SummaryRow

Key = TypeVar("Key")


class Looked(NamedTuple):
    """For how long was looked. is_least: intervals tell of more, but not of how long."""

    seconds: float
    is_least: bool = False


@dataclass(frozen=True, slots=True)
class Watched:
    """By day and by hour of the day; of what is missing, no interval tells."""

    days: dict[date, Looked] = field(default_factory=dict)
    hours: dict[int, Looked] = field(default_factory=dict)


def watched(summaries: Iterable[SummaryRow], period: Span, zone: tzinfo | None) -> Watched:
    """Add up what lies in the period; what an interval was not watched is spread over it."""
    told = Watched()
    for summary in summaries:
        length_s = (summary.end_ms - summary.start_ms) / 1000
        known_s = None if summary.watched_s is None else min(summary.watched_s, length_s)
        for part in parts_of(summary, period, zone):
            seconds = None if known_s is None else known_s * part.share
            _add(told.days, part.at.date(), seconds)
            # One that is too long to say when it was may still say that it was not at all.
            is_certain = tells_of_hours(summary) or seconds == 0.0
            _add(told.hours, part.at.hour, seconds if is_certain else None)
    return told


def _add(told: dict[Key, Looked], key: Key, seconds: float | None) -> None:
    before = told.get(key, Looked(0.0))
    told[key] = Looked(before.seconds + (seconds or 0.0), before.is_least or seconds is None)


def is_unmeasured(told: Mapping[Key, Looked], key: Key) -> bool:
    """Whether nothing was looked at then, as far as is known."""
    return told.get(key, Looked(0.0)) == Looked(0.0)
