"""What may be told of a device's days and hours → charts and tables of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import NamedTuple, TypeVar

from edge_app.events.emotion_colours import COLOURS, OTHER
from edge_app.history.charts import MISSING, Bar, legend, stacked_bars
from edge_app.history.page import heading, paragraph, table
from edge_app.history.reading import Span
from edge_app.history.watched import Looked, is_unmeasured
from edge_app.history.withholding import ToldCell
from edge_app.history.wording import WITHHELD, affect, hours, number

Key = TypeVar("Key")

_IN_PART = "in part"
_VISITS, _IN_EACH = "visits", "visits, once in each interval"
_VISIT_COLOURS = {_VISITS: "#0072B2", _IN_EACH: "#56B4E9"}


class Slot(NamedTuple):
    """A day or an hour of the day: one bar, and a row, but for one that nothing is known of.

    bar, row: what it is called there. cell: None where it is withheld, or nothing is known.
    looked: None where no interval tells of it.
    """

    bar: str
    row: str
    cell: ToldCell | None
    is_known: bool
    is_measured: bool
    looked: Looked | None


def day_slots(
    told: Mapping[date, ToldCell | None],
    looked: Mapping[date, Looked],
    period: Span,
    zone: tzinfo | None,
) -> list[Slot]:
    """All days of the period; the last one mostly ends amid it, and says so."""
    end = datetime.fromtimestamp(period.end_ms / 1000, zone)
    return [
        _slot(f"{day:%m-%d} …", f"{day} until {end:%H:%M}", day, told, looked)
        if day == end.date()
        else _slot(f"{day:%m-%d}", f"{day}", day, told, looked)
        for day in days_of(period, zone)
    ]


def hour_slots(told: Mapping[int, ToldCell | None], looked: Mapping[int, Looked]) -> list[Slot]:
    """The 24 hours."""
    return [_slot(f"{hour:02}", f"{hour:02}", hour, told, looked) for hour in range(24)]


def days_of(period: Span, zone: tzinfo | None) -> Iterator[date]:
    """Each day that has a part in the period."""
    day = datetime.fromtimestamp(period.start_ms / 1000, zone).date()
    last = datetime.fromtimestamp((period.end_ms - 1) / 1000, zone).date()
    while day <= last:
        yield day
        day += timedelta(days=1)


def visits(name: str, slots: Sequence[Slot], minimum_group: int) -> Iterator[str]:
    """A chart and a table of the days' visits."""
    title = f"{name}: visits a day"
    known = [slot for slot in slots if slot.is_known]
    bars = [
        _bar(
            slot,
            {_IN_EACH if slot.cell.intervals else _VISITS: float(slot.cell.visits)},
            is_partial=slot.cell.untold > 0,
        )
        if slot.cell is not None
        else _bar(slot, None)
        for slot in slots
    ]
    yield heading("Visits", 3)
    yield stacked_bars(title, "visits", bars, _VISIT_COLOURS, of_counts=True, names_last=True)
    is_mixed = any((bar.parts or {}).get(_IN_EACH) for bar in bars)
    yield from _legend(_VISIT_COLOURS if is_mixed else {}, bars)
    columns = [
        *_first_columns("day", known),
        ("visits", [_visits(slot.cell) for slot in known]),
        ("mean length, s", [_mean_length(slot.cell) for slot in known]),
        ("mean valence", [_affect(slot.cell)[0] for slot in known]),
        ("mean arousal", [_affect(slot.cell)[1] for slot in known]),
    ]
    untold = [_untold(slot.cell) for slot in known]
    if any(untold):
        columns.append(("intervals withheld", untold))
    yield _table(title, columns)
    yield paragraph(
        "Means are over the time in view, by expression alone: valence from unpleasant, -1, to"
        " pleasant, 1; arousal from calm, -1, to aroused, 1."
    )
    yield from _why_blank(known, minimum_group)


def emotions(
    title: str,
    unit: str,
    slots: Sequence[Slot],
    colours: Mapping[str, str],
    *,
    names_last: bool = False,
) -> Iterator[str]:
    """A chart and a table of how long each emotion was shown. names_last: as of `stacked_bars`."""
    bars = [
        _bar(slot, slot.cell.shown_s, is_partial=slot.cell.is_partial)
        if slot.cell is not None
        else _bar(slot, None)
        for slot in slots
    ]
    yield heading(f"Emotions by {unit}", 3)
    yield stacked_bars(title, "seconds", bars, colours, names_last=names_last)
    yield from _legend(colours, bars)
    known = [slot for slot in slots if slot.is_known]
    columns = _first_columns(unit, known)
    left_out = [_left_out(slot.cell) for slot in known]
    # Before the emotions: with many of them the last columns are out of sight.
    if any(left_out):
        columns.append((WITHHELD, left_out))
    columns += [(each, [_seconds(slot.cell, each) for slot in known]) for each in colours]
    yield _table(title, columns)
    if _IN_PART in left_out:
        yield paragraph("Withheld in part: what is blank, and some of the rest.")


