"""What comes, goes and is too much → one transaction on an open outbox: all of it or nothing."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from edge_app.mqtt.outbox.elapsed import write_elapsed_s
from edge_app.mqtt.outbox.loss import Loss, write_loss
from edge_app.mqtt.outbox.stored_event import Limits, StoredEvent


class Held(NamedTuple):
    """What a file has: so many events, so many bytes of payload, and what it says of losses."""

    events: int
    size: int
    loss: Loss


class Change(NamedTuple):
    """What is to be written, with the file's own numbers and elapsed seconds.

    written_to: what stands behind it goes. under_way: what the limits spare. loss: what is to be
    told, beside what the limits take now. keeps_elapsed: the next process is to know of `now_s`, if
    it finds events.
    """

    added: Sequence[StoredEvent]
    delivered: Iterable[int]
    written_to: int
    under_way: Collection[int]
    now_s: float
    loss: Loss
    keeps_elapsed: bool = False


def carry_out(
    database: sqlite3.Connection, change: Change, limits: Limits, held: Held
) -> tuple[Held, list[int]]:
    """Change what a file has. held: what it has before.

    Returns what it has then, and the numbers of the oldest events, which were too many.

    Raises:
        sqlite3.Error: nothing changed.
    """
    count, size, _ = held
    database.execute("BEGIN IMMEDIATE")
    try:
        # A write that the disk refused may stand in the log all the same.
        removed = database.execute(
            "DELETE FROM event WHERE sequence > ? RETURNING LENGTH(payload)",
            (change.written_to,),
        ).fetchall()
        for sequence in change.delivered:
            removed += database.execute(
                "DELETE FROM event WHERE sequence = ? RETURNING LENGTH(payload)", (sequence,)
            )
        count -= len(removed)
        size -= sum(length for (length,) in removed)
        database.executemany("INSERT INTO event VALUES (?, ?, ?)", change.added)
        count += len(change.added)
        size += sum(len(event.payload) for event in change.added)
        too_many = [*_beyond(database, change, limits, count, size)]
        database.executemany(
            "DELETE FROM event WHERE sequence = ?", ((sequence,) for sequence, _ in too_many)
        )
        loss = Loss(len(too_many)).and_before(change.loss)
        if loss != held.loss:
            write_loss(database, loss)
        if change.keeps_elapsed and count > len(too_many):
            write_elapsed_s(database, change.now_s)
        database.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            database.execute("ROLLBACK")
        raise
    size -= sum(length for _, length in too_many)
    return Held(count - len(too_many), size, loss), [sequence for sequence, _ in too_many]


def _beyond(
    database: sqlite3.Connection, change: Change, limits: Limits, count: int, size: int
) -> Iterator[tuple[int, int]]:
    """Number and length of the oldest events, for as long as the rest is too much."""
    for sequence, elapsed_s, length in database.execute(
        "SELECT sequence, elapsed_s, LENGTH(payload) FROM event ORDER BY sequence"
    ):
        is_within = count <= limits.events and size <= limits.size
        if is_within and change.now_s - elapsed_s <= limits.age_s:
            return
        if sequence in change.under_way:
            continue
        count, size = count - 1, size - length
        yield sequence, length
