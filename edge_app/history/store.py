"""Rows → an SQLite file that others may read while it is written."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import secrets
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from edge_app.closing import Closing
from edge_app.errors import MienError, UsageError
from edge_app.history.rows import AvailabilityRow, Row
from edge_app.history.schema import (
    APPLICATION_ID,
    CARRY,
    FIRST_WORDS,
    FORGET,
    FORGET_ALERT,
    INSERT,
    MIGRATIONS,
    OLD_ALERTS,
    SUBSCRIBER,
    TABLES,
    VERSION,
)

_LOG = logging.getLogger(__name__)

#: How long another program's lock may hold up the opening and the end, and all between.
_PATIENCE_S, _SHORT_PATIENCE_S = 10.0, 1.0

#: What SQLite lets its log grow to before it writes it back. One large removal makes it as large as
#: the file, and without a limit it stays so.
_LOG_BYTES = 4_000_000

_LARGEST = (1 << 63) - 1

_UNUSABLE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


class StoreBusyError(MienError):
    """Another program holds the file's lock; once it lets go, all is as before."""


class HistoryStore(Closing):
    """The only writer of one file; made where it is not there yet, else brought to our version.

    start_ms: when the recorder began to listen, milliseconds since 1970 in UTC.

    Raises:
        UsageError: the file is no history, one of a newer Mien, or being written by another
            process; or its folder is not there.
        MienError: the disk does not let us.
        StoreBusyError: another program holds the file's lock, as for each method below.
    """

    def __init__(self, path: Path, *, start_ms: int) -> None:
        self._path = path
        #: The recorder's name at any broker; another file has another one.
        self.subscriber = ""
        self._lock = _lock(path)
        try:
            _keep_from_others(path)
            with translated(path):
                self._database = sqlite3.connect(path, timeout=_PATIENCE_S, isolation_level=None)
                try:
                    self._recording, self._before = self._prepare(start_ms)
                    self._wait_at_most(_SHORT_PATIENCE_S)
                except BaseException:
                    self._database.close()
                    raise
        except BaseException:
            os.close(self._lock)
            raise
        self._is_open = True

    def write(self, rows: Sequence[Row], *, end_ms: int, refused: int) -> None:
        """Add rows in one transaction; a kill afterwards loses none of them.

        end_ms: until when was listened since the last `begin`, or the start. refused: messages
        since then that were no history.

        Raises:
            MienError: the disk is full or failing; nothing changed.
        """
        with translated(self._path), self._transaction():
            for row in rows:
                is_presence = isinstance(row, AvailabilityRow)
                values = (*row, self._before) if is_presence else row
                self._database.execute(INSERT[type(row)], values)
            self._database.execute(
                "UPDATE recording SET end_ms = ?, refused = ? WHERE number = ?",
                (end_ms, refused, self._recording),
            )

    def begin(self, start_ms: int, *, is_same_connection: bool) -> None:
        """From now on another stretch of listening is written.

        is_same_connection: as of the stretch before, so that what was heard there still holds.

        Raises:
            MienError: the disk does not let us.
        """
        with translated(self._path), self._transaction():
            recording, before = self._begin(start_ms)
            if is_same_connection:
                self._database.execute(CARRY, {"start_ms": start_ms, "before": self._before})
        self._recording, self._before = recording, before

    def stretches(self) -> list[tuple[int, int]]:
        """From when until when was listened, in the order in which it was written.

        Raises:
            MienError: the disk does not give it back.
        """
        with translated(self._path):
            return self._database.execute(
                "SELECT start_ms, end_ms FROM recording ORDER BY number"
            ).fetchall()

    def forget(self, before_ms: int, alerts_on: Collection[tuple[str, str, int]] = ()) -> None:
        """Remove what is older; the file keeps its size and uses the room again.

        Its log needs as much room for the time being.

        alerts_on: device, name and beginning of those that stay, however old.

        Raises:
            MienError: the disk does not let us.
        """
        values = {"before_ms": before_ms, "recording": self._recording}
        with translated(self._path), self._transaction():
            for statement in FORGET:
                self._database.execute(statement, values)
            old = self._database.execute(OLD_ALERTS, values).fetchall()
            over = [each for each in old if each not in alerts_on]
            self._database.executemany(FORGET_ALERT, over)

    def wait_longer(self) -> None:
        """Bear another program's lock for as long as at the opening: nobody will try again."""
        self._wait_at_most(_PATIENCE_S)

    def close(self) -> None:
        """Close the file; what its write-ahead log holds goes into it first."""
        if self._is_open:
            self._is_open = False
            with contextlib.suppress(sqlite3.Error):
                self._database.close()
            os.close(self._lock)

    def _prepare(self, start_ms: int) -> tuple[int, int]:
        """As `_begin`, of the first stretch of listening."""
        version = read_version(self._database, self._path)
        self._database.execute("PRAGMA journal_mode = WAL")
        # A power cut may take the last moments; a killed process takes nothing.
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES}")
        with self._transaction():
            older = () if version is None else range(version, VERSION)
            changes = [statement for step in older for statement in MIGRATIONS[step]]
            for statement in TABLES if version is None else changes:
                self._database.execute(statement)
            self._database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            self._database.execute(f"PRAGMA user_version = {VERSION}")
            recording, before = self._begin(start_ms)
            for statement in FIRST_WORDS:
                self._database.execute(statement, {"recording": recording})
            name = {
                "name": f"mien-history-{secrets.token_hex(6)}",
                # Some file systems use all of 64 bits; SQLite's numbers have a sign.
                "inode": self._path.stat().st_ino & _LARGEST,
            }
            for statement in SUBSCRIBER:
                self._database.execute(statement, name)
            (self.subscriber,) = self._database.execute("SELECT name FROM subscriber").fetchone()
            return recording, before

    def _wait_at_most(self, seconds: float) -> None:
        self._database.execute(f"PRAGMA busy_timeout = {seconds * 1000:.0f}")

    def _begin(self, start_ms: int) -> tuple[int, int]:
        """The stretch's number, and that of the last row of availability before it."""
        (before,) = self._database.execute(
            "SELECT COALESCE(MAX(number), 0) FROM availability"
        ).fetchone()
        cursor = self._database.execute(
            "INSERT INTO recording (start_ms, end_ms, refused) VALUES (?, ?, 0)",
            (start_ms, start_ms),
        )
        return int(cursor.lastrowid or 0), int(before)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._database.execute("ROLLBACK")
            raise


