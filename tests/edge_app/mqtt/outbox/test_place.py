from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from edge_app.errors import MienError, UsageError
from edge_app.events.payloads import decode_event, encode
from edge_app.mqtt.outbox.alerts import DAMAGED, STORAGE
from edge_app.mqtt.outbox.disk import StoreDamagedError, StoreRefusedError
from edge_app.mqtt.outbox.handover import Handover
from edge_app.mqtt.outbox.outbox import Outbox
from edge_app.mqtt.outbox.place import open_outbox, state_directory
from edge_app.mqtt.outbox.store import EventStore
from edge_app.mqtt.outbox.stored_event import Limits
from tests.brokers import wait_until
from tests.edge_app.mqtt.samples import appeared
from tests.faults.disk import SmallDisk, small_disk


@pytest.mark.parametrize(
    ("environ", "directory"),
    [
        ({"STATE_DIRECTORY": "/var/lib/mien", "HOME": "/home/me"}, "/var/lib/mien"),
        ({"STATE_DIRECTORY": "/var/lib/mien:/var/lib/other"}, "/var/lib/mien"),
        ({"XDG_STATE_HOME": "/elsewhere", "HOME": "/home/me"}, "/elsewhere/mien"),
        ({"HOME": "/home/me"}, "/home/me/.local/state/mien"),
    ],
)
def test_the_state_directory(environ: dict[str, str], directory: str) -> None:
    assert state_directory(environ) == Path(directory)


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    directory, runtime = tmp_path / "state" / "mien", tmp_path / "run"
    runtime.mkdir()
    with open_outbox(directory, "hall", {"RUNTIME_DIRECTORY": str(runtime)}) as outbox:
        outbox.put(appeared())
        files = [*directory.iterdir(), *runtime.iterdir()]
        assert {file.name.split("-")[0] for file in files} == {"outbox"}
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
        assert directory.stat().st_mode & 0o777 == 0o700
    assert [file.name for file in directory.iterdir()] == ["outbox-hall.sqlite"]


def test_devices_do_not_share_an_outbox(tmp_path: Path) -> None:
    with open_outbox(tmp_path, "hall", {}) as hall, open_outbox(tmp_path, "kitchen", {}) as kitchen:
        hall.put(appeared())
        assert (len(hall), len(kitchen)) == (1, 0)


def test_damaged_outboxes_are_kept_no_longer_than_events(tmp_path: Path) -> None:
    """Of whatever name; logs, too."""
    limits = Limits(age_s=86_400)
    old = ("outbox-hall.sqlite.damaged", "outbox-stairs.sqlite.damaged-wal")
    young = ("outbox-stairs.sqlite.damaged", "outbox-attic.sqlite.unread", "outbox-attic.sqlite")
    for name in old + young:
        (tmp_path / name).touch()
    for name in (*old, "outbox-attic.sqlite.unread", "outbox-attic.sqlite"):
        os.utime(tmp_path / name, (time.time() - 86_500,) * 2)
    open_outbox(tmp_path, "hall", {}, limits=limits).close()
    left = {file.name for file in tmp_path.iterdir() if file.suffix != ".handover"}
    assert left == {"outbox-hall.sqlite", *young}


def test_how_long_a_damaged_outbox_is_kept_counts_from_its_move(tmp_path: Path) -> None:
    """The file itself may be older than events may be: the newest are in its log."""
    path = tmp_path / "outbox-hall.sqlite"
    path.write_bytes(b"rubbish" * 1000)
    os.utime(path, (time.time() - 86_500,) * 2)
    with open_outbox(tmp_path, "hall", {}, limits=Limits(age_s=86_400)):
        assert (tmp_path / "outbox-hall.sqlite.damaged").exists()


def test_a_damaged_outbox_is_moved_whose_time_cannot_be_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def utime(_path: Path) -> None:
        raise PermissionError

    (tmp_path / "outbox-hall.sqlite").write_bytes(b"rubbish" * 1000)
    monkeypatch.setattr("edge_app.mqtt.outbox.aside.os", SimpleNamespace(utime=utime))
    with open_outbox(tmp_path, "hall", {}):
        assert (tmp_path / "outbox-hall.sqlite.damaged").exists()


def test_events_of_a_former_name_are_told_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with open_outbox(tmp_path, "hall", {}) as hall:
        hall.put(appeared())
        open_outbox(tmp_path, "stairs", {}).close()
        assert caplog.text == ""  # somebody else sees to them
    open_outbox(tmp_path, "stairs", {}).close()
    assert "outbox-hall.sqlite keeps 1 event(s)" in caplog.text
    caplog.clear()
    open_outbox(tmp_path, "hall", {}).close()
    assert caplog.text == ""


