"""A history's file → what each device saw and said in a period."""

from __future__ import annotations

import contextlib
import math
import os
import sqlite3
import sys
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import msgspec

from edge_app.errors import UsageError
from edge_app.history.makers import Made, Maker
from edge_app.history.plausible import is_plausible
from edge_app.history.rows import AvailabilityRow, SummaryRow
from edge_app.history.schema import DAY_MS, SINCE
from edge_app.history.store import read_version, translated

#: All of the visits that have an event in the period, from their first event on, which may be any
#: time ago: where a visit never ended, nothing else says when it began.
_EVENTS = """SELECT device, type, time_ms, episode, is_historical, emotion, duration_s, emotions_s,
    {valence}, {arousal} FROM event WHERE time_ms <= ?2 AND (device, episode) IN (
        SELECT device, episode FROM event WHERE time_ms BETWEEN ?1 AND ?2) ORDER BY time_ms, id"""
_SUMMARIES = """SELECT device, start_ms, end_ms, faces, emotions_s, minimum_group, withheld,
    {valence}, {arousal}, {watched_s}, {model}, {answer}, {reaction}, {cards}
    FROM summary WHERE end_ms > ? AND start_ms < ?"""
#: Visits may have begun before the period: they were made by what made their events in it.
_MAKERS = """SELECT device, model, {answer} AS answer, {reaction} AS reaction,
    {cards} AS cards, MIN(time_ms), MAX(time_ms), COUNT(DISTINCT episode) FROM event
    WHERE time_ms BETWEEN ? AND ? GROUP BY device, model, answer, reaction, cards"""


class Span(NamedTuple):
    """From when until when, milliseconds since 1970 in UTC."""

    start_ms: int
    end_ms: int


@dataclass(slots=True)
class Visit:
    """One visit of one face.

    start_ms: of its coming; None where that was not recorded and neither was its leaving. end_ms,
    duration_s, emotions_s, affect: of its leaving; affect is its mean valence and arousal, None
    where they were not told. changes: time and new emotion, in order.
    """

    start_ms: int | None = None
    end_ms: int | None = None
    duration_s: float | None = None
    emotions_s: Mapping[str, float] = field(default_factory=dict)
    affect: tuple[float, float] | None = None
    changes: list[tuple[int, str]] = field(default_factory=list)


class PastAlert(NamedTuple):
    """An alert; end_ms: None where its end was not recorded."""

    id: str
    severity: str
    text: str
    since_ms: int
    end_ms: int | None


@dataclass(slots=True)
class DeviceHistory:
    """What one device saw and said.

    visits: all of those that have an event in the period. events: how many it decided in the
    period; late: how many of them were sent later. availability: the first word of each recording,
    and each change. made: the visits, by what made their figures.
    """

    visits: dict[str, Visit] = field(default_factory=lambda: defaultdict(Visit))
    summaries: list[SummaryRow] = field(default_factory=list)
    availability: list[AvailabilityRow] = field(default_factory=list)
    alerts: list[PastAlert] = field(default_factory=list)
    made: list[Made] = field(default_factory=list)
    events: int = 0
    late: int = 0


@dataclass(frozen=True, slots=True)
class History:
    """period: whole days up to the last moment of recording; None where nothing was ever recorded.

    outside: events before or after it. refused: messages that could not be recorded.
    """

    period: Span | None
    devices: Mapping[str, DeviceHistory]
    recordings: tuple[Span, ...] = ()
    outside: int = 0
    refused: int = 0


def read_history(path: Path, *, days: int, zone: tzinfo | None) -> History:
    """Read the last `days` days of a history, which may be written at the same time.

    zone: where a day begins; None for the system's.

    Raises:
        UsageError: there is no such file, or it is no history that this Mien can read.
        MienError: it cannot be read.
    """
    if not path.is_file():
        raise UsageError(f"{path}: no such file; mien events --store {path} makes one")
    with translated(path), contextlib.closing(_open(path)) as database:
        version = read_version(database, path)
        if version is None:
            return History(None, {})
        # One transaction: all questions are answered as of the same moment.
        database.execute("BEGIN")
        numbered = {
            number: Span(*row)
            for number, *row in database.execute(
                "SELECT number, start_ms, end_ms FROM recording ORDER BY number"
            )
        }
        recordings = tuple(numbered.values())
        (refused,) = database.execute("SELECT COALESCE(SUM(refused), 0) FROM recording").fetchone()
        if not recordings:
            return History(None, {})
        period = _period(_end(recordings), days, zone)
        devices: dict[str, DeviceHistory] = defaultdict(DeviceHistory)
        _read_events(database, period, devices, version)
        for device, *maker, first_ms, last_ms, visits in database.execute(
            _of_version(_MAKERS, "event", version), period
        ):
            devices[device].made.append(Made(Maker(*maker), first_ms, last_ms, visits))
        for row in database.execute(_of_version(_SUMMARIES, "summary", version), period):
            summary = SummaryRow(*row)
            if _is_plausible(summary):
                devices[summary.device].summaries.append(summary)
        for device, time_ms, is_online in database.execute(
            "SELECT device, time_ms, is_online FROM availability WHERE time_ms <= ?"
            " ORDER BY number",
            (period.end_ms,),
        ):
            row = AvailabilityRow(device, time_ms, bool(is_online))
            devices[device].availability.append(row)
        since = _first_words_since(database)
        older = [span for number, span in numbered.items() if number < since]
        for each in devices.values():
            each.availability += [*_as_before(each.availability, older)]
        for device, *alert in database.execute(
            "SELECT device, id, severity, text, since_ms, end_ms FROM alert"
            " WHERE COALESCE(end_ms, ?1) >= ?1 AND since_ms <= ?2 ORDER BY since_ms",
            period,
        ):
            devices[device].alerts.append(PastAlert(*alert))
        (outside,) = database.execute(
            "SELECT COUNT(*) FROM event WHERE time_ms < ? OR time_ms > ?", period
        ).fetchone()
    return History(period, dict(sorted(devices.items())), recordings, outside, refused)


