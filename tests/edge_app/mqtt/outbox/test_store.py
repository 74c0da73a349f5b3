from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edge_app.errors import UsageError
from edge_app.mqtt.outbox import store as store_module
from edge_app.mqtt.outbox.disk import StoreRefusedError
from edge_app.mqtt.outbox.loss import Loss
from edge_app.mqtt.outbox.store import EventStore
from edge_app.mqtt.outbox.stored_event import BEFORE_ALL, NUMBERED_FROM, Limits, StoredEvent

NO_LIMITS = Limits()


def events(first: int, last: int, elapsed_s: float = 0.0, size: int = 10) -> list[StoredEvent]:
    return [StoredEvent(each, elapsed_s, bytes(size)) for each in range(first, last + 1)]


def sequences(store: EventStore) -> list[int]:
    return [event.sequence for event in store.read(BEFORE_ALL, 1000, 1000)]


def test_what_is_written_is_read_by_the_next_process(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    with EventStore(path) as store:
        store.write(events(1, 5, elapsed_s=7.5), [], NO_LIMITS, 7.5)
        store.write([], [2, 3, 99], NO_LIMITS, 8.0)
    with EventStore(path) as store:
        assert (store.count, store.size, store.last) == (3, 30, (5, 7.5))
        assert sequences(store) == [1, 4, 5]
        assert [event.sequence for event in store.read(1, 4, 10)] == [4]
        assert [event.sequence for event in store.read(0, 5, 2)] == [1, 4]
        assert store.loss == Loss()


@pytest.mark.parametrize(
    ("limits", "left"),
    [
        (Limits(events=3), [4, 5, 6]),
        (Limits(size=25), [5, 6]),
        (Limits(age_s=4.0), [3, 4, 5, 6]),
        (Limits(), [1, 2, 3, 4, 5, 6]),
    ],
)
def test_the_limits_take_the_oldest(tmp_path: Path, limits: Limits, left: list[int]) -> None:
    with EventStore(tmp_path / "outbox.sqlite") as store:
        store.write(events(1, 2, elapsed_s=1.0), [], NO_LIMITS, 1.0)
        store.write(events(3, 5, elapsed_s=5.0), [], NO_LIMITS, 5.0)
        dropped = store.write(events(6, 6, elapsed_s=9.0), [], limits, 9.0)
        assert dropped == (6 - len(left), left[0] - 1 if left[0] > 1 else None)
        assert sequences(store) == left
        assert (store.count, store.size) == (len(left), 10 * len(left))


def test_the_limits_spare_what_is_under_way(tmp_path: Path) -> None:
    with EventStore(tmp_path / "outbox.sqlite") as store:
        store.write(events(1, 6), [], NO_LIMITS, 0.0)
        dropped = store.write(events(7, 7), [], Limits(events=4), 0.0, under_way={1, 2, 4})
        assert dropped == (3, 6)
        assert (store.count, store.size, sequences(store)) == (4, 40, [1, 2, 4, 7])


def test_a_power_cut_takes_nothing_that_was_written(tmp_path: Path) -> None:
    """A kill cannot show it: what the system has not yet given to the card outlives a process."""
    with EventStore(tmp_path / "outbox.sqlite") as store:
        for added, delivered, synchronous in (
            (events(1, 1), [], "FULL"),
            ([], [1], "NORMAL"),  # it would come twice, and is no loss
            (events(2, 2), [], "FULL"),
        ):
            store.write(added, delivered, NO_LIMITS, 0.0)
            (level,) = store._database.execute("PRAGMA synchronous").fetchone()
            assert level == {"NORMAL": 1, "FULL": 2}[synchronous]


def test_what_was_delivered_is_not_left_on_the_card(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    with EventStore(path) as store:
        said = StoredEvent(1, 0.0, b'{"emotion": "sad"}' * 20)
        store.write([said, *events(2, 2)], [], NO_LIMITS, 0.0)
        store.write([], [1], NO_LIMITS, 0.0)
        # Debian's SQLite would overwrite more, and with more writes; others' nothing.
        assert store._database.execute("PRAGMA secure_delete").fetchone() == (2,)
    assert b"sad" not in path.read_bytes()


@pytest.mark.parametrize("damage", ["no database", "torn", "free pages", "other version"])
def test_a_damaged_file_is_moved_aside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    path = tmp_path / "outbox.sqlite"
    if damage == "no database":
        path.write_bytes(b"not a database at all, but long enough for its header " * 50)
    elif damage == "torn":
        with EventStore(path) as store:
            store.write(events(1, 200, size=500), [], NO_LIMITS, 0.0)
        content = bytearray(path.read_bytes())
        content[5000:20000] = b"\xa5" * 15000
        path.write_bytes(content)
    elif damage == "free pages":  # nothing fails before they are used
        with EventStore(path) as store:
            store.write(events(1, 200, size=500), [], NO_LIMITS, 0.0)
            store.write([], range(1, 151), NO_LIMITS, 0.0)
        content = bytearray(path.read_bytes())
        assert int.from_bytes(content[36:40]) > 2
        content[36:40] = (1).to_bytes(4)
        path.write_bytes(content)
    else:
        database = sqlite3.connect(path)
        database.execute("PRAGMA user_version = 99")
        database.close()
    size = path.stat().st_size
    with EventStore(path) as store:
        assert store.count == 0
        assert store.loss.damage is not None
        store.write(events(1, 1), [], NO_LIMITS, 0.0)
        assert sequences(store) == [1]
    assert (tmp_path / "outbox.sqlite.damaged").stat().st_size == size
    assert caplog.text.count("moved aside") == 1


def test_what_was_lost_is_known_until_it_was_told(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    with EventStore(path) as store:
        store.write(events(1, 5), [], Limits(events=3), 0.0)
        store.write(events(6, 6), [], Limits(events=3), 0.0, lost=10)
        assert store.loss == Loss(events=13)
        store._database.execute("PRAGMA max_page_count = 4")
        with pytest.raises(StoreRefusedError):
            store.write(events(7, 50, size=500), [], NO_LIMITS, 0.0, is_loss_told=True)
        assert store.loss == Loss(events=13)
    with EventStore(path) as store:
        assert store.loss == Loss(events=13)
        store.put_aside("malformed")
        store.write([], [], NO_LIMITS, 0.0)
    with EventStore(path) as store:
        assert store.loss.events == 13
        assert str(store.loss.damage).endswith("the events that waited in it were not sent")
        store.write(events(1, 4), [], Limits(events=3), 0.0, is_loss_told=True)
        assert store.loss == Loss(events=1)  # what is lost in the same write is told later
        store.write([], [], NO_LIMITS, 0.0, is_loss_told=True)
    with EventStore(path) as store:
        assert store.loss == Loss()


def test_a_version_that_knows_no_losses_reads_and_writes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    with EventStore(path) as store:
        store.write(events(1, 5), [], Limits(events=3), 0.0)
    with contextlib.closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (1,)
        database.execute("DROP TABLE loss")
    with EventStore(path) as store:
        assert (store.count, store.loss) == (3, Loss())


def second_process_says(path: Path) -> str:
    """The error of one that opens the same file."""
    program = (
        "import sys; from pathlib import Path;"
        "from edge_app.mqtt.outbox.store import EventStore; EventStore(Path(sys.argv[1]))"
    )
    return subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=False
    ).stderr


def test_a_second_process_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    with EventStore(path) as store:
        store.write(events(1, 1), [], NO_LIMITS, 0.0)
        assert "another mien has it open" in second_process_says(path)
        store.write(events(2, 2), [], NO_LIMITS, 0.0)
        with pytest.raises(UsageError, match="another mien has it open"):
            EventStore(path)


def test_a_log_that_cannot_be_opened_lets_no_second_process_in(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    with EventStore(path) as store:
        for mode in ("MEMORY", "DELETE"):  # which opens its log with the next write
            store._database.execute(f"PRAGMA journal_mode = {mode}")
        store._files.opened()  # without the log that it had
        (tmp_path / "outbox.sqlite-journal").mkdir()
        with pytest.raises(StoreRefusedError, match="unable to open"):
            store.write(events(1, 1), [], NO_LIMITS, 0.0)
        (tmp_path / "outbox.sqlite-journal").rmdir()
        assert "another mien has it open" in second_process_says(path)
        store.write(events(1, 1), [], NO_LIMITS, 0.0)
        assert sequences(store) == [1]


def test_a_write_that_fails_changes_nothing(tmp_path: Path) -> None:
    with EventStore(tmp_path / "outbox.sqlite") as store:
        store.write(events(1, 2), [], NO_LIMITS, 0.0)
        store._database.execute("PRAGMA max_page_count = 3")
        with pytest.raises(StoreRefusedError, match="full"):
            store.write(events(3, 50, size=500), [1], NO_LIMITS, 0.0)
        assert (store.count, sequences(store)) == (2, [1, 2])
        store._database.execute("PRAGMA max_page_count = 1000")
        store.write(events(3, 50, size=500), [1], NO_LIMITS, 0.0)
        assert store.count == 49


def test_memory_needs_no_file() -> None:
    with EventStore(None) as store:
        assert not store.is_on_disk
        store.write(events(1, 1), [], NO_LIMITS, 0.0)
        assert sequences(store) == [1]


class Failing:
    """A connection that complains at one statement: before it, or after it was carried out."""

    def __init__(
        self, database: sqlite3.Connection, statement: str, code: int, *, is_after: bool
    ) -> None:
        self._database, self._statement, self._code = database, statement, code
        self._is_after = is_after

    def execute(self, statement: str, *arguments: object) -> sqlite3.Cursor:
        if not statement.startswith(self._statement):
            return self._database.execute(statement, *arguments)
        if self._is_after:
            self._database.execute(statement, *arguments)
        error = sqlite3.DatabaseError("complaint")
        error.sqlite_errorcode = self._code
        raise error

    def __getattr__(self, name: str) -> object:
        return getattr(self._database, name)


@pytest.mark.parametrize("code", [sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_CORRUPT])
@pytest.mark.parametrize(
    ("statement", "use"),
    [
        ("BEGIN", lambda store: store.write(events(4, 5), [], NO_LIMITS, 0.0)),
        ("COMMIT", lambda store: store.write(events(4, 5), [], NO_LIMITS, 0.0)),
        ("SELECT sequence, elapsed_s, payload", lambda store: store.read(0, 9, 9)),
    ],
)
def test_a_sound_file_outlasts_a_disk_that_failed_for_a_moment(
    tmp_path: Path, statement: str, use: Callable[[EventStore], object], code: int
) -> None:
    """SQLite calls it malformed, where its connection has missed something of it."""
    with EventStore(tmp_path / "outbox.sqlite") as store:
        store.write(events(1, 3), [], NO_LIMITS, 0.0)
        store._database = Failing(store._database, statement, code, is_after=False)
        with pytest.raises(StoreRefusedError, match="complaint"):
            use(store)
        assert sequences(store) == [1, 2, 3]
        store.write(events(4, 5), [1], NO_LIMITS, 0.0)
        assert (store.count, store.size, sequences(store)) == (4, 40, [2, 3, 4, 5])
        assert store.loss == Loss()
    assert [file.name for file in tmp_path.iterdir()] == ["outbox.sqlite"]


def test_a_write_that_was_refused_and_stands_in_the_log_counts_once(tmp_path: Path) -> None:
    with EventStore(tmp_path / "outbox.sqlite") as store:
        store.write(events(1, 3), [], NO_LIMITS, 0.0)
        store._database = Failing(
            store._database, "COMMIT", sqlite3.SQLITE_IOERR_FSYNC, is_after=True
        )
        with pytest.raises(StoreRefusedError):
            store.write(events(4, 6), [1], NO_LIMITS, 0.0)
        # What was delivered from memory meanwhile is not to come again.
        store.write(events(5, 7), [1], NO_LIMITS, 0.0)
        assert (store.count, store.size, sequences(store)) == (5, 50, [2, 3, 5, 6, 7])


def test_what_was_tried_and_delivered_meanwhile_makes_no_other_file_of_it(tmp_path: Path) -> None:
    with EventStore(tmp_path / "outbox.sqlite") as store:
        store.write(events(1, 3), [], NO_LIMITS, 0.0)
        for tried, statement, code, is_after in (
            (events(4, 6), "COMMIT", sqlite3.SQLITE_IOERR_FSYNC, True),
            # 6 was delivered from memory.
            (events(4, 5), "BEGIN", sqlite3.SQLITE_IOERR, False),
        ):
            store._close_database()
            database, _ = store._opened()
            store._database = Failing(database, statement, code, is_after=is_after)
            with pytest.raises(StoreRefusedError):
                store.write(tried, [], NO_LIMITS, 0.0)
        before = store.findings
        store.write(events(4, 5), [1], NO_LIMITS, 0.0)
        assert (sequences(store), store.findings) == ([2, 3, 4, 5], before)


def test_a_disk_that_takes_nothing_any_more_gives_what_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read-only, it could not be opened anew: SQLite locks by a descriptor that it may write to."""

    def refused(log: Path) -> None:
        raise StoreRefusedError(f"{log}: Read-only file system")

    with EventStore(tmp_path / "outbox.sqlite") as store:
        store.write(events(1, 3), [], NO_LIMITS, 0.0)
        database = store._database
        store._database = Failing(database, "BEGIN", sqlite3.SQLITE_IOERR, is_after=False)
        with pytest.raises(StoreRefusedError, match="complaint"):
            store.write(events(4, 4), [], NO_LIMITS, 0.0)
        with monkeypatch.context() as patch:
            patch.setattr(store_module, "check_writable", refused)
            for _ in range(2):
                with pytest.raises(StoreRefusedError, match="Read-only"):
                    store.write(events(4, 4), [], NO_LIMITS, 0.0)
                assert sequences(store) == [1, 2, 3]
        store.write(events(4, 4), [], NO_LIMITS, 0.0)
        assert sequences(store) == [1, 2, 3, 4]
        assert store._database is not database


def test_what_was_lost_is_counted_once_though_the_file_is_opened_anew(tmp_path: Path) -> None:
    with EventStore(tmp_path / "outbox.sqlite") as store:
        store.write(events(1, 5), [], Limits(events=3), 0.0)
        store._database = Failing(store._database, "BEGIN", sqlite3.SQLITE_IOERR, is_after=False)
        with pytest.raises(StoreRefusedError):
            store.write([], [], NO_LIMITS, 0.0)
        store.write([], [], NO_LIMITS, 0.0)
        assert store.loss == Loss(events=2)


def log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def remove_all(path: Path) -> None:
    path.unlink()
    log_of(path).unlink()


def replace_by_rubbish(path: Path) -> None:
    path.unlink()
    path.write_bytes(b"not a database at all, but long enough for its header " * 50)


HARMS: list[Callable[[Path], None]] = [
    remove_all,
    replace_by_rubbish,
    Path.unlink,
    lambda path: log_of(path).unlink(),
    lambda path: os.truncate(log_of(path), 0),
    lambda path: os.truncate(path, 0),
    lambda path: shutil.rmtree(path.parent),
]


@pytest.mark.parametrize(
    "harm", HARMS, ids=["both", "rubbish", "file", "log", "cut log", "cut file", "folder"]
)
def test_what_waits_in_a_file_that_is_removed_goes_on_in_a_new_one(
    tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    path = tmp_path / "state" / "outbox.sqlite"
    with EventStore(path) as store:
        store.write(events(1, 2), [], NO_LIMITS, 0.0)
    with EventStore(path) as store:
        store.write(events(3, 4), [1], NO_LIMITS, 0.0)
        harm(path)
        store.write(events(5, 5), [2], NO_LIMITS, 0.0)
        assert (store.count, store.size, sequences(store)) == (3, 30, [3, 4, 5])
        store.write(events(6, 6), [], NO_LIMITS, 0.0)
        assert "another mien has it open" in second_process_says(path)
        left = {each.name: each.read_bytes() for each in path.parent.iterdir()}
    copy = tmp_path / "killed"
    copy.mkdir()
    for name, content in left.items():
        (copy / name).write_bytes(content)
    for place in (path, copy / path.name):
        with EventStore(place) as store:
            assert (store.count, len(sequences(store))) == (4, 4)
            told = "was removed, replaced or cut by somebody else: no event was lost"
            assert str(store.loss.damage).endswith(told)


def test_what_cannot_be_read_of_a_file_that_was_removed_is_told_as_lost(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    with EventStore(path) as store:
        store.write(events(1, 3), [], NO_LIMITS, 0.0)
        database = store._database
        store._database = Failing(database, "SELECT sequence", sqlite3.SQLITE_IOERR, is_after=False)
        remove_all(path)
        store.write(events(4, 4), [], NO_LIMITS, 0.0)
        assert sequences(store) == [4]
        assert "the events that waited in it were not sent" in str(store.loss.damage)


def test_a_log_that_is_removed_before_the_first_write_is_missed(tmp_path: Path) -> None:
    path, copy = tmp_path / "outbox.sqlite", tmp_path / "copy"
    with EventStore(path) as store:
        store.write(events(1, 3), [], NO_LIMITS, 0.0)
    copy.mkdir()
    with EventStore(path) as store:
        log_of(path).unlink()
        for number in (4, 5):
            store.write(events(number, number), [], NO_LIMITS, 0.0)
        # As a kill leaves it.
        for file in (path, log_of(path)):
            shutil.copy(file, copy)
    with EventStore(copy / path.name) as store:
        assert store.count == 5


def test_a_log_that_is_empty_yet_was_not_cut(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    with EventStore(path) as store:
        store.write(events(1, 1), [], NO_LIMITS, 0.0)
    with EventStore(path) as store:
        for _ in range(2):
            store.write([], [], NO_LIMITS, 0.0)  # nothing has to go
        assert log_of(path).stat().st_size == 0
        for number in (2, 3):
            store.write(events(number, number), [], NO_LIMITS, 0.0)
        assert store.loss == Loss()


def test_what_is_found_with_what_was_told_is_told(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    with EventStore(path) as store:
        store.write(events(1, 2), [], Limits(events=1), 0.0)
        remove_all(path)
        store.write([], [], NO_LIMITS, 0.0, is_loss_told=True)
        assert str(store.loss.damage).endswith("no event was lost")


def test_a_disk_that_could_not_be_seen_for_a_moment_is_there_again(tmp_path: Path) -> None:
    path, away = tmp_path / "state" / "outbox.sqlite", tmp_path / "away"
    with EventStore(path) as store:
        store.write(events(1, 1), [], NO_LIMITS, 0.0)
        path.parent.rename(away)
        path.parent.touch()
        with pytest.raises(UsageError):
            store.write(events(2, 2), [], NO_LIMITS, 0.0)
        path.parent.unlink()
        away.rename(path.parent)
        store.write(events(2, 2), [], NO_LIMITS, 0.0)
        assert store.is_on_disk
        assert (sequences(store), store.loss) == ([1, 2], Loss())


def test_what_waits_in_another_file_that_takes_its_place_stands_before(tmp_path: Path) -> None:
    """A disk that was mounted late, or a copy that somebody put back."""
    path, other = tmp_path / "outbox.sqlite", tmp_path / "other.sqlite"
    with EventStore(other) as store:
        for number in range(1, 8):
            store.write([StoredEvent(number, 0.0, b"of before %d" % number)], [], NO_LIMITS, 0.0)
    with EventStore(path) as store:
        store.write(events(1, 2), [], NO_LIMITS, 0.0)
        findings = store.findings
        other.replace(path)
        store.write(events(3, 3), [], NO_LIMITS, 0.0)
        found = store.read(BEFORE_ALL, 1000, 1000)
        assert [event.payload for event in found] == [
            *(b"of before %d" % number for number in range(1, 8)), *[bytes(10)] * 3
        ]  # fmt: skip
        assert [event.sequence for event in found] == list(range(-6, 4))
        assert store.findings == findings + 1
        store.write([], [-6, 3], NO_LIMITS, 0.0)
        assert store.count == 8
    with EventStore(path) as store:
        assert (store.count, len(sequences(store))) == (8, 8)


def test_how_long_events_wait_outlasts_the_process(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    with EventStore(path) as store:
        store.write(events(1, 2, elapsed_s=7.5), [], NO_LIMITS, 7.5)
        store.write([], [1], NO_LIMITS, 60.0, keeps_elapsed=True)
    with EventStore(path) as store:
        assert store.last == (2, 60.0)
        # A bit that flipped.
        assert store._database is not None
        store._database.execute("UPDATE elapsed_since SET seconds = seconds * 1e200")
    with EventStore(path) as store:
        assert store.last == (2, 7.5)
        store.write([], [2], NO_LIMITS, 90.0, keeps_elapsed=True)
    with EventStore(path) as store:
        assert (store.count, store.last) == (0, (0, 0.0))


def test_what_an_older_mien_stored_meanwhile_is_not_too_old(tmp_path: Path) -> None:
    """It counts on from the newest event that it finds, or from nothing."""
    path = tmp_path / "outbox.sqlite"
    for delivered in ([], [1]):
        with EventStore(path) as store:
            store.write(events(1, 1), [], NO_LIMITS, 0.0)
            store.write([], [], NO_LIMITS, 60.0, keeps_elapsed=True)
            store.write([], delivered, NO_LIMITS, 60.0)
        with EventStore(path) as older:
            sequence = older.count + 1
            older.write(events(sequence, sequence, elapsed_s=5.0), [], NO_LIMITS, 5.0)
        with EventStore(path) as store:
            assert store.last == (sequence, 5.0)
            store.write([], range(1, sequence + 1), NO_LIMITS, 5.0)


#: A day; what waits longer goes.
DAY_S = 86_400.0


def ages(store: EventStore, now_s: float) -> list[float]:
    return [now_s - event.elapsed_s for event in store.read(BEFORE_ALL, 2 * NUMBERED_FROM, 1000)]


def test_the_age_of_an_event_outlasts_a_disk_that_refused_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise StoreRefusedError("no space left on device")

    path = tmp_path / "outbox.sqlite"
    with EventStore(path) as store:
        for elapsed_s in (0.0, 2 * DAY_S):
            store.write(events(round(elapsed_s), round(elapsed_s), elapsed_s), [], NO_LIMITS, 0.0)
    with monkeypatch.context() as patch:
        patch.setattr(store_module, "open_database", refused)
        late = EventStore(path)
    with late as store:
        assert (store.is_known, store.last) == (False, (NUMBERED_FROM, 0.0))
        added = events(NUMBERED_FROM + 1, NUMBERED_FROM + 1, 60.0)
        assert store.write(added, [], Limits(age_s=DAY_S), 100.0)[0] == 1
        assert ages(store, 100.0) == [100.0, 40.0]
    with EventStore(path) as store:
        assert ages(store, store.last[1] + 10.0) == [70.0, 10.0]


@pytest.mark.parametrize("newest_s", [0.0, 3 * DAY_S])
def test_what_another_file_holds_has_waited_since_it_was_found(
    tmp_path: Path, newest_s: float
) -> None:
    """Its seconds are of another clock, and what is too old would be lost."""
    path, other = tmp_path / "outbox.sqlite", tmp_path / "other.sqlite"
    limits, now_s = Limits(age_s=DAY_S), 2 * DAY_S
    with EventStore(other) as store:
        store.write(events(1, 1, newest_s, size=5), [], NO_LIMITS, newest_s)
    with EventStore(path) as store:
        store.write(events(1, 1, now_s - 60.0), [], limits, now_s - 60.0)
        other.replace(path)
        assert store.write(events(2, 2, now_s), [], limits, now_s) == (0, None)
        assert ages(store, now_s) == [0.0, 60.0, 0.0]
    with EventStore(path) as store:
        assert ages(store, store.last[1]) == [0.0, 60.0, 0.0]


def test_a_disk_that_comes_back_under_another_name_has_nothing_twice(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    with EventStore(path) as store:
        store.write(events(1, 3), [], NO_LIMITS, 0.0)
        for file in (path, log_of(path)):
            shutil.copy(file, file.with_suffix(".copy"))
            file.with_suffix(".copy").replace(file)
        store.write(events(4, 4), [], NO_LIMITS, 0.0)
        assert (store.count, len(sequences(store))) == (4, 4)


def test_a_new_file_that_cannot_be_made_is_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "state" / "outbox.sqlite"
    with EventStore(path) as store:
        store.write(events(1, 3), [], NO_LIMITS, 0.0)
        shutil.rmtree(path.parent)
        path.parent.touch()
        with pytest.raises(UsageError):
            store.write(events(4, 4), [], NO_LIMITS, 0.0)
        assert not store.is_on_disk
        path.parent.unlink()
        store.write(events(4, 4), [], NO_LIMITS, 0.0)
        assert store.is_on_disk
        assert sequences(store) == [1, 2, 3, 4]


def test_a_disk_that_fails_and_goes_away_is_told_of(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    with EventStore(path) as store:
        store.write(events(1, 3), [], NO_LIMITS, 0.0)
        store._database = Failing(store._database, "BEGIN", sqlite3.SQLITE_IOERR, is_after=False)
        with pytest.raises(StoreRefusedError):
            store.write(events(4, 4), [], NO_LIMITS, 0.0)
        path.unlink()
        store.write(events(4, 4), [], NO_LIMITS, 0.0)
        assert sequences(store) == [4]
        assert "the events that waited in it were not sent" in str(store.loss.damage)
