"""The short form of kills_100."""

from __future__ import annotations

from pathlib import Path

from tests.edge_app.frames.kills import ServerProcess, Unplugged, ended, kill_and_revive


def test_a_stream_killed_five_times_comes_back_and_leaves_nothing(tmp_path: Path) -> None:
    with ended(ServerProcess("http", "mjpeg_server.py", tmp_path)) as camera:
        kill_and_revive(camera, 5, warm=2, stall_s=1.0).check()


def test_a_camera_unplugged_five_times_comes_back_and_leaves_nothing(tmp_path: Path) -> None:
    with ended(Unplugged(tmp_path)) as camera:
        kill_and_revive(camera, 5, warm=2, stall_s=1.0).check()
