"""Numbers → events as an outbox stores them; a file → what is in it, and copies of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from edge_app.events.payloads import encode
from edge_app.mqtt.outbox.disk import log_of
from edge_app.mqtt.outbox.payload import is_sound
from edge_app.mqtt.outbox.seal import sealed
from edge_app.mqtt.outbox.store import EventStore
from edge_app.mqtt.outbox.stored_event import BEFORE_ALL, NUMBERED_FROM, StoredEvent
from tests.edge_app.mqtt.samples import appeared


def events(first: int, last: int) -> list[StoredEvent]:
    """Such as they are, with checksums."""
    return [
        StoredEvent(number, number / 4, sealed(encode(appeared(number))))
        for number in range(first, last + 1)
    ]


def sound(store: EventStore) -> list[int]:
    """Numbers of the sound events, in order; an event with another one's number is none."""
    return [
        event.sequence
        for event in store.read(BEFORE_ALL, 2 * NUMBERED_FROM, 100_000)
        if is_sound(event.payload)
        and event == StoredEvent(*events(event.sequence, event.sequence)[0])
    ]


def copied(path: Path, folder: Path) -> Path:
    """A file and its log as they are now, as a kill leaves them."""
    folder.mkdir(exist_ok=True)
    for file in (path, log_of(path)):
        copy = folder / file.name
        copy.unlink(missing_ok=True)
        if file.exists():
            shutil.copy(file, copy)
    return folder / path.name


def flip(path: Path, place: int, bit: int) -> None:
    with path.open("r+b") as file:
        file.seek(place)
        (byte,) = file.read(1)
        file.seek(place)
        file.write(bytes([byte ^ 1 << bit]))


def zero(path: Path, place: int, size: int) -> None:
    with path.open("r+b") as file:
        file.seek(place)
        file.write(bytes(min(size, path.stat().st_size - place)))


def missing(numbers: Iterable[int], count: int) -> set[int]:
    """Of those from 1 on."""
    return set(range(1, count + 1)) - set(numbers)