def test_a_directory_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"outbox-hall.sqlite: .*another directory in \[outbox\]"):
        open_outbox(tmp_path / "file" / "below", "hall", {})


def taken(outbox: Outbox, count: int) -> list[int]:
    """Numbers of the next events, in order; waits for them, and settles them."""
    numbers: list[int] = []

    def has_come() -> bool:
        while len(numbers) < count and (offer := outbox.take()):
            numbers.append(int(decode_event(offer.payload).id[-12:], 16))
            outbox.settle(offer.sequence)
        return len(numbers) == count

    wait_until(has_come)
    return numbers


class Device:
    """A device's outbox on a small disk of its own, with its handover beside that."""

    def __init__(self, disk: SmallDisk, runtime: Path) -> None:
        self.disk, self._runtime = disk, runtime
        self._runtime.mkdir()
        self.alerts: dict[str, str | None] = {}
        self.is_refusing = False

    def open(self) -> Outbox:
        environ = {"RUNTIME_DIRECTORY": str(self._runtime)}
        outbox = open_outbox(self.disk.path, "hall", environ, on_alert=self.alerts.__setitem__)
        outbox.start(lambda: None)
        return outbox

    def run_and_kill(self, numbers: range) -> None:
        """Hand events over, and leave behind what SIGKILL would."""
        with self.open() as outbox:
            for number in numbers:
                outbox.put(appeared(number))
            # Once they are refused, they are where they are to stay.
            wait_until(lambda: not self.is_refusing or self.alerts.get(STORAGE) is not None)
            (handover,) = self._runtime.iterdir()
            kept = handover.read_bytes()
        handover.write_bytes(kept)

    def refuse(self, *, is_full: bool) -> None:
        self.is_refusing = True
        if is_full:
            self.disk.fill()
        else:
            self._remount("ro")

    def accept(self, *, is_full: bool) -> None:
        self.is_refusing = False
        if is_full:
            self.disk.empty()
        else:
            self._remount("rw")

    def _remount(self, how: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{how}", str(self.disk.path)], check=True)


@pytest.fixture
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that refuses is tried again within a moment, and is in order a moment later."""
    monkeypatch.setattr("edge_app.mqtt.outbox.writer.RETRY_S", 0.2)
    monkeypatch.setattr("edge_app.mqtt.outbox.alerts.SOUND_S", 0.4)


@pytest.mark.parametrize("is_full", [True, False], ids=["full", "read-only"])
@pytest.mark.parametrize("is_new", [True, False], ids=["new", "there before"])
def test_a_disk_that_refuses_at_the_start_loses_nothing(
    tmp_path: Path, *, is_full: bool, is_new: bool
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        device = Device(disk, tmp_path / "run")
        if not is_new:
            device.open().close()
        device.refuse(is_full=is_full)
        for first in range(0, 15, 5):  # each process is killed, and the next one finds the same
            device.run_and_kill(range(first, first + 5))
            with device.open() as outbox:
                assert len(outbox) == first + 5
                assert outbox.is_durable
        device.accept(is_full=is_full)
        with device.open() as outbox:
            outbox.connected()
            assert taken(outbox, 15) == list(range(15))
            assert len(outbox) == 0


@pytest.mark.usefixtures("_soon")
@pytest.mark.parametrize("is_full", [True, False], ids=["full", "read-only"])
def test_a_disk_that_refuses_at_the_start_is_tried_again(tmp_path: Path, *, is_full: bool) -> None:
    """What was on it before is delivered as well, without a restart."""
    with small_disk(tmp_path / "disk") as disk:
        device = Device(disk, tmp_path / "run")
        with device.open() as outbox:
            for number in range(3):
                outbox.put(appeared(number))
        device.refuse(is_full=is_full)
        with device.open() as outbox:
            outbox.put(appeared(3))
            wait_until(lambda: device.alerts.get(STORAGE) is not None)
            outbox.connected()
            assert 3 in taken(outbox, 4 if is_full else 1), "from memory, meanwhile"
            outbox.put(appeared(4))
            device.accept(is_full=is_full)
            wait_until(lambda: device.alerts.get(STORAGE) is None)
            left = set(taken(outbox, 1 if is_full else 4))
            assert left == ({4} if is_full else {0, 1, 2, 4})
            assert outbox.wait_until_empty(1)
        with device.open() as outbox:
            assert len(outbox) == 0


def test_a_read_only_disk_without_a_runtime_directory(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        open_outbox(disk.path, "hall", {}).close()
        subprocess.run(["mount", "-o", "remount,ro", str(disk.path)], check=True)
        for device in ("hall", "new"):  # a file that is there, and one that cannot be made
            raised: dict[str, str | None] = {}
            with open_outbox(disk.path, device, {}, on_alert=raised.__setitem__) as outbox:
                outbox.start(lambda: None)
                outbox.put(appeared())
                wait_until(lambda raised=raised: raised.get(STORAGE) is not None)
                assert "kept in memory" in (raised[STORAGE] or "")
                # A card at its end, or a unit: who reads it cannot know which.
                for cause in ("worn out", "ReadWritePaths="):
                    assert cause in (raised[STORAGE] or ""), device
                assert not outbox.is_durable


@pytest.mark.usefixtures("_soon")
def test_a_disk_without_room_for_the_log_is_no_wrong_setting(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "1m,nr_inodes=3") as disk:
        device = Device(disk, tmp_path / "run")
        device.open().close()
        (disk.path / "last").touch()
        with device.open() as outbox:
            outbox.put(appeared(7))
            wait_until(lambda: device.alerts.get(STORAGE) is not None)
            (disk.path / "last").unlink()
            wait_until(lambda: device.alerts.get(STORAGE) is None)
        with device.open() as outbox:
            outbox.connected()
            assert taken(outbox, 1) == [7]


class SpoiltStore(EventStore):
    """Cannot be read any more once it is open."""

    error: MienError

    def newest_payloads(self, limit: int) -> set[bytes]:
        del limit
        raise self.error


@pytest.mark.parametrize("kind", [StoreRefusedError, StoreDamagedError])
def test_a_file_that_cannot_be_read_at_the_start_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[MienError]
) -> None:
    open_outbox(tmp_path, "hall", {}).close()
    (file,) = tmp_path.glob("*.handover")
    with Handover(file) as handover:
        handover.hold([encode(appeared(3))])
    monkeypatch.setattr(SpoiltStore, "error", kind("disk I/O error"), raising=False)
    monkeypatch.setattr("edge_app.mqtt.outbox.place.EventStore", SpoiltStore)
    alerts: dict[str, str | None] = {}
    with open_outbox(tmp_path, "hall", {}, on_alert=alerts.__setitem__) as outbox:
        outbox.start(lambda: None)
        assert (alerts[DAMAGED] is not None) == (kind is StoreDamagedError)
        outbox.put(appeared(4))
        outbox.connected()
        assert set(taken(outbox, 2)) == {3, 4}


def test_nothing_stays_open_where_there_is_no_outbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SpoiltStore, "error", UsageError("no way"), raising=False)
    monkeypatch.setattr("edge_app.mqtt.outbox.place.EventStore", SpoiltStore)
    before = {each.name for each in Path("/proc/self/fd").iterdir()}
    with pytest.raises(UsageError, match="no way"):
        open_outbox(tmp_path, "hall", {})
    assert {each.name for each in Path("/proc/self/fd").iterdir()} == before
    monkeypatch.undo()
    open_outbox(tmp_path, "hall", {}).close()


def test_what_is_no_event_in_the_handover_is_left_out(tmp_path: Path) -> None:
    open_outbox(tmp_path, "hall", {}).close()
    (file,) = tmp_path.glob("*.handover")
    with Handover(file) as handover:
        handover.hold([b'{"id": "\xff"}', encode(appeared())])
    with open_outbox(tmp_path, "hall", {}) as outbox:
        assert len(outbox) == 1


def test_without_a_runtime_directory_the_handover_stands_beside(tmp_path: Path) -> None:
    environ = {"RUNTIME_DIRECTORY": str(tmp_path / "missing")}
    with open_outbox(tmp_path, "hall", environ):
        assert any(file.suffix == ".handover" for file in tmp_path.iterdir())


def test_of_two_runtime_directories_the_first_holds_the_handover(tmp_path: Path) -> None:
    """A unit may have more than one, and systemd names them in one word."""
    runtime = tmp_path / "run"
    runtime.mkdir()
    environ = {"RUNTIME_DIRECTORY": f"{runtime}:{tmp_path / 'other'}"}
    with open_outbox(tmp_path / "state", "hall", environ):
        assert [file.suffix for file in runtime.iterdir()] == [".handover"]
