"""A damaged file that was moved aside → its events, as far as they can be read, in a new one."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from edge_app.mqtt.outbox.disk import log_of, translated
from edge_app.mqtt.outbox.log_frames import Log, read_log
from edge_app.mqtt.outbox.loss import Loss, write_loss
from edge_app.mqtt.outbox.pages import Pages


class Salvaged(NamedTuple):
    """events: how many were brought back. missing: how many were not, at most; None: unknown."""

    events: int = 0
    missing: int | None = None

    @property
    def lost(self) -> str | None:
        """What to tell of the others; None where there are none."""
        if self.missing == 0:
            return None
        if not self.events:
            return "the events that waited in it were not sent"
        others = "an unknown number" if self.missing is None else f"{self.missing} at most"
        return f"of the events that waited in it, {self.events} were brought back, {others} not"


def salvage(aside: Path, database: sqlite3.Connection, loss: Callable[[Salvaged], Loss]) -> None:
    """Copy the events with their numbers, in one transaction. loss: what is to be told then.

    aside: a file with its log beside; both are only read.

    Raises:
        StoreRefusedError: the database does not take them; nothing changed.
    """
    with translated():
        database.execute("PRAGMA synchronous = FULL")
        database.execute("BEGIN IMMEDIATE")
        try:
            write_loss(database, loss(_copied(aside, database)))
            database.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                database.execute("ROLLBACK")
            raise


def _copied(aside: Path, database: sqlite3.Connection) -> Salvaged:
    first = last = None
    try:
        with Pages(aside, _log(aside)) as pages:
            for row in chain(pages.rows(), pages.stray_rows()):
                first = row.sequence if first is None else min(first, row.sequence)
                last = row.sequence if last is None else max(last, row.sequence)
                if row.payload is not None:
                    database.execute("INSERT OR IGNORE INTO event VALUES (?, ?, ?)", row)
            is_bounded = pages.is_bounded
    except OSError:
        is_bounded = False
    # A process that was killed just now may have done all this before.
    (count,) = database.execute("SELECT COUNT(*) FROM event").fetchone()
    if not is_bounded:
        return Salvaged(count)
    # What was delivered leaves gaps, too.
    return Salvaged(count, 0 if first is None or last is None else last - first + 1 - count)


def _log(aside: Path) -> Log | None:
    try:
        return read_log(log_of(aside))
    except OSError:
        return None
