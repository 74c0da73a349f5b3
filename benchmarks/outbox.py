"""This disk and a local Mosquitto → what the outbox costs: time, writes a day, time to drain.

The daily figures come from fewer events with less time between them: the same writes, each event's
removal with the next event, as it is when less than a minute lies in between.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.as_command import at_least_one, exit_code
from benchmarks.mosquitto import own_mosquitto
from benchmarks.process import bytes_written
from benchmarks.sample_events import sample_events
from edge_app.errors import MienError
from edge_app.events.payloads import EmotionChanged, Event, PresentFace, State, encode
from edge_app.mqtt.outbox.handover import Handover
from edge_app.mqtt.outbox.outbox import Outbox
from edge_app.mqtt.outbox.store import EventStore
from edge_app.mqtt.outbox.stored_event import Limits, StoredEvent
from edge_app.mqtt.publisher import MqttPublisher

#: A busy room: an event every ten seconds, all day.
EVENTS_A_DAY = 8640
#: Events of one frame, in turn, since a frame shows several faces; and the time between two.
FRAMES = (1, 1, 2, 1, 3, 1)
APART_S = 0.0002

#: What a camera's frames have to say, and how many of them are timed.
FRAMES_A_SECOND = 15
EVENTS_EVERY = 150
STATE_EVERY = 15
FRAMES_TIMED = 600

WAITING = 1000


class _Took(NamedTuple):
    """On the clock, and of a processor: what other programs take makes the difference."""

    wall_s: float
    work_s: float


def main(words: Sequence[str] | None = None) -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("build"), help="on the disk to measure")
    parser.add_argument(
        "--events", type=at_least_one, default=1500, help="how many to measure with"
    )
    arguments = parser.parse_args(words)
    arguments.folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name)
        events = list(sample_events(arguments.events))
        _say("| handing over | p50 | p99 | longest | processor time, p99 |")
        _say("|---|---:|---:|---:|---:|")
        for mode in ("FULL", "NORMAL"):
            what = f"one event: SQLite commit in the frame loop, synchronous={mode}"
            _say(_times_row(what, _commit_times(folder, events, mode)))
        _say(_times_row("one event: `Outbox.put`, a thread commits", _put_times(folder, events)))
        _say(_times_row("a frame, of 15 a second, connected", _frame_times(folder, events)))
        _say("")
        _say("A frame: 1 to 3 events every ten seconds, the state every second, else nothing.")
        _say("")
        _say("| group window | commits with fsync a day | written a day | put to disk, p50 | p99 |")
        _say("|---|---:|---:|---:|---:|")
        for window_s in (0.0, 0.005, 0.01, 0.02, 0.05):
            _say(_day_row(folder, events, window_s))
        _say("")
        _say(f"A day: {EVENTS_A_DAY} events of {len(encode(events[0]))} bytes, 1 to 3 a frame.")
        _say(_drained(folder, events))
    return 0


def _commit_times(folder: Path, events: Iterable[Event], mode: str) -> list[_Took]:
    """Seconds of a commit for each event, if the frame loop did it."""
    times = []
    database = sqlite3.connect(folder / f"{mode}.sqlite", isolation_level=None)
    database.execute("PRAGMA locking_mode = EXCLUSIVE")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute(f"PRAGMA synchronous = {mode}")
    database.execute("CREATE TABLE event (sequence INTEGER PRIMARY KEY, payload BLOB)")
    for event in events:
        began, worked = time.perf_counter(), time.thread_time()
        database.execute("INSERT INTO event (payload) VALUES (?)", (encode(event),))
        times.append(_Took(time.perf_counter() - began, time.thread_time() - worked))
        database.execute("DELETE FROM event")
        time.sleep(0.002)
    database.close()
    return times


def _put_times(folder: Path, events: Iterable[Event]) -> list[_Took]:
    """Seconds of `put` while the outbox's thread writes, at some five hundred events a second."""
    times = []
    with Outbox(EventStore(folder / "put.sqlite"), Handover(folder / "handover")) as outbox:
        outbox.start(lambda: None)
        for event in events:
            began, worked = time.perf_counter(), time.thread_time()
            outbox.put(event)
            times.append(_Took(time.perf_counter() - began, time.thread_time() - worked))
            time.sleep(0.002)
    return times


