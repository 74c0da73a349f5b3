from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from edge_app.mqtt.outbox.handover import HALF, Handover


def entries(first: int, last: int) -> list[bytes]:
    return [b'{"number": %d}' % number for number in range(first, last + 1)]


def test_a_half_that_is_on_the_disk_is_given_back(tmp_path: Path) -> None:
    path = tmp_path / "handover"
    with Handover(path) as handover:
        handover.clear()
        for round_ in range(5):
            handover.store(b"a%d" % round_)
            handover.flip()
            handover.store(b"b%d" % round_)
            assert handover.left_behind() == [b"a%d" % round_, b"b%d" % round_]
            handover.release()
            assert handover.left_behind() == [b"b%d" % round_]
            handover.flip()
            handover.release()
            assert handover.left_behind() == []


def test_while_nothing_gets_to_the_disk_it_fills_up(tmp_path: Path) -> None:
    with Handover(tmp_path / "handover") as handover:
        handover.clear()
        stored = 0
        for flips in (0, 1, 1):
            if flips:
                handover.flip()
            while handover.store(bytes([1]) * 1000):
                stored += 1
        assert stored == 2 * (HALF // 1004)
        assert len(handover.left_behind()) == stored


def test_what_it_is_to_hold_takes_the_place_of_all_that_was_there(tmp_path: Path) -> None:
    with Handover(tmp_path / "handover") as handover:
        handover.clear()
        for _ in range(2):
            while handover.store(bytes([1]) * 1000):
                pass
            handover.flip()
        handover.hold(entries(0, 3))
        handover.store(b'{"number": 4}')
        assert handover.left_behind() == entries(0, 4)


def test_it_holds_as_much_as_there_is_room_for(tmp_path: Path) -> None:
    with Handover(tmp_path / "handover") as handover:
        handover.hold(bytes([number % 256]) * 1000 for number in range(300))
        held = [payload[0] for payload in handover.left_behind()]
        assert held == [number % 256 for number in range(2 * (HALF // 1004))]


_KILLED = """
import os, signal, sys
from pathlib import Path
from edge_app.mqtt.outbox.handover import Handover
handover = Handover(Path(sys.argv[1]))
handover.clear()
for number in range(3):
    handover.store(b'{"number": %d}' % number)
handover.flip()
handover.store(b'{"number": 3}')
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_sigkill_leaves_it_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "handover"
    subprocess.run([sys.executable, "-c", _KILLED, str(path)], check=False)
    with Handover(path) as handover:
        assert handover.left_behind() == entries(0, 3)
        handover.clear()
        assert handover.left_behind() == []
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"", b"\xff" * 2 * HALF, b"\x01" * 100])
def test_a_file_of_nonsense_does_no_harm(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "handover"
    path.write_bytes(content)
    with Handover(path) as handover:
        handover.left_behind()
        handover.clear()
        assert handover.left_behind() == []
