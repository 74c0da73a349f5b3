from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge_app.doctor.disk import check_disk
from edge_app.doctor.finding import Finding
from edge_app.doctor.processes import Processes
from edge_app.mqtt.outbox.disk import log_of
from edge_app.mqtt.outbox.store import EventStore
from edge_app.mqtt.outbox.stored_event import Limits, StoredEvent
from edge_app.settings import OutboxSettings
from tests.edge_app.doctor.holder import holding_outbox
from tests.edge_app.mqtt.outbox.stored import copied, flip

PLENTY = 10_000_000_000


def check(directory: Path, free: int = PLENTY, *, is_allowed: bool = True) -> dict[str, Finding]:
    found = check_disk(
        OutboxSettings(),
        directory,
        "desk",
        locking=Processes().locking,
        is_allowed=is_allowed,
        free_bytes=lambda _path: free,
    )
    return {finding.name: finding for finding in found}


def verdicts(found: dict[str, Finding]) -> dict[str, str]:
    return {name: each.verdict for name, each in found.items()}


@pytest.fixture
def outbox(tmp_path: Path) -> Path:
    return tmp_path / "outbox-desk.sqlite"


def test_a_new_installation(tmp_path: Path) -> None:
    found = check(tmp_path / "state" / "mien")
    assert verdicts(found) == dict.fromkeys(("directory", "room", "outbox"), "ok")
    assert found["directory"].text.endswith(f"will be made in {tmp_path}")
    assert found["outbox"].text == "nothing waits: there is none yet"
    assert not list(tmp_path.iterdir())


def test_a_file_in_the_place_of_the_directory(tmp_path: Path) -> None:
    file = tmp_path / "state"
    file.touch()
    found = check(file)
    assert found["directory"].verdict == "failure"
    assert "[outbox]" in found["directory"].advice


def test_a_directory_that_is_read_only(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    if os.access(tmp_path, os.W_OK):
        pytest.skip("root may write anywhere")
    assert check(tmp_path)["directory"].verdict == "failure"


def test_a_directory_that_the_unit_does_not_let_the_service_write(tmp_path: Path) -> None:
    found = check(tmp_path, is_allowed=False)
    assert found["directory"].verdict == "warning"
    assert f"ReadWritePaths={tmp_path} " in found["directory"].advice


@pytest.mark.parametrize(
    ("free", "verdict"), [(40_000_000, "failure"), (150_000_000, "warning"), (200_000_000, "ok")]
)
def test_room(tmp_path: Path, free: int, verdict: str) -> None:
    found = check(tmp_path, free)["room"]
    assert found.verdict == verdict
    assert f"{free // 1_000_000} MB free" in found.text


def test_events_that_a_killed_process_left(outbox: Path) -> None:
    with holding_outbox(outbox):
        pass
    before = {each.name: each.read_bytes() for each in outbox.parent.iterdir()}
    assert len(before) == 2, "the events are in the write-ahead log"
    found = check(outbox.parent)["outbox"]
    assert (found.verdict, found.text) == ("ok", "sound; 3 events waiting")
    assert {each.name: each.read_bytes() for each in outbox.parent.iterdir()} == before


def test_an_outbox_in_use_is_left_alone(outbox: Path) -> None:
    with holding_outbox(outbox, "edge_app.cli") as mien:
        found = check(outbox.parent)["outbox"]
    assert found.verdict == "ok"
    assert f"in use by mien (process {mien.pid})" in found.text


def test_an_outbox_that_was_just_made(outbox: Path) -> None:
    outbox.touch()
    assert check(outbox.parent)["outbox"].text == "sound; 0 events waiting"


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" + bytes(99)])
def test_a_damaged_outbox(outbox: Path, content: bytes) -> None:
    outbox.write_bytes(content)
    found = check(outbox.parent)["outbox"]
    assert found.verdict == "failure"
    assert "damaged" in found.text
    assert "moves it aside" in found.advice


def test_an_outbox_with_a_damaged_page(outbox: Path) -> None:
    with EventStore(outbox) as store:
        events = [StoredEvent(n, 1.0, bytes(1000)) for n in range(1, 100)]
        store.write(events, [], Limits(), 1.0)
    with outbox.open("r+b") as file:
        file.seek(5 * 4096)
        file.write(b"\xff" * 4096)
    assert check(outbox.parent)["outbox"].verdict == "failure"


def test_an_outbox_with_a_damaged_log(outbox: Path) -> None:
    with EventStore(outbox) as store:
        for number in range(1, 20):
            store.write([StoredEvent(number, 1.0, b'{"a": 1}')], [], Limits(), 1.0)
        killed = copied(outbox, outbox.parent / "killed")
    for file in (killed, log_of(killed)):
        file.replace(outbox.parent / file.name)
    flip(log_of(outbox), 5000, 3)
    found = check(outbox.parent)["outbox"]
    assert (found.verdict, "(its log, and not only at its end)" in found.text) == ("failure", True)


def test_one_that_was_moved_aside(outbox: Path) -> None:
    outbox.with_name(f"{outbox.name}.damaged").touch()
    found = check(outbox.parent)
    assert (found["outbox"].verdict, found["moved aside"].verdict) == ("ok", "warning")
    assert found["moved aside"].text.endswith(
        "; mien run went on with the events that it could read of it"
    )


def test_an_outbox_that_cannot_be_read(outbox: Path) -> None:
    outbox.mkdir()
    found = check(outbox.parent)["outbox"]
    assert (found.verdict, found.text) == ("warning", f"{outbox}: Is a directory")
