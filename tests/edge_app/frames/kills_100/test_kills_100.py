"""A source killed and brought back 100 times; `pytest tests/edge_app/frames/kills_100`."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.edge_app.frames.kills import ServerProcess, Tally, Unplugged, ended, kill_and_revive

pytestmark = pytest.mark.timeout(1800)


@pytest.mark.parametrize(
    ("scheme", "script"), [("http", "mjpeg_server.py"), ("rtsp", "rtsp_server.py")]
)
def test_stream_killed(tmp_path: Path, tallies: list[Tally], scheme: str, script: str) -> None:
    with ended(ServerProcess(scheme, script, tmp_path)) as camera:
        tallies.append(kill_and_revive(camera, 100))
    tallies[-1].check()


def test_stream_frozen(tmp_path: Path, tallies: list[Tally]) -> None:
    with ended(ServerProcess("http", "mjpeg_server.py", tmp_path, signal.SIGSTOP)) as camera:
        tallies.append(kill_and_revive(camera, 100, stall_s=1.0))
    tallies[-1].check()


def test_camera_unplugged(tmp_path: Path, tallies: list[Tally]) -> None:
    with ended(Unplugged(tmp_path)) as camera:
        tallies.append(kill_and_revive(camera, 100))
    tallies[-1].check()
