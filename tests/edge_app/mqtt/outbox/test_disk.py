from __future__ import annotations

import errno
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from edge_app.errors import MienError, UsageError
from edge_app.mqtt.outbox.disk import (
    StoreDamagedError,
    StoreRefusedError,
    find_way,
    have_file,
    read_through,
    translated,
)


def test_a_file_is_its_owner_s_alone(tmp_path: Path) -> None:
    path = tmp_path / "outbox" / "hall.sqlite"
    have_file(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.write_bytes(b"events")
    have_file(path)
    assert path.read_bytes() == b"events"


@pytest.mark.parametrize("look", [have_file, find_way])
def test_a_path_below_a_file_is_a_wrong_setting(
    tmp_path: Path, look: Callable[[Path], None]
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"hall\.sqlite: .*give another directory in \[outbox\]"):
        look(tmp_path / "file" / "hall.sqlite")


def test_a_folder_in_the_file_s_place_is_a_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Is a directory"):
        find_way(tmp_path)


@pytest.mark.parametrize(
    ("code", "error", "said"),
    [
        (sqlite3.SQLITE_BUSY, UsageError, "another mien has it open"),
        (sqlite3.SQLITE_LOCKED, UsageError, "another mien has it open"),
        (sqlite3.SQLITE_CORRUPT, StoreDamagedError, "^words$"),
        (sqlite3.SQLITE_NOTADB, StoreDamagedError, "^words$"),
        (sqlite3.SQLITE_ERROR, StoreDamagedError, "^words$"),
        (sqlite3.SQLITE_FULL, StoreRefusedError, "^words$"),
        (sqlite3.SQLITE_IOERR_WRITE, StoreRefusedError, "^words$"),
        (sqlite3.SQLITE_CANTOPEN, StoreRefusedError, "^words$"),
    ],
)
def test_what_sqlite_says_is_the_settings_the_file_s_or_the_disk_s(
    code: int, error: type[MienError], said: str
) -> None:
    complaint = sqlite3.OperationalError("words")
    complaint.sqlite_errorcode = code
    with pytest.raises(error, match=said), translated():
        raise complaint


def test_what_is_no_database_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "hall.sqlite"
    path.write_bytes(b"no database" * 100)
    connection = sqlite3.connect(path)
    with pytest.raises(StoreDamagedError, match="not a database"), translated(path):
        connection.execute("SELECT * FROM sqlite_master")
    connection.close()


def test_a_database_that_cannot_be_opened_is_looked_at(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Is a directory"), translated(tmp_path):
        sqlite3.connect(tmp_path).execute("SELECT 1")


def test_a_disk_that_does_not_give_all_of_a_file_back_refuses(tmp_path: Path) -> None:
    read_through(tmp_path / "missing.sqlite")
    # Of a process's memory the first bytes cannot be read, and the system says that the disk fails.
    with pytest.raises(StoreRefusedError, match="input/output error"):
        read_through(Path("/proc/self/mem"))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
def test_a_disk_that_is_full_or_fails_is_no_wrong_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Mien would not start, where it can wait for room and keep events in memory meanwhile."""

    def refused(*_: object, **__: object) -> None:
        raise OSError(number, "words")

    monkeypatch.setattr(Path, "touch", refused)
    with pytest.raises(StoreRefusedError):
        have_file(tmp_path / "hall.sqlite")
