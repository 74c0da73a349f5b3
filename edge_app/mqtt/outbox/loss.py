"""What was lost and nobody was told of → one row beside the events, and back."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple


class Loss(NamedTuple):
    """events: how many were dropped, for want of room or their age. damage: of a file before."""

    events: int = 0
    damage: str | None = None

    def and_before(self, earlier: Loss) -> Loss:
        """Both together."""
        return Loss(self.events + earlier.events, self.damage or earlier.damage)

    def or_of(self, other: Loss) -> Loss:
        """Both together, where one may tell of the same as the other."""
        return Loss(max(self.events, other.events), self.damage or other.damage)


def read_loss(database: sqlite3.Connection) -> Loss:
    """An older file has no such table, and a version of Mien that knows none passes it over."""
    (is_there,) = database.execute(
        "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'loss'"
    ).fetchone()
    row = database.execute("SELECT events, damage FROM loss").fetchone() if is_there else None
    return Loss(*row) if row else Loss()


def write_loss(database: sqlite3.Connection, loss: Loss) -> None:
    """In the caller's transaction."""
    database.execute(
        "CREATE TABLE IF NOT EXISTS loss (id INTEGER PRIMARY KEY CHECK (id = 1),"
        " events INTEGER NOT NULL, damage TEXT) STRICT"
    )
    if loss == Loss():
        database.execute("DELETE FROM loss")
    else:
        database.execute("INSERT OR REPLACE INTO loss VALUES (1, ?, ?)", loss)
