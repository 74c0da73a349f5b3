from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from edge_app.errors import UsageError
from edge_app.mqtt.outbox.disk import StoreRefusedError
from edge_app.mqtt.outbox.loss import Loss
from edge_app.mqtt.outbox.store import EventStore, Limits, StoredEvent

NO_LIMITS = Limits()


def events(first: int, last: int, elapsed_s: float = 0.0, size: int = 10) -> list[StoredEvent]:
    return [StoredEvent(each, elapsed_s, bytes(size)) for each in range(first, last + 1)]


def sequences(store: EventStore) -> list[int]:
    return [event.sequence for event in store.read(0, 1000, 1000)]


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
        assert dropped == (6 - len(left), left[0] - 1)
        assert sequences(store) == left
        assert (store.count, store.size) == (len(left), 10 * len(left))


@pytest.mark.parametrize("damage", ["no database", "torn", "other version"])
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
