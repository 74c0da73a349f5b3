"""For how long an outbox was open, through all its runs → one row beside the events, and back."""

from __future__ import annotations

import sqlite3


def read_elapsed_s(database: sqlite3.Connection) -> float:
    """Seconds; 0 where nobody wrote it: an older Mien writes none, and passes over the table."""
    (is_there,) = database.execute(
        "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'elapsed'"
    ).fetchone()
    if not is_there:
        return 0.0
    # A bit that flipped may set it ahead by ages, and all events would be too old.
    row = database.execute("SELECT seconds FROM elapsed WHERE ABS(seconds) < 1e10").fetchone()
    return float(row[0]) if row else 0.0


def write_elapsed_s(database: sqlite3.Connection, elapsed_s: float) -> None:
    """In the caller's transaction."""
    database.execute(
        "CREATE TABLE IF NOT EXISTS elapsed (id INTEGER PRIMARY KEY CHECK (id = 1),"
        " seconds REAL NOT NULL) STRICT"
    )
    database.execute("INSERT OR REPLACE INTO elapsed VALUES (1, ?)", (elapsed_s,))
