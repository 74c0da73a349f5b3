from __future__ import annotations

import errno
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edge_app.mqtt.outbox.disk import StoreRefusedError, log_of
from edge_app.mqtt.outbox.log_check import check_log
from edge_app.mqtt.outbox.loss import Loss
from edge_app.mqtt.outbox.store import EventStore
from edge_app.mqtt.outbox.stored_event import Limits
from tests.edge_app.mqtt.outbox.stored import copied, events, flip, missing, sound, zero

COUNT = 120
#: Bytes of a frame of the log.
FRAME = 24 + 4096


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """A night without a broker, and a kill: what waits is in the log alone, an event a commit."""
    path = tmp_path / "outbox.sqlite"
    with EventStore(path) as store:
        for number in range(1, COUNT + 1):
            store.write(events(number, number), [], Limits(), 0.0)
        return copied(path, tmp_path / "killed")


def test_a_sound_log_is_left_as_it_is(killed: Path) -> None:
    before = log_of(killed).read_bytes()
    check_log(killed)
    assert log_of(killed).read_bytes() == before
    with EventStore(killed) as store:
        assert (sound(store), store.loss) == (list(range(1, COUNT + 1)), Loss())


def header(path: Path) -> None:
    flip(log_of(path), 9, 4)


def salt(path: Path) -> None:
    flip(log_of(path), 17, 0)


def second_frame(path: Path) -> None:
    flip(log_of(path), 32 + FRAME + 24 + 100, 4)


def first_4096_bytes(path: Path) -> None:
    zero(log_of(path), 0, 4096)


def cut_file(path: Path) -> None:
    os.truncate(path, 0)


@pytest.mark.parametrize(
    "harm", [header, salt, second_frame, first_4096_bytes, cut_file, Path.unlink]
)
def test_a_damaged_log_loses_nothing_and_is_told_of(
    killed: Path, caplog: pytest.LogCaptureFixture, harm: Callable[[Path], None]
) -> None:
    harm(killed)
    left = log_of(killed).read_bytes()
    with EventStore(killed) as store:
        assert sound(store) == list(range(1, COUNT + 1))
        assert "outbox.sqlite-wal: damaged" in str(store.loss.damage)
        assert "moved aside to outbox.sqlite.damaged" in str(store.loss.damage)
        assert store.last == (COUNT, COUNT / 4)
    assert killed.with_name("outbox.sqlite.damaged-wal").read_bytes() == left
    assert "moved aside" in caplog.text