def _frame_times(folder: Path, events: Iterable[Event]) -> list[_Took]:
    """Seconds of all that each frame has to say, nothing included, at the pace of a camera."""
    times = []
    outbox = Outbox(EventStore(folder / "frame.sqlite"), Handover(folder / "frame.handover"))
    happening = _frames(events)
    with own_mosquitto() as (address, _):
        publisher = MqttPublisher(address, device="bench", outbox=outbox)
        try:
            publisher.connect()
            said = next(happening)
            for number in range(FRAMES_TIMED):
                has_events = number % EVENTS_EVERY == 0
                said = next(happening) if has_events else said
                state = _state(said)
                began, worked = time.perf_counter(), time.thread_time()
                for event in said if has_events else ():
                    publisher.publish_event(event)
                if number % STATE_EVERY == 0:
                    publisher.publish_state(state)
                times.append(_Took(time.perf_counter() - began, time.thread_time() - worked))
                time.sleep(1 / FRAMES_A_SECOND)
        finally:
            publisher.close()
    return times


def _frames(events: Iterable[Event]) -> Iterator[list[Event]]:
    waiting = iter(events)
    for faces in cycle(FRAMES):
        frame = list(islice(waiting, faces))
        if not frame:
            return
        yield frame


def _state(events: Iterable[Event]) -> State:
    faces = tuple(
        PresentFace(episode=event.episode, emotion=event.emotion, box=event.box)
        for event in events
        if isinstance(event, EmotionChanged)
    )
    return State(time=datetime.now(UTC), faces=faces)


class _CountingStore(EventStore):
    """Notes when each event was on the disk, and how many commits brought them there."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.written_at: list[float] = []
        self.commits = 0

    def write(
        self,
        added: Sequence[StoredEvent],
        delivered: Iterable[int],
        limits: Limits,
        now_s: float,
        **losses: Any,
    ) -> tuple[int, int | None]:
        done = super().write(added, delivered, limits, now_s, **losses)
        self.commits += bool(added)
        self.written_at += [time.perf_counter()] * len(added)
        return done


def _day_row(folder: Path, events: Sequence[Event], window_s: float) -> str:
    store = _CountingStore(folder / f"day{window_s}.sqlite")
    outbox = Outbox(store, Handover(folder / "handover"), group_s=window_s)
    put_at: list[float] = []
    with outbox:
        outbox.start(lambda: None)
        outbox.connected()
        before = _written()
        for frame in _frames(events):
            for event in frame:
                put_at.append(time.perf_counter())
                outbox.put(event)
                time.sleep(APART_S)
            _deliver(outbox, len(frame))
        written = _written() - before
    a_day = EVENTS_A_DAY / len(put_at)
    until = sorted(end - begin for begin, end in zip(put_at, store.written_at, strict=True))
    return (
        f"| {1e3 * window_s:g} ms | {store.commits * a_day:.0f} | {written * a_day / 1e6:.0f} MB |"
        f" {1e3 * _quantile(until, 0.5):.1f} ms | {1e3 * _quantile(until, 0.99):.1f} ms |"
    )


def _deliver(outbox: Outbox, count: int) -> None:
    """What a broker does with live events."""
    while count:
        if offer := outbox.take():
            outbox.settle(offer.sequence)
            count -= 1
        else:
            time.sleep(0.0005)


def _drained(folder: Path, events: Sequence[Event]) -> str:
    """How long a backlog takes, from the connection on."""
    path = folder / "drained.sqlite"
    with Outbox(EventStore(path)) as before:
        for event in events[:WAITING]:
            before.put(event)
    outbox = Outbox(EventStore(path))
    with own_mosquitto() as (address, _):
        publisher = MqttPublisher(address, device="bench", outbox=outbox)
        began = time.perf_counter()
        try:
            publisher.connect()
            is_empty = outbox.wait_until_empty(60)
            took_s = time.perf_counter() - began
        finally:
            publisher.close()
    if not is_empty:
        raise MienError("the backlog is not drained within a minute; see what the broker says")
    return f"{min(WAITING, len(events))} waiting events are delivered in {took_s:.1f} s."


def _written() -> int:
    """By this process, so far."""
    count = bytes_written()
    if count is None:
        raise MienError("/proc/self/io says nothing of write_bytes; run this on Linux")
    return count


def _times_row(what: str, times: Sequence[_Took]) -> str:
    walls, works = sorted(each.wall_s for each in times), sorted(each.work_s for each in times)
    figures = (_quantile(walls, 0.5), _quantile(walls, 0.99), walls[-1], _quantile(works, 0.99))
    return f"| {what} | {' | '.join(f'{1e6 * figure:.0f} µs' for figure in figures)} |"


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(exit_code(main))
