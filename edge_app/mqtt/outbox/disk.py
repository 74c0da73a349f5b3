"""What SQLite and the system complain of → the settings, the disk or the file that is wrong."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from edge_app.errors import MienError, UsageError

_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_IN_USE = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
#: A disk that is full or fails, or that the system made read-only because it does.
_TROUBLE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}

#: The system does so to a card at its end, and a unit does: ProtectSystem= makes all but the state
#: directory read-only.
_READ_ONLY = (
    "read-only, since the disk failed or is worn out, or since the unit keeps it so"
    " (ReadWritePaths=, docs/device.md)"
)


class StoreRefusedError(MienError):
    """The disk takes nothing more, or gives nothing back."""


class StoreFailingError(StoreRefusedError):
    """The disk fails: what SQLite knows of the file may be wrong from now on."""


class StoreDamagedError(MienError):
    """The file is no database of ours any more."""


def have_file(path: Path) -> None:
    """Have a file there, for its owner only; SQLite gives its other files the same rights.

    Raises:
        UsageError: there cannot be one.
        StoreRefusedError: the disk does not take one.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Of one that is there SQLite would only say that the disk fails.
        if os.statvfs(path.parent).f_flag & os.ST_RDONLY:
            raise StoreRefusedError(_READ_ONLY)
        if not path.exists():
            path.touch(mode=0o600)
    except OSError as error:
        raise _no_way(path, error) from error


def find_way(path: Path) -> None:
    """Have a file there that can be opened, or leave it to later where the disk refuses.

    Not for the file of a store that this process has open: to open it a second time and to close
    it ends SQLite's hold on it, since a lock of POSIX belongs to a process.

    Raises:
        UsageError: there is no way to it.
    """
    with contextlib.suppress(StoreRefusedError):
        have_file(path)
        _check_way(path)


def read_through(path: Path) -> None:
    """Read a file and its log to their ends. Like `find_way`, not for one that is open.

    Raises:
        StoreRefusedError: the disk does not give all of it back.
        UsageError: there is no way to it.
    """
    for file in (path, log_of(path)):
        try:
            with file.open("rb", buffering=0) as opened:
                while opened.read(1 << 20):
                    pass
        except FileNotFoundError:
            continue
        except OSError as error:
            raise _no_way(file, error) from error


def check_writable(log: Path) -> None:
    """See whether the disk lets an open database's log be written to: SQLite holds no lock on that.

    Raises:
        StoreRefusedError: not now.
        UsageError: there is no way to it.
    """
    try:
        with log.open("r+b", buffering=0):
            pass
    except FileNotFoundError:
        return
    except OSError as error:
        raise _no_way(log, error) from error


def log_of(path: Path) -> Path:
    """Where SQLite has the write-ahead log of a database."""
    return path.with_name(f"{path.name}-wal")


@contextlib.contextmanager
def translated(opening: Path | None = None) -> Iterator[None]:
    """SQLite's errors inside as our own.

    opening: the file that is opened inside, and closed again where that fails; None for one that
    is open already, at which nobody may look (see `find_way`), and for one in memory.

    Raises:
        UsageError: another process has the file open, or there is no way to it.
        StoreRefusedError: the disk takes or gives nothing; where it fails, StoreFailingError.
        StoreDamagedError: the file is no database of ours.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code in _IN_USE:
            raise UsageError(
                "outbox: another mien has it open; end that one, or give this one another"
                " directory in [outbox]"
            ) from error
        if code == sqlite3.SQLITE_CANTOPEN and opening is not None:
            _check_way(opening)
        # Tables that are not there, or not ours, are no trouble of the disk.
        if code in _DAMAGE or code == sqlite3.SQLITE_ERROR:
            raise StoreDamagedError(str(error)) from error
        is_failure = code == sqlite3.SQLITE_IOERR
        raise (StoreFailingError if is_failure else StoreRefusedError)(str(error)) from error


@contextlib.contextmanager
def system_translated(path: Path) -> Iterator[None]:
    """The system's errors inside, about a file, as our own.

    Raises:
        UsageError: there is no way to it.
        StoreRefusedError: the disk does not give it.
    """
    try:
        yield
    except OSError as error:
        raise _no_way(path, error) from error


def _no_way(path: Path, error: OSError) -> MienError:
    """What is wrong where a file cannot be made or opened: the disk, or the settings."""
    if error.errno == errno.EROFS:
        return StoreRefusedError(_READ_ONLY)
    if error.errno in _TROUBLE:
        return StoreRefusedError(str(error.strerror).lower())
    return UsageError(f"outbox {path}: {error.strerror}; give another directory in [outbox]")


def _check_way(path: Path) -> None:
    """Tell settings from a disk: SQLite says the same of a directory that is not ours, and of one
    in which there is no room for its log.

    Raises:
        UsageError: it is the settings.
    """
    try:
        with path.open("r+b"):
            pass
    except OSError as error:
        trouble = _no_way(path, error)
        if isinstance(trouble, UsageError):
            raise trouble from error
