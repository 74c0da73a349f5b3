"""Visits and summaries → counts a day, and an hour of the day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from edge_app.history.cell import Cell
from edge_app.history.intervals import Across, count_intervals
from edge_app.history.local_hours import local_time, parts_by_hour
from edge_app.history.reading import DeviceHistory, Span, Visit

#: A visit may have begun so much earlier than its length and its end say: a face counts as gone
#: only after a moment, and nothing is seen while a stream stands still.
_LATE_MS = 60_000
#: An emotion's seconds are of frames, and when it was on of the moments at which it was decided: so
#: far they may differ although nothing else was meanwhile told.
_APART_S = 1.0


@dataclass(frozen=True, slots=True)
class Cells:
    """What a device saw. from_summaries: the days of which, in all or in part, summaries tell.

    has_long_intervals: some of these are in the days, and not in the hours. across: those that are
    counted in more than one day.
    """

    days: Mapping[date, Cell]
    hours: Mapping[int, Cell]
    from_summaries: frozenset[date]
    has_long_intervals: bool = False
    across: Sequence[Across] = ()

    def counted_again(self, days: AbstractSet[date], *, untold_only: bool = False) -> int:
        """How often an interval of these days is counted once more. untold_only: of those alone."""
        return sum(
            max(0, len(each.days & days) - 1)
            for each in self.across
            if each.is_untold or not untold_only
        )


def count(history: DeviceHistory, period: Span, zone: tzinfo | None) -> Cells:
    """Count what lies in the period."""
    days: dict[date, Cell] = defaultdict(Cell)
    hours: dict[int, Cell] = defaultdict(Cell)
    for episode, visit in history.visits.items():
        _add_visit(visit, period, zone, days, hours, episode=episode)
    told = count_intervals(history.summaries, period, zone, days.keys())
    for day, cell in told.days.items():
        days[day].add(cell)
    for hour, cell in told.hours.items():
        hours[hour].add(cell)
    return Cells(days, hours, frozenset(told.told_days), told.has_long, told.across)


def _add_visit(
    visit: Visit,
    period: Span,
    zone: tzinfo | None,
    days: dict[date, Cell],
    hours: dict[int, Cell],
    *,
    episode: str,
) -> None:
    span = _span(visit)
    touched_days, touched_hours = set(), set()
    if span.start_ms >= period.start_ms:
        start = local_time(span.start_ms, zone)
        _begin(visit, days[start.date()])
        _begin(visit, hours[start.hour])
        touched_days.add(start.date())
        touched_hours.add(start.hour)
    shown_days: set[tuple[date, str]] = set()
    shown_hours: set[tuple[int, str]] = set()
    for at, emotion, seconds in _spread(visit, span, period, zone):
        day, hour = at.date(), at.hour
        for cell in (days[day], hours[hour]):
            cell.shown_s[emotion] += seconds
            cell.by_visit[emotion][episode] += seconds
        touched_days.add(day)
        touched_hours.add(hour)
        shown_days.add((day, emotion))
        shown_hours.add((hour, emotion))
    for day in touched_days:
        days[day].group += 1
    for hour in touched_hours:
        hours[hour].group += 1
    for day, emotion in shown_days:
        days[day].shown_by[emotion] += 1
    for hour, emotion in shown_hours:
        hours[hour].shown_by[emotion] += 1


def _begin(visit: Visit, cell: Cell) -> None:
    """Count a visit that began."""
    cell.visits += 1
    if visit.duration_s is not None:
        cell.lengths_s.append(visit.duration_s)
    if visit.affect is not None:
        shown_s = sum(visit.emotions_s.values())
        cell.affects.add(visit.affect, shown_s)
        cell.affects_by += 1
        cell.affects_s.append(shown_s)


def _span(visit: Visit) -> Span:
    """From its beginning to its end, as far as they are known.

    Where the clock was set in between, it was wrong before and is right now: the length, which the
    device does not take from that clock, and the end count.
    """
    known = [at for at in (visit.start_ms, visit.end_ms) if at is not None]
    known += [at for at, _ in visit.changes]
    start_ms, end_ms = min(known), max(known)
    if visit.end_ms is not None and visit.duration_s is not None:
        end_ms = visit.end_ms
        # A face counts only after a moment: it was there before it was said to appear.
        latest_ms = end_ms - int(min(visit.duration_s, 1e9) * 1000)
        start_ms = start_ms if latest_ms - _LATE_MS <= start_ms <= latest_ms else latest_ms
    return Span(start_ms, end_ms)


def _spread(
    visit: Visit, span: Span, period: Span, zone: tzinfo | None
) -> Iterator[tuple[datetime, str, float]]:
    """When, which emotion, how many seconds."""
    if span.end_ms == span.start_ms:
        if span.start_ms >= period.start_ms:
            for emotion, seconds in visit.emotions_s.items():
                yield local_time(span.start_ms, zone), emotion, seconds
        return
    for stretch, emotion, seconds in _laid(visit, span):
        whole_ms = stretch.end_ms - stretch.start_ms
        for piece in parts_by_hour(stretch, period, zone):
            share = (piece.end_ms - piece.start_ms) / whole_ms
            yield local_time(piece.start_ms, zone), emotion, seconds * share


def _laid(visit: Visit, span: Span) -> Iterator[tuple[Span, str, float]]:
    """In which stretch, which emotion, how many seconds.

    An emotion's seconds go to when it was on, as far as that lasted. What it was shown beyond, for
    a moment now and then, goes to where others were on, in proportion to what their own seconds
    leave of it; so no hour holds more than was seen in it.
    """
    stretches = _stretches(visit, span)
    lasted_s: dict[str | None, float] = defaultdict(float)
    for stretch, emotion in stretches:
        lasted_s[emotion] += _seconds(stretch)
    rest_s = {}
    for emotion, seconds in visit.emotions_s.items():
        beyond_s = seconds - lasted_s.get(emotion, 0.0)
        if emotion not in lasted_s or beyond_s > _APART_S:
            rest_s[emotion] = beyond_s
    room: list[tuple[Span, float]] = []
    for stretch, on in stretches:
        laid_s = 0.0
        if on is not None and on in visit.emotions_s:
            share = _seconds(stretch) / lasted_s[on]
            laid_s = share * (visit.emotions_s[on] - rest_s.get(on, 0.0))
            yield stretch, on, laid_s
        room.append((stretch, max(0.0, _seconds(stretch) - laid_s)))
    room_s = sum(left_s for _, left_s in room)
    if room_s <= 0:
        room, room_s = [(span, 1.0)], 1.0
    for emotion, seconds in rest_s.items():
        for stretch, left_s in room:
            if left_s > 0:
                yield stretch, emotion, seconds * left_s / room_s


def _stretches(visit: Visit, span: Span) -> list[tuple[Span, str | None]]:
    """What was on from when to when by the visit's changes; None before the first."""
    changes = [(span.start_ms, None), *visit.changes]
    ends = [at for at, _ in visit.changes] + [span.end_ms]
    cut = [
        (Span(max(at, span.start_ms), min(end_ms, span.end_ms)), emotion)
        for (at, emotion), end_ms in zip(changes, ends, strict=True)
    ]
    return [(stretch, emotion) for stretch, emotion in cut if stretch.end_ms > stretch.start_ms]


def _seconds(span: Span) -> float:
    return (span.end_ms - span.start_ms) / 1000
