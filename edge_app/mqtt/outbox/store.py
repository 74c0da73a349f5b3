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
from edge_app.mqtt.outbox.disk import (
    StoreDamagedError,
    StoreRefusedError,
    have_file,
    translated,
)
from edge_app.mqtt.outbox.loss import Loss, read_loss, write_loss

_LOG = logging.getLogger(__name__)

#: Rises when the table of events changes. A file of another version is moved aside like a damaged
#: one.
_VERSION = 1

#: The number of the newest event in a file that cannot be opened, as long as it cannot: above all
#: that any file holds, by more than it may hold.
NUMBERED_FROM = 1 << 40


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

    A disk that does not let us begin is tried again with each write. What the file holds is not
    known until then: events are numbered from `NUMBERED_FROM` on, and what is found later stands
    before them.

    path: made where it is missing, its directory too. None keeps everything in memory.

    Raises:
        UsageError: another process has the file open, or there is no way to it.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.count = 0
        self.size = 0
        #: What was lost, in this run and before, and nobody was told of.
        self.loss = Loss()
        #: Why the disk did not let us begin; None where it did.
        self.refusal: str | None = None
        #: At the opening: number in the file, and elapsed seconds.
        self._newest = 0, 0.0
        self._synchronous = ""
        self._database: sqlite3.Connection | None = None
        self._is_closed = False
        #: By how much numbers outside are ahead of the file's; None until the file is open.
        self._ahead: int | None = 0
        try:
            try:
                self._opened()
            except StoreDamagedError as error:
                self.put_aside(str(error))
                self._opened()
        except StoreRefusedError as error:
            self.refusal = str(error)
            self._ahead = None

    @property
    def is_on_disk(self) -> bool:
        """Whether what is written outlives the process."""
        return self._path is not None

    @property
    def is_known(self) -> bool:
        """Whether it is known what the file holds: it was open once."""
        return self._ahead is not None

    @property
    def last(self) -> tuple[int, float]:
        """Sequence and elapsed seconds of the newest event that was there at the opening, or 0."""
        if self._database is None or self._ahead is None:
            return NUMBERED_FROM, 0.0
        sequence, elapsed_s = self._newest
        return sequence + self._ahead, elapsed_s

    def write(
        self,
        added: Sequence[StoredEvent],
        delivered: Iterable[int],
        limits: Limits,
        now_s: float,
        *,
        lost: int = 0,
        is_loss_told: bool = False,
    ) -> tuple[int, int]:
        """Add, remove and keep within the limits, in one transaction: all of it or nothing.

        With something added, it is on the disk when this returns, power cut or not. A removal may
        be forgotten in a power cut: the event is then delivered twice.

        now_s: in the count of `elapsed_s`. lost: how many were dropped before they came here.
        is_loss_told: what was lost before may be forgotten. Returns how many of the oldest had to
        go, and the sequence number up to which.

        Raises:
            StoreRefusedError: disk full, read-only or failing; nothing changed.
            StoreDamagedError: see `begin_anew`.
        """
        database, ahead = self._opened()
        count, size = self.count, self.size
        with translated():
            self._synchronize(database, "FULL" if added else "NORMAL")
            database.execute("BEGIN IMMEDIATE")
            try:
                database.executemany(
                    "INSERT INTO event VALUES (?, ?, ?)",
                    ((each.sequence - ahead, each.elapsed_s, each.payload) for each in added),
                )
                count += len(added)
                size += sum(len(event.payload) for event in added)
                for sequence in delivered:
                    for (length,) in database.execute(
                        "DELETE FROM event WHERE sequence = ? RETURNING LENGTH(payload)",
                        (sequence - ahead,),
                    ):
                        count, size = count - 1, size - length
                too_many = [*_beyond(database, limits, count, size, now_s)]
                last = too_many[-1][0] if too_many else 0
                database.execute("DELETE FROM event WHERE sequence <= ?", (last,))
                loss = Loss(lost + len(too_many))
                if not is_loss_told:
                    loss = loss.and_before(self.loss)
                if loss != self.loss:
                    write_loss(database, loss)
                database.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    database.execute("ROLLBACK")
                raise
        self.count = count - len(too_many)
        self.size = size - sum(length for _, length in too_many)
        self.loss = loss
        return len(too_many), last + ahead if too_many else 0

    def read(self, after: int, up_to: int, limit: int) -> list[StoredEvent]:
        """The next events behind a sequence number, in order; none of a file that is not open.

        Raises:
            StoreRefusedError, StoreDamagedError: they cannot be read.
        """
        database, ahead = self._database, self._ahead
        if database is None or ahead is None:
            return []
        with translated():
            rows = database.execute(
                "SELECT sequence, elapsed_s, payload FROM event"
                " WHERE sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ?",
                (after - ahead, up_to - ahead, limit),
            ).fetchall()
        return [
            StoredEvent(sequence + ahead, elapsed_s, payload)
            for sequence, elapsed_s, payload in rows
        ]

    def newest_payloads(self, limit: int) -> set[bytes]:
        """What the newest events say; nothing of a file that is not open.

        Raises:
            StoreRefusedError, StoreDamagedError: they cannot be read.
        """
        if self._database is None:
            return set()
        with translated():
            return {
                bytes(payload)
                for (payload,) in self._database.execute(
                    "SELECT payload FROM event ORDER BY sequence DESC LIMIT ?", (limit,)
                )
            }

    def put_aside(self, damage: str, *, is_loss: bool = True) -> None:
        """Move a damaged file away; the next write begins an empty one.

        is_loss: whether events waited in it, or may have.

        Raises:
            StoreRefusedError: the disk does not let us.
        """
        self._close_database()
        self._move_aside(damage, is_loss=is_loss)
        self.count = self.size = 0

    def close(self) -> None:
        """Close the file; what its write-ahead log holds goes into it first."""
        self._is_closed = True
        self._close_database()

    def _close_database(self) -> None:
        if self._database is not None:
            with contextlib.suppress(sqlite3.Error):
                self._database.close()
            self._database = None

    def _opened(self) -> tuple[sqlite3.Connection, int]:
        """The database, opened where it is not yet, and by how much numbers are ahead of its."""
        if self._database is None:
            if self._is_closed:
                raise StoreRefusedError("closed")
            if self._path is not None:
                have_file(self._path)
            self._database = self._open()
        if self._ahead is None:
            self._ahead = NUMBERED_FROM - self._newest[0]
        return self._database, self._ahead

    def _open(self) -> sqlite3.Connection:
        with translated(self._path):
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
        # A sound file is not written to: a full disk gives what is there, and takes it later.
        if not version:
            database.execute("BEGIN IMMEDIATE")
            database.execute(
                "CREATE TABLE IF NOT EXISTS event (sequence INTEGER PRIMARY KEY,"
                " elapsed_s REAL NOT NULL, payload BLOB NOT NULL) STRICT"
            )
            database.execute(f"PRAGMA user_version = {_VERSION}")
            if self.loss != Loss():
                write_loss(database, self.loss)
            database.execute("COMMIT")
        self.count, self.size, *newest = database.execute(
            "SELECT COUNT(*), COALESCE(SUM(LENGTH(payload)), 0), COALESCE(MAX(sequence), 0),"
            " COALESCE(MAX(elapsed_s), 0.0) FROM event"
        ).fetchone()
        self._newest = newest[0], newest[1]
        if version:
            self.loss = self.loss.and_before(read_loss(database))

    def _synchronize(self, database: sqlite3.Connection, mode: str) -> None:
        if mode != self._synchronous:
            database.execute(f"PRAGMA synchronous = {mode}")
            self._synchronous = mode

    def _move_aside(self, damage: str, *, is_loss: bool) -> None:
        """Keep the newest damaged file for whoever looks into it; only one, the card is small."""
        assert self._path is not None  # noqa: S101 - memory does not get damaged
        aside = self._path.with_name(f"{self._path.name}.damaged")
        try:
            self._path.replace(aside)
            for ending in ("-wal", "-shm"):
                beside = self._path.with_name(self._path.name + ending)
                if beside.exists():
                    beside.replace(aside.with_name(aside.name + ending))
        except OSError as error:
            raise StoreRefusedError(f"{self._path}: {error.strerror}") from error
        _LOG.error("%s; moved aside to %s, a new outbox is begun", damage, aside)
        # Where nothing was lost with this file, an earlier one with which there was is told of.
        if is_loss or self.loss.damage is None:
            what = "the events that waited in it were not sent" if is_loss else "no event was lost"
            text = f"{damage}; moved aside to {aside.name}: {what}"
            self.loss = self.loss._replace(damage=text)


def _beyond(
    database: sqlite3.Connection, limits: Limits, count: int, size: int, now_s: float
) -> Iterator[tuple[int, int]]:
    """Number in the file and length of the oldest events, for as long as the rest is too much."""
    for sequence, elapsed_s, length in database.execute(
        "SELECT sequence, elapsed_s, LENGTH(payload) FROM event ORDER BY sequence"
    ):
        is_within = count <= limits.events and size <= limits.size
        if is_within and now_s - elapsed_s <= limits.age_s:
            return
        count, size = count - 1, size - length
        yield sequence, length
