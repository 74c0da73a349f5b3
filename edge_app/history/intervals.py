"""Summaries → what they tell of days, and of hours of the day."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from typing import NamedTuple

import msgspec

from edge_app.history.cell import Cell
from edge_app.history.local_hours import HOUR_MS, local_time, parts_by_hour
from edge_app.history.reading import Span
from edge_app.history.rows import SummaryRow
from edge_app.history.schema import DAY_MS

#: A device ends an interval at its next turn, and so a little later than it was asked to.
_LATE_MS = 60_000


class Part(NamedTuple):
    """What of an interval lies in one hour. at: when it begins there.

    share, before, until: of the interval, what lies in it, before it, and up to its end; the last
    of one is exactly what lies before the next.
    """

    at: datetime
    share: float
    before: float
    until: float


class Across(NamedTuple):
    """An interval that lies in more than one day. is_untold: how many visits it had is withheld."""

    days: frozenset[date]
    is_untold: bool


@dataclass(slots=True)
class Intervals:
    """What summaries tell. told_days: those that they tell of somebody on, or withhold it.

    has_long: intervals of more than an hour tell of no hour, and are only in the days. across:
    those that are counted in more than one day.
    """

    days: dict[date, Cell] = field(default_factory=lambda: defaultdict(Cell))
    hours: dict[int, Cell] = field(default_factory=lambda: defaultdict(Cell))
    told_days: set[date] = field(default_factory=set)
    across: list[Across] = field(default_factory=list)
    has_long: bool = False


def count_intervals(
    summaries: Iterable[SummaryRow],
    period: Span,
    zone: tzinfo | None,
    days_with_events: Collection[date],
) -> Intervals:
    """Count summaries where no events tell of their time.

    That is always in the mode `aggregates`, the only one with a least number of faces above 1, and
    in the mode `full` on days without any. What an interval tells is divided by how much of it
    lies in each day and hour. Visits are counted once in each interval, and a group is the largest
    of them: the next interval may be about the same people.
    """
    counted = Intervals()
    for summary in summaries:
        parts = [*parts_of(summary, period, zone)]
        days = {part.at.date() for part in parts}
        are_events_told = summary.minimum_group <= 1 and not days.isdisjoint(days_with_events)
        if is_unwatched(summary) or are_events_told:
            continue
        is_short = tells_of_hours(summary)
        counted.has_long |= not is_short
        if summary.faces != 0 or summary.withheld:
            counted.told_days |= days
        if len(days) > 1:
            counted.across.append(Across(frozenset(days), summary.faces is None))
        shown_s = _shown_s(summary)
        for part in parts:
            _add(summary, part, shown_s, counted.days[part.at.date()])
            if is_short:
                _add(summary, part, shown_s, counted.hours[part.at.hour])
        for day in days:
            _add_group(summary, shown_s, counted.days[day])
        for hour in {part.at.hour for part in parts} if is_short else ():
            _add_group(summary, shown_s, counted.hours[hour])
    return counted


def parts_of(summary: SummaryRow, period: Span, zone: tzinfo | None) -> Iterator[Part]:
    """What of an interval lies in each hour of the period.

    Nothing of one that is longer than a day: an older Mien told so where its clock was set.
    """
    start_ms, length_ms = summary.start_ms, summary.end_ms - summary.start_ms
    if length_ms > DAY_MS + _LATE_MS:
        return
    if length_ms == 0:
        if period.start_ms <= start_ms < period.end_ms:
            yield Part(local_time(start_ms, zone), share=1.0, before=0.0, until=1.0)
        return
    for part in parts_by_hour(Span(start_ms, summary.end_ms), period, zone):
        yield Part(
            local_time(part.start_ms, zone),
            share=(part.end_ms - part.start_ms) / length_ms,
            before=(part.start_ms - start_ms) / length_ms,
            until=(part.end_ms - start_ms) / length_ms,
        )


def tells_of_hours(summary: SummaryRow) -> bool:
    """Whether it is short enough to say when something was."""
    return summary.end_ms - summary.start_ms <= HOUR_MS + _LATE_MS


def is_unwatched(summary: SummaryRow) -> bool:
    """Whether nothing was looked at, so that nobody can have been seen."""
    return summary.watched_s == 0 and not summary.faces


def _shown_s(summary: SummaryRow) -> dict[str, float]:
    if summary.emotions_s is None:
        return {}
    return msgspec.json.decode(summary.emotions_s, type=dict[str, float])


def _add(summary: SummaryRow, part: Part, shown_s: dict[str, float], cell: Cell) -> None:
    """Add a part's share of what can be divided."""
    faces = summary.faces or 0
    # Whole ones, which together are all of them.
    cell.visits += math.floor(faces * part.until + 0.5) - math.floor(faces * part.before + 0.5)
    for emotion, seconds in shown_s.items():
        cell.shown_s[emotion] += seconds * part.share
    if summary.valence is not None and summary.arousal is not None:
        affect = (summary.valence, summary.arousal)
        cell.affects.add(affect, sum(shown_s.values()) * part.share)


def _add_group(summary: SummaryRow, shown_s: dict[str, float], cell: Cell) -> None:
    """Add what holds of the whole interval."""
    cell.intervals += 1
    cell.untold += summary.faces is None
    cell.withheld = cell.withheld or bool(summary.withheld)
    cell.group = max(cell.group, summary.faces or 0)
    for emotion in shown_s:
        # At least so many: with fewer the device had not said it.
        cell.shown_by[emotion] = max(cell.shown_by[emotion], summary.minimum_group)
    if summary.valence is not None:
        cell.affects_by = max(cell.affects_by, summary.minimum_group)
