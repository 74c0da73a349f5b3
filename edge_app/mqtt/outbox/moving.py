"""Events of one open database → the end of another one, as far as they can be read."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from edge_app.mqtt.outbox.disk import translated

#: Events that are read at once: a backlog of a week does not go through memory in one piece.
_PIECE = 200


class Moved(NamedTuple):
    """events, size: how many, and bytes of their payloads. is_whole: whether that is all."""

    events: int
    size: int
    is_whole: bool


def move_events(
    source: sqlite3.Connection, target: sqlite3.Connection, shift: int, shift_s: float
) -> Moved:
    """Copy them in one transaction, but not what is there already, with the number that it has.

    shift, shift_s: by how much their numbers and elapsed seconds rise.

    Raises:
        StoreRefusedError: the target does not take them; nothing changed.
    """
    count = size = 0
    is_whole = True
    with translated():
        target.execute("PRAGMA synchronous = FULL")
        target.execute("BEGIN IMMEDIATE")
        try:
            for piece in _pieces(source):
                if piece is None:
                    is_whole = False
                    break
                # A disk that came back under another name holds the very same.
                missing = [each for each in piece if not _is_there(target, each)]
                target.executemany(
                    "INSERT INTO event VALUES (?, ?, ?)",
                    (
                        (sequence + shift, elapsed_s + shift_s, payload)
                        for sequence, elapsed_s, payload in missing
                    ),
                )
                count += len(missing)
                size += sum(len(payload) for _, _, payload in missing)
            target.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                target.execute("ROLLBACK")
            raise
    return Moved(count, size, is_whole)


def _is_there(target: sqlite3.Connection, event: tuple[int, float, bytes]) -> bool:
    return bool(
        target.execute(
            "SELECT COUNT(*) FROM event WHERE sequence = ? AND payload = ?", (event[0], event[2])
        ).fetchone()[0]
    )


def _pieces(source: sqlite3.Connection) -> Iterator[list[tuple[int, float, bytes]] | None]:
    """The events in order; None in the end where more cannot be read."""
    try:
        rows = source.execute("SELECT sequence, elapsed_s, payload FROM event ORDER BY sequence")
        while piece := rows.fetchmany(_PIECE):
            yield piece
    except sqlite3.DatabaseError:
        yield None
