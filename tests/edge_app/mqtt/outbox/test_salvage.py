from __future__ import annotations

import contextlib
import random
import re
import sqlite3
import struct
from pathlib import Path

import pytest

from edge_app.errors import UsageError
from edge_app.events.payloads import encode
from edge_app.mqtt.outbox import store as store_module
from edge_app.mqtt.outbox.log_frames import PAGE_SIZE
from edge_app.mqtt.outbox.pages import Pages
from edge_app.mqtt.outbox.store import EventStore
from edge_app.mqtt.outbox.stored_event import Limits, StoredEvent
from tests.edge_app.mqtt.outbox.stored import copied, events, flip, missing, sound, zero
from tests.edge_app.mqtt.samples import appeared
from tests.faults.disk import small_disk

COUNT = 600


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with so many events that its table is three pages deep at most."""
    path = tmp_path / "outbox.sqlite"
    with EventStore(path) as store:
        store.write(events(1, COUNT), [], Limits(), 0.0)
    return path


def told(store: EventStore) -> tuple[int, int] | None:
    """How many are back, and how many are not at most; None: no event was lost."""
    damage = str(store.loss.damage)
    assert "\n" not in damage
    if damage.endswith(": no event was lost"):
        return None
    found = re.search(r"(\d+) were brought back, (\d+|an unknown number)( at most)? not$", damage)
    assert found, damage
    return int(found[1]), COUNT if found[2].startswith("an") else int(found[2])


def kill(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("is_copied", [False, True])
def test_a_process_killed_meanwhile_leaves_it_to_the_next(
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    is_copied: bool,  # noqa: FBT001
) -> None:
    zero(path, 5 * PAGE_SIZE, PAGE_SIZE)
    with monkeypatch.context() as patched:
        if is_copied:
            patched.setattr(store_module, "have_read", lambda _: None)
            EventStore(path).close()
        else:
            patched.setattr(store_module, "salvage", kill)
            with pytest.raises(KeyboardInterrupt):
                EventStore(path)
    assert not path.with_name("outbox.sqlite.damaged").exists()
    for _ in range(2):
        with EventStore(path) as store:
            numbers = sound(store)
            assert COUNT - 10 <= len(numbers) < COUNT
            assert told(store) == (len(numbers), COUNT - len(numbers))
    assert sorted(each.name for each in path.parent.iterdir()) == [
        "outbox.sqlite",
        "outbox.sqlite.damaged",
    ]


def test_where_nobody_may_look_the_settings_are_wrong(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="give another directory"):
        EventStore(tmp_path / ("long" * 100) / "outbox.sqlite")


def test_what_found_no_room_comes_back_after_a_restart(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        path = disk.path / "outbox.sqlite"
        with EventStore(path) as store:
            store.write(events(1, COUNT), [], Limits(), 0.0)
        zero(path, 5 * PAGE_SIZE, PAGE_SIZE)
        disk.fill()
        for _ in range(2):
            with EventStore(path) as store:
                assert store.refusal is not None
        disk.empty()
        with EventStore(path) as store:
            assert store.count >= COUNT - 10
            assert told(store) == (store.count, COUNT - store.count)


@pytest.mark.parametrize("what", ["zeros", "rubbish"])
def test_one_spoilt_page_costs_no_more_than_itself(path: Path, tmp_path: Path, what: str) -> None:
    chance = random.Random(7)  # noqa: S311 - no secret
    pages = path.stat().st_size // PAGE_SIZE
    for page in range(pages):
        copy = copied(path, tmp_path / "copy")
        (tmp_path / "copy" / "outbox.sqlite.damaged").unlink(missing_ok=True)
        zero(copy, page * PAGE_SIZE, PAGE_SIZE)
        if what == "rubbish":
            with copy.open("r+b") as file:
                file.seek(page * PAGE_SIZE)
                file.write(chance.randbytes(PAGE_SIZE))
        with EventStore(copy) as store:
            numbers = sound(store)
            lost = missing(numbers, COUNT)
            assert numbers == sorted(numbers)
            assert len(lost) <= 10
            assert (store.count, store.last[0]) == (COUNT - len(lost), max(numbers))
            said = told(store)
            assert (said[0], said[1] >= len(lost)) if said else not lost
            if said:
                assert said[0] == COUNT - len(lost)
                assert said[1] >= len(lost)
                if lost and not lost & {1, COUNT}:
                    assert said[1] == len(lost)
            store.write(events(COUNT + 1, COUNT + 1), [], Limits(), 0.0)
        with EventStore(copy) as store:  # told until it was heard
            assert told(store) == said
            assert store.count == COUNT - len(lost) + 1
        assert copy.with_name("outbox.sqlite.damaged").stat().st_size == path.stat().st_size


@pytest.mark.parametrize(("flips", "times"), [(1, 200), (30, 10)])
def test_a_bit_that_flips_costs_an_event_and_hardly_ever_a_page(
    path: Path, tmp_path: Path, flips: int, times: int
) -> None:
    chance = random.Random(11)  # noqa: S311 - no secret
    total = 0
    for _ in range(times):
        copy = copied(path, tmp_path / "copy")
        for _ in range(flips):
            flip(copy, chance.randrange(path.stat().st_size), chance.randrange(8))
        with EventStore(copy) as store:
            total += len(missing(sound(store), COUNT))
    assert total < 1.1 * flips * times


def test_what_was_delivered_long_ago_does_not_come_back(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    with EventStore(path) as store:
        store.write(events(1, COUNT), [], Limits(), 0.0)
        store.write([], range(1, COUNT - 99), Limits(), 0.0)
    free = path.stat().st_size // PAGE_SIZE
    with contextlib.closing(sqlite3.connect(path)) as database:
        (root, *_) = database.execute("SELECT rootpage FROM sqlite_schema").fetchone()
        assert root == 2
        assert database.execute("PRAGMA freelist_count").fetchone()[0] > free // 2
    zero(path, PAGE_SIZE, PAGE_SIZE)  # the table's first page, which leads to all others
    with EventStore(path) as store:
        assert sound(store) == list(range(COUNT - 99, COUNT + 1))


def test_a_row_that_goes_over_several_pages_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    long = b'{"text": "' + b"x" * 20_000 + b'"}'
    with EventStore(path) as store:
        store.write([StoredEvent(1, 0.5, long)], [], Limits(), 0.0)
        store.write([StoredEvent(2, 2.0, encode(appeared(2)))], [], Limits(), 0.0)
    with Pages(path, None) as pages:
        assert [tuple(row) for row in pages.rows()] == [
            (1, 0.5, long), (2, 2.0, encode(appeared(2)))
        ]  # fmt: skip


def test_what_an_older_version_stored_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    with EventStore(path) as store:
        stored = [StoredEvent(each, 0.0, encode(appeared(each))) for each in range(1, 100)]
        store.write(stored, [], Limits(), 0.0)
    zero(path, 5 * PAGE_SIZE, PAGE_SIZE)
    with EventStore(path) as store:
        back = store.read(0, 100, 100)
        assert len(back) > 80
        assert set(back) < set(stored)


def test_a_time_that_a_bit_set_ahead_makes_no_other_event_too_old(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    with EventStore(path) as store:
        store.write(events(1, 5), [], Limits(), 0.0)
    content = path.read_bytes()
    spoilt = content.replace(struct.pack(">d", 0.75), struct.pack(">d", 0.75 * 2.0**512))
    assert spoilt != content
    path.write_bytes(spoilt)
    with EventStore(path) as store:
        assert store.last == (5, 1.25)
        assert store.write([], [], Limits(), 1.25)[0] == 0
        assert store.count == 5


def test_an_older_log_beside_an_older_damaged_file_is_not_read(path: Path) -> None:
    aside = path.with_name("outbox.sqlite.damaged")
    aside.with_name("outbox.sqlite.damaged-wal").write_bytes(b"of an earlier damage" * 1000)
    zero(path, 5 * PAGE_SIZE, PAGE_SIZE)
    with EventStore(path) as store:
        assert store.count > COUNT - 10
    assert not aside.with_name("outbox.sqlite.damaged-wal").exists()


def test_a_damage_without_a_loss_leaves_the_earlier_one_told(path: Path) -> None:
    zero(path, 5 * PAGE_SIZE, PAGE_SIZE)
    with EventStore(path) as store:
        damage = store.loss.damage
        store.put_aside("again", is_loss=False)
        store.write([], [], Limits(), 0.0)
        assert store.loss.damage == damage
        assert store.count > COUNT - 10
