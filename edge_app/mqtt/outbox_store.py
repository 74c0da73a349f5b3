"""Events → an SQLite file that survives a power cut, and back, in the order they came."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from edge_app.closing import Closing
from edge_app.errors import MienError, UsageError

_LOG = logging.getLogger(__name__)

#: Rises when the table changes. A file of another version is moved aside like a damaged one.
_VERSION = 1

_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_IN_USE = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


class StoreRefusedError(MienError):
    """The disk takes nothing more, or gives nothing back."""


class StoreDamagedError(MienError):
    """The file is no database of ours any more."""


class StoredEvent(NamedTuple):
    """One event as it waits.

    sequence: rises with each event, whatever the clock does. elapsed_s: how long the outbox had
    been open, through all runs that left something behind. payload: its JSON.
    """

    sequence: int
    elapsed_s: float
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much may wait: number, bytes of payload, and seconds of running time."""

    events: int = 50_000
    size: int = 64_000_000
    age_s: float = 30 * 86_400.0


class EventStore(Closing):
    """One SQLite file, for one process and one thread at a time.

    path: None keeps everything in memory.

    Raises:
        UsageError: another process has the file open, or there is no way to it.
        StoreRefusedError: the disk does not let us begin.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.count = 0
        self.size = 0
        #: What was wrong with the file that was there before; None where it was sound.
        self.damage: str | None = None
        self._synchronous = ""
        try:
            self._database = self._open()
        except StoreDamagedError as error:
            self._move_aside(str(error))
            self._database = self._open()

    @property
    def is_on_disk(self) -> bool:
        """Whether what is written outlives the process."""
        return self._path is not None

    @property
    def last(self) -> tuple[int, float]:
        """Sequence and elapsed seconds of the newest event; zeros where there is none."""
        with _translated():
            row = self._database.execute(
                "SELECT COALESCE(MAX(sequence), 0), COALESCE(MAX(elapsed_s), 0) FROM event"
            ).fetchone()
        return int(row[0]), float(row[1])

    def write(
        self, added: Sequence[StoredEvent], delivered: Iterable[int], limits: Limits, now_s: float
    ) -> tuple[int, int]:
        """Add, remove and keep within the limits, in one transaction: all of it or nothing.

        With something added, it is on the disk when this returns, power cut or not. A removal may
        be forgotten in a power cut: the event is then delivered twice.

        now_s: in the count of `elapsed_s`. Returns how many of the oldest had to go, and the
        sequence number up to which.

        Raises:
            StoreRefusedError: disk full, read-only or failing; nothing changed.
            StoreDamagedError: see `begin_anew`.
        """
        count, size = self.count, self.size
        with _translated():
            self._synchronize("FULL" if added else "NORMAL")
            self._database.execute("BEGIN IMMEDIATE")
            try:
                self._database.executemany("INSERT INTO event VALUES (?, ?, ?)", added)
                count += len(added)
                size += sum(len(event.payload) for event in added)
                for sequence in delivered:
                    for (length,) in self._database.execute(
                        "DELETE FROM event WHERE sequence = ? RETURNING LENGTH(payload)",
                        (sequence,),
                    ):
                        count, size = count - 1, size - length
                too_many = [*self._beyond(limits, count, size, now_s)]
                dropped_to = too_many[-1][0] if too_many else 0
                self._database.execute("DELETE FROM event WHERE sequence <= ?", (dropped_to,))
                self._database.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self._database.execute("ROLLBACK")
                raise
        self.count = count - len(too_many)
        self.size = size - sum(length for _, length in too_many)
        return len(too_many), dropped_to

    def read(self, after: int, up_to: int, limit: int) -> list[StoredEvent]:
        """The next events behind a sequence number, in order.

        Raises:
            StoreRefusedError, StoreDamagedError: they cannot be read.
        """
        with _translated():
            rows = self._database.execute(
                "SELECT sequence, elapsed_s, payload FROM event"
                " WHERE sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ?",
                (after, up_to, limit),
            ).fetchall()
        return [StoredEvent(*row) for row in rows]

    def newest_payloads(self, limit: int) -> set[bytes]:
        """What the newest events say."""
        with _translated():
            return {
                bytes(payload)
                for (payload,) in self._database.execute(
                    "SELECT payload FROM event ORDER BY sequence DESC LIMIT ?", (limit,)
                )
            }

    def begin_anew(self, damage: str) -> None:
        """Put a damaged file aside and begin an empty one.

        Raises:
            StoreRefusedError: the disk does not let us.
        """
        self.close()
        self._move_aside(damage)
        self._database = self._open()

    def close(self) -> None:
        """Close the file; what its write-ahead log holds goes into it first."""
        with contextlib.suppress(sqlite3.Error):
            self._database.close()

    def _open(self) -> sqlite3.Connection:
        with _translated():
            database = sqlite3.connect(
                self._path or ":memory:", timeout=0, isolation_level=None, check_same_thread=False
            )
            try:
                self._prepare(database)
            except BaseException:
                database.close()
                raise
        return database

    def _prepare(self, database: sqlite3.Connection) -> None:
        self._synchronous = ""
        # Exclusive: a second process is refused, and the log's index needs no file of its own.
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA journal_size_limit = 1000000")
        # What was delivered is overwritten where that costs no further write.
        database.execute("PRAGMA secure_delete = FAST")
        if self._path is not None:
            (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise StoreDamagedError(f"{self._path}: {verdict}")
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version not in {0, _VERSION}:
            raise StoreDamagedError(f"{self._path}: written by another version of Mien")
        database.execute("BEGIN IMMEDIATE")
        database.execute(
            "CREATE TABLE IF NOT EXISTS event (sequence INTEGER PRIMARY KEY,"
            " elapsed_s REAL NOT NULL, payload BLOB NOT NULL) STRICT"
        )
        database.execute(f"PRAGMA user_version = {_VERSION}")
        self.count, self.size = database.execute(
            "SELECT COUNT(*), COALESCE(SUM(LENGTH(payload)), 0) FROM event"
        ).fetchone()
        database.execute("COMMIT")

    def _synchronize(self, mode: str) -> None:
        if mode != self._synchronous:
            self._database.execute(f"PRAGMA synchronous = {mode}")
            self._synchronous = mode

    def _beyond(
        self, limits: Limits, count: int, size: int, now_s: float
    ) -> Iterator[tuple[int, int]]:
        """Sequence and length of the oldest events, for as long as the rest is too much."""
        for sequence, elapsed_s, length in self._database.execute(
            "SELECT sequence, elapsed_s, LENGTH(payload) FROM event ORDER BY sequence"
        ):
            is_within = count <= limits.events and size <= limits.size
            if is_within and now_s - elapsed_s <= limits.age_s:
                return
            count, size = count - 1, size - length
            yield sequence, length

    def _move_aside(self, damage: str) -> None:
        """Keep the newest damaged file for whoever looks into it; only one, the card is small."""
        assert self._path is not None  # noqa: S101 - memory does not get damaged
        aside = self._path.with_name(f"{self._path.name}.damaged")
        _LOG.error("%s; moved aside to %s, a new outbox is begun", damage, aside)
        self.damage = f"{damage}; moved aside to {aside.name}: the events in it were not sent"
        try:
            self._path.replace(aside)
            for ending in ("-wal", "-shm"):
                beside = self._path.with_name(self._path.name + ending)
                if beside.exists():
                    beside.replace(aside.with_name(aside.name + ending))
        except OSError as error:
            raise StoreRefusedError(f"{self._path}: {error.strerror}") from error


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code in _IN_USE:
            raise UsageError(
                "outbox: another mien has it open; end that one, or give this one another"
                " directory in [outbox]"
            ) from error
        if code == sqlite3.SQLITE_CANTOPEN:
            raise UsageError(f"outbox: {error}; check the directory in [outbox]") from error
        # Tables that are not there, or not ours, are no trouble of the disk.
        is_damage = code in _DAMAGE or code == sqlite3.SQLITE_ERROR
        raise (StoreDamagedError if is_damage else StoreRefusedError)(str(error)) from error
