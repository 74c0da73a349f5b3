"""For how long an outbox was open, through all its runs → one row beside the events, and back."""

from __future__ import annotations

import sqlite3


def read_elapsed_s(database: sqlite3.Connection) -> float:
    """Seconds; 0 where nobody wrote it, or where the newest event is another one by now.

    That one says it better: an older Mien, which passes over the table, counts on from its own
    newest event, and what came then would be too old.
    """
    (is_there,) = database.execute(
        "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'elapsed_since'"
    ).fetchone()
    if not is_there:
        return 0.0
    # A bit that flipped may set it ahead by ages, and all events would be too old.
    row = database.execute(
        "SELECT seconds FROM elapsed_since WHERE ABS(seconds) < 1e10 AND (sequence, elapsed_s) ="
        " (SELECT sequence, elapsed_s FROM event ORDER BY sequence DESC LIMIT 1)"
    ).fetchone()
    return float(row[0]) if row else 0.0


def write_elapsed_s(database: sqlite3.Connection, elapsed_s: float) -> None:
    """In the caller's transaction; there are events."""
    database.execute(
        "CREATE TABLE IF NOT EXISTS elapsed_since (id INTEGER PRIMARY KEY CHECK (id = 1),"
        " seconds REAL NOT NULL, sequence INTEGER NOT NULL, elapsed_s REAL NOT NULL) STRICT"
    )
    database.execute(
        "INSERT OR REPLACE INTO elapsed_since"
        " SELECT 1, ?, sequence, elapsed_s FROM event ORDER BY sequence DESC LIMIT 1",
        (elapsed_s,),
    )
