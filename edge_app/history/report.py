"""A history → the report's page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from itertools import groupby
from typing import TypeVar

from edge_app.events.emotion_colours import COLOURS, OTHER
from edge_app.history.cells import count
from edge_app.history.charts import Bar, Stretch, legend, stacked_bars, strip
from edge_app.history.page import heading, page, paragraph, table
from edge_app.history.presence import PresenceSpan, presences
from edge_app.history.reading import DeviceHistory, History, PastAlert, Span
from edge_app.history.withholding import ToldCell, tell

DayOrHour = TypeVar("DayOrHour")

_TITLE = "What Mien saw"
_UNSURE = "unsure"
_WITHHELD = "withheld"

_PRESENCE_COLOURS = {"online": "#009E73", "offline": "#D55E00", "unknown": "#dddddd"}
_PRESENCE_WORDS = {"online": "online", "offline": "offline", "unknown": "not known"}

_MEANING = (
    "An emotion here is the expression that a face showed, as people who labelled photographs would"
    " name it. It is not what somebody felt, and the network errs, more for some people than for"
    " others: do not decide anything about a person by it. A visit is one face from coming into"
    " view to leaving it; a person who comes twice is two visits."
)


def draw(history: History, *, zone: tzinfo | None, zone_name: str, minimum_group: int) -> str:
    """The page as HTML.

    zone: of days and hours; None for the system's. zone_name: what to call it. minimum_group: days,
    hours and emotions of fewer visits are left out.
    """
    if history.period is None:
        return page(_TITLE, [paragraph("Nothing was recorded yet."), _note()])
    period = history.period
    sections = [
        paragraph(
            f"{_moment(period.start_ms, zone)} to {_moment(period.end_ms, zone)}, the last"
            f" moment of recording. Days and hours are those of the time zone {zone_name}."
        ),
        _note(),
        *_remarks(history, minimum_group),
    ]
    for name, device in history.devices.items():
        sections += _device(
            name,
            device,
            recordings=history.recordings,
            period=period,
            zone=zone,
            minimum_group=minimum_group,
        )
    return page(_TITLE, sections)


def _note() -> str:
    return paragraph(_MEANING, is_note=True)


def _remarks(history: History, minimum_group: int) -> Iterator[str]:
    if minimum_group > 1:
        yield paragraph(
            f"Days, hours and emotions of fewer than {minimum_group} visits are withheld, and with"
            " them others from which they could be worked out."
        )
    if history.outside:
        yield paragraph(f"Events outside of this period: {history.outside}.")
    if history.refused:
        yield paragraph(
            f"Messages that could not be recorded: {history.refused}; mien events named them."
        )
    if not history.devices:
        yield paragraph("In this time no device said anything.")


def _device(
    name: str,
    device: DeviceHistory,
    *,
    recordings: Sequence[Span],
    period: Span,
    zone: tzinfo | None,
    minimum_group: int,
) -> Iterator[str]:
    cells = count(device, period, zone)
    days = tell(cells.days, minimum_group)
    hours = tell(cells.hours, minimum_group)
    colours = _colours([*days.values(), *hours.values()])
    yield heading(name, 2)
    yield paragraph(_headline(days))
    if device.late and minimum_group <= 1:
        yield paragraph(
            f"Its events that came later than they happened: {device.late} of {device.events};"
            " each counts at its own time."
        )
    if cells.from_summaries:
        told = ", ".join(f"{day}" for day in sorted(cells.from_summaries))
        yield paragraph(
            f"Only summaries tell of {told}, or of a part of it: a visit across two of them counts"
            " twice."
        )
    if days:
        all_days = [*_days(period, zone)]
        yield from _visits(name, {day: days.get(day, _NOTHING) for day in all_days}, minimum_group)
        yield from _emotions(
            f"{name}: seconds of each emotion a day",
            "day",
            {day: days.get(day, _NOTHING) for day in all_days},
            colours,
            bar="%m-%d",
            row="%Y-%m-%d",
        )
        yield from _emotions(
            f"{name}: seconds of each emotion by hour of the day, all days together",
            "hour",
            {hour: hours.get(hour, _NOTHING) for hour in range(24)},
            colours,
            bar="02",
            row="02",
        )
    yield from _presence(name, presences(device.availability, recordings, period), period, zone)
    yield from _alerts(name, device.alerts, zone)


_NOTHING = ToldCell(visits=0, mean_length_s=None, shown_s={}, is_partial=False)


def _headline(days: Mapping[date, ToldCell | None]) -> str:
    if not days:
        return "No visit was recorded."
    told = [cell for cell in days.values() if cell is not None]
    if not told:
        return "Too few visits to say anything about them."
    visits = sum(cell.visits for cell in told)
    shown_s = sum(sum(cell.shown_s.values()) for cell in told)
    unsure_s = sum(cell.shown_s.get(_UNSURE, 0.0) for cell in told)
    text = f"{_counted(visits, 'visit')} on {_counted(len(told), 'day')}"
    if any(cell.is_partial for cell in told):
        text += "; for how long the network was unsure is withheld"
    elif shown_s:
        text += f"; the network was unsure for {unsure_s / shown_s:.0%} of {shown_s:,.0f} s"
    if len(told) < len(days):
        text += f"; {_counted(len(days) - len(told), 'day')} withheld"
    return f"{text}."


def _visits(name: str, days: Mapping[date, ToldCell | None], minimum_group: int) -> Iterator[str]:
    title = f"{name}: visits a day"
    bars = [
        Bar(f"{day:%m-%d}", None if cell is None else {"visits": float(cell.visits)})
        for day, cell in days.items()
    ]
    yield heading("Visits", 3)
    yield stacked_bars(title, "visits", bars, {"visits": "#0072B2"}, of_counts=True)
    rows = [
        (f"{day}", _WITHHELD, _WITHHELD, _WITHHELD, _WITHHELD)
        if cell is None
        else (f"{day}", f"{cell.visits}", _number(cell.mean_length_s), *_affect(cell.affect))
        for day, cell in days.items()
        if cell is not _NOTHING
    ]
    yield table(
        f"{title}; days without any are left out. Means over the time in view, by expression alone:"
        " valence from unpleasant, -1, to pleasant, 1; arousal from calm, -1, to aroused, 1",
        ("day", "visits", "mean length, s", "mean valence", "mean arousal"),
        rows,
    )
    if minimum_group > 1 and any("" in row for row in rows):
        yield paragraph(
            f"A mean is blank where fewer than {minimum_group} visits tell of it, or where it would"
            " speak of an emotion that is withheld."
        )


def _emotions(
    title: str,
    unit: str,
    cells: Mapping[DayOrHour, ToldCell | None],
    colours: Mapping[str, str],
    *,
    bar: str,
    row: str,
) -> Iterator[str]:
    """bar, row: how a day or an hour is formatted beneath the chart, and in the table."""
    yield heading(f"Emotions by {unit}", 3)
    bars = [
        Bar(format(key, bar), None if cell is None else cell.shown_s) for key, cell in cells.items()
    ]
    yield stacked_bars(title, "seconds", bars, colours)
    yield legend(colours)
    rows = [
        (format(key, row), *(_WITHHELD for _ in colours), "all")
        if cell is None
        else (
            format(key, row),
            # Of an emotion that is missing, nobody may know whether it was shown at all.
            *(
                _number(cell.shown_s.get(each, None if cell.is_partial else 0.0))
                for each in colours
            ),
            "what is blank" if cell.is_partial else "",
        )
        for key, cell in cells.items()
        if cell is not _NOTHING
    ]
    head = (unit, *colours, _WITHHELD)
    if not any(row[-1] for row in rows):
        rows, head = [row[:-1] for row in rows], head[:-1]
    yield table(f"{title}; empty ones are left out", head, rows)


def _presence(
    name: str, spans: Sequence[PresenceSpan], period: Span, zone: tzinfo | None
) -> Iterator[str]:
    whole_ms = max(period.end_ms - period.start_ms, 1)
    stretches = [
        Stretch(
            (each.start_ms - period.start_ms) / whole_ms,
            (each.end_ms - period.start_ms) / whole_ms,
            _PRESENCE_COLOURS[each.presence],
            f"{_PRESENCE_WORDS[each.presence]} from {_moment(each.start_ms, zone)}",
        )
        for each in spans
    ]
    yield heading("Availability", 3)
    title = f"{name}: when it was online"
    yield strip(title, stretches, _moment(period.start_ms, zone), _moment(period.end_ms, zone))
    yield legend({_PRESENCE_WORDS[key]: colour for key, colour in _PRESENCE_COLOURS.items()})
    lengths_ms = {
        word: sum(each.end_ms - each.start_ms for each in spans if each.presence == presence)
        for presence, word in _PRESENCE_WORDS.items()
    }
    rows = [(word, _length(ms)) for word, ms in lengths_ms.items()]
    known = [each.presence for each in spans if each.presence != "unknown"]
    # A time that is not known parts nothing: it may have been offline all the while.
    times = sum(each == "offline" for each, _ in groupby(known))
    yield table(f"{title}; offline {_counted(times, 'time')}", ("state", "time"), rows)


def _alerts(name: str, alerts: Sequence[PastAlert], zone: tzinfo | None) -> Iterator[str]:
    yield heading("Alerts", 3)
    if not alerts:
        yield paragraph("None.")
        return
    rows = [
        (
            _moment(each.since_ms, zone),
            "no end recorded" if each.end_ms is None else _moment(each.end_ms, zone),
            each.severity,
            each.id,
            each.text,
        )
        for each in alerts
    ]
    head = ("since", "until", "severity", "alert", "what")
    yield table(f"{name}: alerts", head, rows, of_words=True)


def _colours(cells: Sequence[ToldCell | None]) -> dict[str, str]:
    """The emotions that were shown, in a fixed order, unknown ones behind."""
    shown = {emotion for cell in cells if cell is not None for emotion in cell.shown_s}
    known = [emotion for emotion in COLOURS if emotion in shown]
    return {each: COLOURS.get(each, OTHER) for each in [*known, *sorted(shown - {*known})]}


def _days(period: Span, zone: tzinfo | None) -> Iterator[date]:
    day = datetime.fromtimestamp(period.start_ms / 1000, zone).date()
    last = datetime.fromtimestamp(period.end_ms / 1000, zone).date()
    while day <= last:
        yield day
        day += timedelta(days=1)


def _moment(time_ms: int, zone: tzinfo | None) -> str:
    try:
        return datetime.fromtimestamp(time_ms / 1000, zone).strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError, OSError):  # a year that the calendar does not have
        return "at an impossible time"


def _affect(affect: tuple[float, float] | None) -> tuple[str, str]:
    if affect is None:
        return "", ""
    valence, arousal = affect
    return f"{valence:+z.2f}", f"{arousal:+z.2f}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _length(length_ms: int) -> str:
    """Hours, or minutes where those would round to next to nothing."""
    minutes = round(length_ms / 60_000, 1)
    return f"{minutes / 60:,.1f} h" if minutes >= 60 else f"{minutes:g} min"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.1f}"