def _first_words_since(database: sqlite3.Connection) -> float:
    """The number of the first recording of which the first words were kept."""
    (is_there,) = database.execute(
        "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'first_words'"
    ).fetchone()
    if not is_there:
        return math.inf
    (since,) = database.execute("SELECT MIN(since_recording) FROM first_words").fetchone()
    return math.inf if since is None else float(since)


def _as_before(
    changes: Sequence[AvailabilityRow], older: Sequence[Span]
) -> Iterator[AvailabilityRow]:
    """The first words of recordings of an older Mien, which kept changes only."""
    in_time = sorted(changes, key=lambda change: change.time_ms)
    times_ms = [change.time_ms for change in in_time]
    for recording in older:
        if before := bisect_right(times_ms, recording.start_ms):
            yield in_time[before - 1]._replace(time_ms=recording.start_ms)


def _of_version(query: str, table: str, version: int) -> str:
    """The query as an older file takes it: who writes the file brings it to our version.

    In braces stand the columns that it may not have.
    """
    newer = {
        column: column if version >= since else "NULL"
        for (of, column), since in SINCE.items()
        if of == table
    }
    return query.format_map(newer)


def _open(path: Path) -> sqlite3.Connection:
    # SQLite keeps notes beside a file that others may write; where it cannot, nobody else can.
    is_writing = path.with_name(f"{path.name}-wal").exists() or os.access(path.parent, os.W_OK)
    how = "mode=ro" if is_writing else "mode=ro&immutable=1"
    database = sqlite3.connect(f"file:{quote(str(path))}?{how}", uri=True, timeout=10)
    # Each row would have its own copy of the same few words.
    database.text_factory = lambda text: sys.intern(text.decode(errors="replace"))
    return database


def _end(recordings: Sequence[Span]) -> int:
    """The last moment of recording; what a clock recorded that was far ahead does not count."""
    now_ms = recordings[-1].end_ms
    return max(span.end_ms for span in recordings if span.end_ms <= now_ms + DAY_MS)


def _period(end_ms: int, days: int, zone: tzinfo | None) -> Span:
    last = datetime.fromtimestamp(end_ms / 1000, zone).date()
    first = last - timedelta(days=days - 1)
    midnight = datetime(first.year, first.month, first.day, tzinfo=zone).astimezone(zone)
    return Span(int(midnight.timestamp() * 1000), end_ms)


def _read_events(
    database: sqlite3.Connection, period: Span, devices: dict[str, DeviceHistory], version: int
) -> None:
    for device, kind, time_ms, episode, late, emotion, *leaving in database.execute(
        _of_version(_EVENTS, "event", version), period
    ):
        history = devices[device]
        if time_ms >= period.start_ms:
            history.events += 1
            history.late += late
        visit = history.visits[episode]
        if kind == "face_appeared":
            visit.start_ms = time_ms
        elif kind == "emotion_changed":
            visit.changes.append((time_ms, emotion))
        elif kind == "face_left":
            duration_s, emotions_s, valence, arousal = leaving
            visit.end_ms = time_ms
            shown_s = msgspec.json.decode(emotions_s, type=dict[str, float])
            if not is_plausible(duration_s, shown_s):  # an older Mien recorded it
                continue
            visit.duration_s, visit.emotions_s = duration_s, shown_s
            visit.affect = None if None in (valence, arousal) else (valence, arousal)


def _is_plausible(summary: SummaryRow) -> bool:
    """What an older Mien recorded may not be."""
    shown_s = None
    if summary.emotions_s is not None:
        shown_s = msgspec.json.decode(summary.emotions_s, type=dict[str, float])
    return is_plausible((summary.end_ms - summary.start_ms) / 1000, shown_s)
