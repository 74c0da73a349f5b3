from __future__ import annotations

import os
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edge_app.mqtt.outbox.disk import log_of
from edge_app.mqtt.outbox.log_frames import read_log
from edge_app.mqtt.outbox.store import EventStore
from edge_app.mqtt.outbox.stored_event import Limits
from tests.edge_app.mqtt.outbox.stored import copied, events, flip


def taken_by_sqlite(path: Path) -> int:
    """Frames."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("SELECT * FROM sqlite_schema").fetchone()
        (_, frames, _) = database.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    return int(frames)


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """A file of which a process that was killed has written its log anew."""
    path = tmp_path / "outbox.sqlite"
    with EventStore(path) as store:
        assert store._database is not None
        store._database.execute("PRAGMA wal_autocheckpoint = 50")
        for number in range(1, 61):
            store.write(events(number, number), [], Limits(), 0.0)
        return copied(path, tmp_path / "killed")


def test_as_many_frames_count_as_sqlite_takes(killed: Path, tmp_path: Path) -> None:
    size = log_of(killed).stat().st_size
    chance = random.Random(5)  # noqa: S311 - no secret
    places = [0, 5, 9, 17, 25, 33, 37, 41, 49, 60]
    for place in (*places, *(chance.randrange(size) for _ in range(100)), None):
        path = copied(killed, tmp_path / "copy")
        if place is not None:
            flip(log_of(path), place, chance.randrange(8))
        log = read_log(log_of(path))
        assert log is not None
        assert log.taken == taken_by_sqlite(path)
        if place is None:
            assert log.taken == len(log.frames) > 10
            assert log.size_taken < size, "there is more, of an earlier log"


def test_a_log_that_was_cut_counts_up_to_there(killed: Path, tmp_path: Path) -> None:
    size = log_of(killed).stat().st_size
    for left in (0, 31, 32, 100, 4151, 4152, 4153, size // 5, size // 4):
        path = copied(killed, tmp_path / "copy")
        os.truncate(log_of(path), left)
        log = read_log(log_of(path))
        assert (0 if log is None else log.taken) == taken_by_sqlite(path)
    log_of(path).unlink(missing_ok=True)
    assert read_log(log_of(path)) is None