@pytest.mark.parametrize("is_killed", [False, True])
def test_a_move_that_is_cut_short_loses_nothing(
    killed: Path, monkeypatch: pytest.MonkeyPatch, *, is_killed: bool
) -> None:
    """The file went and its log did not: a new file would take the log for its own."""
    second_frame(killed)
    move = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if self.name.endswith("-wal"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return move(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", replace)
        store = EventStore(killed)
        assert store.refusal is not None
        with pytest.raises(StoreRefusedError):
            store.write([], [], Limits(), 0.0)
    if is_killed:
        store.close()
        store = EventStore(killed)
    with store:
        store.write([], [], Limits(), 0.0)
        assert store.count == COUNT
        assert str(store.loss.damage).endswith("outbox.sqlite.damaged: no event was lost")
    with EventStore(killed) as store:
        assert sound(store) == list(range(1, COUNT + 1))


@pytest.mark.parametrize("harm", ["flip", "zeros"])
def test_wherever_a_log_is_damaged_little_is_lost(killed: Path, tmp_path: Path, harm: str) -> None:
    chance = random.Random(3)  # noqa: S311 - no secret
    size = log_of(killed).stat().st_size
    total = 0
    for _ in range(80):
        path = copied(killed, tmp_path / "copy")
        place = chance.randrange(size)
        if harm == "flip":
            flip(log_of(path), place, chance.randrange(8))
        else:
            zero(log_of(path), place // 4096 * 4096, 4096)
        with EventStore(path) as store:
            lost = missing(sound(store), COUNT)
            total += len(lost)
            assert len(lost) <= 3
            if store.loss == Loss():
                # At the end, two frames of which are lost look as a power cut tears one.
                assert lost <= {COUNT - 2, COUNT - 1, COUNT}
            elif lost:
                assert str(store.loss.damage).endswith("not")
    assert total <= 30


def test_a_log_that_another_process_writes_is_not_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    with EventStore(path) as store:
        for number in range(1, COUNT + 1):
            store.write(events(number, number), [], Limits(), 0.0)
        second_frame(path)  # as a log may look while it is written
        program = (
            "import sys; from pathlib import Path;"
            "from edge_app.mqtt.outbox.store import EventStore; EventStore(Path(sys.argv[1]))"
        )
        second = subprocess.run(
            [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=False
        )
        assert "another mien has it open" in second.stderr
        assert not path.with_name("outbox.sqlite.damaged").exists()


class PowerCuts:
    """An outbox's file on a disk whose power is cut again and again.

    What was written since the last sync is on it in part: each sector as it was, or as it is.
    """

    def __init__(self, path: Path, chance: random.Random) -> None:
        self.path, self._chance = path, chance
        self._synced = (b"", b"")
        self.number = 0
        #: What was on the disk when the writing of it returned.
        self.safe: set[int] = set()
        self._waiting: list[int] = []

    def run(self) -> None:
        """Open it, see that nothing is missing and nothing told, write, and cut the power."""
        with EventStore(self.path) as store:
            assert store.loss == Loss()
            self._waiting = sound(store)
            assert self.safe <= set(self._waiting)
            self.number = max(self.number, store.last[0])
            self._sync()
            for _ in range(self._chance.choice((1, 3, 30))):
                if self._chance.random() < 0.4:
                    self._write(store, 0)  # and is not synced
                else:
                    self._write(store, self._chance.choice((1, 3, 40)))
                    self._sync()
            if self._chance.random() < 0.6:
                self._write(store, self._chance.choice((1, 3, 40)))  # and is cut in it
            file, log = self._now()
        if file != self._synced[0]:
            self._synced = file, log  # the log went into the file, which syncs both
        self.path.write_bytes(file)
        log_of(self.path).write_bytes(self._torn(self._synced[1], log))

    def _write(self, store: EventStore, count: int) -> None:
        delivered = self._waiting[: self._chance.choice((0, 4, 64))]
        added = events(self.number + 1, self.number + count)
        store.write(added, delivered, Limits(), 0.0)
        self.number += count
        self._waiting = [*self._waiting[len(delivered) :], *(each.sequence for each in added)]
        self.safe -= set(delivered)

    def _sync(self) -> None:
        self._synced, self.safe = self._now(), set(self._waiting)

    def _now(self) -> tuple[bytes, bytes]:
        log = log_of(self.path)
        return self.path.read_bytes(), log.read_bytes() if log.exists() else b""

    def _torn(self, before: bytes, now: bytes) -> bytes:
        sector, share = self._chance.choice((512, 4096)), self._chance.choice((0.1, 0.5, 0.95))
        torn = bytearray()
        for place in range(0, len(now), sector):
            new = now[place : place + sector]
            old = before[place : place + len(new)].ljust(len(new), b"\0")
            torn += new if self._chance.random() < share else old
        return bytes(torn)


@pytest.mark.parametrize("seed", range(3))
def test_a_power_cut_loses_nothing_that_was_stored_and_is_no_damage(
    tmp_path: Path, seed: int
) -> None:
    disk = PowerCuts(tmp_path / "outbox.sqlite", random.Random(seed))  # noqa: S311 - no secret
    for _ in range(60):
        disk.run()
    assert disk.number > 500


def test_what_a_power_cut_left_is_not_taken_for_a_damage_later(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    with EventStore(path) as store:
        store.write(events(1, 60), [], Limits(), 0.0)
        size = log_of(path).stat().st_size
        for number in range(1, 41):
            store.write([], [number], Limits(), 0.0)  # not synced
        store.write(events(61, 61), [], Limits(), 0.0)
        path = copied(path, tmp_path / "cut")
    zero(log_of(path), size, FRAME)
    with EventStore(path) as store:
        assert (len(sound(store)), store.loss) == (60, Loss())
        store.write([], range(1, 61), Limits(), 0.0)
        path = copied(path, tmp_path / "killed")
    with EventStore(path) as store:
        assert (store.count, store.loss) == (0, Loss())