def colours_of(slots: Sequence[Slot]) -> dict[str, str]:
    """The emotions that were shown, in a fixed order, unknown ones behind."""
    cells = [slot.cell for slot in slots if slot.cell is not None]
    shown = {emotion for cell in cells for emotion in cell.shown_s}
    known = [emotion for emotion in COLOURS if emotion in shown]
    return {each: COLOURS.get(each, OTHER) for each in [*known, *sorted(shown - {*known})]}


def _slot(
    bar: str,
    row: str,
    key: Key,
    told: Mapping[Key, ToldCell | None],
    looked: Mapping[Key, Looked],
) -> Slot:
    return Slot(
        bar,
        row,
        told.get(key),
        is_known=key in told,
        is_measured=key in told or not is_unmeasured(looked, key),
        looked=looked.get(key),
    )


def _bar(slot: Slot, parts: Mapping[str, float] | None, *, is_partial: bool = False) -> Bar:
    if not slot.is_measured:
        return Bar(slot.bar, None, "not measured")
    if parts is None:
        return Bar(slot.bar, None, "withheld") if slot.is_known else Bar(slot.bar, {})
    return Bar(slot.bar, parts, "withheld" if is_partial else None)


def _legend(colours: Mapping[str, str], bars: Sequence[Bar]) -> Iterator[str]:
    missing = {bar.missing for bar in bars}
    names = dict(colours)
    names.update({name: fill for name, fill in MISSING.items() if name in missing})
    if names:
        yield legend(names)


def _first_columns(unit: str, known: Sequence[Slot]) -> list[tuple[str, list[str]]]:
    """The names, and for how long was watched, unless none of them says that."""
    columns = [(unit, [slot.row for slot in known])]
    watched = [_watched(slot.looked) for slot in known]
    if any(watched):
        columns.append(("watched,\N{NO-BREAK SPACE}h", watched))
    return columns


def _table(caption: str, columns: Sequence[tuple[str, Sequence[str]]]) -> str:
    head = [name for name, _ in columns]
    return table(caption, head, zip(*(cells for _, cells in columns), strict=True))


def _watched(looked: Looked | None) -> str:
    if looked is None or (looked.is_least and not looked.seconds):
        return ""
    return f"{hours(looked.seconds)} or more" if looked.is_least else hours(looked.seconds)


def _visits(cell: ToldCell | None) -> str:
    if cell is None:
        return WITHHELD
    return f"{cell.visits} or more" if cell.untold else f"{cell.visits}"


def _mean_length(cell: ToldCell | None) -> str:
    return WITHHELD if cell is None else number(cell.mean_length_s)


def _affect(cell: ToldCell | None) -> tuple[str, str]:
    return (WITHHELD, WITHHELD) if cell is None else affect(cell.affect)


def _untold(cell: ToldCell | None) -> str:
    return "" if cell is None or not cell.untold else f"{cell.untold} of {cell.intervals}"


def _seconds(cell: ToldCell | None, emotion: str) -> str:
    if cell is None:
        return WITHHELD
    # Of an emotion that is missing, nobody may know whether it was shown at all.
    return number(cell.shown_s.get(emotion, None if cell.is_partial else 0.0))


def _left_out(cell: ToldCell | None) -> str:
    if cell is None:
        return "all"
    if cell.is_least:
        return _IN_PART
    return "what is blank" if cell.is_partial else ""


def _why_blank(known: Sequence[Slot], minimum_group: int) -> Iterator[str]:
    told = [slot.cell for slot in known if slot.cell is not None]
    reasons = []
    if minimum_group > 1 and any("" in (_mean_length(cell), *_affect(cell)) for cell in told):
        few = f"fewer than {minimum_group} visits tell of it"
        reasons.append(f"{few}, or one or two of more are nearly all of it")
    if any(cell.is_partial and cell.affect is None for cell in told):
        reasons.append("something is withheld that belongs to it")
    if reasons:
        yield paragraph(f"A mean is blank where {', or where '.join(reasons)}.")
