"""A history → the report's page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, tzinfo
from itertools import groupby
from typing import TypeVar

from edge_app.history.cell import Cell
from edge_app.history.cells import Cells, count
from edge_app.history.charts import Stretch, legend, strip
from edge_app.history.figures import (
    Slot,
    colours_of,
    day_slots,
    days_of,
    emotions,
    hour_slots,
    visits,
)
from edge_app.history.maker_table import between_devices, made_on, maker_table, within_device
from edge_app.history.page import heading, page, paragraph, table
from edge_app.history.presence import PresenceSpan, presences
from edge_app.history.reading import DeviceHistory, History, PastAlert, Span
from edge_app.history.watched import Looked, watched
from edge_app.history.withholding import ToldCell, tell
from edge_app.history.wording import counted, hours, length, moment, runs

Key = TypeVar("Key", date, int)

_TITLE = "What Mien saw"
_UNSURE = "unsure"

_PRESENCE_COLOURS = {"online": "#009E73", "offline": "#D55E00", "unknown": "#dddddd"}
_PRESENCE_WORDS = {"online": "online", "offline": "offline", "unknown": "not known"}

_MEANING = (
    "An emotion here is the expression that a face showed, as people who labelled photographs would"
    " name it. It is not what somebody felt, and the network errs, more for some people than for"
    " others: do not decide anything about a person by it. A visit is one face from coming into"
    " view to leaving it; a person who comes twice is two visits."
)


def draw(
    history: History, *, zone: tzinfo | None, zone_name: str | None, minimum_group: int
) -> str:
    """The page as HTML.

    zone: of days and hours; None for the system's. zone_name: what to call it; None for what it
    calls itself on these days. minimum_group: days, hours and emotions of fewer visits are left
    out.
    """
    if history.period is None:
        return page(_TITLE, [paragraph("Nothing was recorded yet."), _note()])
    period = history.period
    sections = [
        paragraph(
            f"{moment(period.start_ms, zone)} to {moment(period.end_ms, zone)}, the last"
            f" moment of recording. Days and hours are those of the time zone"
            f" {zone_name or _own_name(period, zone)}."
        ),
        _note(),
        *_remarks(history, minimum_group),
        *between_devices(
            {
                name: made_on(device, period, minimum_group)
                for name, device in history.devices.items()
            }
        ),
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


def _own_name(period: Span, zone: tzinfo | None) -> str:
    """Its name, or both where summer time begins or ends in the period."""
    noons = (
        datetime(day.year, day.month, day.day, 12, tzinfo=zone) for day in days_of(period, zone)
    )
    names = dict.fromkeys(noon.astimezone(zone).tzname() or "of this machine" for noon in noons)
    return " and ".join(names)


def _note() -> str:
    return paragraph(_MEANING, is_note=True)


def _remarks(history: History, minimum_group: int) -> Iterator[str]:
    if minimum_group > 1:
        yield paragraph(
            f"Days, hours and emotions of fewer than {minimum_group} visits are withheld, so are"
            " emotions that one or two of more visits showed nearly alone, and with all of them"
            " others from which they could be worked out."
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
    looked = watched(device.summaries, period, zone)
    days = tell(_with_empty(cells.days, looked.days), minimum_group)
    hours_of_day = tell(_with_empty(cells.hours, looked.hours), minimum_group)
    by_day = day_slots(days, looked.days, period, zone)
    by_hour = hour_slots(hours_of_day, looked.hours)
    colours = colours_of([*by_day, *by_hour])
    made = made_on(device, period, minimum_group)
    yield heading(name, 2)
    yield paragraph(_headline(cells, days, looked.days))
    yield from _how_counted(device, cells, by_day, minimum_group)
    yield from within_device(made)
    if days:
        yield from visits(name, by_day, minimum_group)
    if colours or any(cell is None for cell in days.values()):
        title = f"{name}: seconds of each emotion"
        yield from emotions(f"{title} a day", "day", by_day, colours, names_last=True)
        if any(slot.is_known for slot in by_hour):
            yield from emotions(
                f"{title} by hour of the day, all days together", "hour", by_hour, colours
            )
    yield from maker_table(name, made, zone, minimum_group)
    yield from _presence(name, presences(device.availability, recordings, period), period, zone)
    yield from _alerts(name, device.alerts, zone)


def _with_empty(cells: Mapping[Key, Cell], looked: Mapping[Key, Looked]) -> dict[Key, Cell]:
    """Also those in which was looked, and nobody came."""
    return {key: Cell() for key, each in looked.items() if each.seconds} | dict(cells)


def _how_counted(
    device: DeviceHistory, cells: Cells, by_day: Sequence[Slot], minimum_group: int
) -> Iterator[str]:
    if device.late and minimum_group <= 1:
        yield paragraph(
            f"Its events that came later than they happened: {device.late} of {device.events};"
            " each counts at its own time."
        )
    if cells.from_summaries:
        yield paragraph(
            f"Only summaries tell of {runs(cells.from_summaries)}, or of a part of it: a visit"
            " across two of them counts twice."
        )
    if cells.has_long_intervals:
        yield paragraph(
            "Summaries of more than an hour do not say when something was. They are divided between"
            " the days by how long they were in each, and left out by hour of the day."
        )
    if not all(slot.is_measured for slot in by_day):
        yield paragraph(
            "Not measured: the camera was paused, off or without a picture, or what the device said"
            " was not recorded."
        )


def _headline(
    cells: Cells, days: Mapping[date, ToldCell | None], looked: Mapping[date, Looked]
) -> str:
    told = {day: cell for day, cell in days.items() if cell is not None}
    if days and not told:
        text = "Too few visits to say anything about them"
    elif not any(cell.visits or cell.untold for cell in told.values()):
        text = "No visit was recorded"
    else:
        text = "; ".join(_visits_told(cells, told))
        if len(told) < len(days):
            text += f"; {counted(len(days) - len(told), 'day')} withheld"
    watched_on = [each for each in looked.values() if each.seconds]
    if watched_on:
        watched_s = sum(each.seconds for each in watched_on)
        more = " or more" if any(each.is_least for each in watched_on) else ""
        text += f"; watched for {hours(watched_s)} h{more} on {counted(len(watched_on), 'day')}"
    return f"{text}."


def _visits_told(cells: Cells, told: Mapping[date, ToldCell]) -> Iterator[str]:
    visited = {day for day, cell in told.items() if cell.visits}
    untold = sum(cell.untold for cell in told.values())
    number = sum(cell.visits for cell in told.values())
    text = f"{counted(number, 'visit', is_least=untold > 0)} on {counted(len(visited), 'day')}"
    repeated = len(visited & cells.from_summaries)
    if repeated:
        where = "" if repeated == len(visited) else f" on {repeated} of them"
        text += f", counted once in each interval{where}"
    yield text
    if untold:
        # One across midnight is in two days.
        untold -= cells.counted_again(told.keys(), untold_only=True)
        intervals = sum(cell.intervals for cell in told.values())
        intervals -= cells.counted_again(told.keys())
        yield f"{untold} of {counted(intervals, 'interval')} withheld"
    shown_s = sum(sum(cell.shown_s.values()) for cell in told.values())
    unsure_s = sum(cell.shown_s.get(_UNSURE, 0.0) for cell in told.values())
    if any(cell.is_partial for cell in told.values()):
        yield "for how long the network was unsure is withheld"
    elif shown_s:
        yield f"the network was unsure for {unsure_s / shown_s:.0%} of {shown_s:,.0f} s"


def _presence(
    name: str, spans: Sequence[PresenceSpan], period: Span, zone: tzinfo | None
) -> Iterator[str]:
    whole_ms = max(period.end_ms - period.start_ms, 1)
    stretches = [
        Stretch(
            (each.start_ms - period.start_ms) / whole_ms,
            (each.end_ms - period.start_ms) / whole_ms,
            _PRESENCE_COLOURS[each.presence],
            f"{_PRESENCE_WORDS[each.presence]} from {moment(each.start_ms, zone)}",
        )
        for each in spans
    ]
    yield heading("Availability", 3)
    title = f"{name}: when it was online"
    yield strip(title, stretches, moment(period.start_ms, zone), moment(period.end_ms, zone))
    yield legend({_PRESENCE_WORDS[key]: colour for key, colour in _PRESENCE_COLOURS.items()})
    lengths_ms = {
        word: sum(each.end_ms - each.start_ms for each in spans if each.presence == presence)
        for presence, word in _PRESENCE_WORDS.items()
    }
    rows = [(word, length(ms)) for word, ms in lengths_ms.items()]
    known = [each.presence for each in spans if each.presence != "unknown"]
    # A time that is not known parts nothing: it may have been offline all the while.
    times = sum(each == "offline" for each, _ in groupby(known))
    yield table(f"{title}; offline {counted(times, 'time')}", ("state", "time"), rows)


def _alerts(name: str, alerts: Sequence[PastAlert], zone: tzinfo | None) -> Iterator[str]:
    yield heading("Alerts", 3)
    if not alerts:
        yield paragraph("None.")
        return
    rows = [
        (
            moment(each.since_ms, zone),
            "no end recorded" if each.end_ms is None else moment(each.end_ms, zone),
            each.severity,
            each.id,
            each.text,
        )
        for each in alerts
    ]
    head = ("since", "until", "severity", "alert", "what")
    yield table(f"{name}: alerts", head, rows, of_words=True)