def read_version(database: sqlite3.Connection, path: Path) -> int | None:
    """The version of a history that this Mien can read; None where the file is empty.

    Raises:
        UsageError: it is neither.
    """
    (application,) = database.execute("PRAGMA application_id").fetchone()
    (version,) = database.execute("PRAGMA user_version").fetchone()
    (objects,) = database.execute("SELECT COUNT(*) FROM sqlite_schema").fetchone()
    if (application, version, objects) == (0, 0, 0):
        return None
    if application != APPLICATION_ID or version < 1:
        raise UsageError(f"{path}: an SQLite file of another program; name another file")
    if version > VERSION:
        raise UsageError(
            f"{path}: written by a newer Mien (history version {version}, known here {VERSION});"
            " update this one"
        )
    return int(version)


@contextlib.contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours.

    Raises:
        UsageError: the file is no history.
        StoreBusyError: another program holds its lock.
        MienError: it cannot be read or written.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code in _UNUSABLE:
            raise UsageError(f"{path}: not a history of Mien, or damaged: {error}") from error
        if code == sqlite3.SQLITE_BUSY:
            raise StoreBusyError(
                f"{path}: another program keeps it locked; end what that does, such as a BEGIN"
                " without an end"
            ) from error
        raise MienError(f"{path}: {error}; check the file, its folder and the disk") from error


def _lock(path: Path) -> int:
    """A file beside the history, held as long as it is written: SQLite's own locks are short."""
    descriptor = _make(path.with_name(path.name + "-lock"))
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise UsageError(f"{path}: another mien records into it; name another file") from error
    except OSError:
        # Some network file systems have no locks: there it is the user who sees to it.
        return descriptor
    return descriptor


def _keep_from_others(path: Path) -> None:
    """Make the file if it is not there; an empty one becomes its owner's alone, as a new one is."""
    # SQLite would let everybody read it.
    descriptor = _make(path)
    try:
        status = os.fstat(descriptor)
        if status.st_size == 0:
            # Another user's file stays as it is.
            with contextlib.suppress(PermissionError):
                os.fchmod(descriptor, 0o600)
        if os.fstat(descriptor).st_mode & 0o007:
            _LOG.warning("%s: every user of this machine may read it; chmod o= %s", path, path)
    finally:
        os.close(descriptor)


def _make(path: Path) -> int:
    """Open a file that only its owner may read, if it is not there yet."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; name a file in a folder of yours") from error
