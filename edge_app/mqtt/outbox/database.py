"""The path of an outbox → an open SQLite database that is sound, and what it holds."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import NamedTuple

from edge_app.mqtt.outbox.disk import StoreDamagedError, have_file, read_through, translated
from edge_app.mqtt.outbox.elapsed import read_elapsed_s
from edge_app.mqtt.outbox.log_check import check_log
from edge_app.mqtt.outbox.loss import Loss, read_loss, write_loss

#: Rises when the table of events changes. A file of another version is moved aside like a damaged
#: one.
_VERSION = 1


class Opened(NamedTuple):
    """A database, and what was in it at its opening.

    events, size: how many, and bytes of their payloads. oldest: number of the first event, or 1.
    newest: number of the last event, or 0, and elapsed seconds, as far as they were written. loss:
    what nobody was told of.
    """

    database: sqlite3.Connection
    events: int
    size: int
    oldest: int
    newest: tuple[int, float]
    loss: Loss


def open_database(path: Path | None, loss: Loss) -> Opened:
    """Open it, and make it where it is missing. None: in memory. loss: what a new one is to tell.

    What is damaged is looked at twice, and read to its end in between: SQLite takes a page that
    the disk does not give back for a damaged one.

    Raises:
        UsageError: another process has the file open, or there is no way to it.
        StoreRefusedError: the disk does not let us.
        StoreDamagedError: the file is no database of ours.
    """
    try:
        return _open(path, loss)
    except StoreDamagedError:
        if path is None:
            raise
        read_through(path)
        return _open(path, loss)


def _open(path: Path | None, loss: Loss) -> Opened:
    if path is not None:
        have_file(path)
        check_log(path)
    with translated(path):
        database = sqlite3.connect(
            path or ":memory:", timeout=0, isolation_level=None, check_same_thread=False
        )
        try:
            return _prepared(database, path, loss)
        except BaseException:
            database.close()
            raise


def _prepared(database: sqlite3.Connection, path: Path | None, loss: Loss) -> Opened:
    # Exclusive: a second process is refused, and the log's index needs no file of its own.
    database.execute("PRAGMA locking_mode = EXCLUSIVE")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA journal_size_limit = 1000000")
    # What was delivered is overwritten where that costs no further write.
    database.execute("PRAGMA secure_delete = FAST")
    if path is not None:
        (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise StoreDamagedError(f"{path}: {' '.join(verdict.split())}")
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version not in {0, _VERSION}:
        raise StoreDamagedError(f"{path}: written by another version of Mien")
    # A sound file is not written to: a full disk gives what is there, and takes it later.
    if not version:
        database.execute("BEGIN IMMEDIATE")
        database.execute(
            "CREATE TABLE IF NOT EXISTS event (sequence INTEGER PRIMARY KEY,"
            " elapsed_s REAL NOT NULL, payload BLOB NOT NULL) STRICT"
        )
        database.execute(f"PRAGMA user_version = {_VERSION}")
        if loss != Loss():
            write_loss(database, loss)
        database.execute("COMMIT")
    return measured(database)


def measured(database: sqlite3.Connection) -> Opened:
    """What an open database holds now."""
    # A bit that flipped may set one event ahead by ages, and all others would be too old.
    events, size, oldest, newest, elapsed_s = database.execute(
        "SELECT COUNT(*), COALESCE(SUM(LENGTH(payload)), 0), COALESCE(MIN(sequence), 1),"
        " COALESCE(MAX(sequence), 0),"
        " COALESCE(MAX(elapsed_s) FILTER (WHERE ABS(elapsed_s) < 1e10), 0.0) FROM event"
    ).fetchone()
    # After the newest event the time went on.
    elapsed_s = max(elapsed_s, read_elapsed_s(database))
    return Opened(database, events, size, oldest, (newest, elapsed_s), read_loss(database))
