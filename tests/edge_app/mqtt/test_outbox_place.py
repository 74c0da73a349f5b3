from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from edge_app.errors import UsageError
from edge_app.events.payloads import encode
from edge_app.mqtt import outbox_place
from edge_app.mqtt.outbox_alerts import DAMAGED
from edge_app.mqtt.outbox_handover import Handover
from edge_app.mqtt.outbox_place import open_outbox, state_directory
from edge_app.mqtt.outbox_store import EventStore, StoreRefusedError
from tests.edge_app.mqtt.samples import appeared
from tests.faults.disk import small_disk


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


def test_a_disk_that_refuses_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path | None) -> EventStore:
        if path is not None:
            raise StoreRefusedError("attempt to write a readonly database")
        return EventStore(None)

    monkeypatch.setattr(outbox_place, "EventStore", refuse)
    raised: dict[str, str | None] = {}
    with open_outbox(tmp_path, "hall", {}, on_alert=raised.__setitem__) as outbox:
        outbox.start(lambda: None)
        assert not outbox.is_durable
        assert "in memory until the next start" in (raised[DAMAGED] or "")


def test_a_disk_that_the_system_made_read_only(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        open_outbox(disk.path, "hall", {}).close()
        subprocess.run(["mount", "-o", "remount,ro", str(disk.path)], check=True)
        for device in ("hall", "new"):  # a file that is there, and one that cannot be made
            raised: dict[str, str | None] = {}
            with open_outbox(disk.path, device, {}, on_alert=raised.__setitem__) as outbox:
                outbox.start(lambda: None)
                outbox.put(appeared())
                assert not outbox.is_durable
                assert "in memory until the next start" in (raised[DAMAGED] or "")


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
