"""The files of an open database → whether their names still lead to them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from edge_app.mqtt.outbox.disk import log_of


class _Seen(NamedTuple):
    """What a name leads to."""

    device: int
    inode: int
    is_empty: bool


class OpenFiles:
    """A database and its log, as they were when this process opened them.

    SQLite writes on into a file that somebody has removed or replaced, and says nothing: what it
    holds is gone with the process.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._log_path = path, log_of(path)
        self._main: _Seen | None = None
        self._log: _Seen | None = None

    def opened(self) -> None:
        """The database was opened just now. Its log is there, and empty until the first write."""
        self._main, self._log = _see(self._path), _see(self._log_path)

    def written(self) -> None:
        """It was written to, or nothing had to be."""
        if self._log is None or self._log.is_empty:
            seen = _see(self._log_path)
            self._log = seen if self._log is None or _is_same(seen, self._log) else self._log

    @property
    def are_there(self) -> bool:
        """Whether both names lead to what was opened, and neither was cut to nothing."""
        if _see(self._path) != self._main:
            return False
        log = self._log
        return log is None or (self.is_log_there if log.is_empty else _see(self._log_path) == log)

    @property
    def is_main_there(self) -> bool:
        """Whether the database's name leads to it, whatever it was cut to."""
        return _is_same(_see(self._path), self._main)

    @property
    def is_log_there(self) -> bool:
        """Whether the log's name leads to it."""
        return _is_same(_see(self._log_path), self._log)


def _see(path: Path) -> _Seen | None:
    """None: nothing there, or nothing that can be seen."""
    try:
        status = path.stat()
    except OSError:
        return None
    return _Seen(status.st_dev, status.st_ino, not status.st_size)


def _is_same(now: _Seen | None, before: _Seen | None) -> bool:
    return now is not None and before is not None and now[:2] == before[:2]
